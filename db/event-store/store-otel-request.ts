/** Makes an OpenTelemetry request durable: the request as one file, then log rows and one job in one transaction. */
import { type EventOrigin, putEventFile } from "./event-file.ts";
import { type EventStore, recordObjects } from "./store-groups.ts";

/** `text` is the request in its normal form; it is logged once for each of its traces, so that deleting one of them finds it. Throws when it is not durable. */
export const storeOtelRequest = async (
  store: EventStore,
  request: { projectId: string; fileKey: string; id: string; text: string; traceIds: readonly string[]; origin: EventOrigin },
): Promise<void> => {
  const { projectId, fileKey, id, text, traceIds, origin } = request;
  const startedMs = store.nowMs();
  await putEventFile(store.s3, fileKey, text, origin);
  await recordObjects(store, {
    projectId,
    startedMs,
    files: [{ fileKey, text }],
    origin,
    objects: traceIds.map((traceId) => ({ fileKey, entityType: "otel", entityId: id, eventId: id, traceId })),
    jobs: [{ id: store.newJobId(), kind: "ingestion.otel", lane: null, payload: { fileKey, origin } }],
  });
};
