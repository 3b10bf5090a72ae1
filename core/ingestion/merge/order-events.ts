/** The one order in which the events of an entity are merged; any arrangement and repetition of them gives the same list. */
import type { IngestionEvent } from "../event.ts";

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By timestamp, creates before updates, by event id; the content decides only between two events of one id, so that their order is total as well. */
const compareEvents = (a: IngestionEvent, b: IngestionEvent): number =>
  compareText(a.timestamp, b.timestamp) ||
  Number(a.isUpdate) - Number(b.isUpdate) ||
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
