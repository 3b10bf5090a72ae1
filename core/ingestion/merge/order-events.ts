/** The one order in which the events of an entity are merged; any arrangement and repetition of them gives the same list. */
import type { IngestionEvent } from "../event.ts";

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * What an event of a trace says of its own time. The SDKs stamp the envelope when an event leaves, and an event with payloads leaves later than one without that was made
 * after it: within one millisecond this tells which call was first.
 */
const ownTime = (event: IngestionEvent): string => (event.entityType === "trace" ? (event.body.timestamp ?? "") : "");

/** By timestamp, creates before updates, by their own time, by file and place in it (or event id); the content decides only between two events of one id, so that their order is total as well. */
export const compareEvents = (a: IngestionEvent, b: IngestionEvent): number =>
  compareText(a.timestamp, b.timestamp) ||
  Number(a.isUpdate) - Number(b.isUpdate) ||
  compareText(ownTime(a), ownTime(b)) ||
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
