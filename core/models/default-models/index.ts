/**
 * Default models: USD per token of common models, used if a project has no model of its own for the name. Makers' list prices for standard
 * calls: no batch or regional rates; a long prompt, and a service tier such as flex, only where the entry has a tier for it.
 * Read from the makers' price pages, and from tables that cite them, on the dates given below; not checked against invoices. A project with
 * another contract creates its own model (docs/models.md).
 * Names are the makers' own; candidate-names.ts removes what gateways and clouds add. `-latest` names that have moved between prices are
 * omitted. A regional price is a model of its own under Bedrock's name, and its tier says so. Only tokenizers that OpenAI has published are
 * named. A start date is the day the price took effect.
 */
import type { Model } from "../model.ts";
import { amazonModels } from "./amazon.ts";
import { anthropicModels } from "./anthropic.ts";
import { bedrockModels } from "./bedrock.ts";
import { deepseekModels } from "./deepseek.ts";
import { geminiModels } from "./google.ts";
import { llamaModels } from "./groq.ts";
import { mistralModels } from "./mistral.ts";
import { openaiModels } from "./openai.ts";
import { otherModels } from "./other-makers.ts";
import { xaiModels } from "./xai.ts";

export const defaultModels: readonly Model[] = [
  ...openaiModels,
  ...anthropicModels,
  ...geminiModels,
  ...mistralModels,
  ...llamaModels,
  ...amazonModels,
  ...bedrockModels,
  ...xaiModels,
  ...otherModels,
  ...deepseekModels,
];
