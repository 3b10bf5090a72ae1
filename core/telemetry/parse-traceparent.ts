/** The trace context of a request or job as W3C `traceparent`, https://www.w3.org/TR/trace-context/#traceparent-header (read 2026-11). */

/** Versions above 00 may have more fields; ff, and ids of zeros, are invalid. */
const form = /^(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Returns the context in version 00 with no flag but `sampled`; null for a header that is missing or invalid, which is then ignored. */
export const parseTraceparent = (header: string | null | undefined): string | null => {
  const [, traceId, spanId, flags] = form.exec(header?.trim() ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return `00-${traceId}-${spanId}-0${Number.parseInt(flags, 16) & 1}`;
};
