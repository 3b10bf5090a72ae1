/** Default models: list prices of OpenAI. */
import type { Model } from "../model.ts";
import { type Entry, model, onBedrock, type Prices } from "./price-entry.ts";

const dated = (...dates: string[]): string => (dates.length === 0 ? "" : `(-(${dates.join("|")}))?`);

const openaiEntry = (name: string, since: string | null, dates: string[], prices: Prices, more: Partial<Entry> = {}): Entry => ({
  ...{ name, since, suffix: dated(...dates), prefix: "(openai/)?", tokenizer: "o200k_base", prices },
  ...more,
});
const openai = (...entry: Parameters<typeof openaiEntry>): Model => model(openaiEntry(...entry));

/** Bedrock sells these too, and charges a tenth more within a geography. */
const openaiByRegion = (...entry: Parameters<typeof openaiEntry>): Model[] => [
  openai(...entry),
  onBedrock("openai", openaiEntry(...entry)),
];

/** From gpt-5.6 on, cache writes cost a quarter more, for any lifetime. */
const astra = { input: "10", cached: "1", write: ["12.5", "12.5"], output: "50" } as const satisfies Prices;
const sol = { input: "4", cached: "0.4", write: ["5", "5"], output: "20" } as const satisfies Prices;
const terra = { input: "2", cached: "0.2", write: ["2.5", "2.5"], output: "12" } as const satisfies Prices;
const luna = { input: "0.2", cached: "0.02", write: ["0.25", "0.25"], output: "1.2" } as const satisfies Prices;
/** Above this, the whole prompt costs twice as much and the output half as much again: gpt-5.4, 5.5, 5.6 and 6. */
const longAbove = 272_000;
const long = (prices: Prices): Partial<Entry> => ({ long: { above: longAbove, prices } });
/** Flex costs half (https://developers.openai.com/api/docs/guides/flex-processing), read 2026-11. */
const flex = { hasFlex: true } as const;
/** From gpt-5.6 on, flex costs half and fast, which is also named priority, twice as much: https://developers.openai.com/api/docs/models. */
const tiers = { hasFlex: true, hasFast: true } as const;
/** https://openai.com/api-priority-processing/, read 2026-11. */
const priority = (input: string, cached: string, output: string): Partial<Entry> => ({ priority: { input, cached, output } });

const gpt5 = { input: "1.25", cached: "0.125", output: "10" } as const satisfies Prices;
const gpt5Tiers = { ...flex, ...priority("2.5", "0.25", "20") };
const gpt52 = { input: "1.75", cached: "0.175", output: "14" } as const satisfies Prices;
const gpt52Tiers = { ...flex, ...priority("3.5", "0.35", "28") };
const audio4o = { input: "2.5", output: "10", audioInput: "40", audioOutput: "80" } as const satisfies Prices;
const realtime4o = { input: "5", cached: "2.5", output: "20", audioInput: "40", audioOutput: "80" } as const satisfies Prices;
/** https://developers.openai.com/api/docs/pricing, fine-tuning. A name ends with what the owner called it: `ft:gpt-4o-2024-08-06:acme::abc`. */
const fineTuned = (base: string, prices: Prices): Model => openai(`ft:${base}`, null, [], prices, { suffix: "(:.+)?" });
/** Models of sound and images: their input or output, often base64 text, is not what the tokenizer of texts would count. */
const media = (name: string, since: string | null, dates: string[], prices: Prices): Model =>
  openai(name, since, dates, prices, { tokenizer: null });
const cl100k = { tokenizer: "cl100k_base" } as const;

/**
 * https://developers.openai.com/api/docs/pricing, from tables read 2026-06 to 2026-11, compared with the tables of Langfuse and of
 * pydantic/genai-prices 0.1.8, read 2026-11. Cached sound has the price of cached text.
 */
