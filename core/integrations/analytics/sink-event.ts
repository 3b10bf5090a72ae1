/** What a mapping makes of a row: an event for an analytics product, or the reason why the row cannot become one. */
import type { AnalyticsTable } from "./analytics-tables.ts";

/** The revision of a row that an event comes from. */
export type RowRevision = {
  table: AnalyticsTable;
  rowId: string;
  /** The instant the revision was written, ISO 8601 UTC with microseconds. */
  version: string;
};

/** One event as the product expects it. `Body` is its JSON. */
export type SinkEvent<Body> = RowRevision & {
  /** `uuid` or `$insert_id`. Depends on project and row id only. */
  eventId: string;
  /** When it happened, in milliseconds since 1970. */
  timeMs: number;
  body: Body;
};

/** Why a row is not in the product. Stored with the row, so the codes do not change. */
export type RejectionCode =
  /** The event's JSON is larger than the product accepts. */
  | "EVENT_TOO_LARGE"
  /** The time is one that the product refuses or replaces. */
  | "EVENT_TIME_OUT_OF_RANGE"
  /** Too many properties, keys of an object or elements of a list. */
  | "EVENT_TOO_WIDE"
  /** The product has refused the event; the message quotes it. */
  | "REFUSED_BY_SINK";

export type Rejection = { event: RowRevision; code: RejectionCode; message: string };

export type Mapped<Body> = { event: SinkEvent<Body> } | { rejection: Rejection };
