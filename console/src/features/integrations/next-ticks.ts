/**
 * Next ticks of a schedule, for a form that is not saved yet. Patterns are those of core/integrations/schedule.ts, which a test compares; the
 * API decides what it accepts.
 */
import { Cron } from "croner";

const patterns = { every_20_minutes: "*/20 * * * *", hourly: "0 * * * *", daily: "0 0 * * *", weekly: "0 0 * * 1" } as const;

export type WantedSchedule = { frequency: keyof typeof patterns | "cron"; cron: string; timeZone: string };

/** Returns the next instants after one, ISO 8601; undefined while the schedule cannot be read. */
export const nextTicks = ({ frequency, cron, timeZone }: WantedSchedule, after: Date, count: number): string[] | undefined => {
  const pattern = frequency === "cron" ? cron.trim() : patterns[frequency];
  if (pattern.split(/\s+/).length !== 5) return undefined;
  try {
    return new Cron(pattern, { timezone: timeZone, mode: "5-part", paused: true }).nextRuns(count, after).map((at) => at.toISOString());
  } catch {
    // croner throws for what it cannot read: somebody is still typing.
    return undefined;
  }
};
