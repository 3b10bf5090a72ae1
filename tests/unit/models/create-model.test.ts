import { describe, expect, it } from "vitest";
import { CreateModel, newModel } from "../../../core/models/create-model.ts";
import { findTokenizer, tokenizers } from "../../../core/models/tokenizers.ts";
import { finish } from "../../../core/pieces.ts";
import { openTokenCounter } from "../../../runner/ingestion/count-tokens.ts";

type Body = Record<string, unknown>;

const flat: Body = { modelName: "m", matchPattern: "(?i)^m$", inputPrice: 0.0000025 };
const standard: Body = { name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: 1e-6 } };
const above: Body = { usageDetailPattern: "^input", operator: "gt", value: 200_000 };
const long: Body = { name: "Long", priority: 1, conditions: [above], prices: { input: 2e-6 } };
const tiered = (...pricingTiers: Body[]): Body => ({ modelName: "m", matchPattern: "^m$", pricingTiers });

const made = (body: Body) => newModel("mdl_1", CreateModel.parse(body));
const faults = (body: unknown) => {
  const parsed = CreateModel.safeParse(body);
  return parsed.success ? [] : [...new Set(parsed.error.issues.map(({ path }) => path.join(".")))];
};

describe("a model", () => {
  it("of flat prices has one default tier, with prices as plain decimals", () => {
    expect(made({ ...flat, outputPrice: 1e-7, startDate: "2026-01-02T01:00:00+01:00", unit: "TOKENS" })).toEqual({
      id: "mdl_1",
      modelName: "m",
      matchPattern: "(?i)^m$",
      startDate: "2026-01-02T00:00:00.000Z",
      unit: "TOKENS",
      tokenizer: null,
      pricingTiers: [
        {
          id: "mdl_1_0",
          name: "Standard",
          isDefault: true,
          priority: 0,
          conditions: [],
          prices: { input: "0.0000025", output: "0.0000001" },
        },
      ],
    });
  });

  it("of tiers has their conditions", () => {
    const attributes = [
      { source: "metadata", key: "tenant", operator: "in", values: ["a", "b"] },
      { source: "model_parameters", key: "service_tier", operator: "in", values: ["flex"] },
    ];
    const { pricingTiers } = made(tiered({ ...long, conditions: [above, ...attributes] }, standard));
    expect(pricingTiers.map(({ id }) => id)).toEqual(["mdl_1_1", "mdl_1_0"]);
    expect(pricingTiers[0]?.conditions).toEqual([
      { kind: "usage", pattern: "^input", isCaseSensitive: false, operator: "gt", value: 200_000 },
      { kind: "metadata", key: "tenant", values: ["a", "b"] },
      { kind: "model_parameter", key: "service_tier", values: ["flex"] },
    ]);
  });

  it.each<[number | string, string]>([
    [0, "0"],
    [100, "100"],
    ["2.50e-6", "0.0000025"],
    ["0.000000123456789012", "0.000000123456789012"],
    ["999999.999999999999999999", "999999.999999999999999999"],
  ])("keeps every digit of the price %s", (price, text) => {
    expect(made({ ...flat, inputPrice: price }).pricingTiers[0]?.prices).toEqual({ input: text });
  });
});

