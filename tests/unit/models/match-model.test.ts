/** What matching the names of one project's calls may cost, in steps (`patternWork`). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBoundedCache } from "../../../core/bounded-cache.ts";
import { isPatternMatch, patternWork } from "../../../core/models/compile-pattern.ts";
import { findModel } from "../../../core/models/find-model.ts";
import { matchModel } from "../../../core/models/match-model.ts";
import { matchTier } from "../../../core/models/match-tier.ts";
import type { Model } from "../../../core/models/model.ts";

const at = "2026-11-20 00:00:00.000000";
const modelOf = (id: string, matchPattern: string, startDate: string | null = null, projectId: string | null = "p"): Model => ({
  ...{ id, projectId, modelName: id, matchPattern, startDate, tokenizer: null, pricingTiers: [] },
});
const stepsOf = (act: () => void): number => {
  const before = patternWork.steps;
  act();
  return patternWork.steps - before;
};
/** Compiled before, so that only matching is counted. */
const known = (models: readonly Model[]): readonly Model[] => {
  for (const { matchPattern } of models) isPatternMatch(matchPattern, "warm");
  return models;
};

describe("the names of a project's calls", () => {
  const never = known(Array.from({ length: 196 }, (_, n) => modelOf(`m${n}`, `.*never${n}`)));

  it("cost nothing when they come again, also with another time", () => {
    const first = stepsOf(() => expect(matchModel("some-name", never, at)).toBeUndefined());
    expect(first).toBeGreaterThan(1000);
    expect(stepsOf(() => matchModel("some-name", never, "2026-11-21 00:00:00.000000"))).toBe(0);
    expect(stepsOf(() => findModel(["some-name"], never, at))).toBeGreaterThan(0);
    expect(stepsOf(() => findModel(["some-name"], never, at))).toBe(0);
  });

  it("are tried until the first pattern matches", () => {
    const any = known(Array.from({ length: 196 }, (_, n) => modelOf(`m${String(n).padStart(3, "0")}`, `.*${"x".repeat(n % 3)}`)));
    const name = "n".repeat(400);
    expect(stepsOf(() => expect(matchModel(name, any, at)?.id).toBe("m195"))).toBeLessThan(20 * 401);
  });

  it("cost at most the steps of all patterns for each of 1,000 characters, whatever a gateway puts around them", () => {
    const steps = 196 * 12;
    for (const name of ["chat/".repeat(90), "x".repeat(500), `${"openai/".repeat(30)}x`, "global.anthropic.".repeat(28)])
      expect(
        stepsOf(() => findModel([name], never, at)),
        name,
      ).toBeLessThanOrEqual(steps * 1100);
  });

  it("do not change what is found, however many and in which order they come", () => {
    const pattern = fc.constantFrom("^a", "b$", "^ab$", "(?i)^A", ".*", "^[ab]+$", "(", "c");
    const day = fc.constantFrom(null, "2026-01-01", "2026-06-01", "2027-01-01");
    const model = fc.tuple(pattern, day, fc.constantFrom("p", null));
    const call = fc.tuple(
      fc.constantFrom("a", "ab", "abc", "A", "bc", ""),
      fc.constantFrom("2025-05-05 00:00:00", "2026-03-03 00:00:00", at),
    );
    fc.assert(
      fc.property(fc.array(model, { maxLength: 8 }), fc.array(call, { maxLength: 20 }), (told, calls) => {
        const models = told.map(([matchPattern, startDate, owner], n) => modelOf(`m${n}`, matchPattern, startDate, owner));
        for (const [name, when] of calls) {
          const fitting = models.filter(
            ({ matchPattern, startDate }) => (startDate === null || startDate <= when) && isPatternMatch(matchPattern, name),
          );
          const rank = ({ projectId, startDate, id }: Model) => `${projectId === null ? 0 : 1} ${startDate ?? ""} ${id}`;
          const best = fitting.toSorted((a, b) => (rank(a) < rank(b) ? 1 : -1))[0];
          expect(matchModel(name, models, when)?.id).toBe(best?.id);
        }
      }),
      { numRuns: 300, seed: Number(process.env["FC_SEED"] ?? 20_260_106) },
    );
  });
});

describe("the conditions of a tier", () => {
  it("look at no more than 100 kinds of usage, and at none that is long", () => {
    const tier = (pattern: string) => [
      {
        ...{ id: "t", name: "t", isDefault: false, priority: 1, prices: {} },
        conditions: [{ kind: "usage", pattern, isCaseSensitive: false, operator: "gt", value: 0 } as const],
      },
    ];
    const factsOf = (usage: Record<string, bigint>) => ({ usage, modelParameters: null, metadata: {} });
    const many = factsOf(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`kind_${n}`, 1n])));
    isPatternMatch(".*never", "warm", false);
    expect(stepsOf(() => expect(matchTier(tier(".*never"), many)).toBeUndefined())).toBeLessThan(100 * 20 * 12);
    expect(matchTier(tier("^kind_99$"), many)?.id).toBe("t");
    expect(stepsOf(() => matchTier(tier(".*never"), factsOf({ ["k".repeat(101)]: 1n })))).toBe(0);
  });
});

describe("a bounded cache", () => {
  it("keeps what was asked for last, up to its weight", () => {
    let made = 0;
    const cache = createBoundedCache<string, string>({ weightMax: 5, weightOf: (value) => value.length });
    const ask = (key: string) => cache.get(key, () => `${key}${++made}`);
    for (const key of ["a", "b", "a", "c", "a"]) ask(key);
    expect(made).toBe(3);
    expect(cache.size()).toBe(2);
    ask("a");
    expect(made).toBe(3);
    ask("b");
    expect(made).toBe(4);
    cache.get("long", () => "longer than all");
    expect(cache.size()).toBe(2);
  });
});
