/** Default models: list prices of makers with few models here. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const cohere = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(cohere/)?(cohere\\.)?", prices });

/**
 * https://cohere.com/pricing, https://docs.voyageai.com/docs/pricing and https://platform.moonshot.ai/docs/pricing, from tables read 2026.
 */
export const otherModels: Model[] = [
  cohere("command-a-03-2025", { input: "2.5", output: "10" }),
  cohere("command-r-plus-08-2024", { input: "2.5", output: "10" }),
  cohere("command-r-08-2024", { input: "0.15", output: "0.6" }),
  cohere("command-r7b-12-2024", { input: "0.0375", output: "0.15" }),
  cohere("embed-v4.0", { input: "0.12" }),
  model({ name: "voyage-3-large", since: null, prices: { input: "0.18" } }),
  model({ name: "voyage-3.5", since: null, prices: { input: "0.06" } }),
  model({ name: "voyage-3.5-lite", since: null, prices: { input: "0.02" } }),
  model({ name: "kimi-k2.7-code", since: null, prefix: "(moonshotai/)?", prices: { input: "0.95", cached: "0.19", output: "4" } }),
  model({ name: "kimi-k3", since: null, prefix: "(moonshotai/)?", prices: { input: "3", cached: "0.3", output: "15" } }),
];
