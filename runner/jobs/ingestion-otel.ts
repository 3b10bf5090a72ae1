/**
 * ingestion.otel: gives each trace of a stored OpenTelemetry request its job. If the log does not name the request, nothing could find it
 * again by its traces: then its spans become files of events. Running twice does the same again. Memory: the text of the request and a few
 * thousand of its spans.
 */

import type { SampledProjects } from "../../core/ingestion/sampling.ts";
import { causeOf } from "../../core/jobs/job-cause.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import { openStoredTraces } from "../../core/otel/parse-json.ts";
import type { Pieces } from "../../core/pieces.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import { listTracesOf } from "../../db/event-store/logged-objects.ts";
import type { ClaimedJob } from "../../db/queue/claimed-job.ts";
import { enqueueEventJobs } from "../../db/queue/enqueue-event-jobs.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { spansJob } from "../../services/ingestion/spans-job.ts";
import { nameTraces } from "../../services/ingestion/store-otel-request.ts";
import type { Bus } from "../bus.ts";
import { type Handler, LeaseLost, type Log } from "../deps.ts";
import { storeSpans } from "../ingestion/store-spans.ts";
import type { SettleGrouped } from "../queue/group-settlements.ts";
import { createTurns } from "../turns.ts";

export type OtelHandlerDeps = {
  events: { store: EventStore; prefix: string; segmentBytesMax: number; sampling: SampledProjects };
  settleGrouped: SettleGrouped;
  log: Log;
  emit: Bus["emit"];
};

export const createOtelHandler = ({ events, settleGrouped, log, emit }: OtelHandlerDeps): Handler => ({
  run: async ({ job, signal }) => {
    const store: EventStore = { ...events.store, cause: causeOf(job) };
    const { projectId } = job;
    const { fileKey, origin } = jobKinds["ingestion.otel"].payload.parse(job.payload);
    const file = await readEventFile(store.s3, fileKey, signal);
    // A request deleted in the meantime no longer counts.
    if (file !== undefined) {
      const request = { projectId, fileKey, text: file.text, origin: origin ?? file.origin };
      if (store.isLogEnabled && (await enqueueTraces(store, job, request, signal))) return;
      const counts = await storeSpans({ ...events, store, log }, request, signal);
      if (events.sampling.has(projectId)) emit("ingestion.sampled", counts);
    }
    if ((await settleGrouped(job, { state: jobState.completed })) === undefined) throw new LeaseLost();
  },
  settle: async (job, outcome) => (await settleGrouped(job, outcome)) !== undefined,
});

/** Returns false, having done nothing, if the log does not name the request. */
const enqueueTraces = async (
  store: EventStore,
  job: ClaimedJob,
  { fileKey, text }: { fileKey: string; text: string },
  signal: AbortSignal,
): Promise<boolean> => {
  const { projectId } = job;
  const { origin } = jobKinds["ingestion.otel"].payload.parse(job.payload);
  await nameTraces(store, { projectId, fileKey, traceIds: () => createTurns(signal).run(traceIdsOf(text)) });
  const traceIds = await listTracesOf(store.db, { projectId, bucket: store.s3.bucket, fileKey });
  if (traceIds.length === 0) return false;
  await store.db.transaction(async (tx) => {
    const jobs = traceIds.map((traceId) => spansJob(store, { projectId, fileKey, traceId, origin }));
    await enqueueEventJobs(tx, projectId, jobs, store.cause);
    if ((await settleJob(tx, { id: job.id, leaseId: job.leaseId }, { state: jobState.completed })) === undefined) throw new LeaseLost();
  });
  return true;
};

function* traceIdsOf(text: string): Pieces<string[]> {
  const traceIds = new Set<string>();
  for (const { span } of openStoredTraces(text).spans) {
    traceIds.add(span.traceId);
    yield;
  }
  return [...traceIds];
}