describe("is refused, with its field:", () => {
  it.each<[string, Body, string[]]>([
    ["no name", { ...flat, modelName: "" }, ["modelName"]],
    ["a name with NUL", { ...flat, modelName: "a\u0000" }, ["modelName"]],
    ["a pattern that is none", { ...flat, matchPattern: "(" }, ["matchPattern"]],
    ["a pattern with look-ahead", { ...flat, matchPattern: "^(?=a)" }, ["matchPattern"]],
    ["a pattern that comes to too many steps", { ...flat, matchPattern: "(a?){255}" }, ["matchPattern"]],
    ["a pattern that is too long", { ...flat, matchPattern: "a".repeat(501) }, ["matchPattern"]],
    ["a start that is no instant", { ...flat, startDate: "yesterday" }, ["startDate"]],
    ["a start in the year 0", { ...flat, startDate: "0000-01-01T00:00:00Z" }, ["startDate"]],
    ["an unknown unit", { ...flat, unit: "WORDS" }, ["unit"]],
    ["no price at all", { ...flat, inputPrice: null }, ["pricingTiers"]],
    ["a negative price", { ...flat, inputPrice: -1e-6 }, ["inputPrice"]],
    ["an infinite price", { ...flat, inputPrice: Number.POSITIVE_INFINITY }, ["inputPrice"]],
    ["a price that is no number", { ...flat, inputPrice: "free" }, ["inputPrice"]],
    ["a price no column holds", { ...flat, inputPrice: 1e6 }, ["inputPrice"]],
    ["a price finer than can be shown", { ...flat, inputPrice: 1e-19 }, ["inputPrice"]],
    ["a total beside an input price", { ...flat, totalPrice: 1 }, ["totalPrice"]],
    ["tiers beside an input price", { ...tiered(standard), inputPrice: 1 }, ["inputPrice"]],
    ["no tier", tiered(), ["pricingTiers"]],
    ["no default tier", tiered(long), ["pricingTiers"]],
    ["two default tiers", tiered(standard, { ...standard, name: "Other" }), ["pricingTiers", "pricingTiers.1.priority"]],
    ["a default tier with conditions", tiered({ ...standard, conditions: [above] }), ["pricingTiers.0.conditions"]],
    ["a default tier of another priority", tiered({ ...standard, priority: 1 }), ["pricingTiers.0.priority"]],
    ["a tier that never holds", tiered(standard, { ...long, conditions: [] }), ["pricingTiers.1.conditions"]],
    ["two tiers of one name", tiered(standard, { ...long, name: "Standard" }), ["pricingTiers.1.name"]],
    ["two tiers of one priority", tiered(standard, { ...long, priority: 0 }), ["pricingTiers.1.priority"]],
    ["a tier without prices", tiered({ ...standard, prices: {} }), ["pricingTiers.0.prices"]],
    ["an empty kind of usage", tiered({ ...standard, prices: { "": 1 } }), ["pricingTiers.0.prices."]],
    [
      "a kind of usage that is too long",
      tiered({ ...standard, prices: { ["k".repeat(101)]: 1 } }),
      [`pricingTiers.0.prices.${"k".repeat(101)}`],
    ],
    [
      "more prices than a tier may have",
      tiered({ ...standard, prices: Object.fromEntries(Array.from({ length: 51 }, (_, kind) => [`k${kind}`, 1])) }),
      ["pricingTiers.0.prices"],
    ],
    [
      "a condition with a pattern that is none",
      tiered(standard, { ...long, conditions: [{ ...above, usageDetailPattern: "[" }] }),
      ["pricingTiers.1.conditions.0.usageDetailPattern"],
    ],
    [
      "a condition with an unknown operator",
      tiered(standard, { ...long, conditions: [{ ...above, operator: "like" }] }),
      ["pricingTiers.1.conditions.0"],
    ],
    [
      "tiers that come to too much",
      tiered(
        standard,
        ...Array.from({ length: 19 }, (_, at) => ({
          ...long,
          name: `T${at}`,
          priority: at + 1,
          conditions: [{ source: "metadata", key: "k", operator: "in", values: Array.from({ length: 50 }, () => "v".repeat(200)) }],
        })),
      ),
      ["pricingTiers"],
    ],
    [
      "a tokenizer nobody has published",
      { ...flat, tokenizerId: "claude", tokenizerConfig: { tokenizerModel: "gpt-4o" } },
      ["tokenizerId"],
    ],
    ["a tokenizer without its model", { ...flat, tokenizerId: "openai" }, ["tokenizerConfig"]],
    ["the model of a tokenizer alone", { ...flat, tokenizerConfig: { tokenizerModel: "gpt-4o" } }, ["tokenizerId"]],
    [
      "a model without a known tokenizer",
      { ...flat, tokenizerId: "openai", tokenizerConfig: { tokenizerModel: "gpt-99" } },
      ["tokenizerConfig.tokenizerModel"],
    ],
    ["an unknown field", { ...flat, price: 1 }, [""]],
  ])("%s", (_, body, paths) => {
    expect(faults(body)).toEqual(paths);
  });
});

describe("tokenizers", () => {
  it("are all counted with", async () => {
    const count = await openTokenCounter();
    for (const tokenizer of tokenizers) {
      const counting = count(tokenizer, "two words");
      expect(counting && finish(counting), tokenizer).toBe(2);
    }
  });

  it.each([
    ["gpt-4o", "o200k_base"],
    ["gpt-4o-mini", "o200k_base"],
    ["gpt-5.2", "o200k_base"],
    ["o4-mini", "o200k_base"],
    ["gpt-4", "cl100k_base"],
    ["gpt-4-turbo", "cl100k_base"],
    ["gpt-3.5-turbo-0125", "cl100k_base"],
    ["text-embedding-3-small", "cl100k_base"],
    ["ft:gpt-4o:org", "o200k_base"],
    ["cl100k_base", "cl100k_base"],
    ["gpt-oss-120b", undefined],
    ["claude-sonnet-4-5", undefined],
  ])("of %s is %s", (name, tokenizer) => {
    expect(findTokenizer(name)).toBe(tokenizer);
  });
});
