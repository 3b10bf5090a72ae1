import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costText, parseCost, perMillion } from "../../../core/models/decimal.ts";
import { defaultModels } from "../../../core/models/default-models/index.ts";
import { findModel } from "../../../core/models/find-model.ts";
import { matchModel } from "../../../core/models/match-model.ts";
import type { Model, PricingTier, TierCondition } from "../../../core/models/model.ts";
import { type Call, type CountTokens, usageAndCost } from "../../../core/models/usage-and-cost.ts";

const tier = (id: string, prices: Record<string, string>, conditions: TierCondition[] = [], priority = 0): PricingTier => ({
  id,
  name: id,
  isDefault: conditions.length === 0,
  priority,
  conditions,
  prices,
});
const model = (more: Partial<Model>): Model => ({
  id: "m",
  projectId: null,
  modelName: "m",
  matchPattern: "^m$",
  startDate: null,
  tokenizer: "words",
  pricingTiers: [tier("standard", { input: "0.0000025", output: "0.00001" })],
  ...more,
});
const call = (more: Partial<Call>): Call => ({
  providedUsage: {},
  providedCost: {},
  models: ["m"],
  modelParameters: null,
  metadata: {},
  input: null,
  output: null,
  level: "DEFAULT",
  startTime: "2026-01-01 00:00:00.000000",
  ...more,
});
const words: CountTokens = (_, text) => (text.length > 1000 ? undefined : text.split(" ").length);
const priced = (more: Partial<Call>, ...models: Model[]) => usageAndCost(call(more), models.length > 0 ? models : [model({})], words);

describe("the model of a name", () => {
  const at = "2026-06-01 00:00:00.000000";
  it.each<[string, Partial<Model>[], string | undefined]>([
    [
      "is the project's own before the common one",
      [
        { id: "common", startDate: "2026-05-01" },
        { id: "own", projectId: "p" },
      ],
      "own",
    ],
    ["is the one with the newest start", [{ id: "a", startDate: "2025-01-01" }, { id: "b", startDate: "2026-01-01" }, { id: "c" }], "b"],
    ["is none that starts later", [{ id: "a", startDate: "2026-06-01T00:00:00.000001Z" }], undefined],
    ["is one that starts at that moment", [{ id: "a", startDate: "2026-06-01T00:00:00Z" }], "a"],
    ["without a start is from ever", [{ id: "a" }], "a"],
    ["is none whose pattern does not match", [{ id: "a", matchPattern: "^x$" }], undefined],
    ["is not hindered by a pattern that does not compile", [{ id: "a", matchPattern: "(", projectId: "p" }, { id: "b" }], "b"],
    ["is the one made last where nothing else decides, in whatever order they come", [{ id: "a" }, { id: "b" }], "b"],
  ])("%s", (_, models, id) => {
    const list = models.map(model);
    expect(matchModel("m", list, at)?.id).toBe(id);
    expect(matchModel("m", list.toReversed(), at)?.id).toBe(id);
  });
});

