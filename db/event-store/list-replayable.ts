/** Event log, replay: lists each entity of a scope once, page by page, in the order in which its newest object was logged. */

import { type SQL, sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { reservedEventId } from "./reserved-event-id.ts";

/** Instants are ISO 8601 with a zone and refer to when an object was first logged: `from` inclusive, `to` exclusive. */
export type ReplayScope = {
  projectId: string;
  /** Undefined: any bucket. */
  bucket?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  entityType?: string | undefined;
  entityId?: string | undefined;
  entityIds?: readonly string[] | undefined;
  traceId?: string | undefined;
};

export type ReplayableEntity = {
  entityType: string;
  entityId: string;
  /** The newest object in the scope. */
  fileKey: string;
  /** The trace its objects name: that of the newest one that names any. */
  traceId: string | null;
  /** When and under which id that object was logged: the keyset cursor. */
  loggedAt: string;
  logId: string;
};

export type ReplayCursor = { loggedAt: string; logId: string };

/**
 * Returns up to `rowsMax` entities after the cursor `after`. An entity is positioned at its newest object in the scope, so it appears once,
 * however many it has.
 * A scope with a trace or entity id is first read as a whole (indexes on those); else a page is read along
 * event_log_project_id_created_at_idx. Locks nothing.
 */
export const listReplayable = (
  db: Database,
  scope: ReplayScope,
  { after, rowsMax }: { after: ReplayCursor | undefined; rowsMax: number },
): Promise<ReplayableEntity[]> => {
  const isNarrow = scope.traceId !== undefined || scope.entityId !== undefined || scope.entityIds !== undefined;
  const from = isNarrow ? sql`scoped` : sql`event_log`;
  return execute<ReplayableEntity>(
    db,
    sql`${isNarrow ? sql`with scoped as materialized (select * from event_log e where ${condition(scope)})` : sql``}
      select e.entity_type as "entityType", e.entity_id as "entityId", e.bucket_path as "fileKey",
        coalesce(e.trace_id, (select t.trace_id from event_log t where ${isSameEntity(sql`t`)} and t.trace_id is not null order by t.created_at desc, t.id desc limit 1)) as "traceId",
        to_char(e.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "loggedAt", e.id as "logId"
      from ${from} e where ${isNarrow ? sql`true` : condition(scope)}
        ${after === undefined ? sql`` : sql`and (e.created_at, e.id) > (${after.loggedAt}::timestamptz, ${after.logId})`}
        and not exists (select 1 from ${from} n where ${isSameEntity(sql`n`)} and n.event_id <> ${reservedEventId} and (n.created_at, n.id) > (e.created_at, e.id) ${isNarrow ? sql`` : within(sql`n`, scope)})
      order by e.created_at, e.id limit ${rowsMax}`,
  );
};

const isSameEntity = (other: SQL): SQL =>
  sql`${other}.project_id = e.project_id and ${other}.entity_type = e.entity_type and left(${other}.entity_id, 200) = left(e.entity_id, 200) and ${other}.entity_id = e.entity_id`;

/** Reserved ids have no object. */
const condition = (
  scope: ReplayScope,
): SQL => sql`e.project_id = ${scope.projectId} and e.event_id <> ${reservedEventId} ${within(sql`e`, scope)}
  ${scope.entityType === undefined ? sql`` : sql`and e.entity_type = ${scope.entityType}`}
  ${scope.entityId === undefined ? sql`` : sql`and left(e.entity_id, 200) = left(${scope.entityId}, 200) and e.entity_id = ${scope.entityId}`}
  ${scope.entityIds === undefined ? sql`` : amongIds(scope.entityIds)}
  ${scope.traceId === undefined ? sql`` : sql`and left(e.trace_id, 200) = left(${scope.traceId}, 200) and e.trace_id = ${scope.traceId}`}`;

const amongIds = (ids: readonly string[]): SQL => {
  const texts = sql`select id from json_array_elements_text(${JSON.stringify(ids)}::json) as w(id)`;
  return sql`and left(e.entity_id, 200) in (select left(t.id, 200) from (${texts}) t) and e.entity_id in (${texts})`;
};

/** What differs between objects of one entity. */
const within = (row: SQL, { bucket, from, to }: ReplayScope): SQL =>
  sql`${bucket === undefined ? sql`` : sql`and ${row}.bucket_name = ${bucket}`}
    ${from === undefined ? sql`` : sql`and ${row}.created_at >= ${from}::timestamptz`}
    ${to === undefined ? sql`` : sql`and ${row}.created_at < ${to}::timestamptz`}`;
