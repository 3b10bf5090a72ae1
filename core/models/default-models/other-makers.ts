/** Default models: list prices of makers with few models here. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const cohere = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(cohere/)?(cohere\\.)?", prices });

const voyage = (name: string, input: string): Model => model({ name, since: null, prefix: "(voyage/)?", prices: { input } });
const kimi = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(moonshotai/|moonshot/)?", prices });
const glm = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(z-ai/|zai/)?", prices });

/**
 * https://cohere.com/pricing, https://docs.voyageai.com/docs/pricing, https://platform.moonshot.ai/docs/pricing and
 * https://docs.z.ai/guides/overview/pricing, from tables read 2026, among them pydantic/genai-prices 0.1.8. Without Perplexity, which charges
 * for each search too: a price of tokens alone would be too low.
 */
export const otherModels: Model[] = [
  cohere("command-a", { input: "2.5", output: "10" }),
  cohere("command-a-03-2025", { input: "2.5", output: "10" }),
  cohere("command-r-plus-08-2024", { input: "2.5", output: "10" }),
  cohere("command-r-08-2024", { input: "0.15", output: "0.6" }),
  cohere("command-r7b-12-2024", { input: "0.0375", output: "0.15" }),
  cohere("embed-v4.0", { input: "0.12" }),
  ...["voyage-3-large", "voyage-code-3", "voyage-context-3"].map((name) => voyage(name, "0.18")),
  ...["voyage-3", "voyage-3.5", "voyage-4"].map((name) => voyage(name, "0.06")),
  ...["voyage-3-lite", "voyage-3.5-lite", "voyage-4-lite"].map((name) => voyage(name, "0.02")),
  ...["voyage-4-large", "voyage-law-2", "voyage-finance-2", "voyage-multilingual-2"].map((name) => voyage(name, "0.12")),
  ...["kimi-k2-0711-preview", "kimi-k2-0905-preview", "kimi-k2-thinking"].map((name) =>
    kimi(name, { input: "0.6", cached: "0.15", output: "2.5" }),
  ),
  kimi("kimi-k2.5", { input: "0.6", cached: "0.1", output: "3" }),
  kimi("kimi-k2.6", { input: "0.95", cached: "0.16", output: "4" }),
  kimi("kimi-k2.7-code", { input: "0.95", cached: "0.19", output: "4" }),
  kimi("kimi-k3", { input: "3", cached: "0.3", output: "15" }),
  glm("glm-5.2", { input: "1.4", cached: "0.26", output: "4.4" }),
  glm("glm-5.3", { input: "1.4", cached: "0.26", output: "4.4" }),
  glm("glm-5.3-flash", { input: "0.075", cached: "0.015", output: "0.25" }),
];
