import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../core/errors.ts";
import { limitsOf, planNames, plans, QuotaOverrides } from "../../../core/limits/plans.ts";
import { assertFits, costOf, fits, quotaUses, secondsToRenewal } from "../../../core/limits/quota-status.ts";
import { quotaNames } from "../../../core/limits/quotas.ts";
import { burstLimitField, burstPolicyField, quotaFields } from "../../../core/limits/rate-limit-fields.ts";

const nowMs = Date.parse("2026-11-29T10:59:30.500Z");
const unused = { concurrentExports: 0, exportsPerHour: 0, rowsPerDay: 0, bytesPerDay: 0 };
const statusOf = (overrides: QuotaOverrides, used: Partial<typeof unused> = {}) => ({
  plan: "unlimited" as const,
  nowMs,
  uses: quotaUses(limitsOf("unlimited", overrides), { ...unused, ...used }, nowMs),
});
const codeOf = (run: () => void): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof AppError ? `${error.code} ${error.retryAfterSeconds}` : String(error);
  }
};

describe("plans", () => {
  it("have every quota, and an override changes that one alone, to null or 0 as well", () => {
    for (const plan of planNames) expect(Object.keys(plans[plan]).toSorted()).toEqual([...quotaNames].toSorted());
    expect(limitsOf("hobby", {})).toEqual(plans.hobby);
    expect(limitsOf("hobby", { rowsPerDay: null, exportsPerHour: 0 })).toEqual({ ...plans.hobby, rowsPerDay: null, exportsPerHour: 0 });
  });

  it("refuse overrides of unknown names, negative numbers and fractions", () => {
    for (const overrides of [{ rowsPerYear: 1 }, { rowsPerDay: -1 }, { rowsPerDay: 1.5 }, { rowsPerDay: "1" }])
      expect(QuotaOverrides.safeParse(overrides).success).toBe(false);
    expect(QuotaOverrides.safeParse({ rowsPerDay: null, bytesPerDay: 0 }).success).toBe(true);
  });
});

describe("an export", () => {
  it("fits exactly up to the limit, and not into a quota that is used up, even without rows", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (limit, used, cost) => {
        const left = Math.max(0, limit - used);
        expect(fits({ limit, used }, cost)).toBe(left > 0 && cost <= left);
        expect(fits({ limit: null, used }, cost)).toBe(true);
      }),
    );
  });

  it("is refused until the quota renews; at once and for good if it is larger than the quota", () => {
    const estimate = costOf({ rows: 100, bytes: 1000 });
    expect(codeOf(() => assertFits(statusOf({}, { rowsPerDay: 1e9 }), estimate))).toBeUndefined();
    expect(codeOf(() => assertFits(statusOf({ exportsPerHour: 3 }, { exportsPerHour: 3 }), estimate))).toBe("QUOTA_EXCEEDED 30");
    expect(codeOf(() => assertFits(statusOf({ rowsPerDay: 150 }, { rowsPerDay: 51 }), estimate))).toBe("QUOTA_EXCEEDED 46830");
    expect(codeOf(() => assertFits(statusOf({ rowsPerDay: 150 }, { rowsPerDay: 50 }), estimate))).toBeUndefined();
    expect(codeOf(() => assertFits(statusOf({ concurrentExports: 2 }, { concurrentExports: 2 }), estimate))).toBe("QUOTA_EXCEEDED 30");
    expect(codeOf(() => assertFits(statusOf({ bytesPerDay: 999 }), estimate))).toBe("EXPORT_EXCEEDS_QUOTA null");
  });

  it("is told what is left and when that renews", () => {
    expect(() => assertFits(statusOf({ rowsPerDay: 150 }, { rowsPerDay: 60 }), costOf({ rows: 100, bytes: 0 }))).toThrow(
      "The export would take 100 of the quota rowsPerDay: 90 of 150 rows of this day are left. It renews at 2026-11-30T00:00:00.000Z.",
    );
  });
});

describe("the fields RateLimit and RateLimit-Policy", () => {
  // draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: Lists of Strings with the Integer parameters q and w, r and t.
  const item = /^"[a-z-]+"(;(q|w|r|t)=\d{1,15})+$/;

  it("name each quota that has a limit", () => {
    const status = statusOf({ concurrentExports: 5, exportsPerHour: 100 }, { concurrentExports: 2, exportsPerHour: 3 });
    expect(quotaFields(status)).toEqual({
      policy: ['"concurrent-exports";q=5', '"exports-per-hour";q=100;w=3600'],
      limit: ['"concurrent-exports";r=3', '"exports-per-hour";r=97;t=30'],
    });
    expect(quotaFields(statusOf({}))).toEqual({ policy: [], limit: [] });
  });

  it("are structured fields for any use, and what is left is never negative", () => {
    fc.assert(
      fc.property(fc.record(Object.fromEntries(quotaNames.map((name) => [name, fc.nat()]))), fc.nat(), (limits, used) => {
        const use = { concurrentExports: used, exportsPerHour: used, rowsPerDay: used, bytesPerDay: used };
        const { policy, limit } = quotaFields(statusOf(limits as QuotaOverrides, use));
        for (const one of [...policy, ...limit]) expect(one).toMatch(item);
      }),
    );
    expect([burstPolicyField({ requests: 10, seconds: 60 }), burstLimitField({ requests: 10, seconds: 60 })]).toEqual([
      '"burst";q=10;w=60',
      '"burst";r=0;t=60',
    ]);
  });

  it("renew at full hours and days of UTC, at the earliest in a second", () => {
    const at = (ms: number) => quotaUses(limitsOf("hobby", {}), unused, ms).map((use) => secondsToRenewal(use, ms));
    expect(at(Date.parse("2026-11-29T23:59:59.999Z"))).toEqual([null, 1, 1, 1]);
    expect(at(Date.parse("2026-11-29T23:00:00.000Z"))).toEqual([null, 3600, 3600, 3600]);
  });
});

describe("wrangler.toml", () => {
  it("tells the Worker the numbers of its rate limit", () => {
    const text = readFileSync(fileURLToPath(new URL("../../../wrangler.toml", import.meta.url)), "utf8");
    const [, limit, period] = /simple = \{ limit = (\d+), period = (\d+) \}/.exec(text) ?? [];
    expect(text).toContain(`SPILLWAY_BURST_REQUESTS = "${limit}"`);
    expect(text).toContain(`SPILLWAY_BURST_SECONDS = "${period}"`);
  });
});
