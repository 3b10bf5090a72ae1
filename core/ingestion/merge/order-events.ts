/** Ingestion, merge: puts the events of an entity in a total order. Any permutation or repetition of them gives the same list. */
import type { IngestionEvent } from "../event.ts";

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Longest time between an SDK call and its event leaving the SDK. */
const sendingMsMax = 1000;

/** Returns the timestamp in a trace's body: the time of the call, as SDKs write it, or any time the application set. */
const namedTime = (event: IngestionEvent): string | undefined =>
  event.entityType === "trace" ? (event.body.timestamp ?? undefined) : undefined;

const isTimeOfCall = (event: IngestionEvent, named: string): boolean =>
  named <= event.timestamp && Date.parse(event.timestamp) - Date.parse(named) <= sendingMsMax;

/**
 * Returns when the call was made. SDKs stamp an envelope when it leaves their queue, where payloads delay it; a trace's body has the time
 * of the call. A time further back was set by the application and is ignored.
 */
export const timeOfCall = (event: IngestionEvent): string => {
  const named = namedTime(event);
  return named !== undefined && isTimeOfCall(event, named) ? named : event.timestamp;
};

/**
 * Compares by time of call, timestamp, create before update, then file and position (or event id). Content decides only between two events
 * with the same id, so that the order is total.
 */
export const compareEvents = (a: IngestionEvent, b: IngestionEvent): number =>
  compareText(timeOfCall(a), timeOfCall(b)) ||
  compareText(a.timestamp, b.timestamp) ||
  Number(a.isUpdate) - Number(b.isUpdate) ||
  compareText(a.order ?? a.id, b.order ?? b.id) ||
  compareText(a.id, b.id) ||
  (a === b ? 0 : compareText(JSON.stringify(a), JSON.stringify(b)));

/** Returns the earliest call in the second before the event left. Uses binary search: a trace may have thousands. */
const firstCallBefore = (event: IngestionEvent, calls: readonly { time: string; ms: number }[]): string | undefined => {
  const earliestMs = Date.parse(event.timestamp) - sendingMsMax;
  let [low, high] = [0, calls.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((calls[middle]?.ms ?? earliestMs) < earliestMs) low = middle + 1;
    else high = middle;
  }
  const found = calls[low]?.time;
  return found !== undefined && isTimeOfCall(event, found) ? found : undefined;
};

/**
 * Sorts the events and keeps the last per event id. An event with an explicit time goes before all calls of the second before it left: a
 * create carries only the time it left the queue, but an immediate update its earlier call time.
 */
export const orderEvents = <Event extends IngestionEvent>(events: readonly Event[]): Event[] => {
  const named = events.map((event) => ({ event, time: namedTime(event) }));
  const calls = named
    .flatMap(({ event, time }) => (time !== undefined && isTimeOfCall(event, time) ? [time] : []))
    .sort(compareText)
    .map((time) => ({ time, ms: Date.parse(time) }));
  const placed = named.map(({ event, time }) => {
    const before = time === undefined || isTimeOfCall(event, time) ? undefined : firstCallBefore(event, calls);
    return { event, before, at: before ?? timeOfCall(event) };
  });
  placed.sort(
    (a, b) => compareText(a.at, b.at) || Number(a.before === undefined) - Number(b.before === undefined) || compareEvents(a.event, b.event),
  );
  const byId = new Map<string, Event>();
  for (const { event } of placed) {
    byId.delete(event.id);
    byId.set(event.id, event);
  }
  return [...byId.values()];
};
