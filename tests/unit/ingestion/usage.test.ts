import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCost } from "../../../core/ingestion/usage.ts";
import { bodyOf, faultOf, numRuns, seed, sent } from "./arriving.ts";

const usageOf = (given: object) => {
  const body = bodyOf("generation-create", { id: "o", ...given });
  expect(bodyOf("observation-update", { type: "GENERATION", id: "o", ...given })).toEqual(body);
  return "usageDetails" in body ? { usageDetails: body.usageDetails, costDetails: body.costDetails } : {};
};

describe("usageDetails", () => {
  const completion = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const response = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  it.each<[string, unknown, Record<string, number> | null | undefined]>([
    ["a map of counts", { input: 1, output: 0, cached: 3 }, { input: 1, output: 0, cached: 3 }],
    [
      "counts as text with separators",
      { a: "1,234", b: "12_345_678 tokens", c: "1,234.5", d: "1,23", e: "1234,567", f: "0,125" },
      { a: 1234, b: 12_345_678, c: 1234, d: 1, e: 1234, f: 0 },
    ],
    ["counts as text", { a: "12", b: " 7 ", c: "1e3", d: "3.9", e: "12 tokens" }, { a: 12, b: 7, c: 1000, d: 3, e: 12 }],
    [
      "floats, negatives, nulls and others, which are dropped",
      { a: 0.5, b: -1, c: null, d: {}, e: "x", f: "", g: "-0.5", h: true, i: 2 },
      { i: 2 },
    ],
    ["counts beyond exact numbers, which are dropped", { a: 1e300, b: 2 ** 53, c: "9".repeat(400), d: 2 ** 53 - 1 }, { d: 2 ** 53 - 1 }],
    ["nothing that counts", { a: "x" }, undefined],
    ["nothing", {}, undefined],
    ["null", null, null],
    ["OpenAI completion", completion, { input: 10, output: 5, total: 15 }],
    [
      "OpenAI completion with details",
      { ...completion, prompt_tokens_details: { cached_tokens: 4, audio: null }, completion_tokens_details: { reasoning: 5 } },
      { input: 6, input_cached_tokens: 4, output: 0, output_reasoning_tokens: 5, total: 15 },
    ],
    [
      "OpenAI completion with details nobody knows, which stay in their whole",
      { ...completion, prompt_tokens_details: { a: 8, b: 8 }, completion_tokens_details: null },
      { input: 10, output: 5, total: 15 },
    ],
    [
      "OpenAI response with details",
      { ...response, input_tokens_details: { cached_tokens: 4 }, output_tokens_details: {} },
      { input: 6, input_cached_tokens: 4, output: 5, total: 15 },
    ],
    ["OpenAI with another key", { ...completion, service_tier: "x" }, { input: 10, output: 5, total: 15 }],
    ["OpenAI without total", { prompt_tokens: 1, completion_tokens: 2 }, { input: 1, output: 2 }],
    ["OpenAI with details that are no counts", { ...completion, prompt_tokens_details: { a: 0.5 } }, { input: 10, output: 5, total: 15 }],
  ])("of %s", (_, usageDetails, expected) => {
    expect(usageOf({ usageDetails }).usageDetails).toEqual(expected);
  });

  it("keep a kind named __proto__, and change no prototype", () => {
    const { usageDetails } = usageOf({ usageDetails: JSON.parse('{"__proto__":1,"constructor":2}') });
    expect(Object.entries(usageDetails ?? {})).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });

  it.each(["usage", "usageDetails", "costDetails"])("%s that is no object is refused", (field) => {
    for (const value of ["x", 5, [], true])
      expect(faultOf(sent("generation-create", { id: "o", [field]: value }))).toBe(`body.${field}: must be an object of numbers`);
  });
});

