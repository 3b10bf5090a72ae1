/** OpenTelemetry, mapping: the model of an observation and its parameters. */
import { type ExactNumber, isExactNumber } from "../exact-json.ts";
import type { Json } from "../ingestion/event.ts";
import { langfuse, modelNames } from "./attribute-names.ts";
import { type Attributes, below, fieldOf, firstText, firstValue, isMeaningful, objectAt, toText } from "./attributes.ts";
import { genkitPart } from "./genkit.ts";
import { firstId } from "./identity.ts";
import { isJsonObject, type JsonObject, parseObject, setOwn } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";

const rollUpOperations = new Set<Json | undefined>(["invoke_agent", "agent_step"]);

/** Agent spans may repeat the model, usage and cost of the calls below them: see `rollUp`. */
export const isRollUp = (attributes: Attributes): boolean => rollUpOperations.has(attributes.get("gen_ai.operation.name"));

export const modelName = (facts: SpanFacts): string | undefined =>
  isRollUp(facts.attributes) ? firstText(facts.attributes, [langfuse.modelName]) : reportedModelName(facts);

/** Also applies to a span that repeats the calls below it. */
export const reportedModelName = ({ attributes }: SpanFacts): string | undefined => {
  // MLflow sends its values as JSON text, in quotes.
  const name = firstId(attributes, modelNames);
  const subtype = attributes.get("genkit:metadata:subtype");
  const isGenkitModel = subtype === "model" || subtype === "background-model" || subtype === "embedder";
  return name ?? (isGenkitModel ? firstText(attributes, ["genkit:name"]) : (braintrustModel(attributes) ?? pydanticModel(attributes)));
};

/** pydantic-ai names the model of an agent's run. By itself, the name may be that of a car. */
const pydanticModel = (attributes: Attributes): string | undefined =>
  attributes.has("agent_name") ? firstText(attributes, ["model_name"]) : undefined;

const braintrustModel = (attributes: Attributes): string | undefined => {
  const model = fieldOf(parseObject(attributes.get("braintrust.metadata")), "model");
  return typeof model === "string" && model !== "" ? model : undefined;
};

const requestModelNames = ["gen_ai.request.model", "ai.model.id", "llm.request.model"];

/** Returns the requested model, if it differs from the observation's model. */
export const requestModel = (facts: SpanFacts, name = modelName(facts)): string | undefined => {
  const requested = name === undefined ? undefined : firstText(facts.attributes, requestModelNames);
  return requested === name ? undefined : requested;
};

/** Keeps text and numbers, encodes everything else as JSON; undefined if there are none. */
export const modelParameters = (facts: SpanFacts): Record<string, string | number | ExactNumber> | undefined => {
  for (const source of sources) {
    const found = source(facts);
    if (found !== undefined && isMeaningful(found)) return toParameters(withServiceTier(found, facts));
  }
  return toParameters(withServiceTier({}, facts));
};

type Source = (facts: SpanFacts) => JsonObject | undefined;

const jsonAt =
  (name: string): Source =>
  ({ attributes }) =>
    parseObject(attributes.get(name));

const fieldsAt =
  (name: string): Source =>
  ({ attributes }) =>
    objectAt(attributes, name);

const vercelParameters: readonly (readonly [name: string, attributes: readonly string[]])[] = [
  ["maxSteps", ["ai.settings.maxSteps"]],
  ["toolChoice", ["ai.prompt.toolChoice"]],
  ["maxTokens", ["gen_ai.request.max_tokens"]],
  ["finishReason", ["gen_ai.response.finish_reasons", "gen_ai.finishReason"]],
  ["system", ["gen_ai.system", "ai.model.provider"]],
  ["maxRetries", ["ai.settings.maxRetries"]],
  ["mode", ["ai.settings.mode"]],
  ["temperature", ["gen_ai.request.temperature"]],
  ["service_tier", ["gen_ai.request.service_tier"]],
];

const vercelNames = new Set(vercelParameters.flatMap(([, candidates]) => candidates));

const requestPrefix = "gen_ai.request.";

