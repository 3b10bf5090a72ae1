/**
 * Event log, deletion: lists the objects that hold what is to be deleted. Every list is read under the exclusive lock, so that it stays
 * correct until the lock is released.
 */
import { type SQL, sql } from "drizzle-orm";
import { otelRequestId } from "../../core/ingestion/blob-key.ts";
import { type Database, execute } from "../postgres/client.ts";

export type LoggedRow = {
  id: string;
  key: string;
  entityType: string;
  entityId: string;
  traceId: string | null;
  /** When it was last and first stored: texts that Postgres parses back to the same instants. */
  updatedAt: string;
  createdAt: string;
};

export type LogCursor = Pick<LoggedRow, "id" | "createdAt">;

const columns = sql`e.id, e.bucket_path as key, e.entity_type as "entityType", e.entity_id as "entityId", e.trace_id as "traceId",
  e.updated_at::text as "updatedAt", e.created_at::text as "createdAt"`;

const sameEntity = (other: SQL, one: SQL): SQL =>
  sql`${other}.project_id = ${one}.project_id and ${other}.entity_type = ${one}.entity_type and left(${other}.entity_id, 200) = left(${one}.entity_id, 200)
    and ${other}.entity_id = ${one}.entity_id`;

const behind = (after: LogCursor | undefined): SQL =>
  after === undefined ? sql`` : sql`and (e.created_at, e.id) > (${after.createdAt}::timestamptz, ${after.id})`;

/**
 * Lists a project's objects last stored at or before `until`, after the cursor `after`, in the order they were logged. Uses
 * event_log_project_id_created_at_idx.
 */
export const listStoredUntil = (
  db: Database,
  {
    projectId,
    bucket,
    until,
    after,
    rowsMax,
  }: { projectId: string; bucket: string; until: string; after: LogCursor | undefined; rowsMax: number },
): Promise<LoggedRow[]> =>
  execute<LoggedRow>(
    db,
    sql`select ${columns} from event_log e where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.created_at <= ${until}::timestamptz
      and e.updated_at <= ${until}::timestamptz ${behind(after)} order by e.created_at, e.id limit ${rowsMax}`,
  );

export type OutdatedRow = LoggedRow & {
  /** The row stays without its request, because it holds events of a younger trace. */
  isKept: boolean;
  /** The request stays: it is a file of a younger observation, or holds the only record of a younger trace. */
  isNeeded: boolean;
};

/**
 * Lists objects of entities of which nothing was stored at or after `before`, after the cursor `after`. An entity is deleted as a whole:
 * otherwise it would be rebuilt from the rest. So the events of a trace stay while younger requests say more of it.
 * What requests are needed for is found once per trace of the page: looked up for each request, a trace of a thousand requests and ten
 * thousand observations took more than the ten seconds that a statement has.
 */
export const listOutdated = (
  db: Database,
  {
    projectId,
    bucket,
    before,
    after,
    rowsMax,
  }: { projectId: string; bucket: string; before: string; after: LogCursor | undefined; rowsMax: number },
): Promise<OutdatedRow[]> => {
  const isYounger = (row: SQL) => sql`${row}.updated_at >= ${before}::timestamptz`;
  // Probed row by row: without statistics, such as after a load of data, a join in another order takes minutes.
  const hasAny = (condition: SQL) => sql`(select true from event_log n where ${condition} and ${isYounger(sql`n`)} limit 1) is true`;
  const ofTrace = (row: SQL, id: SQL) =>
    sql`${row}.project_id = ${projectId} and left(${row}.trace_id, 200) = left(${id}, 200) and ${row}.trace_id = ${id}`;
  const isTraceThatGoesOn = sql`e.entity_type = 'trace' and ${hasAny(sql`${ofTrace(sql`n`, sql`e.entity_id`)} and n.trace_events is not null`)}`;
  return execute(
    db,
    sql`with page as materialized (
        select e.* from event_log e where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.created_at < ${before}::timestamptz
          and e.updated_at < ${before}::timestamptz
          and not ${hasAny(sameEntity(sql`n`, sql`e`))}
          and not (${isTraceThatGoesOn})
          ${behind(after)} order by e.created_at, e.id limit ${rowsMax}),
      requests as materialized (
        select r.entity_id, r.trace_id, r.bucket_path, r.trace_events = '' as is_only_record
        from (select distinct project_id, entity_type, entity_id from page where entity_type = 'otel') p
        join event_log r on ${sameEntity(sql`r`, sql`p`)} where r.trace_events is not null),
      traces as materialized (select distinct trace_id from requests union select trace_id from page where entity_type = 'otel' and trace_id is not null),
      younger_traces as materialized (
        select t.trace_id from traces t
        where ${hasAny(sql`${ofTrace(sql`n`, sql`t.trace_id`)} and n.entity_type in ('trace', 'otel')`)}),
      younger_files as materialized (
        select distinct o.bucket_path from traces t join event_log o on ${ofTrace(sql`o`, sql`t.trace_id`)}
        where o.entity_type = 'observation' and ${hasAny(sameEntity(sql`n`, sql`o`))}),
      needed as materialized (
        select distinct r.entity_id from requests r
        where r.bucket_path in (select y.bucket_path from younger_files y)
          or r.is_only_record and r.trace_id in (select y.trace_id from younger_traces y))
      select ${columns},
        e.entity_type = 'otel' and coalesce(e.trace_events, '') <> '' and e.trace_id in (select y.trace_id from younger_traces y) as "isKept",
        e.entity_type = 'otel' and e.entity_id in (select n.entity_id from needed n) as "isNeeded"
      from page e order by e.created_at, e.id`,
  );
};