export const openaiModels: Model[] = [
  openai("gpt-4o", "2024-05-13", [], { input: "5", output: "15" }),
  openai("gpt-4o", "2024-10-02", [], { input: "2.5", cached: "1.25", output: "10" }, priority("4.25", "2.125", "17")),
  openai("gpt-4o-2024-05-13", "2024-05-13", [], { input: "5", output: "15" }),
  openai("gpt-4o-2024-08-06", "2024-08-06", [], { input: "2.5", cached: "1.25", output: "10" }, priority("4.25", "2.125", "17")),
  openai("gpt-4o-2024-11-20", "2024-11-20", [], { input: "2.5", cached: "1.25", output: "10" }, priority("4.25", "2.125", "17")),
  openai("chatgpt-4o-latest", "2024-08-15", [], { input: "5", output: "15" }),
  openai("gpt-4o-mini", "2024-07-18", ["2024-07-18"], { input: "0.15", cached: "0.075", output: "0.6" }, priority("0.25", "0.125", "1")),
  openai("gpt-4o-search-preview", "2025-03-11", ["2025-03-11"], { input: "2.5", output: "10" }),
  openai("gpt-4o-mini-search-preview", "2025-03-11", ["2025-03-11"], { input: "0.15", output: "0.6" }),
  media("gpt-4o-audio-preview", "2024-10-01", [], { ...audio4o, audioInput: "100", audioOutput: "200" }),
  media("gpt-4o-audio-preview-2024-10-01", "2024-10-01", [], { ...audio4o, audioInput: "100", audioOutput: "200" }),
  media("gpt-4o-audio-preview", "2024-12-17", ["2024-12-17", "2025-06-03"], audio4o),
  media("gpt-4o-mini-audio-preview", "2024-12-17", ["2024-12-17"], { input: "0.15", output: "0.6", audioInput: "10", audioOutput: "20" }),
  media("gpt-4o-realtime-preview", "2024-10-01", [], { ...realtime4o, audioInput: "100", audioOutput: "200" }),
  media("gpt-4o-realtime-preview-2024-10-01", "2024-10-01", [], { ...realtime4o, audioInput: "100", audioOutput: "200" }),
  media("gpt-4o-realtime-preview", "2024-12-17", ["2024-12-17", "2025-06-03"], realtime4o),
  media("gpt-4o-mini-realtime-preview", "2024-12-17", ["2024-12-17"], {
    ...{ input: "0.6", cached: "0.3", output: "2.4", audioInput: "10", audioOutput: "20" },
  }),
  media("gpt-4o-transcribe", "2025-03-20", [], { input: "2.5", output: "10", audioInput: "6" }),
  media("gpt-4o-mini-transcribe", "2025-03-20", [], { input: "1.25", output: "5", audioInput: "3" }),
  media("gpt-4o-mini-tts", "2025-03-20", [], { input: "0.6", output: "12" }),
  media("gpt-audio", "2025-08-28", ["2025-08-28"], { input: "2.5", output: "10", audioInput: "32", audioOutput: "64" }),
  media("gpt-audio-1.5", null, [], { input: "2.5", output: "10", audioInput: "32", audioOutput: "64" }),
  media("gpt-audio-mini", "2025-10-06", ["2025-10-06", "2025-12-15"], {
    ...{ input: "0.6", output: "2.4", audioInput: "10", audioOutput: "20" },
  }),
  ...["gpt-realtime", "gpt-realtime-1.5"].map((name) =>
    media(name, "2025-08-28", ["2025-08-28"], {
      ...{ input: "4", cached: "0.4", output: "16", audioInput: "32", audioOutput: "64", imageInput: "5" },
    }),
  ),
  media("gpt-realtime-2", null, [], {
    ...{ input: "4", cached: "0.4", output: "24", audioInput: "32", audioOutput: "64", imageInput: "5" },
  }),
  media("gpt-realtime-mini", "2025-10-06", ["2025-10-06", "2025-12-15"], {
    ...{ input: "0.6", cached: "0.06", output: "2.4", audioInput: "10", audioOutput: "20", imageInput: "0.8" },
  }),
  media("gpt-image-1", "2025-04-23", [], { input: "5", cached: "1.25", output: "40", imageInput: "10" }),
  media("gpt-image-1-mini", "2025-10-06", [], { input: "2", cached: "0.2", output: "8", imageInput: "2.5" }),
  media("gpt-image-1.5", "2025-12-16", ["2025-12-16"], { input: "5", cached: "1.25", output: "10", imageInput: "8", imageOutput: "32" }),
  media("gpt-image-2", "2026-04-21", ["2026-04-21"], { input: "5", cached: "1.25", output: "30", imageInput: "8" }),
  openai("gpt-4.1", "2025-04-14", ["2025-04-14"], { input: "2", cached: "0.5", output: "8" }, priority("3.5", "0.875", "14")),
  openai("gpt-4.1-mini", "2025-04-14", ["2025-04-14"], { input: "0.4", cached: "0.1", output: "1.6" }, priority("0.7", "0.175", "2.8")),
  openai("gpt-4.1-nano", "2025-04-14", ["2025-04-14"], { input: "0.1", cached: "0.025", output: "0.4" }, priority("0.2", "0.05", "0.8")),
  openai("gpt-4.5-preview", "2025-02-27", ["2025-02-27"], { input: "75", cached: "37.5", output: "150" }),
  openai("gpt-5", "2025-08-07", ["2025-08-07"], gpt5, gpt5Tiers),
  openai("gpt-5-chat-latest", "2025-08-07", [], gpt5),
  openai(
    "gpt-5-mini",
    "2025-08-07",
    ["2025-08-07"],
    { input: "0.25", cached: "0.025", output: "2" },
    { ...flex, ...priority("0.45", "0.045", "3.6") },
  ),
  openai("gpt-5-nano", "2025-08-07", ["2025-08-07"], { input: "0.05", cached: "0.005", output: "0.4" }, flex),
  openai("gpt-5-pro", "2025-10-06", ["2025-10-06"], { input: "15", output: "120" }),
  openai("gpt-5.1", "2025-11-13", ["2025-11-13"], gpt5, gpt5Tiers),
  openai("gpt-5.2", "2025-12-11", ["2025-12-11"], gpt52, gpt52Tiers),
  openai("gpt-5.2-pro", "2025-12-11", ["2025-12-11"], { input: "21", output: "168" }),
  openai("gpt-5-codex", "2025-09-23", [], gpt5, priority("2.5", "0.25", "20")),
  openai("gpt-5.1-chat-latest", "2025-11-13", [], gpt5),
  openai("gpt-5.1-codex", "2025-11-13", [], gpt5, priority("2.5", "0.25", "20")),
  openai("gpt-5.1-codex-max", "2025-11-19", [], gpt5, priority("2.5", "0.25", "20")),
  openai("gpt-5.1-codex-mini", "2025-11-13", [], { input: "0.25", cached: "0.025", output: "2" }),
  openai("codex-mini-latest", "2025-05-16", [], { input: "1.5", cached: "0.375", output: "6" }),
  openai("gpt-5.2-chat-latest", "2025-12-11", [], gpt52),
  openai("gpt-5.2-codex", null, [], gpt52, priority("3.5", "0.35", "28")),
  openai("gpt-5.3-chat-latest", null, [], gpt52),
  openai("gpt-5.3-codex", null, [], gpt52, priority("3.5", "0.35", "28")),
  openai(
    "gpt-5.4",
    "2026-03-05",
    ["2026-03-05"],
    { input: "2.5", cached: "0.25", output: "15" },
    { ...flex, ...priority("5", "0.5", "30"), ...long({ input: "5", cached: "0.5", output: "22.5" }) },
  ),
  openai("gpt-5.4-pro", "2026-03-05", ["2026-03-05"], { input: "30", output: "180" }, { ...flex, ...long({ input: "60", output: "270" }) }),
  openai(
    "gpt-5.4-mini",
    "2026-03-17",
    ["2026-03-17"],
    { input: "0.75", cached: "0.075", output: "4.5" },
    { ...flex, ...priority("1.5", "0.15", "9") },
  ),
  openai("gpt-5.4-nano", "2026-03-17", ["2026-03-17"], { input: "0.2", cached: "0.02", output: "1.25" }, flex),
  openai(
    "gpt-5.5",
    null,
    [],
    { input: "5", cached: "0.5", output: "30" },
    { ...flex, ...priority("12.5", "1.25", "75"), ...long({ input: "10", cached: "1", output: "45" }) },
  ),
  openai("gpt-5.5-pro", null, [], { input: "30", output: "180" }, { ...flex, ...long({ input: "60", output: "270" }) }),
  ...["gpt-5.6-sol", "gpt-5.6"].flatMap((name) => [
    ...openaiByRegion(
      name,
      "2026-07-09",
      [],
      { input: "5", cached: "0.5", write: ["6.25", "6.25"], output: "30" },
      { ...tiers, ...long({ input: "10", cached: "1", write: ["12.5", "12.5"], output: "45" }) },
    ),
    ...openaiByRegion(name, "2026-08-21", [], sol, { ...tiers, ...long({ input: "8", cached: "0.8", write: ["10", "10"], output: "30" }) }),
  ]),
  ...openaiByRegion(
    "gpt-5.6-terra",
    "2026-07-09",
    [],
    { input: "2.5", cached: "0.25", write: ["3.125", "3.125"], output: "15" },
    { ...tiers, ...long({ input: "5", cached: "0.5", write: ["6.25", "6.25"], output: "22.5" }) },
  ),
  ...openaiByRegion("gpt-5.6-terra", "2026-07-30", [], terra, {
    ...tiers,
    ...long({ input: "4", cached: "0.4", write: ["5", "5"], output: "18" }),
  }),
  ...openaiByRegion(
    "gpt-5.6-luna",
    "2026-07-09",
    [],
    { input: "1", cached: "0.1", write: ["1.25", "1.25"], output: "6" },
    { ...tiers, ...long({ input: "2", cached: "0.2", write: ["2.5", "2.5"], output: "9" }) },
  ),
  ...openaiByRegion("gpt-5.6-luna", "2026-07-30", [], luna, {
    ...tiers,
    ...long({ input: "0.4", cached: "0.04", write: ["0.5", "0.5"], output: "1.8" }),
  }),
  openai("gpt-6-astra", null, [], astra, { ...tiers, ...long({ input: "20", cached: "2", write: ["25", "25"], output: "75" }) }),
  openai(
    "gpt-6-sol",
    null,
    [],
    { input: "2", cached: "0.2", write: ["2.5", "2.5"], output: "10" },
    { ...tiers, ...long({ input: "4", cached: "0.4", write: ["5", "5"], output: "15" }) },
  ),
  openai(
    "gpt-6-luna",
    null,
    [],
    { input: "0.1", cached: "0.01", write: ["0.125", "0.125"], output: "0.5" },
    { ...tiers, ...long({ input: "0.2", cached: "0.02", write: ["0.25", "0.25"], output: "0.75" }) },
  ),
  ...["gpt-6.1-sol", "gpt-6.2-sol"].map((name) =>
    openai(
      name,
      null,
      [],
      { input: "2", cached: "0.1", write: ["2.5", "5"], output: "10" },
      { ...tiers, ...long({ input: "4", cached: "0.2", write: ["5", "10"], output: "15" }) },
    ),
  ),
  openai("o1", "2024-12-17", ["2024-12-17"], { input: "15", cached: "7.5", output: "60" }),
  openai("o1-preview", "2024-09-12", ["2024-09-12"], { input: "15", cached: "7.5", output: "60" }),
  openai("o1-pro", "2025-03-19", ["2025-03-19"], { input: "150", output: "600" }),
  openai("o1-mini", "2024-09-12", ["2024-09-12"], { input: "1.1", cached: "0.55", output: "4.4" }),
  openai("o3-deep-research", "2025-06-26", ["2025-06-26"], { input: "10", cached: "2.5", output: "40" }),
  openai("o4-mini-deep-research", "2025-06-26", ["2025-06-26"], { input: "2", cached: "0.5", output: "8" }),
  openai("o3", "2025-04-16", ["2025-04-16"], { input: "10", cached: "2.5", output: "40" }, flex),
  openai("o3", "2025-06-10", ["2025-04-16"], { input: "2", cached: "0.5", output: "8" }, { ...flex, ...priority("3.5", "0.875", "14") }),
  ...["o3-mini", "o3-mini-high"].map((name) => openai(name, "2025-01-31", ["2025-01-31"], { input: "1.1", cached: "0.55", output: "4.4" })),
  openai("o3-pro", "2025-06-10", ["2025-06-10"], { input: "20", output: "80" }),
  ...["o4-mini", "o4-mini-high"].map((name) =>
    openai(name, "2025-04-16", ["2025-04-16"], { input: "1.1", cached: "0.275", output: "4.4" }, { ...flex, ...priority("2", "0.5", "8") }),
  ),
  openai("computer-use-preview", "2025-03-11", ["2025-03-11"], { input: "3", output: "12" }),
  openai("gpt-4-turbo", "2024-04-09", ["2024-04-09"], { input: "10", output: "30" }, cl100k),
  openai("gpt-4-turbo-preview", null, [], { input: "10", output: "30" }, cl100k),
  openai("gpt-4-0125-preview", null, [], { input: "10", output: "30" }, cl100k),
  openai("gpt-4-1106-preview", null, [], { input: "10", output: "30" }, cl100k),
  openai("gpt-4-vision-preview", null, [], { input: "10", output: "30" }),
  openai("gpt-4-1106-vision-preview", null, [], { input: "10", output: "30" }),
  openai("gpt-4", "2023-03-14", ["0314", "0613"], { input: "30", output: "60" }, cl100k),
  openai("gpt-4-32k", "2023-03-14", ["0314", "0613"], { input: "60", output: "120" }, cl100k),
  openai("gpt-3.5-turbo", "2024-02-16", ["0125"], { input: "0.5", output: "1.5" }, cl100k),
  openai("gpt-3.5-turbo-1106", null, [], { input: "1", output: "2" }, cl100k),
  openai("gpt-3.5-turbo-0613", null, [], { input: "1.5", output: "2" }, cl100k),
  openai("gpt-3.5-turbo-16k", null, ["0613"], { input: "3", output: "4" }, cl100k),
  openai("gpt-3.5-turbo-instruct", null, ["0914"], { input: "1.5", output: "2" }, cl100k),
  fineTuned("gpt-4.1-2025-04-14", { input: "3", cached: "0.75", output: "12" }),
  fineTuned("gpt-4.1-mini-2025-04-14", { input: "0.8", cached: "0.2", output: "3.2" }),
  fineTuned("gpt-4.1-nano-2025-04-14", { input: "0.2", cached: "0.05", output: "0.8" }),
  fineTuned("gpt-4o-2024-08-06", { input: "3.75", cached: "1.875", output: "15" }),
  fineTuned("gpt-4o-mini-2024-07-18", { input: "0.3", cached: "0.15", output: "1.2" }),
  ...["gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-3.5-turbo-1106"].map((base) => fineTuned(base, { input: "3", output: "6" })),
  fineTuned("davinci-002", { input: "12", output: "12" }),
  fineTuned("babbage-002", { input: "1.6", output: "1.6" }),
  openai("davinci-002", null, [], { input: "2", output: "2" }),
  openai("babbage-002", null, [], { input: "0.4", output: "0.4" }),
  openai("text-embedding-3-small", "2024-01-25", [], { input: "0.02" }, cl100k),
  openai("text-embedding-3-large", "2024-01-25", [], { input: "0.13" }, cl100k),
  openai("text-embedding-ada-002", "2023-06-13", ["v2"], { input: "0.1" }, cl100k),
];