describe("usage and cost", () => {
  it.each<[string, Partial<Call>, object]>([
    [
      "sent usage is priced by kind",
      { providedUsage: { input: "1000", output: "10" } },
      {
        usageDetails: { input: "1000", output: "10", total: "1010" },
        costDetails: { input: "0.002500000000", output: "0.000100000000", total: "0.002600000000" },
        totalCost: "0.002600000000",
        modelId: "m",
        pricingTierId: "standard",
      },
    ],
    ["a sent total is kept", { providedUsage: { input: "1", total: "7" } }, { usageDetails: { input: "1", total: "7" } }],
    [
      "kinds without a price cost nothing",
      { providedUsage: { images: "3" } },
      { usageDetails: { images: "3", total: "3" }, costDetails: {}, totalCost: null, pricingTierId: null, modelId: "m" },
    ],
    [
      "usage of zero costs zero",
      { providedUsage: { input: "0" } },
      { costDetails: { input: "0.000000000000", total: "0.000000000000" }, totalCost: "0.000000000000" },
    ],
    [
      "sent cost wins entirely",
      { providedUsage: { input: "1000" }, providedCost: { output: "0.5" } },
      {
        usageDetails: { input: "1000", total: "1000" },
        costDetails: { output: "0.500000000000", total: "0.500000000000" },
        totalCost: "0.500000000000",
        modelId: "m",
        pricingTierId: null,
      },
    ],
    ["a sent total cost is kept", { providedCost: { input: "1", output: "2", total: "9" } }, { totalCost: "9.000000000000" }],
    ["the total of sent costs is their sum", { providedCost: { input: "0.1", cached: "0.2" } }, { totalCost: "0.300000000000" }],
    ["a sent cost of zero is a cost", { providedCost: { total: "0" }, input: "a b" }, { usageDetails: {}, totalCost: "0.000000000000" }],
    [
      "without a model nothing is computed",
      { models: [], providedUsage: { input: "5" }, input: "a" },
      { usageDetails: { input: "5", total: "5" }, costDetails: {}, totalCost: null, modelId: null },
    ],
    ["an unknown model is none", { models: ["x"], input: "a b" }, { usageDetails: {}, costDetails: {}, totalCost: null, modelId: null }],
    [
      "without usage tokens are counted",
      { input: "a b c", output: "d" },
      { usageDetails: { input: "3", output: "1", total: "4" }, totalCost: "0.000017500000" },
    ],
    ["only what there is is counted", { output: "d e" }, { usageDetails: { output: "2", total: "2" } }],
    ["nothing is counted of an error", { input: "a", level: "ERROR" }, { usageDetails: {}, totalCost: null }],
    ["nothing is counted where a cost was sent", { input: "a", providedCost: { total: "1" } }, { usageDetails: {} }],
    ["nothing is counted where one text is too long", { input: "a", output: "b ".repeat(1000) }, { usageDetails: {}, totalCost: null }],
    [
      "an enormous count is clamped to what the column holds",
      { providedUsage: { input: "18446744073709551615" } },
      { totalCost: "999999.999999999999" },
    ],
    [
      "kinds named like the prototype have no price",
      { providedUsage: JSON.parse('{"__proto__":"5","constructor":"6"}') as Record<string, string> },
      { costDetails: {}, totalCost: null },
    ],
  ])("%s", (_, more, expected) => {
    expect(priced(more)).toMatchObject(expected);
  });

  it("without a tokenizer nothing is counted", () => {
    expect(priced({ input: "a" }, model({ tokenizer: null }))).toMatchObject({ usageDetails: {}, modelId: "m" });
  });

  it("a price of the total counts only where no kind has one", () => {
    const embedding = model({ pricingTiers: [tier("standard", { input: "0.1", total: "0.3" })] });
    expect(priced({ providedUsage: { input: "2", total: "2" } }, embedding).totalCost).toBe("0.200000000000");
    expect(priced({ providedUsage: { total: "2" } }, embedding).totalCost).toBe("0.600000000000");
  });

  it("is exact: units of 1e-12, against fractions", () => {
    const price = fc.tuple(fc.nat(999_999), fc.integer({ min: 0, max: 12 }));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("input", "output", "cached"), fc.tuple(fc.nat(1_000_000), price), { minKeys: 1 }),
        (kinds) => {
          const text = (units: number, scale: number) => {
            const digits = String(units).padStart(scale + 1, "0");
            return scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
          };
          const entries = Object.entries(kinds);
          const prices = Object.fromEntries(entries.map(([kind, [, [units, scale]]]) => [kind, text(units, scale)]));
          const usage = Object.fromEntries(entries.map(([kind, [count]]) => [kind, String(count)]));
          const max = 10n ** 18n - 1n;
          const exact = entries.map(([, [count, [units, scale]]]) => BigInt(count) * BigInt(units) * 10n ** BigInt(12 - scale));
          const capped = exact.map((units) => (units > max ? max : units));
          const total = capped.reduce((sum, units) => sum + units, 0n);
          const result = priced({ providedUsage: usage }, model({ pricingTiers: [tier("t", prices)] }));
          expect(entries.map(([kind]) => parseCost(result.costDetails[kind] ?? ""))).toEqual(capped);
          expect(result.totalCost).toBe(costText(total > max ? max : total));
        },
      ),
      { numRuns: 1000, seed: Number(process.env["FC_SEED"] ?? 20_260_103) },
    );
  });

  it("rounds once, half away from zero, a price finer than the column", () => {
    const fine = model({ pricingTiers: [tier("t", { input: "0.0000000000005" })] });
    expect(priced({ providedUsage: { input: "1" } }, fine).totalCost).toBe("0.000000000001");
    expect(priced({ providedUsage: { input: "1000001" } }, fine).totalCost).toBe("0.000000500001");
  });
});

