/** Default models: prices of Amazon Bedrock for open models and former models of Cohere and Mistral, under Bedrock's names. */
import type { Model } from "../model.ts";
import { model, type Prices } from "./price-entry.ts";

const bedrock = (name: string, prices: Prices): Model =>
  model({ name, since: null, prefix: "(us\\.)?", suffix: "(-v?\\d+)?(:\\d+)?", prices });

/** https://aws.amazon.com/bedrock/pricing/, from pydantic/genai-prices 0.1.8 and tables read 2026: prices in the United States. */
export const bedrockModels: Model[] = [
  bedrock("amazon.titan-embed-text-v1", { input: "0.1" }),
  bedrock("amazon.titan-embed-text-v2", { input: "0.02" }),
  bedrock("cohere.command-r", { input: "0.5", output: "1.5" }),
  bedrock("cohere.command-r-plus", { input: "3", output: "15" }),
  bedrock("deepseek.r1", { input: "1.35", output: "5.4" }),
  bedrock("meta.llama3-1-8b-instruct", { input: "0.22", output: "0.22" }),
  bedrock("meta.llama3-1-70b-instruct", { input: "0.72", output: "0.72" }),
  bedrock("meta.llama3-2-1b-instruct", { input: "0.1", output: "0.1" }),
  bedrock("meta.llama3-2-3b-instruct", { input: "0.15", output: "0.15" }),
  bedrock("meta.llama3-2-11b-instruct", { input: "0.16", output: "0.16" }),
  bedrock("meta.llama3-2-90b-instruct", { input: "0.72", output: "0.72" }),
  bedrock("meta.llama3-3-70b-instruct", { input: "0.72", output: "0.72" }),
  bedrock("meta.llama4-maverick-17b-instruct", { input: "0.24", output: "0.97" }),
  bedrock("meta.llama4-scout-17b-instruct", { input: "0.17", output: "0.66" }),
  bedrock("mistral.mistral-large-2402", { input: "4", output: "12" }),
  bedrock("openai.gpt-oss-120b", { input: "0.15", output: "0.6" }),
  bedrock("openai.gpt-oss-20b", { input: "0.07", output: "0.3" }),
];
