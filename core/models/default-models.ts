/**
 * What common models cost, in USD for a token, as long as a project has no model of its own for the name. List prices of the makers for standard calls:
 * no batch, priority or regional rates, and no surcharge for long prompts unless the entry has a tier for it. Read from the makers' price pages, and from tables that
 * cite them, on the dates given below; nobody has checked them against invoices. A project whose contract differs makes a model of its own (docs/models.md).
 * Names are the makers' own, with or without their prefix; `-latest` names that have moved between prices are left out.
 * Only the tokenizers OpenAI has published are named. A start date is the day the price came into force.
 */
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
};

/** Every name SDKs give the same kind of token; reasoning is charged as output by all of these makers. */
const kinds = {
  input: ["input", "input_tokens", "prompt_tokens", "input_text_tokens", "prompt_token_count", "promptTokenCount"],
  output: [
    "output",
    "output_tokens",
    "completion_tokens",
    "output_text_tokens",
    "output_reasoning",
    "output_reasoning_tokens",
    "output_accepted_prediction_tokens",
    "output_rejected_prediction_tokens",
    "candidates_token_count",
    "candidatesTokenCount",
    "thoughts_token_count",
    "thoughtsTokenCount",
  ],
  cached: ["input_cached_tokens", "input_cache_read", "cache_read_input_tokens", "cached_content_token_count"],
  writeShort: ["input_cache_creation", "input_cache_creation_5m", "cache_creation_input_tokens"],
  writeLong: ["input_cache_creation_1h"],
} as const;

const priced = (names: readonly string[], usd: string | undefined): Record<string, string> =>
  usd === undefined ? {} : Object.fromEntries(names.map((name) => [name, perMillion(usd)]));

/** What only reads text is charged by its total where no input is told. */
const pricesOf = ({ input, output, cached, write }: Prices): Record<string, string> => ({
  ...priced(kinds.input, input),
  ...priced(kinds.output, output),
  ...priced(kinds.cached, cached ?? input),
  ...priced(kinds.writeShort, write?.[0]),
  ...priced(kinds.writeLong, write?.[1]),
  ...(output === undefined ? priced(["total"], input) : {}),
});

const escapePattern = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

const tiersOf = (id: string, { prices, long }: Entry): PricingTier[] => [
  { id: `${id}_standard`, name: "Standard", isDefault: true, priority: 0, conditions: [], prices: pricesOf(prices) },
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
              pattern: "^(input|prompt|cache)",
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
    modelName: name,
    matchPattern: `(?i)^${prefix}${escapePattern(name)}${suffix}$`,
    startDate: since,
    tokenizer,
    pricingTiers: tiersOf(id, entry),
  };
};

const dated = (...dates: string[]): string => (dates.length === 0 ? "" : `(-(${dates.join("|")}))?`);

const openai = (name: string, since: string, dates: string[], prices: Prices, more: Partial<Entry> = {}): Model =>
  model({ name, since, suffix: dated(...dates), prefix: "(openai/)?", tokenizer: "o200k_base", prices, ...more });

/** The maker's name, the one of Vertex (`@date`) and the unregional ones of Bedrock; regional endpoints may cost more. */
const claude = (name: string, since: string | null, dates: string[], prices: Prices): Model =>
  model({
    name: `claude-${name}`,
    since,
    prefix: "(anthropic/)?((global\\.)?anthropic\\.)?",
    suffix: `${dates.length === 0 ? "" : `([-@](${dates.join("|")}))?`}(-v\\d+(:\\d+)?)?`,
    prices,
  });

const gemini = (name: string, since: string, prices: Prices, long?: LongPrompt): Model =>
  model({
    name: `gemini-${name}`,
    since,
    prefix: "(google/|googleai/|models/)?",
    suffix: "(-\\d{3})?",
    prices,
    ...(long !== undefined && { long }),
  });

const mistral = (name: string, since: string | null, prices: Prices): Model =>
  model({ name, since, prefix: "(mistral/|mistralai/)?", prices });

const groq = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(groq/)?(meta-llama/)?", prices });

const deepseek = (name: string, since: string, prices: Prices): Model => model({ name, since, prefix: "(deepseek/)?", prices });

/** https://developers.openai.com/api/docs/pricing, by tables read 2026-06 to 2026-11. gpt-5.4 costs more above 270,000 tokens of prompt; that surcharge is not here. */
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
  openai("gpt-5.4", "2026-03-05", ["2026-03-05"], { input: "2.5", cached: "0.25", output: "15" }),
  openai("gpt-5.4-mini", "2026-03-17", ["2026-03-17"], { input: "0.75", cached: "0.075", output: "4.5" }),
  openai("gpt-5.4-nano", "2026-03-17", ["2026-03-17"], { input: "0.2", cached: "0.02", output: "1.25" }),
  openai("o1", "2024-12-17", ["2024-12-17"], { input: "15", cached: "7.5", output: "60" }),
  openai("o1-pro", "2025-03-19", ["2025-03-19"], { input: "150", output: "600" }),
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
  claude("sonnet-4-5", "2025-09-29", ["20250929"], sonnet),
  claude("haiku-4-5", "2025-10-15", ["20251001"], { input: "1", cached: "0.1", write: ["1.25", "2"], output: "5" }),
  claude("opus-4-5", "2025-11-24", ["20251101"], opus),
  claude("opus-4-6", null, [], opus),
  claude("sonnet-4-6", null, [], sonnet),
  claude("opus-4-7", null, [], opus),
  claude("opus-4-8", null, [], opus),
  claude("sonnet-5", null, [], { input: "2", cached: "0.2", write: ["2.5", "4"], output: "10" }),
  claude("opus-5", null, [], opus),
  claude("fable-5", null, [], { input: "10", cached: "1", write: ["12.5", "20"], output: "50" }),
];

/** https://ai.google.dev/gemini-api/docs/pricing, by tables read 2026-03 to 2026-06: text, image and video; audio costs more and has no price here. */
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
];

/** https://mistral.ai/pricing, by tables read 2025-07 to 2026-09. */
const mistralModels: Model[] = [
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

/** From this day on the price is another one that is not known for certain: calls match the model and have no cost. */
const ended = (known: Model, since: string): Model => ({ ...known, id: `${known.id}_until_${since}`, startDate: since, pricingTiers: [] });

const deepseekV3 = deepseek("deepseek-chat", "2025-02-08", { input: "0.27", cached: "0.07", output: "1.1" });
const deepseekR1 = deepseek("deepseek-reasoner", "2025-02-08", { input: "0.55", cached: "0.14", output: "2.19" });
const deepseekChat = deepseek("deepseek-chat", "2025-09-29", { input: "0.28", cached: "0.028", output: "0.42" });
const deepseekReasoner = deepseek("deepseek-reasoner", "2025-09-29", { input: "0.28", cached: "0.028", output: "0.42" });

/** https://api-docs.deepseek.com/quick_start/pricing-details-usd and tables of 2025-12, read 2026-11; without the rebate by hour. Later models cost by hour of day, which is not expressible here. */
const deepseekModels: Model[] = [
  deepseekV3,
  deepseekR1,
  ended(deepseekV3, "2025-09-05"),
  ended(deepseekR1, "2025-09-05"),
  deepseekChat,
  deepseekReasoner,
  ended(deepseekChat, "2026-04-23"),
  ended(deepseekReasoner, "2026-04-23"),
];

export const defaultModels: readonly Model[] = [
  ...openaiModels,
  ...anthropicModels,
  ...geminiModels,
  ...mistralModels,
  ...llamaModels,
  ...deepseekModels,
];
