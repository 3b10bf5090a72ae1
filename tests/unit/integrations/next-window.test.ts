/** Windows one after the other, as an integration delivers them under a clock that goes on and may step back. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frequencies } from "../../../core/integrations/integration.ts";
import { nextWindow } from "../../../core/integrations/next-window.ts";
import { nextTick, type Schedule } from "../../../core/integrations/schedule.ts";
import { seedFrom } from "../../support/property-seed.ts";

const seed = seedFrom("SEED");
console.log(`next window seed ${seed}`);

const zones = ["UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo"];
const schedules: fc.Arbitrary<Schedule> = fc.record({ timeZone: fc.constantFrom(...zones) }).chain(({ timeZone }) =>
  fc.oneof(
    fc.constantFrom(...frequencies.filter((one) => one !== "cron")).map((frequency): Schedule => ({ frequency, cron: null, timeZone })),
    fc.constantFrom("30 2 * * *", "*/5 1,2 * * *", "0 0 * * *").map((cron): Schedule => ({ frequency: "cron", cron, timeZone })),
  ),
);
/** Days on which some of these zones change their time, and others. */
const changes = [
  "2026-03-29",
  "2026-10-25",
  "2026-03-08",
  "2026-11-01",
  "2026-09-06",
  "2026-04-05",
  "2026-10-04",
  "2026-04-24",
  "2026-06-15",
];
const starts = fc
  .tuple(fc.constantFrom(...changes), fc.integer({ min: -36 * 3_600_000, max: 36 * 3_600_000 }))
  .map(([day, ms]) => Date.parse(day) + ms);
const looks = fc.array(
  fc.record({
    /** Negative: the clock has been set back. */
    passedMs: fc.integer({ min: -3 * 3_600_000, max: 9 * 3_600_000 }),
    lagMs: fc.integer({ min: 0, max: 7_200_000 }),
    isManual: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);
const iso = (ms: number) => new Date(ms).toISOString();

describe("windows of one integration", () => {
  it("tile from its start: none is open, none passes the end, and all but manual ones and the last end at a tick after their jitter", () => {
    fc.assert(
      fc.property(
        schedules,
        starts,
        looks,
        fc.option(fc.integer({ min: 1, max: 200 * 3_600_000 })),
        fc.integer({ min: 0, max: 600 }),
        fc.boolean(),
        (schedule, startMs, times, lengthMs, jitterSeconds, isFullHistory) => {
          const endsAt = lengthMs === null ? null : iso(startMs + lengthMs);
          let cursor: string | null = null;
          let nowMs = startMs;
          for (const { passedMs, lagMs, isManual } of times) {
            nowMs += passedMs;
            const closedUntil = iso(nowMs - lagMs);
            const mode = isFullHistory
              ? { mode: "FULL_HISTORY" as const, startsAt: null }
              : { mode: "FROM_CUSTOM_DATE" as const, startsAt: iso(startMs) };
            const next = nextWindow(
              { ...schedule, ...mode, endsAt, cursor, jitterSeconds },
              { now: iso(nowMs), closedUntil, firstRowAt: iso(startMs), isManual },
            );
            if (next.outcome === "none") {
              if (next.lookAt === null) expect(endsAt !== null && (cursor ?? iso(startMs)) >= endsAt).toBe(true);
              else expect(next.lookAt > iso(nowMs)).toBe(true);
              continue;
            }
            if (cursor === null) expect(next.start <= iso(startMs)).toBe(true);
            else expect(next.start).toBe(cursor);
            expect(next.end > next.start).toBe(true);
            expect(next.end <= closedUntil).toBe(true);
            expect(endsAt === null || next.end <= endsAt).toBe(true);
            const tick = nextTick(schedule, Date.parse(next.start));
            expect(tick === undefined || next.end <= iso(tick)).toBe(true);
            if (!isManual) {
              expect(next.end === endsAt || Date.parse(next.end) === tick).toBe(true);
              expect(Date.parse(next.end) + jitterSeconds * 1000).toBeLessThanOrEqual(nowMs);
            }
            cursor = next.end;
          }
        },
      ),
      { numRuns: 400, seed },
    );
  });

  it("is due as soon as it is looked at again, if everything is closed by then", () => {
    fc.assert(
      fc.property(schedules, starts, fc.integer({ min: 0, max: 600 }), (schedule, startMs, jitterSeconds) => {
        const position = {
          ...schedule,
          mode: "FROM_TODAY" as const,
          startsAt: iso(startMs),
          endsAt: null,
          cursor: iso(startMs),
          jitterSeconds,
        };
        const look = (now: string) => nextWindow(position, { now, closedUntil: now, firstRowAt: null, isManual: false });
        const first = look(iso(startMs));
        if (first.outcome !== "none" || first.lookAt === null) throw new Error("nothing has passed");
        expect(look(first.lookAt)).toMatchObject({ outcome: "window", start: iso(startMs), cause: "schedule" });
      }),
      { numRuns: 200, seed },
    );
  });
});
