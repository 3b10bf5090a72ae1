import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalText, instantBound, numberBound, type Sign } from "../../../core/query/filters/bounds.ts";

describe("bounds of numbers", () => {
  it.each([
    [">", 0.3, 12, { sign: ">", units: 300_000_000_000n }],
    ["=", 1e-12, 12, { sign: "=", units: 1n }],
    ["=", 1e-13, 12, "never"],
    [">", 0.0005, 3, { sign: ">", units: 0n }],
    [">=", 0.0005, 3, { sign: ">", units: 0n }],
    ["<", 0.0005, 3, { sign: "<=", units: 0n }],
    ["<=", -0.0005, 3, { sign: "<=", units: -1n }],
    [">", 5e-324, 12, { sign: ">", units: 0n }],
    ["=", 1.5, 0, "never"],
    ["<", 1e300, 0, { sign: "<", units: 10n ** 37n }],
    [">", -1e300, 12, { sign: ">", units: -(10n ** 37n) }],
    ["=", -0, 0, { sign: "=", units: 0n }],
    ["=", 18446744073709552000, 0, { sign: "=", units: 18446744073709552000n }],
  ] as const)("%s %d with %i decimals keeps its meaning", (sign, value, scale, bound) => {
    expect(numberBound(sign, value, scale)).toEqual(bound);
  });

  it("keep or drop every value of the grid exactly as the number itself would", () => {
    const isTrue = (sign: Sign, a: number, b: number) => ({ "=": a === b, ">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b })[sign];
    fc.assert(
      fc.property(
        fc.constantFrom<Sign[]>("=", ">", "<", ">=", "<="),
        fc.integer({ min: -40_000, max: 40_000 }).map((n) => n / 16),
        fc.integer({ min: -2500, max: 2500 }),
        (sign, value, whole) => {
          const bound = numberBound(sign, value, 0);
          expect(bound !== "never" && isTrue(bound.sign, whole, Number(bound.units))).toBe(isTrue(sign, whole, value));
        },
      ),
      { seed: 1 },
    );
  });

  it.each([
    [0n, 0, "0"],
    [-5n, 0, "-5"],
    [-5n, 3, "-0.005"],
    [1234n, 3, "1.234"],
    [10n ** 37n, 12, "10000000000000000000000000.000000000000"],
  ])("%d units of %i decimals are spelled without exponent", (units, scale, text) => {
    expect(decimalText(units, scale)).toBe(text);
  });
});

describe("bounds of instants", () => {
  const base = BigInt(Date.UTC(2026, 0, 31, 12)) * 1000n;
  it.each([
    ["=", "2026-01-31T12:00:00Z", { sign: "=", units: base }],
    [">", "2026-01-31T12:00:00.123456Z", { sign: ">", units: base + 123_456n }],
    [">", "2026-01-31T17:30:00.5+05:30", { sign: ">", units: base + 500_000n }],
    [">=", "2026-01-31T12:00:00.1234560001Z", { sign: ">", units: base + 123_456n }],
    ["<", "2026-01-31T12:00:00.1234569Z", { sign: "<=", units: base + 123_456n }],
    ["<", "2026-01-31T12:00:00.1234560Z", { sign: "<", units: base + 123_456n }],
    ["<", "1969-12-31T23:59:59.999999Z", { sign: "<", units: -1n }],
    [">", "0001-01-01T00:00:00Z", { sign: ">", units: BigInt(Date.UTC(1900, 0, 1)) * 1000n }],
    [">", "9999-12-31T23:59:59Z", { sign: ">", units: BigInt(Date.UTC(2300, 0, 1)) * 1000n - 1n }],
  ] as const)("%s %s is exact to the microsecond", (sign, instant, bound) => {
    expect(instantBound(sign, instant)).toEqual(bound);
  });
});
