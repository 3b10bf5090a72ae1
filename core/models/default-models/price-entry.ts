/**
 * Default models: defines a price entry (a name, its possible prefix and suffix, list prices in USD per million tokens) and builds the
 * model from it.
 */
import { inputKinds } from "../../usage/usage-kinds.ts";
import { bedrockGeography } from "../candidate-names.ts";
import { perMillion } from "../decimal.ts";
import type { Model, PricingTier } from "../model.ts";

/** USD per million tokens. `cached`: read from a cache. `write`: written to one, for five minutes and for an hour. */
export type Prices = { input: string; output?: string; cached?: string; write?: readonly [string, string] };
export type LongPrompt = { above: number; prices: Prices };
export type Entry = {
  name: string;
  /** Regular expression for the rest of the name, such as a date. */
  suffix?: string;
  prefix?: string;
  since: string | null;
  tokenizer?: string;
  prices: Prices;
  /** Prices of the whole call if the prompt is longer. */
  long?: LongPrompt;
  /** Name of the default tier, if it is not the maker's standard price. */
  tierName?: string;
  /** Displayed name, if it is not `name`. */
  modelName?: string;
};

/** Kinds of usage that are charged (`docs/usage.md`); other spellings share their price. All of these makers charge reasoning as output. */
const kinds = {
  input: ["input"],
  output: ["output", "output_reasoning_tokens"],
  cached: ["input_cached_tokens"],
  writeShort: ["input_cache_creation", "input_cache_creation_5m"],
  writeLong: ["input_cache_creation_1h"],
} as const;

const priced = (names: readonly string[], usd: string | undefined): Record<string, string> =>
  usd === undefined ? {} : Object.fromEntries(names.map((name) => [name, perMillion(usd)]));

/** A model that only reads text is charged by its total if no input is reported. */
const pricesOf = ({ input, output, cached, write }: Prices): Record<string, string> => ({
  ...priced(kinds.input, input),
  ...priced(kinds.output, output),
  ...priced(kinds.cached, cached ?? input),
  // Makers without a cache-write price charge writes like other input.
  ...priced(kinds.writeShort, write?.[0] ?? input),
  ...priced(kinds.writeLong, write?.[1] ?? input),
  ...(output === undefined ? priced(["total"], input) : {}),
});

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

const tiersOf = (id: string, { prices, long, tierName = "Standard" }: Entry): PricingTier[] => [
  { id: `${id}_standard`, name: tierName, isDefault: true, priority: 0, conditions: [], prices: pricesOf(prices) },
  ...(long === undefined
    ? []
    : [
        {
          id: `${id}_long`,
          name: "Long prompt",
          isDefault: false,
          priority: 1,
          conditions: [
            {
              kind: "usage" as const,
              pattern: `^(${inputKinds.join("|")})$`,
              isCaseSensitive: false,
              operator: "gt" as const,
              value: long.above,
            },
          ],
          prices: pricesOf(long.prices),
        },
      ]),
];

export const model = (entry: Entry): Model => {
  const { name, suffix = "", prefix = "", since, tokenizer = null } = entry;
  const id = `default_${name}${since === null ? "" : `_${since}`}`;
  return {
    id,
    projectId: null,
    modelName: entry.modelName ?? name,
    matchPattern: `(?i)^${prefix}${escapePattern(name)}${suffix}$`,
    startDate: since,
    tokenizer,
    pricingTiers: tiersOf(id, entry),
  };
};

/**
 * Bedrock charges a tenth more for profiles that stay within a geography: Claude from Sonnet 4.5 on
 * (https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11).
 */
const tenthMore = (usd: string): string => {
  const [whole = "0", fraction = ""] = usd.split(".");
  const tenths = (BigInt(whole + fraction) * 11n).toString().padStart(fraction.length + 2, "0");
  return `${tenths.slice(0, -fraction.length - 1)}.${tenths.slice(-fraction.length - 1)}`;
};

const regional = ({ input, output, cached, write }: Prices): Prices => ({
  input: tenthMore(input),
  ...(output !== undefined && { output: tenthMore(output) }),
  ...(cached !== undefined && { cached: tenthMore(cached) }),
  ...(write !== undefined && { write: [tenthMore(write[0]), tenthMore(write[1])] }),
});

/**
 * The same model in Bedrock's profiles of a geography, such as `eu.anthropic.`. `maker` is spelled as in Bedrock. A name without a profile
 * does not reveal where the call went and gets the list price.
 */
export const onBedrock = (maker: string, entry: Entry): Model =>
  model({
    ...entry,
    name: `${maker}.${entry.name}`,
    modelName: `us.${maker}.${entry.name}`,
    prefix: `${bedrockGeography}\\.`,
    prices: regional(entry.prices),
    ...(entry.long !== undefined && { long: { above: entry.long.above, prices: regional(entry.long.prices) } }),
    tierName: "Standard, within a geography of Bedrock: 10 % more",
  });
