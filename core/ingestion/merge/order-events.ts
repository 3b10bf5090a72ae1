/** The one order in which the events of an entity are merged; any arrangement and repetition of them gives the same list. */
import type { IngestionEvent } from "../event.ts";

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** An SDK takes this long at most between a call and the event of it. */
const sendingMsMax = 1000;

/**
 * When the call was made. The SDKs stamp the envelope when an event leaves their queue, and an event with payloads gets there later than one without that was made after it;
 * in the body of a trace they write the time of the call itself. A time further back was set by the application and says nothing about the call.
 */
export const timeOfCall = (event: IngestionEvent): string => {
  const named = event.entityType === "trace" ? event.body.timestamp : undefined;
  if (named === undefined || named === null || named > event.timestamp) return event.timestamp;
  return Date.parse(event.timestamp) - Date.parse(named) <= sendingMsMax ? named : event.timestamp;
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

/** Sorted, each event id once: of several events with one id the last in the order counts. */
export const orderEvents = <Event extends IngestionEvent>(events: readonly Event[]): Event[] => {
  const byId = new Map<string, Event>();
  for (const event of [...events].sort(compareEvents)) {
    byId.delete(event.id);
    byId.set(event.id, event);
  }
  return [...byId.values()];
};
