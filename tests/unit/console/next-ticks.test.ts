import { describe, expect, it } from "vitest";
import { nextTicks, type WantedSchedule } from "../../../console/src/features/integrations/next-ticks.ts";
import { nextTick } from "../../../core/integrations/schedule.ts";

const after = new Date("2026-03-28T20:07:11Z");
const cases: WantedSchedule[] = [
  ...(["every_20_minutes", "hourly", "daily", "weekly"] as const).flatMap((frequency) =>
    ["UTC", "Europe/Berlin", "America/St_Johns"].map((timeZone) => ({ frequency, cron: "", timeZone })),
  ),
  { frequency: "cron", cron: "15 3,15 * * 1-5", timeZone: "Europe/Berlin" },
  // Summer time begins within these hours.
  { frequency: "cron", cron: "*/30 1-3 * * *", timeZone: "Europe/Berlin" },
];

describe("the next times that a form shows", () => {
  it.each(cases)("are those by which $frequency $cron $timeZone is delivered", (schedule) => {
    const expected: string[] = [];
    for (let at = after.getTime(); expected.length < 6; ) {
      at = nextTick({ ...schedule, cron: schedule.frequency === "cron" ? schedule.cron : null }, at) ?? Number.NaN;
      expected.push(new Date(at).toISOString());
    }
    expect(nextTicks(schedule, after, 6)).toEqual(expected);
  });

  it.each([
    ["", "UTC"],
    ["* * *", "UTC"],
    ["61 * * * *", "UTC"],
    ["0 * * * * *", "UTC"],
    ["0 * * * *", "Nowhere/City"],
  ])("are none while %j in %j is being typed", (cron, timeZone) => {
    expect(nextTicks({ frequency: "cron", cron, timeZone }, after, 3)).toBeUndefined();
  });
});
