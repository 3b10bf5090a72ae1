/** OpenTelemetry, mapping: converts span times to ISO 8601 UTC with microseconds; nanoseconds are cut. */
import { instantEndMs, utcInstant } from "../ingestion/instant.ts";
import type { Decimal } from "../models/decimal.ts";

/**
 * A missing start or end takes the value of the other; without both, the span ended with the request. A time before 2001-09-09 in every unit
 * counts as missing: it is of a clock that began with its process, and only tells how long the span took.
 */
export const spanTimes = (
  { startTimeUnixNano, endTimeUnixNano }: { startTimeUnixNano: string; endTimeUnixNano: string },
  nowMs: number,
): { startTime: string; endTime: string } => {
  const plain = instantOfRecent(startTimeUnixNano);
  const plainEnd = plain && instantOfRecent(endTimeUnixNano);
  if (plain !== undefined && plainEnd !== undefined) return { startTime: plain, endTime: plainEnd };
  const [sentStart, sentEnd] = [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)];
  const [start, end] = [sinceEpoch(sentStart), sinceEpoch(sentEnd)];
  const now = BigInt(Math.trunc(nowMs)) * 1_000_000n;
  const took = sentStart > 0n && sentEnd > sentStart && sentEnd - sentStart <= tookMax ? sentEnd - sentStart : 0n;
  return { startTime: instantOf(start ?? end ?? now - took), endTime: instantOf(end ?? start ?? now) };
};

/** One day. A longer time is a mistake too. */
const tookMax = 86_400_000_000_000n;

const sinceEpoch = (sent: bigint): bigint | undefined => {
  const nanos = nanosOfDecimal({ units: sent, scale: 0 });
  return nanos < recentNanosStart ? undefined : nanos;
};

const instantOf = (nanos: bigint): string => instantOfMicros(nanos / 1000n);

/**
 * Reads nanoseconds from 2001-09-09 to 2255 without big integers, which cost ten times as much; undefined for anything else. Its first 13 digits are
 * milliseconds.
 */
const instantOfRecent = (nanos: string): string | undefined =>
  /^[1-8]\d{18}$/.test(nanos) ? `${new Date(Number(nanos.slice(0, 13))).toISOString().slice(0, -1)}${nanos.slice(13, 16)}Z` : undefined;

/**
 * Reads nanoseconds since the epoch. Some exporters send seconds, milliseconds or microseconds: a value in early 1970 as nanoseconds, but
 * 2001-09-09 to 2149 in such a unit, is read in that unit. The units' ranges never overlap; anything else is nanoseconds.
 */
export const instantOfNanos = (sent: bigint): string => instantOf(nanosOfDecimal({ units: sent, scale: 0 }));

/** Does the same for a time that may have a fraction, such as 1795341600.25 seconds. */
export const nanosOfDecimal = ({ units, scale }: Decimal): bigint => {
  const divisor = 10n ** BigInt(scale);
  for (const nanosEach of nanosOfCoarserUnits) {
    const nanos = (units * nanosEach) / divisor;
    if (nanos >= recentNanosStart && nanos < recentNanosEnd) return nanos;
  }
  return units / divisor;
};

/** Reads an instant in ISO 8601; undefined for anything else. */
export const nanosOfInstant = (given: unknown): bigint | undefined => {
  const instant = typeof given === "string" ? parseInstant(given) : undefined;
  return instant === undefined ? undefined : microsOfInstant(instant) * 1000n;
};

/** Nanoseconds in a second, a millisecond, a microsecond. */
const nanosOfCoarserUnits = [1_000_000_000n, 1_000_000n, 1000n];
export const recentNanosStart = 10n ** 18n;
const recentNanosEnd = BigInt(instantEndMs) * 1_000_000n;

export const instantOfMicros = (micros: bigint): string => {
  const milliseconds = micros / 1000n;
  return `${new Date(Number(milliseconds)).toISOString().slice(0, -1)}${String(micros % 1000n).padStart(3, "0")}Z`;
};

export const microsOfInstant = (instant: string): bigint =>
  BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1000n + BigInt(instant.slice(20, 26));

/**
 * Parses another sender's instant to the microsecond; without a zone it is UTC. Undefined if it is not an instant or outside the range for
 * events.
 */
export const parseInstant = (text: string): string | undefined => {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:?\d{2})?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, date, time, fraction = "", zone = "Z"] = match;
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  return utcInstant(`${date}T${time}.${fraction || "0"}${offset}`);
};
