/** Default models: list prices of Google. */
import type { Model } from "../model.ts";
import { type LongPrompt, model, type Prices } from "./price-entry.ts";

const gemini = (name: string, since: string | null, prices: Prices, long?: LongPrompt): Model =>
  model({
    name: `gemini-${name}`,
    since,
    prefix: "(google/|googleai/|models/)?",
    suffix: name.endsWith("-preview") ? "" : "(-\\d{3}|-preview)?",
    prices,
    ...(long !== undefined && { long }),
  });

/**
 * https://ai.google.dev/gemini-api/docs/pricing, from tables read 2026-03 to 2026-11: text, image and video. Audio costs more and has no
 * price here. The introductory price of 3.6, 3.7 and 3.8 Flash ends with 2026.
 */
export const geminiModels: Model[] = [
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
