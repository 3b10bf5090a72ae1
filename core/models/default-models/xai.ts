/** Default models: list prices of xAI. */
import type { Model } from "../model.ts";
import { type Entry, type LongPrompt, model, type Prices } from "./price-entry.ts";

const grok = (name: string, since: string | null, prices: Prices, more: Partial<Entry> = {}): Model =>
  model({ name: `grok-${name}`, since, prefix: "(xai/|x-ai/)?", prices, ...more });
const grokLong: LongPrompt = { above: 200_000, prices: { input: "4", cached: "1", output: "12" } };

/** https://docs.x.ai/developers/pricing, from tables read 2026-04 to 2026-11. */
export const xaiModels: Model[] = [
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
