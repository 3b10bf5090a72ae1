/** The range of time of a table page: relative to now, or between two instants. Half-open, as everywhere. */
import type { FilterCondition } from "../../generated/types.gen.ts";

export const relativeRanges = ["1h", "24h", "7d", "30d"] as const;
export type RelativeRange = (typeof relativeRanges)[number];

const hours: Record<RelativeRange, number> = { "1h": 1, "24h": 24, "7d": 168, "30d": 720 };

export const rangeTitles: Record<RelativeRange, string> = {
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

/** As the API takes them: ISO 8601 with a zone. */
export const isInstant = (text: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));

export type TimeRange = { since?: RelativeRange; from?: string; to?: string };

/** Both ends as instants; an open end is left out. */
export const boundsOf = ({ since, from, to }: TimeRange, nowMs: number): { from?: string; to?: string } =>
  since === undefined ? { ...(from !== undefined && { from }), ...(to !== undefined && { to }) } : { from: instantBefore(since, nowMs) };

export const instantBefore = (range: RelativeRange, nowMs: number): string => new Date(nowMs - hours[range] * 3_600_000).toISOString();

export const rangeConditions = (timeColumn: string, { from, to }: { from?: string; to?: string }): FilterCondition[] => [
  ...(from === undefined ? [] : [{ type: "datetime" as const, column: timeColumn, operator: ">=" as const, value: from }]),
  ...(to === undefined ? [] : [{ type: "datetime" as const, column: timeColumn, operator: "<" as const, value: to }]),
];

/** Of an `<input type="datetime-local">`, in the reader's zone. Undefined unless it is one. */
export const instantOf = (local: string): string | undefined => {
  const date = new Date(local);
  return local === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

/** What an `<input type="datetime-local">` shows of an instant: to the second, or the millisecond where it has some. */
export const localOf = (instant: string | undefined): string => {
  const date = new Date(instant ?? "");
  if (Number.isNaN(date.getTime())) return "";
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, local.endsWith(".000Z") ? 19 : 23);
};
