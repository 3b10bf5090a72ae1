/**
 * Default models: defines a price entry (a name, its possible prefix and suffix, list prices in USD per million tokens) and builds the
 * model from it.
 */
import { inputKinds } from "../../usage/usage-kinds.ts";
import { bedrockGeography } from "../candidate-names.ts";
import { perMillion } from "../decimal.ts";
import type { Model, PricingTier, TierCondition } from "../model.ts";

/**
 * USD per million tokens. `cached`: read from a cache. `write`: written to one, for five minutes and for an hour. Sound and images that have
 * no price here cost what other input or output costs.
 */
export type Prices = {
  input: string;
  output?: string;
  cached?: string;
  write?: readonly [string, string];
  audioInput?: string;
  audioOutput?: string;
  imageInput?: string;
  imageOutput?: string;
};
export type LongPrompt = { above: number; prices: Prices };
export type Entry = {
  name: string;
  /** Regular expression for the rest of the name, such as a date. */
  suffix?: string;
  prefix?: string;
  since: string | null;
  /** Null for a model whose texts cannot be counted. */
  tokenizer?: string | null;
  prices: Prices;
  /** Prices of the whole call if the prompt is longer. */
  long?: LongPrompt;
  /** Half the price, if the maker has processed the call in its flex tier. */
  hasFlex?: true;
  /** Prices of calls that the maker has processed first, unless the prompt is long. */
  priority?: Prices;
  /** Twice the price, if the maker has processed the call first. */
  hasFast?: true;
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
  audioInput: ["input_audio_tokens"],
  audioOutput: ["output_audio_tokens"],
  imageInput: ["input_image_tokens"],
  imageOutput: ["output_image_tokens"],
} as const;

const priced = (names: readonly string[], usd: string | undefined): Record<string, string> =>
  usd === undefined ? {} : Object.fromEntries(names.map((name) => [name, perMillion(usd)]));

/** A model that only reads text is charged by its total if no input is reported. */
const pricesOf = ({ input, output, cached, write, audioInput, audioOutput, imageInput, imageOutput }: Prices): Record<string, string> => ({
  ...priced(kinds.input, input),
  ...priced(kinds.output, output),
  ...priced(kinds.cached, cached ?? input),
  // Makers without a cache-write price charge writes like other input.
  ...priced(kinds.writeShort, write?.[0] ?? input),
  ...priced(kinds.writeLong, write?.[1] ?? input),
  ...priced(kinds.audioInput, audioInput),
  ...priced(kinds.audioOutput, audioOutput),
  ...priced(kinds.imageInput, imageInput),
  ...priced(kinds.imageOutput, imageOutput),
  ...(output === undefined ? priced(["total"], input) : {}),
});

/** Multiplies by tenths, exactly. */
const tenths = (usd: string, factor: bigint): string => {
  const [whole = "0", fraction = ""] = usd.split(".");
  const digits = (BigInt(whole + fraction) * factor).toString().padStart(fraction.length + 2, "0");
  return `${digits.slice(0, -fraction.length - 1)}.${digits.slice(-fraction.length - 1)}`;
};

const inTenths = ({ write, ...prices }: Prices, factor: bigint): Prices => ({
  ...(Object.fromEntries(Object.entries(prices).map(([name, usd]) => [name, tenths(usd, factor)])) as Omit<Prices, "write">),
  ...(write !== undefined && { write: [tenths(write[0], factor), tenths(write[1], factor)] as const }),
});

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

const isLong = (above: number): TierCondition => ({
  kind: "usage",
  pattern: `^(${inputKinds.join("|")})$`,
  isCaseSensitive: false,
  operator: "gt",
  value: above,
});

/** The tier of a call is a parameter of it, or in the names of its kinds: LangChain and Langfuse's SDK count `input_flex`. */
const isService = (name: string): readonly TierCondition[] => [
  { kind: "model_parameter", key: "service_tier", values: [name] },
  { kind: "usage", pattern: `^(input|output)_${name}(_|$)`, isCaseSensitive: false, operator: "gt", value: 0 },
];

const tiersOf = (id: string, { prices, long, hasFlex, hasFast, priority, tierName = "Standard" }: Entry): PricingTier[] => {
  const times = (name: string, factor: bigint) => ({ name, prices: inTenths(prices, factor), long: long && inTenths(long.prices, factor) });
  const services = [
    ...(hasFlex === true ? [times("flex", 5n)] : []),
    ...(hasFast === true ? [times("priority", 20n), times("fast", 20n)] : []),
    ...(priority === undefined ? [] : [{ name: "priority", prices: priority, long: long?.prices }]),
  ];
  const special = [
    ...services.flatMap((service) =>
      isService(service.name).flatMap((condition, at) => {
        const names = `${id}_${service.name}${at === 0 ? "" : "_kinds"}`;
        const name = `Service tier ${service.name}`;
        return [
          ...(long === undefined || service.long === undefined
            ? []
            : [{ id: `${names}_long`, name: `${name}, long prompt`, conditions: [condition, isLong(long.above)], prices: service.long }]),
          { id: names, name, conditions: [condition], prices: service.prices },
        ];
      }),
    ),
    ...(long === undefined ? [] : [{ id: `${id}_long`, name: "Long prompt", conditions: [isLong(long.above)], prices: long.prices }]),
  ];
  return [
    { id: `${id}_standard`, name: tierName, isDefault: true, priority: 0, conditions: [], prices: pricesOf(prices) },
    ...special.map((tier, at) => ({ ...tier, isDefault: false, priority: at + 1, prices: pricesOf(tier.prices) })),
  ];
};

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
 * (https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11), and GPT-5.6 (pydantic/genai-prices 0.1.8).
 */
const regional = (prices: Prices): Prices => inTenths(prices, 11n);

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
    ...(entry.priority !== undefined && { priority: regional(entry.priority) }),
    ...(entry.long !== undefined && { long: { above: entry.long.above, prices: regional(entry.long.prices) } }),
    tierName: "Standard, within a geography of Bedrock: 10 % more",
  });
