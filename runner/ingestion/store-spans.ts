/**
 * Ingestion: stores the spans of a request as files of events, as if an SDK had sent them. For requests that no log names: nothing could
 * find them again by their traces. Running twice writes the same files. Memory: the text of the request and a few thousand of its spans.
 */
import { arrangeInPieces, type EventGroup } from "../../core/ingestion/arrange-batch.ts";
import type { EventOrigin } from "../../core/ingestion/event-origin.ts";
import type { SampledProjects } from "../../core/ingestion/sampling.ts";
import { openStoredTraces } from "../../core/otel/parse-json.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { type ObservationIds, untilNoneIsTaken } from "../../services/ingestion/observation-ids.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import type { Log } from "../deps.ts";
import { createTurns } from "../turns.ts";
import { mapInSteps, type StoredRequest } from "./map-request.ts";

export type StoreSpansDeps = { store: EventStore; prefix: string; segmentBytesMax: number; sampling: SampledProjects; log: Log };

/** Counts of events in the sample and outside it. */
export type SampledEvents = { eventsIn: number; eventsOut: number };

/** Throws if one of the files cannot be stored. */
export const storeSpans = (deps: StoreSpansDeps, request: StoredRequest, signal: AbortSignal): Promise<SampledEvents> =>
  untilNoneIsTaken((_: undefined) => storeOnce(deps, request, signal))(undefined);

const storeOnce = async (deps: StoreSpansDeps, request: StoredRequest, signal: AbortSignal): Promise<SampledEvents> => {
  const { store, prefix, segmentBytesMax, sampling } = deps;
  const { projectId, text, origin } = request;
  const turns = createTurns(signal);
  const counts = { eventsIn: 0, eventsOut: 0 };
  for await (const { events, ids } of mapInSteps({ ...deps, turns }, request, openStoredTraces(text).spans)) {
    const arranging = { projectId, prefix, sampling, segmentBytesMax, sha256Hex: store.sha256Hex };
    const arranged = await turns.run(arrangeInPieces(events, arranging));
    const groups = byOrderingKey(arranged.filter(({ isSampled }) => isSampled));
    for (let at = 0; at < groups.length; at += groupsAtOnce) {
      signal.throwIfAborted();
      // Reserved ids of parents that have not arrived are written once, with the first groups.
      await storeAll(store, {
        projectId,
        groups: groups.slice(at, at + groupsAtOnce),
        origin,
        ids: at === 0 ? ids : { ...ids, reserved: [] },
      });
    }
    for (const { isSampled, events: own } of arranged) counts[isSampled ? "eventsIn" : "eventsOut"] += own.length;
  }
  return counts;
};

const storeAll = async (
  store: EventStore,
  { projectId, groups, origin, ids }: { projectId: string; groups: EventGroup[]; origin: EventOrigin; ids: ObservationIds },
): Promise<void> => {
  const failed = await storeGroups(store, { projectId, groups, origin, source: "otel", observationIds: ids });
  const [failure] = failed.values();
  if (failure !== undefined) throw failure;
};

/** Groups stored in one transaction. */
const groupsAtOnce = 1000;

/** Puts a trace and its observations next to each other, so that they are claimed together and fewer rows are rewritten. */
const byOrderingKey = (groups: readonly EventGroup[]): EventGroup[] =>
  [...Map.groupBy(groups, ({ orderingKey }) => orderingKey).values()].flat();
