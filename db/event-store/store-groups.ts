/**
 * Makes groups of events durable: their files first, then log rows and jobs in one transaction. What this answers as stored survives a crash of anything.
 * A crash in between leaves files without a job; nothing was acknowledged then, and the same events sent again overwrite the same files.
 */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { EventGroup } from "../../core/ingestion/arrange-batch.ts";
import type { Sha256Hex } from "../../core/ingestion/blob-key.ts";
import type { EventSource } from "../../core/jobs/kinds.ts";
import type { S3Client } from "../object-store/s3-client.ts";
import { type Database, execute } from "../postgres/client.ts";
import { enqueueEventJobs } from "../queue/enqueue-event-jobs.ts";
import { type EventOrigin, putEventFile } from "./event-file.ts";

export type EventStore = {
  db: Database;
  s3: S3Client;
  /** Whether every object is written down in event_log. */
  isLogEnabled: boolean;
  newJobId: () => string;
  sha256Hex: Sha256Hex;
};

/** Files on their way at once. */
const uploadsMax = 32;

/** Answers the groups whose file could not be stored, each with the reason; all others are durable. Throws when the transaction fails, and then none is. */
export const storeGroups = async (
  store: EventStore,
  request: { projectId: string; groups: readonly EventGroup[]; origin: EventOrigin; source: EventSource },
): Promise<Map<EventGroup, AppError>> => {
  const { projectId, groups, origin, source } = request;
  const failed = new Map<EventGroup, AppError>();
  const texts = new Map<string, string>();
  await eachOf(groups, uploadsMax, async (group) => {
    try {
      const text = JSON.stringify(group.events);
      texts.set(group.fileKey, text);
      await putEventFile(store.s3, group.fileKey, text, origin);
    } catch (error) {
      failed.set(group, error instanceof AppError ? error : new AppError({ code: "S3_UNAVAILABLE", cause: error }));
    }
  });
  const stored = groups.filter((group) => !failed.has(group));
  if (stored.length === 0) return failed;
  await store.db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    await logObjects(
      tx,
      store,
      projectId,
      stored.map(({ fileKey, entityType, entityId, eventId, traceId }) => ({
        fileKey,
        entityType,
        entityId,
        eventId,
        traceId: traceId ?? null,
      })),
    );
    await enqueueEventJobs(
      tx,
      projectId,
      stored.map(({ entityType, entityId, fileKey, lane }) => ({
        id: store.newJobId(),
        kind: "ingestion.merge",
        lane,
        payload: { entityType, entityId, fileKey, origin, source, ...inlined(texts.get(fileKey)) },
      })),
    );
  });
  return failed;
};

export type LoggedObject = { fileKey: string; entityType: string; entityId: string; eventId: string; traceId: string | null };

/** One row for each object (and trace); the same object again is the same row. */
export const logObjects = async (
  tx: Database,
  { isLogEnabled, s3, sha256Hex }: Pick<EventStore, "isLogEnabled" | "s3" | "sha256Hex">,
  projectId: string,
  objects: readonly LoggedObject[],
): Promise<void> => {
  if (!isLogEnabled || objects.length === 0) return;
  const rows = objects.map((object) => ({
    ...object,
    id: `evl_${sha256Hex(JSON.stringify([s3.bucket, object.fileKey, object.traceId])).slice(0, 32)}`,
  }));
  // Two requests with the same groups wait for each other's rows: the same order keeps them from doing so in a circle.
  const ordered = [...new Map(rows.map((row) => [row.id, row])).values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await execute(
    tx,
    sql`insert into event_log (id, bucket_name, bucket_path, project_id, entity_type, entity_id, event_id, trace_id)
      select r.id, ${s3.bucket}, r."fileKey", ${projectId}, r."entityType", r."entityId", r."eventId", r."traceId"
      from json_to_recordset(${JSON.stringify(ordered)}::json) as r(id text, "fileKey" text, "entityType" text, "entityId" text, "eventId" text, "traceId" text)
      on conflict (id) do update set updated_at = now()`,
  );
};

/** Text of JSON inside JSON: every character of it is one that jsonb takes. */
const inlineLengthMax = 16_000;

const inlined = (text: string | undefined): { inline?: string } =>
  text === undefined || text.length > inlineLengthMax ? {} : { inline: text };

/** Runs `act` for every item, so many at once. */
export const eachOf = async <T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> => {
  let next = 0;
  const run = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run));
};
