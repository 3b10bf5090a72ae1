/** Ingestion: the job for one trace of a stored OpenTelemetry request. */
import { orderingKeyOf } from "../../core/ingestion/arrange-batch.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import type { EventJob } from "../../db/queue/enqueue-event-jobs.ts";
import type { EventStore } from "./event-store.ts";

type SpansOf = {
  projectId: string;
  fileKey: string;
  traceId: string;
  /** Absent: read it from the file. */
  origin?: EventOrigin | undefined;
};

export const spansJob = (
  { newJobId, sha256Hex }: Pick<EventStore, "newJobId" | "sha256Hex">,
  { projectId, fileKey, traceId, origin }: SpansOf,
): EventJob => ({
  id: newJobId(),
  kind: "ingestion.merge",
  orderingKey: orderingKeyOf({ projectId, entityType: "trace", entityId: traceId, traceId }, sha256Hex),
  payload: { entityType: "trace", entityId: traceId, fileKey, source: "otel", isOtelRequest: true, ...(origin && { origin }) },
});
