/** OpenTelemetry, mapping: the type of an observation. Rules run in order and the first match wins; a span that none matches is a SPAN. */
import type { ObservationType } from "../ingestion/event.ts";
import { generationModelNames, langfuse } from "./attribute-names.ts";
import { type Attributes, fieldOf, firstValue, isMeaningful, toText } from "./attributes.ts";
import { parseObject } from "./safe-json.ts";
import type { SpanFacts } from "./span-facts.ts";
import { frameworkTypes, langfuseTypes, type TypeTable } from "./type-names.ts";

export const observationType = (facts: SpanFacts): ObservationType => {
  for (const rule of rules) {
    const type = rule(facts);
    if (type !== undefined) return type;
  }
  return "SPAN";
};

type Rule = (facts: SpanFacts) => ObservationType | undefined;

/** MLflow sends its values as JSON text, in quotes. Senders differ in case: no table has two kinds that differ only in it. */
const byTable = ({ attribute, field, types }: TypeTable): Rule => {
  const typeOf = new Map(Object.entries(types).map(([value, type]) => [value.toLowerCase(), type]));
  return ({ attributes }) => {
    const given = attributes.get(attribute);
    const value = field === undefined ? given : fieldOf(parseObject(given), field);
    if (!isMeaningful(value)) return undefined;
    return typeOf.get(
      toText(value)
        .replace(/^"(.*)"$/s, "$1")
        .trim()
        .toLowerCase(),
    );
  };
};

const generationOnlyNames = [
  langfuse.modelName,
  langfuse.costDetails,
  langfuse.usageDetails,
  langfuse.completionStartTime,
  langfuse.modelParameters,
  langfuse.promptName,
  langfuse.promptVersion,
];

/** The Python SDK up to 3.3 sends generations as spans: https://github.com/langfuse/langfuse/issues/8682 */
const oldPythonSdk: Rule = ({ attributes, scope, resourceAttributes, context }) => {
  if (attributes.get(langfuse.type) !== "span" || scope.name !== "langfuse-sdk") return undefined;
  if (resourceAttributes.get("telemetry.sdk.language") !== "python") return undefined;
  const [major = 0, minor = 0] = (scope.version || context.sdkVersion || "0").split(".").map(Number);
  if (major > 3 || (major === 3 && minor > 3)) return undefined;
  return generationOnlyNames.some((name) => attributes.has(name)) ? "GENERATION" : undefined;
};

const vercelGenerations = [
  "ai.generateText.doGenerate",
  "ai.streamText.doStream",
  "ai.generateObject.doGenerate",
  "ai.streamObject.doStream",
];
const vercelEmbeddings = ["ai.embedMany.doEmbed", "ai.embed.doEmbed"];
const vercelRerankers = ["ai.rerank.doRerank"];
const vercelModelNames = [langfuse.modelName, "ai.model.id", "gen_ai.request.model", "gen_ai.response.model"];

/** `operation.name` may end in the function's id. */
const isVercelOperation = (attributes: Attributes, operations: string[]): boolean => {
  const name = attributes.get("operation.name");
  const id = attributes.get("ai.operationId");
  return operations.some((operation) => (typeof name === "string" && name.startsWith(operation)) || id === operation);
};

const vercelModelCall: Rule = ({ attributes }) => {
  if (firstValue(attributes, vercelModelNames) === undefined) return undefined;
  if (isVercelOperation(attributes, vercelGenerations)) return "GENERATION";
  if (isVercelOperation(attributes, vercelEmbeddings)) return "EMBEDDING";
  return isVercelOperation(attributes, vercelRerankers) ? "RETRIEVER" : undefined;
};

const vercelToolCall: Rule = ({ attributes }) => (isVercelOperation(attributes, ["ai.toolCall"]) ? "TOOL" : undefined);

const toolAttributes: Rule = ({ attributes }) =>
  firstValue(attributes, ["gen_ai.tool.name", "gen_ai.tool.call.id"]) === undefined ? undefined : "TOOL";

/** Flue repeats the task id on the operations inside it; those have a kind of their own. */
const flue: Rule = ({ attributes }) => {
  const has = (...names: string[]) => firstValue(attributes, names) !== undefined;
  if (has("flue.tool.name", "flue.tool.call_id", "flue.tool.arguments", "flue.tool.result")) return "TOOL";
  if (has("flue.task.agent", "flue.task.prompt", "flue.task.result")) return "AGENT";
  const isInner = has("flue.operation.kind", "flue.turn.id", "flue.turn.input", "gen_ai.request.model");
  return has("flue.task.id") && !isInner ? "AGENT" : undefined;
};

const liveKitTypes = new Map<string, ObservationType>([
  ["agent_turn", "AGENT"],
  ["start_agent_activity", "AGENT"],
  ["function_tool", "TOOL"],
]);

const liveKit: Rule = ({ scope, span }) => (scope.name === "livekit-agents" ? liveKitTypes.get(span.name) : undefined);

const anyModel: Rule = ({ attributes }) =>
  generationModelNames.some((name) => isMeaningful(attributes.get(name))) ? "GENERATION" : undefined;

/** Returns whether any attribute name starts with one of the prefixes. */
const hasBelow = (attributes: Attributes, ...prefixes: string[]): boolean => {
  for (const name of attributes.keys()) if (prefixes.some((prefix) => name.startsWith(prefix))) return true;
  return false;
};

/** Recognizes spans without a kind by the attributes they carry. */
const carried: Rule = ({ attributes }) => {
  if (attributes.has("embedding.model_name") || hasBelow(attributes, "embedding.embeddings.")) return "EMBEDDING";
  const isRetriever = attributes.has("gen_ai.retrieval.query.text") || hasBelow(attributes, "retrieval.documents.", "reranker.");
  return isRetriever ? "RETRIEVER" : undefined;
};

const rules: readonly Rule[] = [
  oldPythonSdk,
  byTable(langfuseTypes),
  ...frameworkTypes.map(byTable),
  vercelModelCall,
  vercelToolCall,
  toolAttributes,
  flue,
  liveKit,
  carried,
  anyModel,
];
