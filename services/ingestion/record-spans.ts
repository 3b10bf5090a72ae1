/**
 * Ingestion: records in the event log which observations the spans of a stored request are, and what they say about their traces. From then
 * on, the request is a file of these observations and traces; it is never stored a second time.
 */
import { type SQL, sql } from "drizzle-orm";
import { isOtelKey, otelKeyPattern } from "../../core/ingestion/blob-key.ts";
import { lockShared } from "../../db/event-store/deletion-lock.ts";
import { reservedEventId } from "../../db/event-store/reserved-event-id.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { rowTexts } from "../../db/postgres/row-texts.ts";
import { type EventStore, logRowId } from "./event-store.ts";
import { type ObservationIds, ObservationIdTaken } from "./observation-ids.ts";

export type RecordedSpans = {
  projectId: string;
  fileKey: string;
  observations: readonly { entityId: string; eventId: string; traceId: string }[];
  observationIds: Pick<ObservationIds, "logIds" | "reserved">;
  /** The events of each trace as a JSON list. */
  traceEvents: ReadonlyMap<string, string>;
};

type Row = { id: string; entityId: string; eventId: string; traceId: string | null };

/**
 * Longest list of events of a trace kept in its row, in UTF-16 units. A longer one is read from the request, by each merge of the trace: so
 * the events of 512 spans that all name their user and session (350 each) must fit.
 */
const traceEventsLengthMax = 256_000;

/**
 * One transaction, which changes nothing if it is repeated. A span that came in several requests is taken from the one with the greatest
 * key, in whichever order they are processed. Returns the traces that were deleted from the request since it was read: nothing is recorded
 * of them. Throws ObservationIdTaken, having written nothing, if another trace has got one of the ids.
 */
export const recordSpans = async (store: RecordingStore, recorded: RecordedSpans): Promise<ReadonlySet<string>> => {
  try {
    await recordAll(store, recorded);
    return new Set();
  } catch (error) {
    if (!(error instanceof TracesDeleted)) throw error;
    const { traceIds } = error;
    const isLeft = ({ traceId }: { traceId: string | null }) => traceId !== null && !traceIds.has(traceId);
    const { observations, observationIds, traceEvents } = recorded;
    const more = await recordSpans(store, {
      ...recorded,
      observations: observations.filter(isLeft),
      observationIds: { ...observationIds, reserved: observationIds.reserved.filter(isLeft) },
      traceEvents: new Map([...traceEvents].filter(([traceId]) => isLeft({ traceId }))),
    });
    return new Set([...traceIds, ...more]);
  }
};

type RecordingStore = Pick<EventStore, "db" | "sha256Hex"> & { s3: { bucket: string } };

/** Ends the transaction: a deletion has taken the traces between reading and recording. */
class TracesDeleted extends Error {
  readonly traceIds: ReadonlySet<string>;

  constructor(traceIds: ReadonlySet<string>) {
    super("Traces of the request were deleted.");
    this.traceIds = traceIds;
  }
}

const recordAll = (store: RecordingStore, recorded: RecordedSpans): Promise<void> => {
  const { projectId, fileKey, observations, observationIds, traceEvents } = recorded;
  const spanRow = (entityId: string) => `${spanRowPrefix}${store.sha256Hex(JSON.stringify([projectId, entityId])).slice(0, 32)}`;
  const arrived = observations.map((one): Row => ({ ...one, id: observationIds.logIds.get(one.entityId) ?? spanRow(one.entityId) }));
  const reserved = observationIds.reserved.map(
    ({ entityId, traceId, logId }): Row => ({ entityId, traceId, eventId: reservedEventId, id: logId ?? spanRow(entityId) }),
  );
  const at = { projectId, bucket: store.s3.bucket, fileKey };
  return store.db.transaction(async (tx) => {
    const left = await writeRows(tx, at, [...reserved, ...arrived]);
    // The row of the id belongs to a file of events: that of an older version, or one that an SDK has sent under the id of a span.
    const beside = left.filter(({ eventId }) => eventId !== reservedEventId).map((row) => ({ ...row, id: spanRow(row.entityId) }));
    if (beside.length > 0) await writeRows(tx, at, beside);
    const deleted = await writeTraceEvents(
      tx,
      [...traceEvents].map(([traceId, text]) => ({
        id: logRowId({ ...at, traceId }, store.sha256Hex),
        traceId,
        events: text.length > traceEventsLengthMax ? "" : text,
      })),
    );
    if (deleted.size > 0) throw new TracesDeleted(deleted);
  });
};

