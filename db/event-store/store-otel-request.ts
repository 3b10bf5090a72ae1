/** Makes an OpenTelemetry request durable: the request as one file, then log rows and one job in one transaction. */
import type { Database } from "../postgres/client.ts";
import { enqueueEventJobs } from "../queue/enqueue-event-jobs.ts";
import { type EventOrigin, putEventFile } from "./event-file.ts";
import { type EventStore, logObjects } from "./store-groups.ts";

/** `text` is the request in its normal form; it is logged once for each of its traces, so that deleting one of them finds it. Throws when it is not durable. */
export const storeOtelRequest = async (
  store: EventStore,
  request: { projectId: string; fileKey: string; id: string; text: string; traceIds: readonly string[]; origin: EventOrigin },
): Promise<void> => {
  const { projectId, fileKey, id, text, traceIds, origin } = request;
  await putEventFile(store.s3, fileKey, text, origin);
  await store.db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    await logObjects(
      tx,
      store,
      projectId,
      traceIds.map((traceId) => ({ fileKey, entityType: "otel", entityId: id, eventId: id, traceId })),
    );
    await enqueueEventJobs(tx, projectId, [{ id: store.newJobId(), kind: "ingestion.otel", lane: null, payload: { fileKey, origin } }]);
  });
};
