/** Default models: list prices of DeepSeek. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const deepseek = (name: string, since: string, prices: Prices): Model => model({ name, since, prefix: "(deepseek/)?", prices });

/** Ends a price whose successor is not known for certain: from this day, calls match the model but have no cost. */
const ended = (known: Model, since: string): Model => ({ ...known, id: `${known.id}_until_${since}`, startDate: since, pricingTiers: [] });

const deepseekV3 = deepseek("deepseek-chat", "2025-02-08", { input: "0.27", cached: "0.07", output: "1.1" });
const deepseekR1 = deepseek("deepseek-reasoner", "2025-02-08", { input: "0.55", cached: "0.14", output: "2.19" });
const deepseekChat = deepseek("deepseek-chat", "2025-09-29", { input: "0.28", cached: "0.028", output: "0.42" });
const deepseekV4Flash = deepseek("deepseek-v4-flash", "2026-04-24", { input: "0.14", cached: "0.0028", output: "0.28" });
const deepseekV4Pro = deepseek("deepseek-v4-pro", "2026-04-24", { input: "0.435", cached: "0.003625", output: "0.87" });
const deepseekReasoner = deepseek("deepseek-reasoner", "2025-09-29", { input: "0.28", cached: "0.028", output: "0.42" });

/**
 * https://api-docs.deepseek.com/quick_start/pricing-details-usd and tables of 2025-12, read 2026-11; without the hourly discount. From
 * August 2026 the price depends on the hour of day, which this table cannot express.
 */
export const deepseekModels: Model[] = [
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
