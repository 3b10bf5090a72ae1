/** Default models: list prices of Mistral. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const mistral = (name: string, since: string | null, prices: Prices): Model =>
  model({ name, since, prefix: "(mistral/|mistralai/)?", prices });

/**
 * https://mistral.ai/pricing, from tables read 2025-07 to 2026-11, and pydantic/genai-prices 0.1.8. mistral-large-4-0 has its preview price.
 * Cached input costs a tenth.
 */
export const mistralModels: Model[] = [
  mistral("mistral-large-2512", "2025-12-02", { input: "0.5", cached: "0.05", output: "1.5" }),
  mistral("mistral-large-4-0", null, { input: "0.68", cached: "0.07", output: "2.09" }),
  mistral("mistral-medium-3-5", "2026-04-28", { input: "1.5", cached: "0.15", output: "7.5" }),
  mistral("mistral-small-2506", "2025-06-20", { input: "0.1", output: "0.3" }),
  mistral("mistral-small-2603", null, { input: "0.15", cached: "0.015", output: "0.6" }),
  mistral("devstral-2512", null, { input: "0.4", cached: "0.04", output: "2" }),
  mistral("devstral-small-2507", "2025-07-10", { input: "0.1", output: "0.3" }),
  mistral("magistral-medium-2509", "2025-09-18", { input: "2", output: "5" }),
  mistral("magistral-small-2509", "2025-09-18", { input: "0.5", output: "1.5" }),
  mistral("mistral-embed", null, { input: "0.1" }),
  mistral("mistral-large-2407", "2024-09-17", { input: "2", output: "6" }),
  mistral("mistral-large-2411", "2024-11-18", { input: "2", output: "6" }),
  mistral("pixtral-large-2411", "2024-11-18", { input: "2", output: "6" }),
  mistral("mistral-medium-2505", "2025-05-07", { input: "0.4", cached: "0.04", output: "2" }),
  mistral("mistral-medium-2508", "2025-08-12", { input: "0.4", cached: "0.04", output: "2" }),
  mistral("codestral-2501", "2025-01-13", { input: "0.3", output: "0.9" }),
  mistral("codestral-2508", "2025-07-30", { input: "0.3", cached: "0.03", output: "0.9" }),
  mistral("ministral-3b-2512", "2025-12-02", { input: "0.1", cached: "0.01", output: "0.1" }),
  mistral("ministral-8b-2410", "2024-10-16", { input: "0.1", output: "0.1" }),
  mistral("ministral-8b-2512", "2025-12-02", { input: "0.15", cached: "0.015", output: "0.15" }),
  mistral("ministral-14b-2512", "2025-12-02", { input: "0.2", cached: "0.02", output: "0.2" }),
  mistral("open-mistral-nemo", "2024-09-17", { input: "0.15", output: "0.15" }),
];
