/** Which window an integration delivers next. Pure. */
import type { SyncMode } from "./integration.ts";
import type { RunCause } from "./run-state.ts";
import { nextTick, type Schedule } from "./schedule.ts";

/** Instants are ISO 8601 UTC with milliseconds. */
type Position = Schedule & {
  mode: SyncMode;
  startsAt: string | null;
  endsAt: string | null;
  cursor: string | null;
  jitterSeconds: number;
};

type Present = {
  now: string;
  /** Nothing written before can still appear. */
  closedUntil: string;
  /** When the first row was written; null if there is none. */
  firstRowAt: string | null;
  isManual: boolean;
};

export type NextWindow =
  | { outcome: "window"; start: string; end: string; cause: RunCause }
  /** Look again then; null: there is nothing left to deliver, ever. */
  | { outcome: "none"; lookAt: string | null };

/** A window that is still being written is looked at again after this. */
const recheckMs = 5_000;

/**
 * A window begins where the last one ended and ends at the next tick of the schedule, so its bounds do not depend on when it is delivered.
 * A manual run may end a window early, at the last complete instant; the next one then ends at the tick.
 */
export const nextWindow = (position: Position, { now, closedUntil, firstRowAt, isManual }: Present): NextWindow => {
  const nowMs = Date.parse(now);
  // Rows may still appear that were written before the first one that was found.
  const first = firstRowAt === null ? null : earlier(firstRowAt, closedUntil);
  const start = position.cursor ?? position.startsAt ?? first;
  if (start === null) return { outcome: "none", lookAt: isoOrNull(nextTick(position, nowMs)) };
  if (position.endsAt !== null && start >= position.endsAt) return { outcome: "none", lookAt: null };
  const tick = nextTick(position, Date.parse(start));
  const tickEnd = isoOrNull(tick);
  const end = tickEnd === null ? position.endsAt : earlier(tickEnd, position.endsAt ?? tickEnd);
  const isDue = end !== null && Date.parse(end) + position.jitterSeconds * 1000 <= nowMs;
  if (end !== null && end <= closedUntil && (isManual || isDue))
    return { outcome: "window", start, end, cause: isDue ? "schedule" : "manual" };
  if (isManual && start < closedUntil) return { outcome: "window", start, end: closedUntil, cause: "manual" };
  if (end === null) return { outcome: "none", lookAt: null };
  return { outcome: "none", lookAt: new Date(Math.max(Date.parse(end) + position.jitterSeconds * 1000, nowMs + recheckMs)).toISOString() };
};

/** Of two instants. */
export const earlier = (a: string, b: string): string => (a < b ? a : b);
const isoOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
