/**
 * The names under which frameworks send what we have a field for; the first that has a value wins.
 * Langfuse's own names stand first everywhere. One list per field: a new spelling is one line here. Of fields with many spellings the table
 * says who sends each: input and output in `content-sources.ts`, session and user in `identity-names.ts`, the first token in
 * `first-token-names.ts`, types in `type-names.ts`.
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

export const tagNames = [
  langfuse.traceTags,
  "langfuse.tags",
  `${langfuse.metadata}.langfuse_tags`,
  `${langfuse.traceMetadata}.langfuse_tags`,
  `${vercelMetadata}.tags`,
  "tag.tags",
  "mastra.tags",
  "langsmith.span.tags",
];

export const publicNames = [langfuse.tracePublic, "langfuse.public"];

/** Each is looked up in the span, then in the resource, before the next. */
export const environmentNames = ["langfuse.environment", "deployment.environment.name", "deployment.environment"];

/** A span that carries one of these speaks about its trace. Every `langfuse.trace.metadata…` does too. */
export const traceUpdateNames = [
  langfuse.traceName,
  langfuse.traceInput,
  langfuse.traceOutput,
  ...publicNames,
  ...tagNames,
  ...userIdNames,
  ...sessionIdNames,
];

export const modelNames = [
  langfuse.modelName,
  "gen_ai.response.model",
  "ai.model.id",
  "gen_ai.request.model",
  "llm.response.model",
  "llm.response.model_name",
  "llm.model_name",
  "llm.request.model_name",
  "embedding.model_name",
  "reranker.model_name",
  "model",
];

/** Whoever has one of these is a call of a model; `ai.model.id` stands on the spans around such calls too. */
export const generationModelNames = [
  langfuse.modelName,
  "gen_ai.request.model",
  "gen_ai.response.model",
  "llm.model_name",
  "llm.response.model_name",
  "llm.request.model_name",
  "model",
];

export const promptNameNames = [langfuse.promptName, "langfuse.prompt.name"];
export const promptVersionNames = [langfuse.promptVersion, "langfuse.prompt.version"];

/** Vercel's keys of metadata that have a field of their own. */
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

/** What Langfuse's own SDKs set on the spans they make; each has a field. A name beside them was set by somebody else. */
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
