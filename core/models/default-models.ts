/**
 * What common models cost, in USD for a token, as long as a project has no model of its own for the name. List prices of the makers for standard calls:
 * no batch, priority or regional rates, and no surcharge for long prompts unless the entry has a tier for it. Read from the makers' price pages, and from tables that
 * cite them, on the dates given below; nobody has checked them against invoices. A project whose contract differs makes a model of its own (docs/models.md).
 * Names are the makers' own; what gateways and clouds put around them is taken off before matching (candidate-names.ts). `-latest` names that have moved between prices
 * are left out. Where a region has a price of its own, it is a model of its own, under the name Bedrock has for it, and its tier says so.
 * Only the tokenizers OpenAI has published are named. A start date is the day the price came into force.
 */
import { inputKinds } from "../usage/usage-kinds.ts";
import { bedrockGeography } from "./candidate-names.ts";
import { perMillion } from "./decimal.ts";
import type { Model, PricingTier } from "./model.ts";

/** USD for a million tokens. `cached`: read from a cache. `write`: written to one, for five minutes and for an hour. */
type Prices = { input: string; output?: string; cached?: string; write?: readonly [string, string] };
type LongPrompt = { above: number; prices: Prices };
type Entry = {
  name: string;
  /** The rest of the name after `name`, such as a date; a regular expression. */
  suffix?: string;
  prefix?: string;
  since: string | null;
  tokenizer?: string;
  prices: Prices;
  /** The whole call is charged by these where the prompt is longer. */
  long?: LongPrompt;
  /** Of the default tier, where it is not the maker's standard price. */
  tierName?: string;
  /** The name the model is shown under, where it is not `name`. */
  modelName?: string;
};

/** The kinds of usage that are charged (`docs/usage.md`); other spellings of them have their price. Reasoning is charged as output by all of these makers. */
const kinds = {
  input: ["input"],
  output: ["output", "output_reasoning_tokens"],
  cached: ["input_cached_tokens"],
  writeShort: ["input_cache_creation", "input_cache_creation_5m"],
  writeLong: ["input_cache_creation_1h"],
} as const;

const priced = (names: readonly string[], usd: string | undefined): Record<string, string> =>
  usd === undefined ? {} : Object.fromEntries(names.map((name) => [name, perMillion(usd)]));

