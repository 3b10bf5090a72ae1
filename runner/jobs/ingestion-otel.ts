/**
 * ingestion.otel: turns a stored OpenTelemetry request into events and stores them. Running twice writes the same files. Memory: the text
 * of the request and a few thousand of its spans.
 */

import { type ArrivedEvent, arrangeInPieces, type EventGroup } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import type { SampledProjects } from "../../core/ingestion/sampling.ts";
import { causeOf } from "../../core/jobs/job-cause.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import { jobState } from "../../core/jobs/state.ts";
import { mapSpansInPieces } from "../../core/otel/map-spans.ts";
import { storedOtlpLimits } from "../../core/otel/otlp-traces.ts";
import { openTracesJson } from "../../core/otel/parse-json.ts";
import { tracesOf } from "../../core/otel/span-stream.ts";
import type { Pieces } from "../../core/pieces.ts";
import { readEventFile } from "../../db/event-store/event-file.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { giveObservationIds, untilNoneIsTaken } from "../../services/ingestion/observation-ids.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { nameTraces } from "../../services/ingestion/store-otel-request.ts";
import type { Bus } from "../bus.ts";
import { type Handler, LeaseLost, type Log } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import type { SettleGrouped } from "../queue/group-settlements.ts";
import { createTurns } from "../turns.ts";

export type OtelHandlerDeps = {
  events: { store: EventStore; prefix: string; segmentBytesMax: number; sampling: SampledProjects };
  settleGrouped: SettleGrouped;
  log: Log;
  emit: Bus["emit"];
};

export const createOtelHandler = (deps: OtelHandlerDeps): Handler => ({
  run: untilNoneIsTaken(async ({ job, signal }) => {
    const { prefix, segmentBytesMax, sampling } = deps.events;
    const store: EventStore = { ...deps.events.store, cause: causeOf(job) };
    const { fileKey, origin: jobOrigin } = jobKinds["ingestion.otel"].payload.parse(job.payload);
    const file = await readEventFile(store.s3, fileKey, signal);
    let [eventsIn, eventsOut] = [0, 0];
    // A request deleted in the meantime no longer counts.
    if (file !== undefined) {
      const origin = jobOrigin ?? file.origin;
      const turns = createTurns(signal);
      const bytes = new TextEncoder().encode(file.text);
      await nameTraces(store, { projectId: job.projectId, fileKey, traceIds: () => turns.run(traceIdsOf(bytes)) });
      for (const traces of tracesOf(openTracesJson(bytes, storedOtlpLimits).spans, spansAtOnce)) {
        const observationIds = await giveObservationIds(store, { projectId: job.projectId, prefix, segmentBytesMax }, traces);
        const context = { ...origin, publicKey: origin.apiKey, nowMs: requestMs(fileKey), observationIdOf: observationIds.idOf };
        const { events, rejected } = await turns.run(mapSpansInPieces(traces, context));
        for (const { reason, count } of rejected)
          deps.log("warn", "spans_rejected", { ...jobFields(job), key: fileKey, reason, spans: count });
        const arrived: ArrivedEvent[] = [];
        for (const original of events) {
          await turns.pause();
          const parsed = parseEvent(original, { isInternal: true });
          if (parsed.ok && parsed.event !== undefined) arrived.push({ event: parsed.event, original });
          else deps.log("warn", "span_refused", { ...jobFields(job), key: fileKey, detail: parsed.ok ? "sdk-log" : parsed.error });
        }
        const arranging = { projectId: job.projectId, prefix, sampling, segmentBytesMax, sha256Hex: store.sha256Hex };
        const arranged = await turns.run(arrangeInPieces(arrived, arranging));
        const groups = byOrderingKey(arranged.filter(({ isSampled }) => isSampled));
        for (let at = 0; at < groups.length; at += groupsAtOnce) {
          signal.throwIfAborted();
          const some = groups.slice(at, at + groupsAtOnce);
          // Reserved ids of parents that have not arrived are written once, with the first groups.
          const ids = at === 0 ? observationIds : { ...observationIds, reserved: [] };
          const failed = await storeGroups(store, { projectId: job.projectId, groups: some, origin, source: "otel", observationIds: ids });
          const [failure] = failed.values();
          if (failure !== undefined) throw failure;
        }
        eventsIn += countEvents(arranged, true);
        eventsOut += countEvents(arranged, false);
      }
    }
    if ((await deps.settleGrouped(job, { state: jobState.completed })) === undefined) throw new LeaseLost();
    if (sampling.has(job.projectId)) deps.emit("ingestion.sampled", { eventsIn, eventsOut });
  }),
  settle: async (job, outcome) => (await deps.settleGrouped(job, outcome)) !== undefined,
});

/** Spans per step. Older requests, stored before requests were split, may hold a hundred thousand. */
const spansAtOnce = 4000;
/** Groups stored in one transaction. */
const groupsAtOnce = 1000;

function* traceIdsOf(bytes: Uint8Array): Pieces<string[]> {
  const traceIds = new Set<string>();
  for (const { span } of openTracesJson(bytes, storedOtlpLimits).spans) {
    traceIds.add(span.traceId);
    yield;
  }
  return [...traceIds];
}

/** Puts a trace and its observations next to each other, so that they are claimed together and fewer rows are rewritten. */
const byOrderingKey = (groups: readonly EventGroup[]): EventGroup[] =>
  [...Map.groupBy(groups, ({ orderingKey }) => orderingKey).values()].flat();

const countEvents = (groups: readonly EventGroup[], isSampled: boolean): number =>
  groups.reduce((sum, group) => sum + (group.isSampled === isSampled ? group.events.length : 0), 0);

/** Returns when the request arrived, from its key, so that every attempt uses the same time. */
const requestMs = (fileKey: string): number => {
  const [, year, month, day, hour, minute] = /\/(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)\/(\d\d)\/[^/]+$/.exec(fileKey) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
};
