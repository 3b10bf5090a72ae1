/** Times of spans as instants of ours: ISO 8601 UTC with microseconds, nanoseconds cut off. */
import { utcInstant } from "../ingestion/instant.ts";

/** A missing end is the other one; without both, the span was when the request came. */
export const spanTimes = (
  { startTimeUnixNano, endTimeUnixNano }: { startTimeUnixNano: string; endTimeUnixNano: string },
  nowMs: number,
): { startTime: string; endTime: string } => {
  const start = BigInt(startTimeUnixNano);
  const end = BigInt(endTimeUnixNano);
  const now = BigInt(Math.trunc(nowMs)) * 1_000_000n;
  return { startTime: instantOfNanos(start || end || now), endTime: instantOfNanos(end || start || now) };
};

/**
 * A time that was sent as nanoseconds since the epoch. Some exporters send seconds, milliseconds or microseconds under that name: what would be
 * an instant of early 1970 as nanoseconds, and one from 2001-09-09 to 2261 in such a unit, is read in that unit. The ranges of the units
 * do not meet, so that each time is read by itself; anything else is nanoseconds.
 */
export const instantOfNanos = (sent: bigint): string => {
  for (const nanosEach of nanosOfCoarserUnits) {
    const nanos = sent * nanosEach;
    if (nanos >= recentNanosStart && nanos < recentNanosEnd) return instantOfMicros(nanos / 1000n);
  }
  return instantOfMicros(sent / 1000n);
};

/** Of a second, a millisecond, a microsecond. */
const nanosOfCoarserUnits = [1_000_000_000n, 1_000_000n, 1000n];
const recentNanosStart = 10n ** 18n;
const recentNanosEnd = BigInt(Date.UTC(2262, 0, 1)) * 1_000_000n;

export const instantOfMicros = (micros: bigint): string => {
  const milliseconds = micros / 1000n;
  return `${new Date(Number(milliseconds)).toISOString().slice(0, -1)}${String(micros % 1000n).padStart(3, "0")}Z`;
};

export const microsOfInstant = (instant: string): bigint =>
  BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1000n + BigInt(instant.slice(20, 26));

/** An instant someone else wrote, to the microsecond; a time without zone is UTC. Undefined when it is none, or one that events may not have. */
export const parseInstant = (text: string): string | undefined => {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, date, time, fraction = "", zone = "Z"] = match;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  return utcInstant(`${date}T${time}.${fraction || "0"}${offset}`);
};