/** Prefix of the row id of an observation whose row is not that of a plain span id. */
const spanRowPrefix = "spq_";

type At = { projectId: string; bucket: string; fileKey: string };

/** Returns the rows whose place is taken by a file of events. */
const writeRows = async (tx: Database, { projectId, bucket, fileKey }: At, rows: readonly Row[]): Promise<Row[]> => {
  // Two requests with the same spans wait for each other's rows; locking them in the same order prevents a deadlock.
  const ordered = [...new Map(rows.map((row) => [row.id, row])).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const unwritten = new Map(ordered.map((row) => [row.id, row]));
  for (const text of rowTexts(ordered)) {
    const written = await execute<{ id: string }>(
      tx,
      sql`with held as materialized (select ${lockShared(projectId)}), moment as materialized (select clock_timestamp() as at from held)
        insert into event_log (id, bucket_name, bucket_path, project_id, entity_type, entity_id, event_id, trace_id, created_at, updated_at)
        select r.id, ${bucket}, ${fileKey}, ${projectId}, 'observation', r."entityId", r."eventId", r."traceId", moment.at, moment.at
        from moment, json_to_recordset(${text}::json) as r(id text, "entityId" text, "eventId" text, "traceId" text)
        on conflict (id) do update set bucket_name = excluded.bucket_name, bucket_path = excluded.bucket_path, event_id = excluded.event_id, updated_at = excluded.updated_at,
          created_at = case when ${isReserved(sql`event_log`)} then excluded.created_at else event_log.created_at end
        where event_log.trace_id is not distinct from excluded.trace_id and not ${isReserved(sql`excluded`)}
          and (${isReserved(sql`event_log`)} or ${isRequest(sql`event_log`)} and event_log.bucket_path < excluded.bucket_path collate "C")
        returning id`,
    );
    for (const { id } of written) unwritten.delete(id);
  }
  if (unwritten.size === 0) return [];
  const found = await execute<{ id: string; traceId: string | null; fileKey: string }>(
    tx,
    sql`select e.id, e.trace_id as "traceId", e.bucket_path as "fileKey" from json_array_elements_text(${JSON.stringify([...unwritten.keys()])}::json) as w(id)
      join event_log e on e.id = w.id`,
  );
  const taken = found.filter(({ id, traceId }) => unwritten.get(id)?.traceId !== traceId);
  if (taken.length > 0) throw new ObservationIdTaken(new Set(taken.map(({ id }) => id)));
  return found.flatMap(({ id, fileKey: key }) => (isOtelKey(key) ? [] : (unwritten.get(id) ?? [])));
};

const isReserved = (row: SQL): SQL => sql`${row}.event_id = ${reservedEventId}`;
const isRequest = (row: SQL): SQL => sql`${row}.bucket_path ~ ${otelKeyPattern}`;

/**
 * Returns the traces whose row is gone. The first statement of the transaction took the shared lock, so no deletion takes others until the
 * commit.
 */
const writeTraceEvents = async (
  tx: Database,
  rows: readonly { id: string; traceId: string; events: string }[],
): Promise<ReadonlySet<string>> => {
  const ordered = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const deleted = new Set<string>();
  for (const text of rowTexts(ordered)) {
    const gone = await execute<{ traceId: string }>(
      tx,
      sql`with r as materialized (select * from json_to_recordset(${text}::json) as r(id text, "traceId" text, events text)),
        written as (update event_log e set trace_events = r.events from r where e.id = r.id and e.trace_events is distinct from r.events)
        select r."traceId" from r where not exists (select 1 from event_log e where e.id = r.id)`,
    );
    for (const { traceId } of gone) deleted.add(traceId);
  }
  return deleted;
};
