/** The one order in which the events of an entity are merged; any arrangement and repetition of them gives the same list. */
import type { IngestionEvent } from "../event.ts";

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** An SDK takes this long at most between a call and the event of it. */
const sendingMsMax = 1000;

/** The time in the body of a trace: that of the call, which the SDKs write there, or any other, which the application has set. */
const namedTime = (event: IngestionEvent): string | undefined =>
  event.entityType === "trace" ? (event.body.timestamp ?? undefined) : undefined;

const isTimeOfCall = (event: IngestionEvent, named: string): boolean =>
  named <= event.timestamp && Date.parse(event.timestamp) - Date.parse(named) <= sendingMsMax;

/**
 * When the call was made. The SDKs stamp the envelope when an event leaves their queue, and an event with payloads gets there later than one without that was made after it;
 * in the body of a trace they write the time of the call itself. A time further back was set by the application and says nothing about the call.
 */
export const timeOfCall = (event: IngestionEvent): string => {
  const named = namedTime(event);
  return named !== undefined && isTimeOfCall(event, named) ? named : event.timestamp;
};

/**
 * By the time of the call, by timestamp, creates before updates, by file and place in it (or event id); the content decides only between two events of one id, so that
 * their order is total as well.
 */
export const compareEvents = (a: IngestionEvent, b: IngestionEvent): number =>
  compareText(timeOfCall(a), timeOfCall(b)) ||
  compareText(a.timestamp, b.timestamp) ||
  Number(a.isUpdate) - Number(b.isUpdate) ||
  compareText(a.order ?? a.id, b.order ?? b.id) ||
  compareText(a.id, b.id) ||
  (a === b ? 0 : compareText(JSON.stringify(a), JSON.stringify(b)));

/** The earliest of the calls in the second before the event left. By halves: a trace may have thousands. */
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
 * Sorted, each event id once: of several events with one id the last in the order counts.
 * A trace that was begun with a time of its own and updated at once: the update tells when it was called, the beginning only when it left the queue, which may be later.
 * So an event with a time of its own goes before all that was called in the second before it left.
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