describe("tiers", () => {
  const above: TierCondition = { kind: "usage", pattern: "^INPUT", isCaseSensitive: false, operator: "gt", value: 200_000 };
  const tiered = model({
    pricingTiers: [
      tier("standard", { input: "0.000001" }),
      tier("priority", { input: "0.000005" }, [{ kind: "model_parameter", key: "service_tier", values: ["fast", "priority"] }], 2),
      tier("long", { input: "0.000002" }, [above], 1),
      tier("tenant", { input: "0.000009" }, [{ kind: "metadata", key: "tenant", values: ["x"] }, above], 0),
    ],
  });
  it.each<[string, Partial<Call>, string]>([
    ["at the threshold", { providedUsage: { input: "200000" } }, "standard"],
    ["above it", { providedUsage: { input: "200001" } }, "long"],
    ["above it by the sum of all that match", { providedUsage: { input: "1", input_cached_tokens: "200000" } }, "long"],
    ["not by what does not match", { providedUsage: { input: "1", output: "900000" } }, "standard"],
    ["by a model parameter", { providedUsage: { input: "1" }, modelParameters: { service_tier: "priority" } }, "priority"],
    ["not by another value of it", { providedUsage: { input: "1" }, modelParameters: { service_tier: ["priority"] } }, "standard"],
    ["by priority, the lower first", { providedUsage: { input: "200001" }, modelParameters: { service_tier: "priority" } }, "long"],
    ["by all conditions", { providedUsage: { input: "200001" }, metadata: { tenant: "x" } }, "tenant"],
    ["not by one of them", { providedUsage: { input: "1" }, metadata: { tenant: "x" } }, "standard"],
  ])("%s", (_, more, id) => {
    expect(priced(more, tiered).pricingTierId).toBe(id);
  });

  it.each<[Extract<TierCondition, { kind: "usage" }>["operator"], boolean[]]>([
    ["gt", [false, false, true]],
    ["gte", [false, true, true]],
    ["lt", [true, false, false]],
    ["lte", [true, true, false]],
    ["eq", [false, true, false]],
    ["neq", [true, false, true]],
  ])("%s compares", (operator, holds) => {
    const one = model({
      pricingTiers: [tier("standard", { input: "1" }), tier("other", { input: "1" }, [{ ...above, operator, value: 5 }])],
    });
    expect([4, 5, 6].map((count) => priced({ providedUsage: { input: String(count) } }, one).pricingTierId === "other")).toEqual(holds);
  });

  it("without a default and without a match price nothing", () => {
    const none = model({ pricingTiers: [tier("long", { input: "1" }, [above])] });
    expect(priced({ providedUsage: { input: "1" } }, none)).toMatchObject({ totalCost: null, pricingTierId: null, modelId: "m" });
  });

  it("whose pattern does not compile never hold", () => {
    const broken = model({
      pricingTiers: [tier("standard", { input: "1" }), tier("x", { input: "2" }, [{ ...above, pattern: "(", operator: "gte", value: 1 }])],
    });
    expect(priced({ providedUsage: { input: "1" } }, broken).pricingTierId).toBe("standard");
  });
});

