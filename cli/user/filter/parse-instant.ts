/** An instant as a person types it: `2026-11-01`, `2026-11-01T12:00:00Z`, `now`, `7d` or `now-7d`. */
import { z } from "zod";
import { usageError } from "../exit-codes.ts";

const msOf = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const duration = /^(\d{1,9})([smhdw])$/;

/** `90s`, `30m`, `24h`, `7d`, `2w`; undefined for anything else. */
export const parseDurationMs = (text: string): number | undefined => {
  const match = duration.exec(text);
  return match === null ? undefined : Number(match[1]) * msOf[match[2] as keyof typeof msOf];
};

/**
 * Returns ISO 8601 with zone. A date is its first instant in UTC; a duration counts back from now. An instant stays as it was typed, to the
 * microsecond. Throws a usage error.
 */
export const parseInstant = (text: string, nowMs: number): string => {
  if (text === "now") return new Date(nowMs).toISOString();
  const agoMs = parseDurationMs(text.replace(/^now-/, ""));
  if (agoMs !== undefined) {
    const instant = new Date(nowMs - agoMs);
    if (!(instant.getTime() >= 0)) throw usageError(`${JSON.stringify(text)} lies before 1970.`);
    return instant.toISOString();
  }
  if (z.iso.date().safeParse(text).success) return `${text}T00:00:00.000Z`;
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return text;
  throw usageError(`${JSON.stringify(text)} is no instant.`, {
    help: "Write a date (2026-11-01, in UTC), an instant with its zone (2026-11-01T12:00:00Z, 2026-11-01T14:00:00+02:00), or how long ago: 30m, 24h, 7d, 2w.",
  });
};
