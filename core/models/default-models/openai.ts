/** Default models: list prices of OpenAI. */
import type { Model } from "../model.ts";
import { type Entry, model, type Prices } from "./price-entry.ts";

const dated = (...dates: string[]): string => (dates.length === 0 ? "" : `(-(${dates.join("|")}))?`);

const openai = (name: string, since: string | null, dates: string[], prices: Prices, more: Partial<Entry> = {}): Model =>
  model({ name, since, suffix: dated(...dates), prefix: "(openai/)?", tokenizer: "o200k_base", prices, ...more });

/** From gpt-5.6 on, cache writes cost a quarter more, for any lifetime. */
const astra = { input: "10", cached: "1", write: ["12.5", "12.5"], output: "50" } as const satisfies Prices;
const sol = { input: "4", cached: "0.4", write: ["5", "5"], output: "20" } as const satisfies Prices;
const terra = { input: "2", cached: "0.2", write: ["2.5", "2.5"], output: "12" } as const satisfies Prices;
const luna = { input: "0.2", cached: "0.02", write: ["0.25", "0.25"], output: "1.2" } as const satisfies Prices;
/** Above this, the whole prompt costs twice as much and the output half as much again: gpt-5.4, 5.5, 5.6 and 6. */
const longAbove = 272_000;

/**
 * https://developers.openai.com/api/docs/pricing, from tables read 2026-06 to 2026-11. gpt-5.6-sol was cheaper from 2026-09-04 at the
 * latest; Luna and Terra have their price of 2026-11 for all dates.
 */
export const openaiModels: Model[] = [
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
