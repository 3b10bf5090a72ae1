/** Default models: list prices of Groq. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const groq = (name: string, prices: Prices): Model => model({ name, since: null, prefix: "(groq/)?(meta-llama/)?", prices });

/**
 * https://groq.com/pricing, from tables read 2026. Names are spelled as by Groq, so that other hosts of Llama are not charged these prices.
 */
export const llamaModels: Model[] = [
  groq("llama-3.3-70b-versatile", { input: "0.59", output: "0.79" }),
  groq("llama-3.1-8b-instant", { input: "0.05", output: "0.08" }),
  groq("llama-4-scout-17b-16e-instruct", { input: "0.11", output: "0.34" }),
];
