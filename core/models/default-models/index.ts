/**
 * What common models cost, in USD for a token, as long as a project has no model of its own for the name. List prices of the makers for standard calls:
 * no batch, priority or regional rates, and no surcharge for long prompts unless the entry has a tier for it. Read from the makers' price pages, and from tables that
 * cite them, on the dates given below; nobody has checked them against invoices. A project whose contract differs makes a model of its own (docs/models.md).
 * Names are the makers' own; what gateways and clouds put around them is taken off before matching (candidate-names.ts). `-latest` names that have moved between prices
 * are left out. Where a region has a price of its own, it is a model of its own, under the name Bedrock has for it, and its tier says so.
 * Only the tokenizers OpenAI has published are named. A start date is the day the price came into force.
 */
import type { Model } from "../model.ts";
import { amazonModels } from "./amazon.ts";
import { anthropicModels } from "./anthropic.ts";
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
  ...xaiModels,
  ...otherModels,
  ...deepseekModels,
];
