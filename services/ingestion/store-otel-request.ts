/** Ingestion, storing: makes an OpenTelemetry request durable: the request as one file, then log rows and jobs in one transaction. */

import { sql } from "drizzle-orm";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import { lockShared } from "../../db/event-store/deletion-lock.ts";
import { putEventFile } from "../../db/event-store/event-file.ts";
import { execute } from "../../db/postgres/client.ts";
import { rowTexts } from "../../db/postgres/row-texts.ts";
import { type EventStore, logRowId } from "./event-store.ts";
import { spansJob } from "./spans-job.ts";
import { recordObjects } from "./store-groups.ts";

/**
 * A request with more traces is answered before its rows are written: Postgres needs five seconds for a hundred thousand rows (measured).
 */
const tracesLoggedMax = 100;

/**
 * `text` is the request in its normal form. It is logged once per trace, so that a deletion of one trace finds it, and each trace has a job.
 * A request of many traces is logged without a trace, and has one job, until the runner names them; deletions read such a request's file.
 * If no log is kept, the runner stores the spans as events, because nothing else would name them. Throws if the request is not durable.
 */
export const storeOtelRequest = async (
  store: EventStore,
  request: {
    projectId: string;
    fileKey: string;
    id: string;
    text: string | Uint8Array<ArrayBuffer>;
    traceIds: readonly string[];
    origin: EventOrigin;
  },
): Promise<void> => {
  const { projectId, fileKey, id, text, traceIds, origin } = request;
  const startedMs = store.nowMs();
  await putEventFile(store.s3, fileKey, text, origin);
  const isNamed = traceIds.length <= tracesLoggedMax;
  const logged = isNamed ? traceIds : [null];
  await recordObjects(store, {
    projectId,
    startedMs,
    files: [{ fileKey, body: text }],
    origin,
    objects: logged.map((traceId) => ({ fileKey, entityType: "otel", entityId: id, eventId: id, traceId })),
    jobs:
      isNamed && store.isLogEnabled
        ? traceIds.map((traceId) => spansJob(store, { projectId, fileKey, traceId, origin }))
        : [{ id: store.newJobId(), kind: "ingestion.otel", orderingKey: null, payload: { fileKey, origin } }],
  });
};

/**
 * Replaces the row of a request logged without a trace by one row per trace, with the same times; leaves any other request unchanged.
 * `traceIds` reads them from the file, and is called only if needed.
 * Runs in one transaction under the shared lock: a deletion finds the old row or the new ones. A trace removed from the file meanwhile gets
 * a row without effect.
 */
export const nameTraces = async (
  { db, s3, sha256Hex }: Pick<EventStore, "db" | "s3" | "sha256Hex">,
  { projectId, fileKey, traceIds }: { projectId: string; fileKey: string; traceIds: () => Promise<readonly string[]> },
): Promise<void> => {
  const idOf = (traceId: string | null) => logRowId({ bucket: s3.bucket, fileKey, traceId }, sha256Hex);
  // Most requests were logged with their traces; one that was not has had its row from the start.
  if ((await execute(db, sql`select 1 from event_log where id = ${idOf(null)}`)).length === 0) return;
  const named = await traceIds();
  await db.transaction(async (tx) => {
    await execute(tx, sql`select ${lockShared(projectId)}`);
    const [unnamed] = await execute<{ id: string }>(tx, sql`select id from event_log where id = ${idOf(null)} for update`);
    if (unnamed === undefined) return;
    const rows = named.map((traceId) => ({ id: idOf(traceId), traceId })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    for (const text of rowTexts(rows))
      await execute(
        tx,
        sql`insert into event_log (id, bucket_name, bucket_path, project_id, entity_type, entity_id, event_id, trace_id, created_at, updated_at)
          select r.id, u.bucket_name, u.bucket_path, u.project_id, u.entity_type, u.entity_id, u.event_id, r."traceId", u.created_at, u.updated_at
          from event_log u, json_to_recordset(${text}::json) as r(id text, "traceId" text) where u.id = ${unnamed.id}
          on conflict (id) do nothing`,
      );
    await execute(tx, sql`delete from event_log where id = ${unnamed.id}`);
  });
};
