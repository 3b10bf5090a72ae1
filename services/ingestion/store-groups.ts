/**
 * Ingestion, storing: makes groups of events durable. Writes their files first, then log rows and jobs in one transaction. What is reported
 * as stored survives any crash, and a deletion removes it as a whole or not at all.
 * A crash in between leaves files without a job. Nothing was acknowledged then, and the same events sent again overwrite the same files.
 */

import { type SQL, sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import { forEachConcurrent } from "../../core/for-each-concurrent.ts";
import type { EventGroup } from "../../core/ingestion/arrange-batch.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import type { EventSource } from "../../core/jobs/kinds.ts";
import { lockShared, wasDeletedSince } from "../../db/event-store/deletion-lock.ts";
import { putEventFile } from "../../db/event-store/event-file.ts";
import { reservedEventId } from "../../db/event-store/reserved-event-id.ts";
import { isUnanswered } from "../../db/object-store/s3-client.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { rowTexts } from "../../db/postgres/row-texts.ts";
import { type EventJob, enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { type EventStore, type LoggedObject, logRowId } from "./event-store.ts";
import { type ObservationIds, ObservationIdTaken } from "./observation-ids.ts";

/** Concurrent uploads. */
const uploadsMax = 32;

/**
 * Returns the groups whose file could not be stored, with the reason; all others are durable. Throws if the transaction fails; then none
 * is.
 */
export const storeGroups = async (
  store: EventStore,
  request: { projectId: string; groups: readonly EventGroup[]; origin: EventOrigin; source: EventSource; observationIds?: ObservationIds },
): Promise<Map<EventGroup, AppError>> => {
  const { projectId, groups, origin, source, observationIds } = request;
  const failed = new Map<EventGroup, AppError>();
  const texts = new Map<string, string>();
  const startedMs = store.nowMs();
  let silence: AppError | undefined;
  await forEachConcurrent(groups, uploadsMax, async (group) => {
    // If the store does not answer, it is not asked again for each group: the sender is waiting.
    if (silence !== undefined) return void failed.set(group, silence);
    try {
      const text = JSON.stringify(group.events);
      texts.set(group.fileKey, text);
      await putEventFile(store.s3, group.fileKey, text, origin);
    } catch (error) {
      const failure = error instanceof AppError ? error : new AppError({ code: "S3_UNAVAILABLE", cause: error });
      failed.set(group, failure);
      if (isUnanswered(failure)) silence = failure;
    }
  });
  const stored = groups.filter((group) => !failed.has(group));
  if (stored.length === 0) return failed;
  const logIdOf = ({ entityType, entityId }: EventGroup) =>
    entityType === "observation" ? observationIds?.logIds.get(entityId) : undefined;
  const recording = recordObjects(store, {
    projectId,
    startedMs,
    files: stored.map(({ fileKey }) => ({ fileKey, body: texts.get(fileKey) ?? "" })),
    origin,
    objects: [
      ...stored.map((group): LoggedObject => {
        const { fileKey, entityType, entityId, eventId, traceId } = group;
        const logId = logIdOf(group);
        return { fileKey, entityType, entityId, eventId, traceId: traceId ?? null, ...(logId === undefined ? {} : { logId }) };
      }),
      ...(observationIds?.reserved ?? []),
    ],
    jobs: stored.map(({ entityType, entityId, fileKey, orderingKey }) => ({
      id: store.newJobId(),
      kind: "ingestion.merge",
      orderingKey,
      payload: { entityType, entityId, fileKey, origin, source, ...inlined(texts.get(fileKey)) },
    })),
  });
  try {
    await recording;
  } catch (error) {
    if (error instanceof ObservationIdTaken) {
      // No one would ever read or delete these files: they lie among the other trace's files, and no log row names them.
      const stray = stored.filter((group) => error.logIds.has(logIdOf(group) ?? ""));
      await forEachConcurrent(
        stray,
        uploadsMax,
        async ({ fileKey }) => void (await store.s3.send({ method: "DELETE", key: fileKey, accept: [404], attemptsMax: 4 })),
      );
    }
    throw error;
  }
  return failed;
};

type Recorded = {
  projectId: string;
  /** When the first of the files was started. */
  startedMs: number;
  files: readonly { fileKey: string; body: string | Uint8Array<ArrayBuffer> }[];
  origin: EventOrigin;
  objects: readonly LoggedObject[];
  jobs: readonly EventJob[];
};

/**
 * Commits log rows and jobs of stored files in one transaction, whose commit acknowledges them. A file that a concurrent deletion may have
 * removed is stored again.
 */
export const recordObjects = (store: EventStore, { projectId, startedMs, files, origin, objects, jobs }: Recorded): Promise<void> =>
  store.db.transaction(async (tx) => {
    await (store.isLogEnabled ? logObjects(tx, store, projectId, objects) : markUnlogged(tx, projectId));
    await enqueueEventJobs(tx, projectId, jobs, store.cause);
    if (!(await wasDeletedSince(tx, { projectId, seconds: (store.nowMs() - startedMs) / 1000 }))) return;
    await forEachConcurrent(files, uploadsMax, async ({ fileKey, body }) => void (await putEventFile(store.s3, fileKey, body, origin)));
  });

/**
 * Writes one row per object (and trace); the same object again is the same row. Throws ObservationIdTaken, having written nothing, if a row
 * belongs to another trace.
 * A reserved row gets its times when its object arrives. Times are taken under the shared lock: whatever a deletion did not cover is later
 * than it. created_at and updated_at are equal until the object is stored again.
 */
const logObjects = async (
  tx: Database,
  { s3, sha256Hex }: Pick<EventStore, "s3" | "sha256Hex">,
  projectId: string,
  objects: readonly LoggedObject[],
): Promise<void> => {
  const rows = objects.map(({ logId, ...object }) => ({ ...object, id: logId ?? logRowId({ bucket: s3.bucket, ...object }, sha256Hex) }));
  // Two requests with the same groups wait for each other's rows; locking them in the same order prevents a deadlock.
  const ordered = [...new Map(rows.map((row) => [row.id, row])).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  // A reservation never changes a row whose object has arrived; an arriving object replaces its reservation.
  const now = (column: SQL) =>
    sql`${column} = case when excluded.event_id = ${reservedEventId} then event_log.${column} else excluded.${column} end`;
  const taken = new Set(ordered.map(({ id }) => id));
  for (const text of rowTexts(ordered)) {
    const written = await execute<{ id: string }>(
      tx,
      sql`with held as materialized (select ${lockShared(projectId)}), moment as materialized (select clock_timestamp() as at from held)
        insert into event_log (id, bucket_name, bucket_path, project_id, entity_type, entity_id, event_id, trace_id, created_at, updated_at)
        select r.id, ${s3.bucket}, r."fileKey", ${projectId}, r."entityType", r."entityId", r."eventId", r."traceId", moment.at, moment.at
        from moment, json_to_recordset(${text}::json) as r(id text, "fileKey" text, "entityType" text, "entityId" text, "eventId" text, "traceId" text)
        on conflict (id) do update set ${now(sql`bucket_name`)}, ${now(sql`bucket_path`)}, ${now(sql`event_id`)}, ${now(sql`updated_at`)},
          created_at = case when event_log.event_id = ${reservedEventId} then excluded.created_at else event_log.created_at end
        where event_log.trace_id is not distinct from excluded.trace_id
        returning id`,
    );
    for (const { id } of written) taken.delete(id);
  }
  if (taken.size > 0) throw new ObservationIdTaken(taken);
};

/** Marks that from now on the log does not name every object of the project. Locks the project's row once. */
const markUnlogged = (tx: Database, projectId: string): Promise<unknown> =>
  execute(
    tx,
    sql`with marked as (update projects set unlogged_since = now() where id = ${projectId} and unlogged_since is null)
      select ${lockShared(projectId)}`,
  );

/** Maximum length of a JSON text inlined in a job's payload. It is JSON inside JSON, so jsonb accepts every character. */
const inlineLengthMax = 16_000;

const inlined = (text: string | undefined): { inline?: string } =>
  text === undefined || text.length > inlineLengthMax ? {} : { inline: text };
