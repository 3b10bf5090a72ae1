import { describe, expect, it } from "vitest";
import { draftFaults, emptyDraft, requestOf } from "../../../console/src/features/models/model-draft.ts";
import { patternOf, perMillion, perUnit, unitPriceOf } from "../../../console/src/features/models/price-text.ts";

describe("a price for a million units", () => {
  it.each([
    [0.0000025, "$2.50"],
    [0.00000015, "$0.15"],
    [0.000001234567890123, "$1.234567890123"],
    [0, "$0.00"],
    [1, "$1,000,000.00"],
  ])("of %d per unit is %s", (price, text) => {
    expect(perMillion(price)).toBe(text);
  });

  it.each([
    ["2.50", "0.0000025"],
    ["0.15", "0.00000015"],
    ["1.234567890123", "0.000001234567890123"],
    ["$1,000,000", "1"],
    ["3", "0.000003"],
    ["0", "0"],
    ["0.00", "0"],
    ["15000000", "15"],
  ])("that is typed as %s is %s per unit", (typed, price) => {
    expect(unitPriceOf(typed)).toBe(price);
  });

  it.each(["", "-1", "1e3", "two", "1.2.3", "1.2345678901234", "2,50", "1,5", "12,34,567", "1,2345", "2.500,00"])(
    "is no amount: %j",
    (typed) => {
      expect(unitPriceOf(typed)).toBeUndefined();
    },
  );

  it("shows the price per unit without an exponent", () => {
    expect(perUnit(0.00000015)).toBe("$0.00000015 per unit");
  });
});

describe("a new model", () => {
  it("loses no price that was typed: neither one without a kind nor one of two for a kind", () => {
    const faultsOf = (...prices: { kind: string; amount: string }[]) => draftFaults({ ...emptyDraft, modelName: "m", prices });
    const input = { kind: "input", amount: "1" };
    expect(faultsOf(input, { kind: "", amount: "" }, { kind: "output", amount: "" })).toEqual({});
    expect(faultsOf(input, { kind: " ", amount: "2" })).toEqual({
      "pricingTiers.0.prices": "Name the kind of usage that 2 is the price of.",
    });
    expect(faultsOf(input, { kind: "input ", amount: "2" })).toEqual({ "pricingTiers.0.prices": "input has two prices." });
  });

  it("without a pattern matches its name alone", () => {
    expect(patternOf("gpt-4.1 (eu)")).toBe("(?i)^gpt-4\\.1 \\(eu\\)$");
    const prices = [
      { kind: "input", amount: "2" },
      { kind: "", amount: "3" },
      { kind: "output", amount: "" },
    ];
    expect(requestOf({ modelName: " m ", matchPattern: "", startDate: "", prices, tiers: [] })).toEqual({
      modelName: "m",
      matchPattern: "(?i)^m$",
      pricingTiers: [{ name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: "0.000002" } }],
    });
  });
});
