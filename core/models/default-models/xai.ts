/** Default models: list prices of xAI. */
import type { Model } from "../model.ts";
import { type Entry, type LongPrompt, model, type Prices } from "./price-entry.ts";

const grok = (name: string, since: string | null, prices: Prices, more: Partial<Entry> = {}): Model =>
  model({ name: `grok-${name}`, since, prefix: "(xai/|x-ai/)?", suffix: "(-latest|-beta)?", prices, ...more });
const grokLong: LongPrompt = { above: 200_000, prices: { input: "4", cached: "1", output: "12" } };
const grok43 = { input: "1.25", cached: "0.2", output: "2.5" } as const satisfies Prices;
const grok43Long: LongPrompt = { above: 200_000, prices: { input: "2.5", cached: "0.4", output: "5" } };
const fast = { input: "0.2", cached: "0.05", output: "0.5" } as const satisfies Prices;
const reasoning = "(-non-reasoning|-reasoning)?(-latest)?";

/**
 * https://docs.x.ai/developers/pricing, from tables read 2026-04 to 2026-11, and pydantic/genai-prices 0.1.8. OpenRouter writes
 * grok-4.1-fast.
 */
export const xaiModels: Model[] = [
  grok("2", "2024-12-12", { input: "2", output: "10" }, { suffix: "(-vision)?(-1212|-latest)?" }),
  grok("3", "2025-04-09", { input: "3", cached: "0.75", output: "15" }),
  grok("3-fast", "2025-04-09", { input: "5", cached: "1.25", output: "25" }),
  grok("3-mini", "2025-04-09", { input: "0.3", cached: "0.075", output: "0.5" }),
  grok("3-mini-fast", "2025-04-09", { input: "0.6", cached: "0.15", output: "4" }),
  grok(
    "4",
    "2025-07-09",
    { input: "3", cached: "0.75", output: "15" },
    { suffix: "(-0709|-latest)?", long: { above: 128_000, prices: { input: "6", cached: "0.75", output: "30" } } },
  ),
  grok("4-fast", "2025-09-19", fast, { suffix: reasoning }),
  grok("4-1-fast", "2025-11-19", fast, { suffix: reasoning }),
  grok("4.1-fast", "2025-11-19", fast, { suffix: reasoning }),
  grok("code-fast-1", "2025-08-28", { input: "0.2", cached: "0.02", output: "1.5" }, { suffix: "(-0825)?" }),
  grok("4.20", null, grok43, { long: grok43Long }),
  grok("4.3", null, grok43, { long: grok43Long }),
  grok("4.5", "2026-07-08", { input: "2", cached: "0.5", output: "6" }, { long: grokLong }),
  grok("4.6", null, { input: "2", cached: "0.5", output: "6" }, { long: grokLong }),
  grok("4.7", null, { input: "2", cached: "0.5", output: "6" }, { long: grokLong }),
];
