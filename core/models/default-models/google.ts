/** Default models: list prices of Google. */
import type { Model } from "../model.ts";
import { type LongPrompt, model, type Prices } from "./price-entry.ts";

/** `dates`: of dated previews that have this price. */
const gemini = (name: string, since: string | null, prices: Prices, long?: LongPrompt, dates: string[] = []): Model =>
  model({
    name: `gemini-${name}`,
    since,
    prefix: "(google/|googleai/|models/)?",
    suffix: name.endsWith("-preview") ? "" : `(-\\d{3}|-preview${dates.map((date) => `|-${date}`).join("")})?`,
    prices,
    ...(long !== undefined && { long }),
  });

const above128k = (prices: Prices): LongPrompt => ({ above: 128_000, prices });
const above200k = (prices: Prices): LongPrompt => ({ above: 200_000, prices });
const pro25 = { input: "1.25", cached: "0.125", output: "10" } as const satisfies Prices;
const pro25Long = above200k({ input: "2.5", cached: "0.25", output: "15" });
const pro3 = { input: "2", cached: "0.2", output: "12" } as const satisfies Prices;
const pro3Long = above200k({ input: "4", cached: "0.4", output: "18" });

/**
 * https://ai.google.dev/gemini-api/docs/pricing, from tables read 2026-03 to 2026-11, compared with pydantic/genai-prices 0.1.8. Cached
 * sound has the price of cached text. The introductory price of 3.6, 3.7 and 3.8 Flash ends with 2026.
 */
export const geminiModels: Model[] = [
  gemini(
    "1.5-pro",
    "2024-10-01",
    { input: "1.25", cached: "0.3125", output: "5" },
    above128k({ input: "2.5", cached: "0.625", output: "10" }),
    ["latest"],
  ),
  gemini(
    "1.5-flash",
    "2024-08-12",
    { input: "0.075", cached: "0.01875", output: "0.3" },
    above128k({ input: "0.15", cached: "0.0375", output: "0.6" }),
    ["latest"],
  ),
  gemini(
    "1.5-flash-8b",
    "2024-10-03",
    { input: "0.0375", cached: "0.01", output: "0.15" },
    above128k({ input: "0.075", cached: "0.02", output: "0.3" }),
    ["latest"],
  ),
  gemini("2.0-flash", "2025-02-05", { input: "0.1", cached: "0.025", output: "0.4", audioInput: "0.7" }),
  gemini("2.0-flash-lite", "2025-02-25", { input: "0.075", output: "0.3" }),
  gemini("2.0-flash-lite-preview-02-05", "2025-02-05", { input: "0.075", output: "0.3" }),
  gemini("2.5-flash", "2025-06-17", { input: "0.3", cached: "0.03", output: "2.5", audioInput: "1" }),
  gemini("2.5-flash-image", "2025-10-02", { input: "0.3", output: "2.5", imageOutput: "30" }),
  gemini("2.5-flash-preview-tts", null, { input: "0.5", output: "10" }),
  gemini("2.5-pro-preview-tts", null, { input: "1", output: "20" }),
  gemini("live-2.5-flash", null, { input: "0.5", output: "2", audioInput: "3", audioOutput: "12", imageInput: "3" }),
  gemini("2.5-flash-lite", "2025-07-22", { input: "0.1", cached: "0.01", output: "0.4", audioInput: "0.3" }),
  gemini("2.5-flash-lite-preview-06-17", "2025-06-17", { input: "0.1", cached: "0.025", output: "0.4", audioInput: "0.5" }),
  gemini("2.5-pro", "2025-06-17", pro25, pro25Long),
  ...["03-25", "05-06", "06-05"].map((date) => gemini(`2.5-pro-preview-${date}`, null, pro25, pro25Long)),
  gemini("3-pro-preview", "2025-11-18", pro3, pro3Long),
  gemini("3-pro-image", "2025-11-20", { input: "2", output: "12", imageOutput: "120" }),
  gemini("3-flash-preview", "2025-12-17", { input: "0.5", cached: "0.05", output: "3", audioInput: "1" }),
  gemini("3.1-pro", null, pro3, pro3Long, ["preview-customtools"]),
  gemini("3.1-flash-image", null, { input: "0.5", output: "3", imageOutput: "60" }),
  gemini("3.1-flash-lite", null, { input: "0.25", cached: "0.025", output: "1.5", audioInput: "0.5" }),
  gemini("3.5-flash", null, { input: "1.5", cached: "0.15", output: "9" }),
  gemini("3.5-flash-lite", null, { input: "0.3", cached: "0.03", output: "2.5" }),
  ...["3.6-flash", "3.7-flash", "3.8-flash"].flatMap((name) => [
    gemini(name, null, { input: "0.75", cached: "0.075", output: "3.75" }),
    gemini(name, "2027-01-01", { input: "1.5", cached: "0.15", output: "7.5" }),
  ]),
  gemini("embedding-001", "2025-07-14", { input: "0.15" }),
  gemini("embedding-2", null, { input: "0.2", audioInput: "6.5", imageInput: "0.45" }),
];