type Entity = { entityType: string; entityId: string };

const wanted = (entities: readonly Entity[]): SQL =>
  sql`json_to_recordset(${JSON.stringify(entities)}::json) as w("entityType" text, "entityId" text)
    join event_log e on e.entity_type = w."entityType" and left(e.entity_id, 200) = left(w."entityId", 200) and e.entity_id = w."entityId"`;

/**
 * Lists objects of these entities last stored at or before `until`, first those that name none of the traces: what remains after a crash
 * still tells where the entity belongs.
 */
export const listOfEntities = (
  db: Database,
  {
    projectId,
    bucket,
    entities,
    traceIds,
    until,
    rowsMax,
  }: { projectId: string; bucket: string; entities: readonly Entity[]; traceIds: readonly string[]; until: string; rowsMax: number },
): Promise<LoggedRow[]> =>
  execute<LoggedRow>(
    db,
    sql`select ${columns} from ${wanted(entities)} where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.updated_at <= ${until}::timestamptz
      order by coalesce(e.trace_id in ${idsOf(traceIds)}, false), e.id limit ${rowsMax}`,
  );

/** Lists an entity's keys in the log. */
export const listKeysOf = (
  db: Database,
  { projectId, bucket, entityType, entityId }: { projectId: string; bucket: string } & Entity,
): Promise<{ key: string }[]> =>
  execute<{ key: string }>(
    db,
    sql`select e.bucket_path as key from ${wanted([{ entityType, entityId }])} where e.project_id = ${projectId} and e.bucket_name = ${bucket}`,
  );

const idsOf = (traceIds: readonly string[]): SQL =>
  sql`(select t.id from json_array_elements_text(${JSON.stringify(traceIds)}::json) as t(id))`;
const named = (traceIds: readonly string[]): SQL =>
  sql`left(e.trace_id, 200) in (select left(w.id, 200) from ${idsOf(traceIds)} as w) and e.trace_id in ${idsOf(traceIds)}`;

/**
 * Lists entities that have ever named one of the traces, and observations that are their own trace because they named none. `isSure`: they
 * named no other trace and so belong there; not set for scores of a public key alone.
 */
export const listNaming = (
  db: Database,
  { projectId, bucket, traceIds }: { projectId: string; bucket: string; traceIds: readonly string[] },
): Promise<(Entity & { isSure: boolean })[]> =>
  execute<Entity & { isSure: boolean }>(
    db,
    sql`with naming as (
        select distinct e.project_id, e.entity_type, e.entity_id from event_log e
          where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.entity_type <> 'otel' and ${named(traceIds)}
        union
        select distinct e.project_id, e.entity_type, e.entity_id from ${wanted(traceIds.map((entityId) => ({ entityType: "observation", entityId })))}
          where e.project_id = ${projectId} and e.bucket_name = ${bucket}
      )
      select n.entity_type as "entityType", n.entity_id as "entityId", n.entity_type = 'trace'
        or not exists (select 1 from event_log o where ${sameEntity(sql`o`, sql`n`)} and o.trace_id is not null and o.trace_id not in ${idsOf(traceIds)})
          and exists (select 1 from event_log o where ${sameEntity(sql`o`, sql`n`)} and o.trace_id in ${idsOf(traceIds)})
          and not (n.entity_type = 'score' and exists (select 1 from event_log o where ${sameEntity(sql`o`, sql`n`)} and o.bucket_path like '%/public-key-%')) as "isSure"
      from naming n`,
  );

/** Lists OpenTelemetry requests with spans of the traces, as far as the log names them: up to `rowsMax` rows. */
export const listOtelNaming = (
  db: Database,
  {
    projectId,
    bucket,
    traceIds,
    until,
    rowsMax,
  }: { projectId: string; bucket: string; traceIds: readonly string[]; until: string; rowsMax: number },
): Promise<LoggedRow[]> =>
  execute<LoggedRow>(
    db,
    sql`select ${columns} from event_log e where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.entity_type = 'otel' and ${named(traceIds)}
      and e.updated_at <= ${until}::timestamptz order by e.id limit ${rowsMax}`,
  );

