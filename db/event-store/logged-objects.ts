/** Event log, merge: finds the objects that hold an entity's events. */
import { sql } from "drizzle-orm";
import { isOtelKey, otelRequestId } from "../../core/ingestion/blob-key.ts";
import { type Database, execute } from "../postgres/client.ts";
import { reservedEventId } from "./reserved-event-id.ts";

export type EntityName = { projectId: string; entityType: string; entityId: string };

/** Returns one unique text per entity. */
export const entityName = ({ projectId, entityType, entityId }: EntityName): string => JSON.stringify([projectId, entityType, entityId]);

export type EntityFile = {
  key: string;
  /** Stored more than once, perhaps with other content each time; the clock may have been ahead the first time. */
  isRewritten: boolean;
  /** When it was last stored: only differences count. */
  storedAt: string;
  /** When it was first stored: ISO 8601 UTC with microseconds. */
  firstStoredAt: string;
  /** The trace that the log names with it. Of an OpenTelemetry request, only spans of this trace belong to the entity. */
  traceId: string | null;
  /** For a trace and a request: reads its events, as a JSON list. Empty if only the request says them. */
  traceEvents: (() => Promise<string>) | null;
};

/**
 * `isComplete`: whether these are all files. If the log does not name every object of the project, the store must be asked for its files
 * of events, and the log names requests only.
 */
export type LoggedEntity = { files: readonly EntityFile[]; isComplete: boolean };

/** Returns the files of a requested entity. */
export type LoggedFiles = (entity: EntityName) => LoggedEntity;

/** Events of a trace up to this length come with the list of its files, in UTF-16 units; longer ones are read request by request. */
const traceEventsListedMax = 100_000;

/**
 * Finds the files of these entities in one statement. Always includes a file whose job exists: both were written in one transaction, as was
 * the mark on a project whose file is not logged. A request counts for its traces and observations once its spans are recorded
 * (services/ingestion/record-spans.ts).
 */
export const listEntityFiles = async (db: Database, bucket: string, entities: readonly EntityName[]): Promise<LoggedFiles> => {
  const rows = await execute<EntityName & { isUnlogged: boolean; files: ListedFile[] }>(
    db,
    sql`select w."projectId", w."entityType", w."entityId", p.unlogged_since is not null as "isUnlogged",
        coalesce((select json_agg(json_build_object('id', e.id, 'key', e.bucket_path, 'isRewritten', e.updated_at <> e.created_at, 'storedAt', e.updated_at::text,
            'firstStoredAt', to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'traceId', e.trace_id, 'isRequestOfTrace', e.trace_events is not null,
            'traceEvents', case when e.length <= ${traceEventsListedMax} then e.trace_events end))
          from (select f.*, sum(length(f.trace_events)) over () as length from (
            select * from event_log o where o.project_id = w."projectId" and o.entity_type = w."entityType" and left(o.entity_id, 200) = left(w."entityId", 200)
              and o.entity_id = w."entityId" and o.event_id <> ${reservedEventId}
            union all
            select * from event_log t where w."entityType" = 'trace' and t.project_id = w."projectId" and left(t.trace_id, 200) = left(w."entityId", 200)
              and t.trace_id = w."entityId" and t.trace_events is not null
          ) f where f.bucket_name = ${bucket}) e), '[]') as files
      from (select distinct "projectId", "entityType", "entityId" from json_to_recordset(${JSON.stringify(entities)}::json) as w("projectId" text, "entityType" text, "entityId" text)) w
      join projects p on p.id = w."projectId"`,
  );
  const known = new Map(
    rows.map(({ isUnlogged, files, ...name }): [string, LoggedEntity] => [
      entityName(name),
      { files: oncePerKey((isUnlogged ? files.filter(({ key }) => isOtelKey(key)) : files).map(withEvents(db))), isComplete: !isUnlogged },
    ]),
  );
  return (entity) => known.get(entityName(entity)) ?? { files: [], isComplete: true };
};

type ListedFile = Omit<EntityFile, "traceEvents"> & { id: string; isRequestOfTrace: boolean; traceEvents: string | null };

const withEvents =
  (db: Database) =>
  ({ id, isRequestOfTrace, traceEvents, ...file }: ListedFile): EntityFile => ({
    ...file,
    traceEvents: isRequestOfTrace ? () => (traceEvents === null ? loadTraceEvents(db, id) : Promise.resolve(traceEvents)) : null,
  });

/** Returns no events if the row is gone. */
const loadTraceEvents = async (db: Database, id: string): Promise<string> => {
  const [row] = await execute<{ events: string | null }>(db, sql`select trace_events as events from event_log where id = ${id}`);
  return row?.events ?? "[]";
};

/** A file is logged once per trace it has named: several rows mean it was rewritten. */
const oncePerKey = (files: readonly EntityFile[]): EntityFile[] => {
  const byKey = new Map<string, EntityFile>();
  for (const { isRewritten, storedAt, firstStoredAt, ...file } of files) {
    const { key } = file;
    const known = byKey.get(key);
    byKey.set(key, {
      ...file,
      isRewritten: isRewritten || known !== undefined,
      storedAt: known !== undefined && known.storedAt > storedAt ? known.storedAt : storedAt,
      firstStoredAt: known !== undefined && known.firstStoredAt < firstStoredAt ? known.firstStoredAt : firstStoredAt,
    });
  }
  return [...byKey.values()];
};

/** Returns the names of those entities that the log knows another file of. Answers nothing for the others, which are nearly all. */
export const listWithOtherFiles = async (
  db: Database,
  bucket: string,
  entities: readonly (EntityName & { key: string })[],
): Promise<ReadonlySet<string>> => {
  if (entities.length === 0) return new Set();
  const asked = entities.map(({ projectId, entityType, entityId, key }, place) => ({ place, projectId, entityType, entityId, key }));
  const rows = await execute<{ place: number }>(
    db,
    sql`select w.place from json_to_recordset(${JSON.stringify(asked)}::json) as w(place int, "projectId" text, "entityType" text, "entityId" text, key text)
      where exists (select 1 from event_log e where e.project_id = w."projectId" and e.entity_type = w."entityType" and left(e.entity_id, 200) = left(w."entityId", 200)
        and e.entity_id = w."entityId" and e.bucket_name = ${bucket} and e.bucket_path <> w.key and e.event_id <> ${reservedEventId})`,
  );
  return new Set(rows.flatMap(({ place }) => (entities[place] === undefined ? [] : [entityName(entities[place])])));
};

/** Lists the traces that the log names with a request. */
export const listTracesOf = async (
  db: Database,
  { projectId, bucket, fileKey }: { projectId: string; bucket: string; fileKey: string },
): Promise<string[]> => {
  const requestId = otelRequestId(fileKey);
  const rows = await execute<{ traceId: string }>(
    db,
    sql`select distinct e.trace_id as "traceId" from event_log e where e.project_id = ${projectId} and e.entity_type = 'otel'
      and left(e.entity_id, 200) = left(${requestId}, 200) and e.entity_id = ${requestId} and e.bucket_name = ${bucket} and e.bucket_path = ${fileKey}
      and e.trace_id is not null`,
  );
  return rows.map(({ traceId }) => traceId);
};
