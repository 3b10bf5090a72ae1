/** Reprocesses events that arrived during the deletion: they are still stored, but their rows were deleted with the others. */

import { parseExactJson } from "../../core/exact-json.ts";
import { orderingKeyOf, traceIdOf } from "../../core/ingestion/arrange-batch.ts";
import { isOtelKey } from "../../core/ingestion/blob-key.ts";
import type { IngestionEvent } from "../../core/ingestion/event.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { listNamedTraces } from "../../db/event-store/deletable-objects.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import type { ReplayScope } from "../../db/event-store/list-replayable.ts";
import { listPage } from "../../db/object-store/read-objects.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { chunkMax, type Deletion } from "./deletion.ts";
import { type Entity, folderOf, scoresOf } from "./remove-entities.ts";
import { projectPrefixes } from "./remove-project.ts";

/** `emptied`: entities whose folders were emptied because the log is incomplete. */
export const reprocess = async (deletion: Deletion, what: JobPayload<"data.delete">, emptied: readonly Entity[]): Promise<void> => {
  const { db, projectId, s3 } = deletion;
  switch (what.scope) {
    case "project":
      await replay(deletion, {});
      if (deletion.isUnlogged) for (const prefix of projectPrefixes(deletion)) await enqueueListed(deletion, prefix);
      return;
    case "traces":
      for (const { traceId } of await listNamedTraces(db, { projectId, bucket: s3.bucket, traceIds: what.traceIds }))
        await replay(deletion, { traceId });
      for (const entity of emptied) await enqueueListed(deletion, folderOf(deletion, entity));
      return;
    case "scores":
      for (const entity of scoresOf(what.scoreIds)) await mergeAgain(deletion, entity);
      for (const entity of emptied) await enqueueListed(deletion, folderOf(deletion, entity));
      return;
    case "before":
      return;
    default:
      return what satisfies never;
  }
};

/** Enqueues a merge of the entity, if the log still names it. What requests say of a trace is taken from each of them. */
export const mergeAgain = async (deletion: Deletion, entity: Entity): Promise<void> => {
  await replay(deletion, entity);
  if (entity.entityType === "trace") await replay(deletion, { entityType: "otel", traceId: entity.entityId });
};

const replay = async (deletion: Deletion, scope: Omit<ReplayScope, "projectId" | "bucket">): Promise<void> => {
  const { db, newJobId, sha256Hex, clock, signal, projectId, s3 } = deletion;
  await replayEvents(
    { db, newJobId, sha256Hex, wait: (milliseconds) => clock.wait(milliseconds, signal), onProgress: () => signal.throwIfAborted() },
    { projectId, bucket: s3.bucket, ...scope },
    { pageRows: 1000, waitingMax: 1_000_000, pollMs: 1000, isDryRun: false },
  );
};

/** Enqueues a job for each object under the prefix, if the log does not name them all. */
const enqueueListed = async (deletion: Deletion, prefix: string): Promise<void> => {
  for (let after: string | undefined; ; ) {
    const page = await listPage(deletion.s3, { prefix, after, keysMax: chunkMax }, deletion.signal);
    for (const { key } of page) await enqueueFile(deletion, key);
    if (page.length < chunkMax) return;
    after = page.at(-1)?.key;
  }
};

const enqueueFile = async ({ db, s3, newJobId, sha256Hex, projectId, signal }: Deletion, fileKey: string): Promise<void> => {
  if (isOtelKey(fileKey))
    return enqueueEventJobs(db, projectId, [{ id: newJobId(), kind: "ingestion.otel", orderingKey: null, payload: { fileKey } }]);
  const [first, ...others] = eventsOf((await readEventFile(s3, fileKey, signal))?.text ?? "[]");
  if (first === undefined) return;
  const { entityType, entityId } = first;
  const traceId = [first, ...others].map(traceIdOf).find((id) => id !== undefined && id !== null && id !== "");
  const orderingKey = orderingKeyOf({ projectId, entityType, entityId, traceId: traceId ?? undefined }, sha256Hex);
  await enqueueEventJobs(db, projectId, [
    { id: newJobId(), kind: "ingestion.merge", orderingKey, payload: { entityType, entityId, fileKey, source: "api" } },
  ]);
};

/** Returns no events for a file that is not a list of events, because no job could process it. */
const eventsOf = (text: string): IngestionEvent[] => {
  let items: unknown;
  try {
    items = parseExactJson(text);
  } catch {
    return [];
  }
  return (Array.isArray(items) ? items : []).flatMap((item: unknown) => {
    const parsed = parseEvent(item, { isInternal: true });
    return parsed.ok && parsed.event !== undefined ? [parsed.event] : [];
  });
};