/**
 * Lists OpenTelemetry requests logged without their traces (see store-otel-request.ts), after the cursor `after`: up to `rowsMax` rows.
 * Their files tell which traces they hold.
 */
export const listOtelUnnamed = (
  db: Database,
  { projectId, bucket, until, after, rowsMax }: { projectId: string; bucket: string; until: string; after: string; rowsMax: number },
): Promise<LoggedRow[]> =>
  execute<LoggedRow>(
    db,
    sql`select ${columns} from event_log e where e.project_id = ${projectId} and e.entity_type = 'otel' and e.bucket_name = ${bucket} and e.trace_id is null
      and e.updated_at <= ${until}::timestamptz and e.id > ${after} order by e.id limit ${rowsMax}`,
  );

/**
 * Lists waiting ingestion jobs with these ordering keys, and every waiting OpenTelemetry request: if no log is kept, nothing else knows of
 * them.
 */
export const listQueued = (
  db: Database,
  { projectId, orderingKeys }: { projectId: string; orderingKeys: readonly string[] },
): Promise<{ kind: string; entityType: string | null; entityId: string | null; fileKey: string }[]> =>
  execute(
    db,
    sql`select distinct kind, payload ->> 'entityType' as "entityType", payload ->> 'entityId' as "entityId", payload ->> 'fileKey' as "fileKey" from jobs
      where project_id = ${projectId} and finished_at is null
        and (kind = 'ingestion.otel' or kind = 'ingestion.merge' and lane in (select l.lane from json_array_elements_text(${JSON.stringify(orderingKeys)}::json) as l(lane)))`,
  );

/** Returns the traces that the log still names: something of them arrived during the deletion. */
export const listNamedTraces = (
  db: Database,
  { projectId, bucket, traceIds }: { projectId: string; bucket: string; traceIds: readonly string[] },
): Promise<{ traceId: string }[]> =>
  execute<{ traceId: string }>(
    db,
    sql`select distinct e.trace_id as "traceId" from event_log e where e.project_id = ${projectId} and e.bucket_name = ${bucket} and ${named(traceIds)}`,
  );

/** Returns whether the store has objects of the project that the log does not name. */
export const isUnlogged = async (db: Database, projectId: string): Promise<boolean> => {
  const rows = await execute(db, sql`select 1 from projects where id = ${projectId} and unlogged_since is not null`);
  return rows.length > 0;
};

/** Returns those of the keys of OpenTelemetry requests that the log still has. Uses the index on entities. */
export const listLoggedRequests = (
  db: Database,
  { projectId, bucket, keys }: { projectId: string; bucket: string; keys: readonly string[] },
): Promise<{ key: string }[]> =>
  execute<{ key: string }>(
    db,
    sql`select distinct e.bucket_path as key from ${wanted(keys.map((key) => ({ entityType: "otel", entityId: otelRequestId(key) })))}
      where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.bucket_path in ${idsOf(keys)}`,
  );

/** Returns those of the keys that the log still has. Scans the project's log: use it only for the remains of one. */
export const listLeft = (
  db: Database,
  { projectId, bucket, keys }: { projectId: string; bucket: string; keys: readonly string[] },
): Promise<{ key: string }[]> =>
  execute<{ key: string }>(
    db,
    sql`select distinct e.bucket_path as key from event_log e where e.project_id = ${projectId} and e.bucket_name = ${bucket}
      and e.bucket_path in (select k.key from json_array_elements_text(${JSON.stringify(keys)}::json) as k(key))`,
  );

/** Takes from requests last stored at or before `until` what their spans said of these traces. Their observations keep the requests. */
export const forgetTraceEvents = (
  tx: Database,
  { projectId, bucket, traceIds, until }: { projectId: string; bucket: string; traceIds: readonly string[]; until: string },
): Promise<unknown> =>
  execute(
    tx,
    sql`update event_log e set trace_events = '[]' where e.project_id = ${projectId} and e.bucket_name = ${bucket} and e.trace_events is not null and ${named(traceIds)}
      and e.updated_at <= ${until}::timestamptz`,
  );

/** Deletes log rows, except those whose object was stored again since. */
export const forgetRows = (tx: Database, rows: readonly Pick<LoggedRow, "id" | "updatedAt">[]): Promise<unknown> =>
  execute(
    tx,
    sql`delete from event_log e using json_to_recordset(${JSON.stringify(rows.map(({ id, updatedAt }) => ({ id, updatedAt })))}::json) as d(id text, "updatedAt" text)
      where e.id = d.id and e.updated_at = d."updatedAt"::timestamptz`,
  );
