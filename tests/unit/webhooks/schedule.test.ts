/** When a webhook is sent again, and what follows from an answer. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptDelaysSeconds, attemptOutcome, attemptsMax, delaySecondsAfter } from "../../../core/webhooks/schedule.ts";

const standard = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const asked = fc.option(fc.nat(1_000_000));

describe("the pause after an attempt", () => {
  it("is that of the standard, 20 % more or less, and there is none after the last", () => {
    expect(attemptDelaysSeconds).toEqual(standard);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: attemptsMax - 1 }), random, (attempt, chance) => {
        const delay = delaySecondsAfter(attempt, { random: chance, retryAfterSeconds: null }) ?? Number.NaN;
        const base = standard[attempt] ?? Number.NaN;
        expect(delay).toBeGreaterThanOrEqual(base * 0.8);
        expect(delay).toBeLessThanOrEqual(base * 1.2);
      }),
    );
    expect(delaySecondsAfter(attemptsMax, { random: 0.5, retryAfterSeconds: 60 })).toBeNull();
    expect(delaySecondsAfter(1, { random: 0, retryAfterSeconds: null })).toBe(4);
    expect(delaySecondsAfter(1, { random: 0.999_999, retryAfterSeconds: null })).toBeCloseTo(6, 4);
  });

  it("is as long as the receiver asks, up to an hour or twice the schedule, and never shorter than the schedule", () => {
    expect(delaySecondsAfter(1, { random: 0.5, retryAfterSeconds: 60 })).toBe(60);
    expect(delaySecondsAfter(1, { random: 0.5, retryAfterSeconds: 1_000_000 })).toBe(3600);
    expect(delaySecondsAfter(4, { random: 0.5, retryAfterSeconds: 1_000_000 })).toBe(14_400);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: attemptsMax - 1 }), random, asked, (attempt, chance, retryAfterSeconds) => {
        const plain = delaySecondsAfter(attempt, { random: chance, retryAfterSeconds: null }) ?? Number.NaN;
        expect(delaySecondsAfter(attempt, { random: chance, retryAfterSeconds })).toBeGreaterThanOrEqual(plain);
      }),
    );
  });
});

describe("an answer", () => {
  const outcomeOf = (status: number, attempt = 1, isTest = false) =>
    attemptOutcome({ status, retryAfterSeconds: null }, { attempt, isTest, random: 0.5 });

  it("is success with 2xx only", () => {
    for (let status = 100; status < 600; status++)
      expect([status, outcomeOf(status).outcome === "delivered"]).toEqual([status, status >= 200 && status < 300]);
  });

  it("of 410 switches the endpoint off; a redirect and everything else is tried again", () => {
    expect(outcomeOf(410)).toMatchObject({ outcome: "disable", error: { code: "WEBHOOK_GONE" } });
    expect(outcomeOf(302)).toMatchObject({ outcome: "retry", delaySeconds: 5, error: { code: "WEBHOOK_REDIRECTED" } });
    for (const status of [400, 401, 404, 429, 500, 503])
      expect(outcomeOf(status)).toMatchObject({ outcome: "retry", error: { code: "WEBHOOK_REFUSED" } });
  });

  it("after the last attempt gives the delivery up", () => {
    expect(outcomeOf(500, attemptsMax)).toMatchObject({ outcome: "failed" });
  });

  it("to a test changes nothing but the test", () => {
    for (const status of [410, 500, 302]) expect(outcomeOf(status, 1, true)).toMatchObject({ outcome: "failed" });
  });

  it("that never came is tried again, unless the address must not be contacted", () => {
    const failed = (code: "EGRESS_UNREACHABLE" | "EGRESS_BLOCKED" | "WEBHOOK_TIMED_OUT") =>
      attemptOutcome({ error: { code, message: "" } }, { attempt: 1, isTest: false, random: 0.5 }).outcome;
    expect([failed("EGRESS_UNREACHABLE"), failed("WEBHOOK_TIMED_OUT"), failed("EGRESS_BLOCKED")]).toEqual(["retry", "retry", "disable"]);
  });
});
