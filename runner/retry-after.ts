/** Reads how long another server asks to be left alone. */

/** Seconds or an HTTP date (RFC 9110, 10.2.3); null without one, or if it has passed. */
export const retryAfterSeconds = (headers: Headers, nowMs: number): number | null => {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const seconds = Math.ceil((Date.parse(value) - nowMs) / 1000);
  return seconds > 0 ? seconds : null;
};
