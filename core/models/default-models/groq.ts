/** Default models: list prices of Groq. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const groq = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(groq/)?(meta-llama/)?", prices });

/** Other hosts have these names too. */
const onGroqAlone = (name: string, prices: Prices): Model => model({ name: `groq/${name}`, since: null, prices });

/**
 * https://groq.com/pricing, from tables read 2026, and pydantic/genai-prices 0.1.8. Names are spelled as by Groq, so that other hosts of Llama are not charged these prices.
 */
export const llamaModels: Model[] = [
  groq("llama-3.3-70b-versatile", { input: "0.59", output: "0.79" }),
  groq("llama-3.1-8b-instant", { input: "0.05", output: "0.08" }),
  groq("llama-4-scout-17b-16e-instruct", { input: "0.11", output: "0.34" }),
  groq("llama-4-maverick-17b-128e-instruct", { input: "0.2", output: "0.6" }),
  groq("llama3-70b-8192", { input: "0.59", output: "0.79" }),
  groq("llama3-8b-8192", { input: "0.05", output: "0.08" }),
  onGroqAlone("openai/gpt-oss-120b", { input: "0.15", cached: "0.075", output: "0.6" }),
  onGroqAlone("openai/gpt-oss-20b", { input: "0.075", cached: "0.0375", output: "0.3" }),
  onGroqAlone("qwen/qwen3-32b", { input: "0.29", output: "0.59" }),
  onGroqAlone("moonshotai/kimi-k2-instruct-0905", { input: "1", cached: "0.5", output: "3" }),
];
