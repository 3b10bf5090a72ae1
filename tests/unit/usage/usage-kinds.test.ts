/** Prices of kinds of usage, under whatever name. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultModels } from "../../../core/models/default-models/index.ts";
import { matchTier } from "../../../core/models/match-tier.ts";
import { priceOfKind } from "../../../core/usage/usage-kinds.ts";
import { type UsageRole, usageRoles } from "../../../core/usage/usage-roles.ts";
import { usageSpellings } from "../../../core/usage/usage-spellings.ts";
import { seedFrom } from "../../support/property-seed.ts";

const seed = seedFrom("FC_SEED");

describe("the price of", () => {
  it.each<[string, string, Record<string, string>, string | undefined]>([
    ["a kind is that of its name", "input", { prompt_tokens: "1", input: "2" }, "2"],
    ["a kind of the user's own is that of its name", "images", { images: "3", input: "2" }, "3"],
    ["a kind of the user's own is no other", "images", { input_image_tokens: "3", input: "2" }, undefined],
    ["a kind is that of another spelling", "input", { prompt_tokens: "1" }, "1"],
    ["what a cache gave is that of another spelling", "cache_read_input_tokens", { input: "1", input_cached_tokens: "4" }, "4"],
    ["what a cache gave is not that of the input", "input_cached_tokens", { input: "1" }, undefined],
    ["what a cache took is not that of the input", "input_cache_creation", { input: "1" }, undefined],
    ["a write for a lifetime is its own", "input_cache_creation_1h", { input_cache_creation: "4", input_cache_creation_1h: "8" }, "8"],
    [
      "a write for a lifetime is that of writes where there is no other",
      "input_cache_creation_5m",
      { cache_creation_input_tokens: "4" },
      "4",
    ],
    ["a write for a lifetime is not that of the input", "input_cache_creation_5m", { input: "1" }, undefined],
    ["LangChain's lifetime is that of ours", "input_ephemeral_1h_input_tokens", { input_cache_creation_1h: "8" }, "8"],
    ["text is that of the input", "input_text_tokens", { input: "1" }, "1"],
    ["the input is that of text where there is no other", "input", { input_text_tokens: "1" }, "1"],
    ["sound is its own", "input_audio_tokens", { input: "1", input_audio_tokens: "9" }, "9"],
    ["sound is that of the input where there is no other", "input_audio_tokens", { input: "1" }, "1"],
    ["thoughts are that of the output where there is no other", "output_reasoning_tokens", { output: "1" }, "1"],
    ["thoughts are not that of the input", "output_reasoning_tokens", { input: "1" }, undefined],
    ["times is none", "prompt_time", { prompt_tokens: "1", input: "1" }, undefined],
  ])("%s", (_, kind, prices, price) => {
    expect(priceOfKind(kind, prices)).toBe(price);
  });

  it("what nobody knows is none with any of the default models", () => {
    const names = new Set(usageSpellings.map(({ path }) => path));
    fc.assert(
      fc.property(
        fc.constantFrom(...defaultModels),
        fc.stringMatching(/^(input|output|prompt|total|cache)?_?[a-z]{1,8}(_tokens|_time)?$/),
        (model, kind) => {
          fc.pre(!names.has(kind));
          for (const { prices } of model.pricingTiers) expect(priceOfKind(kind, prices)).toBeUndefined();
        },
      ),
      { seed },
    );
  });
});

describe("the default models", () => {
  const input = (Object.keys(usageRoles) as UsageRole[]).filter((role) => role.startsWith("input") || role.startsWith("cache"));
  const long = defaultModels.flatMap(({ pricingTiers }) =>
    pricingTiers.filter(({ name }) => name === "Long prompt").map((tier) => ({ tier, pricingTiers })),
  );

  it("charge every kind of the input and of the output", () => {
    for (const { pricingTiers } of defaultModels)
      for (const { prices } of pricingTiers) {
        if (prices["output"] === undefined) continue;
        for (const { kind } of Object.values(usageRoles)) {
          if (kind === null || kind === "total") continue;
          expect(priceOfKind(kind, prices)).toBeDefined();
        }
      }
  });

  it("have prices for long prompts, which the sum of all kinds of input chooses, and nothing else", () => {
    const tierOf = (one: (typeof long)[number], usage: Record<string, bigint>) =>
      matchTier(one.pricingTiers, { usage, modelParameters: null, metadata: {} })?.id;
    for (const one of long) {
      for (const condition of one.tier.conditions) {
        if (condition.kind !== "usage") continue;
        const half = BigInt(Math.floor(condition.value / 2)) + 1n;
        for (const kind of new Set(input.map((role) => usageRoles[role].kind ?? "")))
          expect([kind, tierOf(one, { input: half, [kind === "input" ? "input_cached_tokens" : kind]: half })]).toEqual([
            kind,
            one.tier.id,
          ]);
        for (const kind of ["output", "output_reasoning_tokens", "total", "prompt_time", "input_magic", "cached_things"])
          expect([kind, tierOf(one, { input: half, [kind]: half * 4n })]).not.toEqual([kind, one.tier.id]);
      }
    }
    expect(long.length).toBeGreaterThan(0);
  });
});