/** Langfuse's names for some, and the GenAI conventions' for the others. */
const vercel: Source = ({ attributes, scope }) => {
  if (scope.name !== "ai") return undefined;
  const parameters: JsonObject = {};
  for (const [name, candidates] of vercelParameters) {
    const value = firstValue(attributes, candidates);
    if (value !== undefined) setOwn(parameters, name, Array.isArray(value) ? value.map(toText).join(",") : toText(value));
  }
  for (const [name, value] of below(attributes, requestPrefix)) {
    const isOther = !notParameters.has(name) && !vercelNames.has(`${requestPrefix}${name}`) && isMeaningful(value);
    if (isOther) setOwn(parameters, name, toText(value));
  }
  const tier = serviceTier(attributes);
  if (tier !== undefined && parameters["service_tier"] === undefined) setOwn(parameters, "service_tier", tier);
  return parameters;
};

const serviceTier = (attributes: Attributes): Json | undefined => {
  const tier = fieldOf(fieldOf(parseObject(attributes.get("ai.response.providerMetadata")), "openai"), "serviceTier");
  return isMeaningful(tier) ? tier : undefined;
};

const responseTierNames = ["openai.response.service_tier", "gen_ai.openai.response.service_tier"];

/**
 * Adds the service tier to parameters from any source: prices depend on the tier the provider chose, which may be another than was requested.
 * Parameters set with Langfuse's SDKs stay.
 */
const withServiceTier = (parameters: JsonObject, { attributes, scope }: SpanFacts): JsonObject => {
  const chosen = firstText(attributes, responseTierNames);
  if (chosen !== undefined && !isMeaningful(parseObject(attributes.get(langfuse.modelParameters))))
    return { ...parameters, service_tier: chosen };
  const tier = scope.name === "ai" ? serviceTier(attributes) : undefined;
  return tier === undefined || Object.hasOwn(parameters, "service_tier") ? parameters : { ...parameters, service_tier: tier };
};

const requestAttributes: Source = ({ attributes }) => {
  const parameters: JsonObject = {};
  for (const prefix of [requestPrefix, "llm.invocation_parameters."]) {
    for (const [name, value] of below(attributes, prefix)) if (!notParameters.has(name)) setOwn(parameters, name, value);
  }
  for (const [name, key] of otherRequestNames) {
    const value = attributes.get(name);
    if (isMeaningful(value) && !Object.hasOwn(parameters, key)) setOwn(parameters, key, value);
  }
  return parameters;
};

/** Names under `gen_ai.request.` that have fields of their own. */
const notParameters = new Set(["model", "messages", "available_tools"]);

/** Names used by the GenAI conventions, OpenLLMetry and OpenInference, which share no prefix. */
const otherRequestNames: readonly (readonly [name: string, parameter: string])[] = [
  ["gen_ai.output.type", "output_type"],
  ["gen_ai.embeddings.dimension.count", "dimensions"],
  ["gen_ai.retrieval.top_k", "top_k"],
  ["gen_ai.openai.request.service_tier", "service_tier"],
  ["openai.request.service_tier", "service_tier"],
  ["llm.top_k", "top_k"],
  ["llm.frequency_penalty", "frequency_penalty"],
  ["llm.presence_penalty", "presence_penalty"],
  ["llm.chat.stop_sequences", "stop_sequences"],
  ["reranker.top_k", "top_k"],
];

/** Claude Code sends its speed mode, which has its own price, without a prefix. */
const claudeCode: Source = (facts) => {
  const speed = facts.scope.name === claudeCodeScope ? facts.attributes.get("speed") : undefined;
  return isMeaningful(speed) ? { ...requestAttributes(facts), speed } : undefined;
};
export const claudeCodeScope = "com.anthropic.claude_code.tracing";

const genkitConfig: Source = ({ attributes }) => {
  const config = genkitPart(attributes, "input", "config");
  return isJsonObject(config) ? config : undefined;
};

const sources: readonly Source[] = [
  fieldsAt(langfuse.modelParameters),
  jsonAt("langfuse.observation.model_parameters"),
  genkitConfig,
  vercel,
  jsonAt("llm.invocation_parameters"),
  jsonAt("embedding.invocation_parameters"),
  jsonAt("model_config"),
  claudeCode,
  requestAttributes,
];

const toParameters = (parameters: JsonObject): Record<string, string | number | ExactNumber> | undefined => {
  const result: Record<string, string | number | ExactNumber> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) setOwn(result, name, typeof value === "number" || isExactNumber(value) ? value : toText(value));
  }
  return Object.keys(result).length === 0 ? undefined : result;
};
