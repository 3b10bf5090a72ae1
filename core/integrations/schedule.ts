/** Ticks of a schedule: the boundaries of its windows. Pure: the same schedule gives the same ticks on every machine. */
import { Cron } from "croner";
import type { FieldError } from "../errors.ts";
import type { Frequency } from "./integration.ts";

/** `cron`: five fields, only with the frequency of that name. `timeZone`: an IANA name. */
export type Schedule = { frequency: Frequency; cron: string | null; timeZone: string };

/** Weeks begin on Monday. */
const patterns: Record<Exclude<Frequency, "cron">, string> = {
  every_20_minutes: "*/20 * * * *",
  hourly: "0 * * * *",
  daily: "0 0 * * *",
  weekly: "0 0 * * 1",
};

const shortestPeriodMs = 5 * 60_000;
/** Ticks that are looked at for the shortest period: more than a day of the densest schedule that is allowed. */
const ticksExamined = 300;
/** Without `?`, which croner replaces with the present time, and nicknames. */
const fieldCharacters = /^[\dA-Za-z*,/#-]+$/;

const openCron = ({ frequency, cron, timeZone }: Schedule): Cron =>
  new Cron(frequency === "cron" ? (cron ?? "") : patterns[frequency], { timezone: timeZone, mode: "5-part", paused: true });

/** Returns the first tick after the instant (epoch milliseconds); undefined if the schedule never fires again. */
export const nextTick = (schedule: Schedule, afterMs: number): number | undefined => {
  const [tick] = ticksAfter(schedule, afterMs);
  return tick;
};

/** Yields ticks `t` with `afterMs < t <= untilMs`, in order. A day that begins within a time change has its tick at the first instant after it. */
export function* ticksBetween(schedule: Schedule, afterMs: number, untilMs: number): Generator<number> {
  for (const tick of ticksAfter(schedule, afterMs)) {
    if (tick > untilMs) return;
    yield tick;
  }
}

function* ticksAfter(schedule: Schedule, afterMs: number): Generator<number> {
  const cron = openCron(schedule);
  for (let at = afterMs; ; ) {
    const next = cron.nextRun(new Date(at))?.getTime();
    if (next === undefined || next <= at) return;
    yield next;
    at = next;
  }
}

/** Epoch milliseconds, half-open. */
export type Window = { startMs: number; endMs: number };

/** Cuts a range at the ticks within it. The windows tile the range: the first begins where it does, the last ends where it does. */
export function* cutWindows(schedule: Schedule, { startMs, endMs }: Window): Generator<Window> {
  if (startMs >= endMs) return;
  let at = startMs;
  for (const tick of ticksBetween(schedule, startMs, endMs - 1)) {
    yield { startMs: at, endMs: tick };
    at = tick;
  }
  yield { startMs: at, endMs };
}

/** Returns the time from the next tick to the one after it, in milliseconds; undefined if there are not two. */
export const periodMs = (schedule: Schedule, atMs: number): number | undefined => {
  const first = nextTick(schedule, atMs);
  const second = first === undefined ? undefined : nextTick(schedule, first);
  return first === undefined || second === undefined ? undefined : second - first;
};

/** Returns the shortest time between two of the next ticks. */
const shortestGapMs = (schedule: Schedule, atMs: number): number => {
  let shortest = Number.POSITIVE_INFINITY;
  let before: number | undefined;
  let count = 0;
  for (const tick of ticksAfter(schedule, atMs)) {
    if (before !== undefined) shortest = Math.min(shortest, tick - before);
    before = tick;
    if (++count >= ticksExamined || shortest < shortestPeriodMs) break;
  }
  return shortest;
};

/**
 * Seconds by which an integration delivers later than its tick, so that integrations with one schedule do not all start at once. Depends on
 * the id only: at most 600, and a tenth of the period.
 */
export const jitterSeconds = (integrationId: string, schedule: Schedule, atMs: number): number => {
  const period = periodMs(schedule, atMs) ?? 0;
  const most = Math.floor(Math.min(600, period / 10_000));
  return most < 1 ? 0 : fnv1a(integrationId) % most;
};

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
};

/** Returns what is wrong with a schedule, by field. `atMs`: the present. */
export const scheduleProblems = (schedule: Schedule, atMs: number): FieldError[] => {
  const { frequency, cron, timeZone } = schedule;
  if (!isTimeZone(timeZone)) return [{ path: "timeZone", message: "must be an IANA time zone such as Europe/Berlin" }];
  if (frequency !== "cron") return cron === null ? [] : [{ path: "cron", message: "goes only with the frequency cron" }];
  if (cron === null) return [{ path: "cron", message: "must be given with the frequency cron" }];
  const problem = cronProblem(schedule, cron, atMs);
  return problem === undefined ? [] : [{ path: "cron", message: problem }];
};

const cronProblem = (schedule: Schedule, cron: string, atMs: number): string | undefined => {
  const fields = cron.trim().split(/\s+/);
  const shape = "must have five fields: minute, hour, day of month, month, day of week";
  if (fields.length !== 5 || !fields.every((field) => fieldCharacters.test(field))) return shape;
  try {
    openCron(schedule);
  } catch {
    // croner's own message quotes its internals.
    return `${shape}, each within its range`;
  }
  if (nextTick(schedule, atMs) === undefined) return "never fires";
  return shortestGapMs(schedule, atMs) < shortestPeriodMs ? "must not fire more often than every 5 minutes" : undefined;
};

const isTimeZone = (name: string): boolean => {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    // A RangeError is how Intl refuses a name.
    return false;
  }
};
