/** Ingestion, parsing: converts ISO 8601 instants with a zone to UTC with microseconds, which sorts as text. */

/**
 * The range of ClickHouse's Date, which is in the sort keys of traces, observations and scores. Outside of it the key wraps around, and a
 * query with bounds on the time passes the row over: it would be stored, and missing in exports. The end is exclusive.
 */
const instantMinMs = Date.UTC(1970, 0, 1);
export const instantEndMs = Date.UTC(2149, 5, 7);

/**
 * Example: `2026-01-02T05:04:05.6+02:00` becomes `2026-01-02T03:04:05.600000Z`; digits beyond the microsecond are cut. Expects a valid ISO
 * instant.
 * Returns undefined outside 1970-01-01 (inclusive) to 2149-06-07 (exclusive) UTC.
 */
export const utcInstant = (text: string): string | undefined => {
  const [, upToSecond = "", fraction = "", zone = ""] = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${upToSecond}${zone}`);
  if (!(ms >= instantMinMs && ms < instantEndMs)) return undefined;
  return `${new Date(ms).toISOString().slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
};