/** What only reads text is charged by its total where no input is told. */
const pricesOf = ({ input, output, cached, write }: Prices): Record<string, string> => ({
  ...priced(kinds.input, input),
  ...priced(kinds.output, output),
  ...priced(kinds.cached, cached ?? input),
  // Makers without a price for writing to a cache charge what is written as any other input.
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

const model = (entry: Entry): Model => {
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

const dated = (...dates: string[]): string => (dates.length === 0 ? "" : `(-(${dates.join("|")}))?`);

const openai = (name: string, since: string | null, dates: string[], prices: Prices, more: Partial<Entry> = {}): Model =>
  model({ name, since, suffix: dated(...dates), prefix: "(openai/)?", tokenizer: "o200k_base", prices, ...more });

/** Bedrock asks a tenth more for profiles that stay within a geography: Claude from Sonnet 4.5 on (https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11). */
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

/** The same model in Bedrock's profiles of a geography, such as `eu.anthropic.`. `maker` as Bedrock spells it. A name without a profile does not tell where the call went: the list price. */
const onBedrock = (maker: string, entry: Entry): Model =>
  model({
    ...entry,
    name: `${maker}.${entry.name}`,
    modelName: `us.${maker}.${entry.name}`,
    prefix: `${bedrockGeography}\\.`,
    prices: regional(entry.prices),
    ...(entry.long !== undefined && { long: { above: entry.long.above, prices: regional(entry.long.prices) } }),
    tierName: "Standard, within a geography of Bedrock: 10 % more",
  });

const claudeEntry = (name: string, since: string | null, dates: string[], prices: Prices, long?: LongPrompt): Entry => ({
  name: `claude-${name}`,
  since,
  suffix: `${dates.length === 0 ? "" : `([-@](${dates.join("|")}))?`}(-v\\d+(:\\d+)?)?`,
  prices,
  ...(long !== undefined && { long }),
});

/** One price everywhere: the maker's name, the one of Vertex (`@date`) and those of Bedrock. */
const claude = (...entry: Parameters<typeof claudeEntry>): Model =>
  model({ ...claudeEntry(...entry), prefix: "(anthropic/)?((global\\.)?anthropic\\.)?" });

/** Two prices: the maker's, which is that of global endpoints, and Bedrock's for what stays within a geography. Names of Vertex do not tell its region. */
const claudeByRegion = (...entry: Parameters<typeof claudeEntry>): Model[] => [
  claude(...entry),
  onBedrock("anthropic", claudeEntry(...entry)),
];

const gemini = (name: string, since: string | null, prices: Prices, long?: LongPrompt): Model =>
  model({
    name: `gemini-${name}`,
    since,
    prefix: "(google/|googleai/|models/)?",
    suffix: name.endsWith("-preview") ? "" : "(-\\d{3}|-preview)?",
    prices,
    ...(long !== undefined && { long }),
  });

const mistral = (name: string, since: string | null, prices: Prices): Model =>
  model({ name, since, prefix: "(mistral/|mistralai/)?", prices });

const groq = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(groq/)?(meta-llama/)?", prices });

const deepseek = (name: string, since: string, prices: Prices): Model => model({ name, since, prefix: "(deepseek/)?", prices });

/** What is written to a cache costs a quarter more from gpt-5.6 on, for however long. */
const astra = { input: "10", cached: "1", write: ["12.5", "12.5"], output: "50" } as const satisfies Prices;
const sol = { input: "4", cached: "0.4", write: ["5", "5"], output: "20" } as const satisfies Prices;
const terra = { input: "2", cached: "0.2", write: ["2.5", "2.5"], output: "12" } as const satisfies Prices;
const luna = { input: "0.2", cached: "0.02", write: ["0.25", "0.25"], output: "1.2" } as const satisfies Prices;
/** Above this the whole prompt costs twice as much and the answer half as much again: gpt-5.4, 5.5, 5.6 and 6. */
const longAbove = 272_000;

/**
 * https://developers.openai.com/api/docs/pricing, by tables read 2026-06 to 2026-11. gpt-5.6-sol was cheaper from 2026-09-04 at the latest; Luna and Terra are here by their price of
 * 2026-11 for all dates.
 */
const openaiModels: Model[] = [
  openai("gpt-4o", "2024-05-13", [], { input: "5", output: "15" }),
  openai("gpt-4o", "2024-10-02", [], { input: "2.5", cached: "1.25", output: "10" }),
  openai("gpt-4o-2024-05-13", "2024-05-13", [], { input: "5", output: "15" }),
  openai("gpt-4o-2024-08-06", "2024-08-06", [], { input: "2.5", cached: "1.25", output: "10" }),
  openai("gpt-4o-2024-11-20", "2024-11-20", [], { input: "2.5", cached: "1.25", output: "10" }),
  openai("gpt-4o-mini", "2024-07-18", ["2024-07-18"], { input: "0.15", cached: "0.075", output: "0.6" }),
  openai("gpt-4.1", "2025-04-14", ["2025-04-14"], { input: "2", cached: "0.5", output: "8" }),
  openai("gpt-4.1-mini", "2025-04-14", ["2025-04-14"], { input: "0.4", cached: "0.1", output: "1.6" }),
  openai("gpt-4.1-nano", "2025-04-14", ["2025-04-14"], { input: "0.1", cached: "0.025", output: "0.4" }),
  openai("gpt-4.5-preview", "2025-02-27", ["2025-02-27"], { input: "75", cached: "37.5", output: "150" }),
  openai("gpt-5", "2025-08-07", ["2025-08-07"], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5-chat-latest", "2025-08-07", [], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5-mini", "2025-08-07", ["2025-08-07"], { input: "0.25", cached: "0.025", output: "2" }),
  openai("gpt-5-nano", "2025-08-07", ["2025-08-07"], { input: "0.05", cached: "0.005", output: "0.4" }),
  openai("gpt-5-pro", "2025-10-06", ["2025-10-06"], { input: "15", output: "120" }),
  openai("gpt-5.1", "2025-11-13", ["2025-11-13"], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5.2", "2025-12-11", ["2025-12-11"], { input: "1.75", cached: "0.175", output: "14" }),
  openai("gpt-5.2-pro", "2025-12-11", ["2025-12-11"], { input: "21", output: "168" }),
  openai("gpt-5-codex", "2025-09-23", [], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5.1-chat-latest", "2025-11-13", [], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5.1-codex", "2025-11-13", [], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5.1-codex-max", "2025-11-19", [], { input: "1.25", cached: "0.125", output: "10" }),
  openai("gpt-5.1-codex-mini", "2025-11-13", [], { input: "0.25", cached: "0.025", output: "2" }),
  openai("gpt-5.2-chat-latest", "2025-12-11", [], { input: "1.75", cached: "0.175", output: "14" }),
  openai("gpt-5.2-codex", null, [], { input: "1.75", cached: "0.175", output: "14" }),
  openai("gpt-5.3-codex", null, [], { input: "1.75", cached: "0.175", output: "14" }),
  openai(
    "gpt-5.4",
    "2026-03-05",
    ["2026-03-05"],
    { input: "2.5", cached: "0.25", output: "15" },
    { long: { above: longAbove, prices: { input: "5", cached: "0.5", output: "22.5" } } },
  ),
  openai("gpt-5.4-pro", "2026-03-05", ["2026-03-05"], { input: "30", output: "180" }),
  openai("gpt-5.4-mini", "2026-03-17", ["2026-03-17"], { input: "0.75", cached: "0.075", output: "4.5" }),
  openai("gpt-5.4-nano", "2026-03-17", ["2026-03-17"], { input: "0.2", cached: "0.02", output: "1.25" }),
  openai(
    "gpt-5.5",
    null,
    [],
    { input: "5", cached: "0.5", output: "30" },
    { long: { above: longAbove, prices: { input: "10", cached: "1", output: "45" } } },
  ),
  openai("gpt-5.5-pro", null, [], { input: "30", output: "180" }),
  openai(
    "gpt-5.6-sol",
    "2026-07-09",
    [],
    { input: "5", cached: "0.5", write: ["6.25", "6.25"], output: "30" },
    { long: { above: longAbove, prices: { input: "10", cached: "1", write: ["12.5", "12.5"], output: "45" } } },
  ),
  openai("gpt-5.6-sol", "2026-09-04", [], sol, {
    long: { above: longAbove, prices: { input: "8", cached: "0.8", write: ["10", "10"], output: "30" } },
  }),
  openai("gpt-5.6-terra", "2026-07-09", [], terra, {
    long: { above: longAbove, prices: { input: "4", cached: "0.4", write: ["5", "5"], output: "18" } },
  }),
  openai("gpt-5.6-luna", "2026-07-09", [], luna, {
    long: { above: longAbove, prices: { input: "0.4", cached: "0.04", write: ["0.5", "0.5"], output: "1.8" } },
  }),
  openai("gpt-6-astra", null, [], astra, {
    long: { above: longAbove, prices: { input: "20", cached: "2", write: ["25", "25"], output: "75" } },
  }),
  openai("o1", "2024-12-17", ["2024-12-17"], { input: "15", cached: "7.5", output: "60" }),
  openai("o1-pro", "2025-03-19", ["2025-03-19"], { input: "150", output: "600" }),
  openai("o1-mini", "2024-09-12", ["2024-09-12"], { input: "1.1", cached: "0.55", output: "4.4" }),
  openai("o3-deep-research", "2025-06-26", ["2025-06-26"], { input: "10", cached: "2.5", output: "40" }),
  openai("o4-mini-deep-research", "2025-06-26", ["2025-06-26"], { input: "2", cached: "0.5", output: "8" }),
  openai("o3", "2025-04-16", ["2025-04-16"], { input: "10", cached: "2.5", output: "40" }),
  openai("o3", "2025-06-10", ["2025-04-16"], { input: "2", cached: "0.5", output: "8" }),
  openai("o3-mini", "2025-01-31", ["2025-01-31"], { input: "1.1", cached: "0.55", output: "4.4" }),
  openai("o3-pro", "2025-06-10", ["2025-06-10"], { input: "20", output: "80" }),
  openai("o4-mini", "2025-04-16", ["2025-04-16"], { input: "1.1", cached: "0.275", output: "4.4" }),
  openai("gpt-4-turbo", "2024-04-09", ["2024-04-09"], { input: "10", output: "30" }, { tokenizer: "cl100k_base" }),
  openai("gpt-4", "2023-03-14", ["0613"], { input: "30", output: "60" }, { tokenizer: "cl100k_base" }),
  openai("gpt-3.5-turbo", "2024-02-16", ["0125"], { input: "0.5", output: "1.5" }, { tokenizer: "cl100k_base" }),
  openai("text-embedding-3-small", "2024-01-25", [], { input: "0.02" }, { tokenizer: "cl100k_base" }),
  openai("text-embedding-3-large", "2024-01-25", [], { input: "0.13" }, { tokenizer: "cl100k_base" }),
  openai("text-embedding-ada-002", "2023-06-13", [], { input: "0.1" }, { tokenizer: "cl100k_base" }),
];

const sonnet: Prices = { input: "3", cached: "0.3", write: ["3.75", "6"], output: "15" };
const opusFormer: Prices = { input: "15", cached: "1.5", write: ["18.75", "30"], output: "75" };
const opus: Prices = { input: "5", cached: "0.5", write: ["6.25", "10"], output: "25" };

/** https://platform.claude.com/docs/en/about-claude/pricing, read 2026-11. Sonnet 4 and 4.5 cost more above 200,000 tokens of prompt while that was in preview; that is not here. */
const anthropicModels: Model[] = [
  claude("3-haiku", "2024-03-13", ["20240307"], { input: "0.25", cached: "0.03", write: ["0.3", "0.5"], output: "1.25" }),
  claude("3-opus", "2024-03-04", ["20240229", "latest"], opusFormer),
  claude("3-5-sonnet", "2024-06-20", ["20240620", "20241022", "latest"], sonnet),
  claude("3-5-haiku", null, ["20241022", "latest"], { input: "0.8", cached: "0.08", write: ["1", "1.6"], output: "4" }),
  claude("3-7-sonnet", "2025-02-24", ["20250219", "latest"], sonnet),
  claude("sonnet-4", "2025-05-22", ["0", "20250514"], sonnet),
  claude("opus-4", "2025-05-22", ["0", "20250514"], opusFormer),
  claude("opus-4-1", "2025-08-05", ["20250805"], opusFormer),
  ...claudeByRegion("sonnet-4-5", "2025-09-29", ["20250929"], sonnet),
  ...claudeByRegion("haiku-4-5", "2025-10-15", ["20251001"], { input: "1", cached: "0.1", write: ["1.25", "2"], output: "5" }),
  ...claudeByRegion("opus-4-5", "2025-11-24", ["20251101"], opus),
  ...claudeByRegion("opus-4-6", null, [], opus),
  ...claudeByRegion("sonnet-4-6", null, [], sonnet),
  ...claudeByRegion("opus-4-7", null, [], opus),
  ...claudeByRegion("opus-4-8", null, [], opus),
  ...claudeByRegion("sonnet-5", null, [], { input: "2", cached: "0.2", write: ["2.5", "4"], output: "10" }),
  ...claudeByRegion("opus-5", null, [], opus),
  ...claudeByRegion("fable-5", null, [], { input: "10", cached: "1", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("mythos-5", null, [], { input: "10", cached: "1", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("fable-5-1", null, [], { input: "10", cached: "0.25", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("mythos-5-1", null, [], { input: "10", cached: "0.25", write: ["12.5", "20"], output: "50" }),
  ...claudeByRegion("sonnet-5-5", null, [], { input: "2", cached: "0.2", write: ["2.5", "4"], output: "10" }),
  ...claudeByRegion("sonnet-5-5", "2026-10-07", [], { input: "2", cached: "0.1", write: ["2.5", "4"], output: "10" }),
  ...claudeByRegion("opus-5-5", null, [], { input: "4", cached: "0.2", write: ["5", "8"], output: "20" }),
  ...claudeByRegion(
    "haiku-5-5",
    "2026-10-07",
    [],
    { input: "0.1", cached: "0.01", write: ["0.125", "0.2"], output: "0.5" },
    { above: 100_000, prices: { input: "0.5", cached: "0.05", write: ["0.625", "1"], output: "2.5" } },
  ),
];

/** https://ai.google.dev/gemini-api/docs/pricing, by tables read 2026-03 to 2026-11: text, image and video; audio costs more and has no price here. The introductory price of 3.6, 3.7 and 3.8 Flash ends with 2026. */
const geminiModels: Model[] = [
  gemini("2.0-flash", "2025-02-05", { input: "0.1", cached: "0.025", output: "0.4" }),
  gemini("2.5-flash", "2025-06-17", { input: "0.3", cached: "0.03", output: "2.5" }),
  gemini("2.5-flash-lite", "2025-07-22", { input: "0.1", cached: "0.01", output: "0.4" }),
  gemini(
    "2.5-pro",
    "2025-06-17",
    { input: "1.25", cached: "0.125", output: "10" },
    { above: 200_000, prices: { input: "2.5", cached: "0.25", output: "15" } },
  ),
  gemini(
    "3-pro-preview",
    "2025-11-18",
    { input: "2", cached: "0.2", output: "12" },
    { above: 200_000, prices: { input: "4", cached: "0.4", output: "18" } },
  ),
  gemini("3-flash-preview", "2025-12-17", { input: "0.5", cached: "0.05", output: "3" }),
  gemini("2.0-flash-lite", "2025-02-25", { input: "0.075", output: "0.3" }),
  gemini(
    "3.1-pro",
    null,
    { input: "2", cached: "0.2", output: "12" },
    { above: 200_000, prices: { input: "4", cached: "0.4", output: "18" } },
  ),
  gemini("3.1-flash-lite", null, { input: "0.25", cached: "0.025", output: "1.5" }),
  gemini("3.5-flash", null, { input: "1.5", cached: "0.15", output: "9" }),
  ...["3.6-flash", "3.7-flash", "3.8-flash"].flatMap((name) => [
    gemini(name, null, { input: "0.75", cached: "0.075", output: "3.75" }),
    gemini(name, "2027-01-01", { input: "1.5", cached: "0.15", output: "7.5" }),
  ]),
  gemini("embedding-001", "2025-07-14", { input: "0.15" }),
];

/** https://mistral.ai/pricing, by tables read 2025-07 to 2026-10. mistral-large-4-0 by its price while in preview. */
const mistralModels: Model[] = [
  mistral("mistral-large-2512", "2025-12-02", { input: "0.5", output: "1.5" }),
  mistral("mistral-large-4-0", null, { input: "0.68", cached: "0.07", output: "2.09" }),
  mistral("mistral-medium-3-5", "2026-04-28", { input: "1.5", output: "7.5" }),
  mistral("mistral-small-2506", "2025-06-20", { input: "0.1", output: "0.3" }),
  mistral("devstral-2512", null, { input: "0.4", output: "2" }),
  mistral("magistral-medium-2509", "2025-09-18", { input: "2", output: "5" }),
  mistral("mistral-embed", null, { input: "0.1" }),
  mistral("mistral-large-2411", "2024-11-18", { input: "2", output: "6" }),
  mistral("mistral-medium-2505", "2025-05-07", { input: "0.4", output: "2" }),
  mistral("mistral-medium-2508", "2025-08-12", { input: "0.4", output: "2" }),
  mistral("codestral-2508", "2025-07-30", { input: "0.3", output: "0.9" }),
];

/** https://groq.com/pricing, by tables read 2026. Names as Groq spells them, so that other hosts of Llama are not charged by its prices. */
const llamaModels: Model[] = [
  groq("llama-3.3-70b-versatile", { input: "0.59", output: "0.79" }),
  groq("llama-3.1-8b-instant", { input: "0.05", output: "0.08" }),
  groq("llama-4-scout-17b-16e-instruct", { input: "0.11", output: "0.34" }),
];

const nova = (name: string, since: string, prices: Prices): Model =>
  model({ name: `nova-${name}`, since, prefix: "((us|eu|apac)\\.)?(amazon\\.)?", prices });
const nova2Lite: Entry = { name: "nova-2-lite", since: "2025-12-02", prices: { input: "0.3", cached: "0.075", output: "2.5" } };

/** https://aws.amazon.com/bedrock/pricing/, by tables read 2026-04 to 2026-11: prices of the United States. Nova 2 costs a tenth more in the profiles of a geography. */
const amazonModels: Model[] = [
  nova("micro", "2024-12-03", { input: "0.035", cached: "0.00875", output: "0.14" }),
  nova("lite", "2024-12-03", { input: "0.06", cached: "0.015", output: "0.24" }),
  nova("pro", "2024-12-03", { input: "0.8", cached: "0.2", output: "3.2" }),
  nova("premier", "2025-04-30", { input: "2.5", cached: "0.625", output: "12.5" }),
  model({ ...nova2Lite, prefix: "((global\\.)?amazon\\.)?" }),
  onBedrock("amazon", nova2Lite),
];

const grok = (name: string, since: string | null, prices: Prices, more: Partial<Entry> = {}): Model =>
  model({ name: `grok-${name}`, since, prefix: "(xai/|x-ai/)?", prices, ...more });
const grokLong: LongPrompt = { above: 200_000, prices: { input: "4", cached: "1", output: "12" } };

/** https://docs.x.ai/developers/pricing, by tables read 2026-04 to 2026-11. */
const xaiModels: Model[] = [
  grok("3", "2025-04-09", { input: "3", cached: "0.75", output: "15" }),
  grok("3-mini", "2025-04-09", { input: "0.3", cached: "0.075", output: "0.5" }),
  grok(
    "4",
    "2025-07-09",
    { input: "3", cached: "0.75", output: "15" },
    { suffix: "(-0709)?", long: { above: 128_000, prices: { input: "6", cached: "0.75", output: "30" } } },
  ),
  grok("4-fast", "2025-09-19", { input: "0.2", cached: "0.05", output: "0.5" }, { suffix: "(-non-reasoning|-reasoning)?" }),
  grok("4-1-fast", "2025-11-19", { input: "0.2", cached: "0.05", output: "0.5" }, { suffix: "(-non-reasoning|-reasoning)?" }),
  grok("code-fast-1", "2025-08-28", { input: "0.2", cached: "0.02", output: "1.5" }),
  grok("4.5", "2026-07-08", { input: "2", cached: "0.5", output: "6" }, { long: grokLong }),
  grok("4.6", null, { input: "2", cached: "0.5", output: "6" }, { long: grokLong }),
  grok("4.7", null, { input: "2", cached: "0.5", output: "6" }, { long: grokLong }),
];

const cohere = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(cohere/)?(cohere\\.)?", prices });

/** https://cohere.com/pricing, https://docs.voyageai.com/docs/pricing and https://platform.moonshot.ai/docs/pricing, by tables read 2026. */
const otherModels: Model[] = [
  cohere("command-a-03-2025", { input: "2.5", output: "10" }),
  cohere("command-r-plus-08-2024", { input: "2.5", output: "10" }),
  cohere("command-r-08-2024", { input: "0.15", output: "0.6" }),
  cohere("command-r7b-12-2024", { input: "0.0375", output: "0.15" }),
  cohere("embed-v4.0", { input: "0.12" }),
  model({ name: "voyage-3-large", since: null, prices: { input: "0.18" } }),
  model({ name: "voyage-3.5", since: null, prices: { input: "0.06" } }),
  model({ name: "voyage-3.5-lite", since: null, prices: { input: "0.02" } }),
  model({ name: "kimi-k2.7-code", since: null, prefix: "(moonshotai/)?", prices: { input: "0.95", cached: "0.19", output: "4" } }),
  model({ name: "kimi-k3", since: null, prefix: "(moonshotai/)?", prices: { input: "3", cached: "0.3", output: "15" } }),
];

/** From this day on the price is another one that is not known for certain: calls match the model and have no cost. */
const ended = (known: Model, since: string): Model => ({ ...known, id: `${known.id}_until_${since}`, startDate: since, pricingTiers: [] });

const deepseekV3 = deepseek("deepseek-chat", "2025-02-08", { input: "0.27", cached: "0.07", output: "1.1" });
const deepseekR1 = deepseek("deepseek-reasoner", "2025-02-08", { input: "0.55", cached: "0.14", output: "2.19" });
const deepseekChat = deepseek("deepseek-chat", "2025-09-29", { input: "0.28", cached: "0.028", output: "0.42" });
const deepseekV4Flash = deepseek("deepseek-v4-flash", "2026-04-24", { input: "0.14", cached: "0.0028", output: "0.28" });
const deepseekV4Pro = deepseek("deepseek-v4-pro", "2026-04-24", { input: "0.435", cached: "0.003625", output: "0.87" });
const deepseekReasoner = deepseek("deepseek-reasoner", "2025-09-29", { input: "0.28", cached: "0.028", output: "0.42" });

/** https://api-docs.deepseek.com/quick_start/pricing-details-usd and tables of 2025-12, read 2026-11; without the rebate by hour. From August 2026 on the price depends on the hour of day, which is not expressible here. */
const deepseekModels: Model[] = [
  deepseekV3,
  deepseekR1,
  ended(deepseekV3, "2025-09-05"),
  ended(deepseekR1, "2025-09-05"),
  deepseekChat,
  deepseekReasoner,
  ended(deepseekChat, "2026-04-23"),
  ended(deepseekReasoner, "2026-04-23"),
  deepseekV4Flash,
  deepseekV4Pro,
  ended(deepseekV4Flash, "2026-08-06"),
  ended(deepseekV4Pro, "2026-08-06"),
];

export const defaultModels: readonly Model[] = [
  ...openaiModels,
  ...anthropicModels,
  ...geminiModels,
  ...mistralModels,
  ...llamaModels,
  ...amazonModels,
  ...xaiModels,
  ...otherModels,
  ...deepseekModels,
];
