/**
 * Parses headers for OTLP requests from a variable: `name=value,name=value`, percent-encoded (W3C Baggage), as in
 * OTEL_EXPORTER_OTLP_HEADERS.
 */

/** Reports problems by position, never by value. */
export const parseHeaders = (text: string): { ok: true; headers: Record<string, string> } | { ok: false; problem: string } => {
  const headers: Record<string, string> = {};
  for (const [index, entry] of text.split(",").entries()) {
    if (entry.trim() === "") continue;
    const at = entry.indexOf("=");
    const name = entry.slice(0, Math.max(at, 0)).trim();
    const value = decoded(entry.slice(at + 1).trim());
    // Names allow the characters of RFC 9110. Values allow no control characters, which would end the line.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || value === undefined || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      return { ok: false, problem: `entry ${index + 1} is not name=value, percent-encoded` };
    headers[name] = value;
  }
  return { ok: true, headers };
};

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};