describe("usage", () => {
  it.each<[string, object, Record<string, number> | null | undefined]>([
    ["our names", { usage: { input: 1, output: 2, total: 4 } }, { input: 1, output: 2, total: 4 }],
    ["no total: the sum", { usage: { input: 1, output: 2 } }, { input: 1, output: 2, total: 3 }],
    ["one value: it is the total", { usage: { output: 2, unit: "TOKENS" } }, { output: 2, total: 2 }],
    ["only a total", { usage: { total: 2 } }, { total: 2 }],
    ["names of OpenAI", { usage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 } }, { input: 1, output: 2, total: 3 }],
    ["names of OpenAI before ours", { usage: { promptTokens: 1, input: 9 } }, { input: 1, total: 1 }],
    ["names of OpenAI that are null", { usage: { promptTokens: null, input: 9 } }, { input: 9, total: 9 }],
    ["values that do not count, which are dropped", { usage: { input: 1.5, output: -1, total: 2 } }, { total: 2 }],
    ["nothing", { usage: {} }, undefined],
    ["null", { usage: null }, null],
    ["null beside details", { usage: null, usageDetails: { a: 1 } }, { a: 1 }],
    [
      "details, which go on top and have their own total",
      { usage: { input: 1, output: 2 }, usageDetails: { input: 7 } },
      { input: 7, output: 2 },
    ],
    ["details that are null", { usage: { input: 1 }, usageDetails: null }, { input: 1, total: 1 }],
    ["nothing beside details that are null", { usage: {}, usageDetails: null }, null],
  ])("of %s", (_, given, expected) => {
    expect(usageOf(given).usageDetails).toEqual(expected);
  });

  it.each(["CHARACTERS", "TOKENS", "MILLISECONDS", "SECONDS", "IMAGES", "REQUESTS", null])("takes the unit %j", (unit) => {
    expect(usageOf({ usage: { input: 1, unit } }).usageDetails).toEqual({ input: 1, total: 1 });
  });

  it("refuses other units", () => {
    expect(faultOf(sent("generation-create", { id: "o", usage: { unit: "tokens" } }))).toMatch(/^body\.usage: unit must be one of /);
  });
});

describe("costs", () => {
  it.each<[string, object, Record<string, string> | null | undefined]>([
    ["details", { costDetails: { input: 0.5, output: 0 } }, { input: "0.5", output: "0" }],
    ["decimals as text", { costDetails: { a: "0.000000000001", b: "007", c: "x", d: "-1", e: "" } }, { a: "0.000000000001", b: "7" }],
    [
      "decimals as text, as Python, Go and JavaScript print small and large ones",
      { costDetails: { a: "5E-7", b: "1.50e-07", c: "1e5", d: "+.5", e: " 2. ", f: "0E-18" } },
      { a: "0.0000005", b: "0.00000015", c: "100000", d: "0.5", e: "2", f: "0" },
    ],
    ["text for people", { costDetails: { a: "$0.05", b: "$ 1,234.5", c: "1,23", d: "1e-120" } }, { a: "0.05", b: "1234.5", d: "0" }],
    [
      "text with separators of thousands, and with a comma that may be a decimal one",
      { costDetails: { a: "0,125", b: "12345,678", c: "1,234", d: "1,234,567", e: "1_234.5", f: "0,001.5" } },
      { d: "1234567", e: "1234.5" },
    ],
    ["a decimal of more digits than a cost can have", { costDetails: { a: `0.1${"0".repeat(50)}5551` } }, { a: "0.1" }],
    [
      "a total under a provider's name",
      { costDetails: { input_cost: 1, output_cost: 2, total_cost: 3 } },
      { input_cost: "1", output_cost: "2", total: "3" },
    ],
    ["a total in other letters", { costDetails: { Input: 1, Output: 2, Total: 3 } }, { Input: "1", Output: "2", total: "3" }],
    ["two totals, of which ours counts", { costDetails: { total: 3, totalCost: 4 } }, { total: "3" }],
    ["what is no cost, which is dropped", { costDetails: { a: -1, b: null, c: {}, d: JSON.parse("1e999"), e: 1 } }, { e: "1" }],
    ["nothing", { costDetails: { a: -1 } }, undefined],
    ["null", { costDetails: null }, null],
    ["usage", { usage: { inputCost: 1, outputCost: 2, totalCost: 3 } }, { input: "1", output: "2", total: "3" }],
    ["usage with names of OpenAI", { usage: { promptTokens: 1, totalCost: 3 } }, { total: "3" }],
    ["usage below details", { usage: { inputCost: 1, totalCost: 3 }, costDetails: { input: 2 } }, { input: "2", total: "3" }],
  ])("of %s", (_, given, expected) => {
    expect(usageOf(given).costDetails).toEqual(expected);
  });

  it("are plain decimals that are exactly the number given", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-18, noNaN: true, noDefaultInfinity: true }), (cost) => {
        const text = readCost(cost);
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d+)?$/);
        expect(Number(text)).toBe(cost + 0);
      }),
      { seed, numRuns: numRuns * 3 },
    );
    expect([1e-130, Number.MIN_VALUE, 9e-19].map(readCost)).toEqual(["0", "0", "0"]);
    expect([1e-7, 1.5e-7, 1e21, 1.25e21, 123.456, -0].map(readCost)).toEqual([
      "0.0000001",
      "0.00000015",
      "1000000000000000000000",
      "1250000000000000000000",
      "123.456",
      "0",
    ]);
  });
});
