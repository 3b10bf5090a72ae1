/**
 * OpenTelemetry, mapping: frameworks' attribute names for our fields; the first with a value wins, Langfuse's own come first. A new
 * spelling is one line here. Tables with senders: `content-sources.ts`, `identity-names.ts`, `first-token-names.ts`, `type-names.ts`.
 */
import { sessionIdRows, userIdRows } from "./identity-names.ts";

export const langfuse = {
  traceName: "langfuse.trace.name",
  traceInput: "langfuse.trace.input",
  traceOutput: "langfuse.trace.output",
  traceMetadata: "langfuse.trace.metadata",
  traceTags: "langfuse.trace.tags",
  tracePublic: "langfuse.trace.public",
  type: "langfuse.observation.type",
  metadata: "langfuse.observation.metadata",
  level: "langfuse.observation.level",
  statusMessage: "langfuse.observation.status_message",
  input: "langfuse.observation.input",
  output: "langfuse.observation.output",
  completionStartTime: "langfuse.observation.completion_start_time",
  modelName: "langfuse.observation.model.name",
  modelParameters: "langfuse.observation.model.parameters",
  usageDetails: "langfuse.observation.usage_details",
  costDetails: "langfuse.observation.cost_details",
  promptName: "langfuse.observation.prompt.name",
  promptVersion: "langfuse.observation.prompt.version",
  compatMetadata: "langfuse.metadata",
  release: "langfuse.release",
  version: "langfuse.version",
  asRoot: "langfuse.internal.as_root",
  isAppRoot: "langfuse.internal.is_app_root",
} as const;

export const vercelMetadata = "ai.telemetry.metadata";

export const userIdNames = userIdRows.map(({ name }) => name);

export const sessionIdNames = sessionIdRows.map(({ name }) => name);

/** Tags of a span alone: they count for the trace if they are the root's. */
export const logfireTags = "logfire.tags";

export const tagNames = [
  langfuse.traceTags,
  "langfuse.tags",
  `${langfuse.metadata}.langfuse_tags`,
  `${langfuse.traceMetadata}.langfuse_tags`,
  `${vercelMetadata}.tags`,
  "ai.settings.context.tags",
  "tag.tags",
  "mastra.tags",
  "langsmith.span.tags",
  "langfuse_tags",
  "traceloop.association.properties.langfuse_tags",
  logfireTags,
  "braintrust.tags",
  "lmnr.association.properties.tags",
];

/** The second is the first as baggage, which a service without Langfuse's SDK may copy to its spans. */
export const traceNameNames = [langfuse.traceName, "langfuse_trace_name"];

/** LiteLLM has its own. */
export const versionNames = [langfuse.version, "langfuse.observation.version", "langfuse.generation.version", "langfuse.trace.version"];
export const releaseNames = [langfuse.release, "langfuse.trace.release"];
export const observationNameNames = ["langfuse.observation.name", "langfuse.generation.name"];

export const publicNames = [langfuse.tracePublic, "langfuse.public"];

/** Each name is looked up in the span, then in the resource, before the next name. */
export const environmentNames = [
  "langfuse.environment",
  "langfuse.trace.environment",
  "deployment.environment.name",
  "deployment.environment",
];

/** A span with one of these describes its trace. So does every `langfuse.trace.metadata…`. */
export const traceUpdateNames = [
  ...traceNameNames,
  langfuse.traceInput,
  langfuse.traceOutput,
  ...publicNames,
  ...tagNames.filter((name) => name !== logfireTags),
  ...userIdNames,
  ...sessionIdNames,
];

/** Langfuse has no such names, but many set them. */
const modelsByHand = ["langfuse.observation.model", "langfuse.generation.model", "langfuse.model"];

export const modelNames = [
  langfuse.modelName,
  ...modelsByHand,
  "gen_ai.response.model",
  "ai.model.id",
  "gen_ai.request.model",
  "llm.response.model",
  "llm.response.model_name",
  "llm.model_name",
  "llm.request.model_name",
  "llm.request.model",
  "mlflow.llm.model",
  "embedding.model_name",
  "reranker.model_name",
  "model",
  "llm.model",
  "ai.model.name",
];

/** A span with one of these is a model call. `ai.model.id` is not listed: it also stands on the spans around such calls. */
export const generationModelNames = [
  langfuse.modelName,
  ...modelsByHand,
  "gen_ai.request.model",
  "gen_ai.response.model",
  "llm.model_name",
  "llm.response.model_name",
  "llm.request.model_name",
  "model",
];

export const promptNameNames = [langfuse.promptName, "langfuse.prompt.name"];
export const promptVersionNames = [langfuse.promptVersion, "langfuse.prompt.version"];

/** Vercel metadata keys that map to a field of their own. */
export const vercelFieldNames = new Set(["userId", "sessionId", "tags", "langfusePrompt"]);

export const experimentNames = {
  id: "langfuse.experiment.id",
  name: "langfuse.experiment.name",
  description: "langfuse.experiment.description",
  datasetId: "langfuse.experiment.dataset.id",
  itemId: "langfuse.experiment.item.id",
  itemVersion: "langfuse.experiment.item.version",
  itemRootObservationId: "langfuse.experiment.item.root_observation_id",
  itemExpectedOutput: "langfuse.experiment.item.expected_output",
} as const;

export const experimentJsonNames = {
  metadata: "langfuse.experiment.metadata",
  itemMetadata: "langfuse.experiment.item.metadata",
} as const;

/** Names that Langfuse's SDKs set on their spans; each has a field. Any other name was set by someone else. */
export const isLangfuseName = (name: string): boolean => ownNames.has(name) || ownPrefixes.some((prefix) => name.startsWith(`${prefix}.`));

const ownNames = new Set<string>([
  ...Object.values(langfuse),
  ...Object.values(experimentNames),
  ...Object.values(experimentJsonNames),
  ...promptNameNames,
  ...promptVersionNames,
  ...publicNames,
  ...environmentNames,
  "langfuse.tags",
  "langfuse.user.id",
  "langfuse.session.id",
  "user.id",
  "session.id",
]);
const ownPrefixes = [langfuse.traceMetadata, langfuse.metadata, langfuse.compatMetadata];