describe("the service tier of a default model", () => {
  const million = { input: "1000000", input_cached_tokens: "1000000", output: "1000000" };
  it.each<[string, string, object | null, Record<string, string>, string]>([
    ["is half for flex", "gpt-5", { service_tier: "flex" }, million, "5.687500000000"],
    ["is more for priority", "gpt-5", { service_tier: "priority" }, million, "22.750000000000"],
    ["is the standard otherwise", "gpt-5", { service_tier: "default" }, million, "11.375000000000"],
    [
      "is told by the kinds of LangChain",
      "gpt-5",
      null,
      { input: "0", input_flex: "1000000", output_flex_reasoning: "1000000" },
      "5.625000000000",
    ],
    ["goes with a long prompt", "gpt-5.4", { service_tier: "flex" }, { input: "300000" }, "0.750000000000"],
    ["is the standard where the maker has none", "gpt-4-turbo", { service_tier: "flex" }, { input: "1000000" }, "10.000000000000"],
  ])("%s", (_, name, modelParameters, providedUsage, cost) => {
    const given = call({
      models: [name],
      startTime: "2026-06-01 00:00:00.000000",
      providedUsage,
      modelParameters: modelParameters as Call["modelParameters"],
    });
    expect(usageAndCost(given, defaultModels, () => undefined).totalCost).toBe(cost);
  });
});

