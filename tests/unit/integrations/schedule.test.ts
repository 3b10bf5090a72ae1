import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frequencies } from "../../../core/integrations/integration.ts";
import {
  cutWindows,
  jitterSeconds,
  nextTick,
  periodMs,
  type Schedule,
  scheduleProblems,
  ticksBetween,
} from "../../../core/integrations/schedule.ts";

/** Zones with time changes of an hour, of half an hour and at midnight, and offsets that are no whole hours. */
const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Africa/Cairo",
  "Pacific/Apia",
];
const crons = ["*/5 * * * *", "30 2 * * *", "0 0 * * *", "15 3,15 * * 1-5", "0 0 1 * *", "0 12 L * *", "7,37 22 * * 0"];
const schedules: fc.Arbitrary<Schedule> = fc.record({ timeZone: fc.constantFrom(...zones) }).chain(({ timeZone }) =>
  fc.oneof(
    fc.constantFrom(...frequencies.filter((one) => one !== "cron")).map((frequency): Schedule => ({ frequency, cron: null, timeZone })),
    fc.constantFrom(...crons).map((cron): Schedule => ({ frequency: "cron", cron, timeZone })),
  ),
);
const instants = fc.integer({ min: Date.parse("2010-01-01"), max: Date.parse("2040-01-01") });
const at = (text: string) => Date.parse(text);
const daily = (timeZone: string): Schedule => ({ frequency: "daily", cron: null, timeZone });

describe("ticks", () => {
  it("strictly increase, and are the same from wherever they are counted", () => {
    fc.assert(
      fc.property(schedules, instants, fc.integer({ min: 1, max: 60 }), (schedule, fromMs, hours) => {
        const untilMs = fromMs + hours * 3_600_000;
        const ticks = [...ticksBetween(schedule, fromMs, untilMs)];
        let before = fromMs;
        for (const tick of ticks) {
          expect(tick).toBeGreaterThan(before);
          expect(tick).toBeLessThanOrEqual(untilMs);
          expect(nextTick(schedule, before)).toBe(tick);
          expect(nextTick(schedule, tick - 1)).toBe(tick);
          before = tick;
        }
        expect(nextTick(schedule, before)).toBeGreaterThan(untilMs);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["a day of 23 hours", daily("Europe/Berlin"), "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    ["a day of 25 hours", daily("Europe/Berlin"), "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
    [
      "a day that begins at one, because midnight does not exist",
      daily("America/Santiago"),
      "2026-09-05T04:00:00Z",
      "2026-09-06T04:00:00Z",
    ],
    [
      "the hour that comes twice",
      { frequency: "hourly", cron: null, timeZone: "Europe/Berlin" } as const,
      "2026-10-25T00:00:00Z",
      "2026-10-25T01:00:00Z",
    ],
    [
      "a week that begins on Monday",
      { frequency: "weekly", cron: null, timeZone: "UTC" } as const,
      "2026-11-23T00:00:00Z",
      "2026-11-30T00:00:00Z",
    ],
  ])("include %s", (_, schedule, tick, next) => {
    expect(nextTick(schedule, at(tick) - 1)).toBe(at(tick));
    expect(nextTick(schedule, at(tick))).toBe(at(next));
  });
});

describe("windows", () => {
  it("tile the range: none overlaps, nothing is left out, inner bounds are ticks", () => {
    fc.assert(
      fc.property(schedules, instants, fc.integer({ min: 0, max: 100 * 3_600_000 }), fc.boolean(), (schedule, anyMs, lengthMs, onTicks) => {
        // In use, most bounds are ticks.
        const [startMs, endMs] = [anyMs, anyMs + lengthMs].map((ms) => (onTicks ? (nextTick(schedule, ms) ?? ms) : ms)) as [number, number];
        const range = { startMs, endMs };
        let reached = startMs;
        for (const window of cutWindows(schedule, range)) {
          expect(window.startMs).toBe(reached);
          expect(window.endMs).toBeGreaterThan(window.startMs);
          if (window.endMs !== range.endMs) expect(nextTick(schedule, window.endMs - 1)).toBe(window.endMs);
          expect(nextTick(schedule, window.startMs)).toBeGreaterThanOrEqual(window.endMs);
          reached = window.endMs;
        }
        expect(reached).toBe(range.endMs);
      }),
      { numRuns: 150 },
    );
  });
});

describe("jitter", () => {
  it("depends on the id alone and is less than a tenth of the period and ten minutes", () => {
    fc.assert(
      fc.property(schedules, fc.string(), instants, (schedule, id, atMs) => {
        const seconds = jitterSeconds(id, schedule, atMs);
        expect(seconds).toBe(jitterSeconds(id, schedule, atMs));
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThan(Math.min(600, (periodMs(schedule, atMs) ?? 0) / 10_000));
      }),
      { numRuns: 150 },
    );
  });

  it("spreads integrations of one schedule", () => {
    const seconds = Array.from({ length: 1000 }, (_, index) => jitterSeconds(`int_${index}`, daily("UTC"), 0));
    expect(new Set(seconds).size).toBeGreaterThan(400);
  });
});

describe("a schedule that cannot be used", () => {
  const cron = (text: string | null, timeZone = "UTC"): Schedule => ({ frequency: "cron", cron: text, timeZone });
  it.each([
    ["every minute", cron("* * * * *"), "cron", /every 5 minutes/],
    ["every four minutes", cron("*/4 * * * *"), "cron", /every 5 minutes/],
    ["three minutes around midnight", cron("58,1 0,23 1,15,16 * *"), "cron", /every 5 minutes/],
    ["a day that never comes", cron("0 0 30 2 *"), "cron", /never fires/],
    ["six fields", cron("0 0 * * * *"), "cron", /five fields/],
    ["a nickname", cron("@hourly"), "cron", /five fields/],
    ["the present minute", cron("? * * * *"), "cron", /five fields/],
    ["an hour of 25", cron("0 25 * * *"), "cron", /range/],
    ["nothing", cron(""), "cron", /five fields/],
    ["no expression", cron(null), "cron", /must be given/],
    ["an expression beside a frequency", { ...daily("UTC"), cron: "0 0 * * *" }, "cron", /only with/],
    ["no time zone", daily("Mars/Phobos"), "timeZone", /IANA/],
    ["an offset", daily("+02:00"), "timeZone", /IANA/],
    ["a path", daily("../etc"), "timeZone", /IANA/],
  ])("%s is refused by its field", (_, schedule, path, message) => {
    expect(scheduleProblems(schedule, at("2026-11-28T00:00:00Z"))).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  it("is not one of these", () => {
    for (const text of crons) expect(scheduleProblems(cron(text, "Europe/Berlin"), at("2026-11-28T00:00:00Z"))).toEqual([]);
    for (const zone of zones) expect(scheduleProblems(daily(zone), 0)).toEqual([]);
  });

  it("answers any text with a problem or nothing, and never throws", () => {
    const part = fc.string({ unit: fc.constantFrom(..."0123456789*,/-#LWMONFRI? @"), maxLength: 6 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part, { minLength: 5, maxLength: 5 }).map((parts) => parts.join(" ")),
        ),
        (text) => {
          expect(scheduleProblems(cron(text), at("2026-11-28T00:00:00Z")).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 200 },
    );
  });
});
