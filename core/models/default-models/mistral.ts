/** Default models: list prices of Mistral. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const mistral = (name: string, since: string | null, prices: Prices): Model =>
  model({ name, since, prefix: "(mistral/|mistralai/)?", prices });

/** https://mistral.ai/pricing, from tables read 2025-07 to 2026-10. mistral-large-4-0 has its preview price. */
export const mistralModels: Model[] = [
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
