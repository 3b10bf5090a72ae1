/** How many jobs of a key run at once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyLimits } from "../../runner/queue/key-limits.ts";

const allowanceOf = (limits: ReturnType<typeof createKeyLimits>, key: string): number => limits.allowances()[key] ?? 1;

describe("a key", () => {
  it("has one more place with each success, up to its maximum, and one after a failure", () => {
    const limits = createKeyLimits({ concurrency: 64, keyConcurrency: 3 });
    expect(allowanceOf(limits, "a")).toBe(1);
    for (const expected of [2, 3, 3]) {
      limits.began("a");
      limits.ended("a", "success");
      expect(allowanceOf(limits, "a")).toBe(expected);
    }
    limits.began("a");
    limits.ended("a", null);
    expect(allowanceOf(limits, "a")).toBe(3);
    limits.began("a");
    limits.ended("a", "failure");
    expect(allowanceOf(limits, "a")).toBe(1);
    limits.began("a");
    expect(allowanceOf(limits, "a")).toBe(0);
  });

  it("that fails gets no place while failing keys fill a quarter of the pool, and others do", () => {
    const limits = createKeyLimits({ concurrency: 16, keyConcurrency: 4 });
    const dead = ["a", "b", "c", "d", "e"];
    for (const key of dead) {
      limits.began(key);
      limits.ended(key, "failure");
    }
    for (const key of dead.slice(0, 4)) limits.began(key);
    expect(allowanceOf(limits, "e")).toBe(0);
    expect(allowanceOf(limits, "healthy")).toBe(1);
    limits.ended("a", "success");
    expect(allowanceOf(limits, "e")).toBe(1);
  });
});

it("places are counted right whatever happens", () => {
  const step = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("began", "success", "failure", "nothing"));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const limits = createKeyLimits({ concurrency: 10, keyConcurrency: 4 });
      const running = new Map<string, number>();
      for (const [key, what] of steps) {
        const own = running.get(key) ?? 0;
        if (what === "began" && allowanceOf(limits, key) > 0 && limits.free() > 0) {
          limits.began(key);
          running.set(key, own + 1);
        } else if (what !== "began" && own > 0) {
          limits.ended(key, what === "nothing" ? null : what);
          running.set(key, own - 1);
        }
        const sum = [...running.values()].reduce((total, count) => total + count, 0);
        expect(limits.free()).toBe(10 - sum);
        for (const count of running.values()) expect(count).toBeLessThanOrEqual(4);
      }
      for (const [key, count] of running) for (let i = 0; i < count; i++) limits.ended(key, "failure");
      expect(limits.free()).toBe(10);
      for (const key of ["a", "b", "c"]) expect(allowanceOf(limits, key)).toBeGreaterThan(0);
    }),
  );
});
