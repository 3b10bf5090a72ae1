/** Ingestion, parsing: converts ISO 8601 instants with a zone to UTC with microseconds, which sorts as text. */

const instantMinMs = Date.UTC(1900, 0, 1);
/** Exclusive. Some ClickHouse functions widen to DateTime64(9), which ends in 2262, as does an Int64 of nanoseconds. */
const instantEndMs = Date.UTC(2262, 0, 1);

/**
 * Example: `2026-01-02T05:04:05.6+02:00` becomes `2026-01-02T03:04:05.600000Z`; digits beyond the microsecond are cut. Expects a valid ISO
 * instant.
 * Returns undefined outside 1900-01-01 (inclusive) to 2262-01-01 (exclusive) UTC, which ClickHouse cannot hold.
 */
export const utcInstant = (text: string): string | undefined => {
  const [, upToSecond = "", fraction = "", zone = ""] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${upToSecond}${zone}`);
  if (!(ms >= instantMinMs && ms < instantEndMs)) return undefined;
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
};