describe("decimals", () => {
  it.each<[string, string | undefined]>([
    ["0", "0.000000000000"],
    ["12.5", "12.500000000000"],
    [".5", "0.500000000000"],
    ["5.", "5.000000000000"],
    ["1e-7", "0.000000100000"],
    ["1.5E+2", "150.000000000000"],
    ["-2", "-2.000000000000"],
    ["1e99", "999999.999999999999"],
    ["-1e99", "-999999.999999999999"],
    ["0.0000000000004", "0.000000000000"],
    ["", undefined],
    [".", undefined],
    ["1e999999", undefined],
    ["0x1", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["9".repeat(500), undefined],
  ])("%s", (text, expected) => {
    const units = parseCost(text);
    expect(units === undefined ? undefined : costText(units)).toBe(expected);
  });

  it.each([
    ["2.50", "0.0000025"],
    ["0.028", "0.000000028"],
    ["150", "0.00015"],
    ["1000000", "1"],
  ])("$%s for a million is %s each", (million, each) => {
    expect(perMillion(million)).toBe(each);
  });
});

describe("the default models", () => {
  it("have one id each, patterns that compile and prices that are decimals", () => {
    expect(new Set(defaultModels.map(({ id }) => id)).size).toBe(defaultModels.length);
    const tiers = defaultModels.flatMap(({ pricingTiers }) => pricingTiers);
    expect(new Set(tiers.map(({ id }) => id)).size).toBe(tiers.length);
    for (const { modelName, matchPattern, startDate } of defaultModels) {
      expect(matchModel(modelName, [model({ matchPattern })], "2026-01-01")?.id, modelName).toBe("m");
      expect(startDate ?? "2020-01-01").toMatch(/^\d{4}-\d\d-\d\d$/);
    }
    for (const { prices } of tiers) for (const price of Object.values(prices)) expect(price).toMatch(/^0\.0*[1-9]\d*$/);
  });

  it.each(["gpt-image-1", "gpt-4o-mini-tts", "gpt-4o-transcribe", "gpt-4o-audio-preview", "gpt-realtime", "gpt-audio-mini"])(
    "count no tokens in the texts of %s, which may be sound or an image in base64",
    (name) => {
      const found = findModel([name], defaultModels, "2026-06-01");
      expect(found).toMatchObject({ tokenizer: null });
    },
  );

  it.each<[string, string, Record<string, string>, string | null]>([
    ["gpt-4o", "2026-06-01", { input: "1000000" }, "2.500000000000"],
    ["gpt-4o", "2024-06-01", { input: "1000000" }, "5.000000000000"],
    ["openai/gpt-4o-mini-2024-07-18", "2026-06-01", { output: "1000000" }, "0.600000000000"],
    ["gpt-4o-mini", "2026-06-01", { input: "1000000", input_cached_tokens: "1000000" }, "0.225000000000"],
    ["o3", "2025-05-01", { output_reasoning_tokens: "1000000" }, "40.000000000000"],
    ["o3-2025-04-16", "2025-07-01", { output_reasoning_tokens: "1000000" }, "8.000000000000"],
    ["claude-sonnet-4-5-20250929", "2026-06-01", { input: "1000000", input_cache_creation_1h: "1000000" }, "9.000000000000"],
    ["anthropic.claude-3-5-sonnet-20241022-v2:0", "2026-06-01", { output: "1000000" }, "15.000000000000"],
    ["claude-opus-4-1@20250805", "2026-06-01", { input: "1000000" }, "15.000000000000"],
    ["claude-opus-4-5", "2026-06-01", { input: "1000000" }, "5.000000000000"],
    ["models/gemini-2.5-pro", "2026-06-01", { input: "200000" }, "0.250000000000"],
    ["gemini-2.5-pro", "2026-06-01", { input: "200001", output: "1000000" }, "15.500002500000"],
    ["deepseek-chat", "2025-06-01", { input: "1000000" }, "0.270000000000"],
    ["deepseek-chat", "2025-12-01", { input: "1000000" }, "0.280000000000"],
    ["deepseek-chat", "2025-09-10", { input: "1000000" }, null],
    ["deepseek-chat", "2026-06-01", { input: "1000000" }, null],
    ["text-embedding-3-small", "2026-06-01", { total: "1000000" }, "0.020000000000"],
    ["meta-llama/llama-4-scout-17b-16e-instruct", "2026-06-01", { input: "1000000" }, "0.110000000000"],
    ["gpt-4o-realtime-preview", "2026-06-01", { input: "1000000", input_audio_tokens: "1000000" }, "45.000000000000"],
    ["gpt-4o-audio-preview-2024-10-01", "2026-06-01", { output: "1000000", output_audio_tokens: "1000000" }, "210.000000000000"],
    ["gpt-image-1.5", "2026-06-01", { input_image_tokens: "1000000", output_image_tokens: "1000000" }, "40.000000000000"],
    ["gemini-2.5-flash", "2026-06-01", { input: "1000000", input_audio_tokens: "1000000" }, "1.300000000000"],
    ["gemini-2.5-flash-image", "2026-06-01", { output_image_tokens: "1000000" }, "30.000000000000"],
    ["gpt-5.6-luna", "2026-07-20", { input: "100000" }, "0.100000000000"],
    ["gpt-5.6-luna", "2026-07-30", { input: "100000" }, "0.020000000000"],
    ["us.openai.gpt-5.6-luna", "2026-11-01", { input: "100000" }, "0.022000000000"],
    ["global.openai.gpt-5.6-luna", "2026-11-01", { input: "100000" }, "0.020000000000"],
    ["gpt-5.6", "2026-08-21", { input: "100000" }, "0.400000000000"],
    ["gpt-5.5-pro", "2026-06-01", { input: "272001" }, "16.320060000000"],
    ["claude-sonnet-4-5", "2026-01-15", { input: "100000", input_cached_tokens: "100001", output: "1000" }, "0.682500600000"],
    ["claude-opus-4-6", "2026-03-01", { input: "200001" }, "2.000010000000"],
    ["claude-opus-4-6", "2026-03-13", { input: "200001" }, "1.000005000000"],
    ["mistral-large-2512", "2026-06-01", { input_cached_tokens: "1000000" }, "0.050000000000"],
    ["ft:gpt-4o-mini-2024-07-18:acme::abc", "2026-06-01", { input: "1000000" }, "0.300000000000"],
    ["gpt-9o-imaginary", "2026-06-01", { input: "1000000" }, null],
    ["gpt-4oX", "2026-06-01", { input: "1000000" }, null],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "2026-06-01", { input: "1000000" }, "3.300000000000"],
  ])("%s on %s", (name, at, usage, cost) => {
    const result = usageAndCost(
      call({ models: [name], startTime: `${at} 00:00:00.000000`, providedUsage: usage }),
      defaultModels,
      () => undefined,
    );
    expect(result.totalCost).toBe(cost);
  });
});
