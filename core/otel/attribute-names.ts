/**
 * The names under which frameworks send what we have a field for; the first that has a value wins.
 * Langfuse's own names stand first everywhere. One list per field: a new spelling is one line here.
 */

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

export const userIdNames = [
  "langfuse.user.id",
  "user.id",
  `${langfuse.metadata}.langfuse_user_id`,
  `${langfuse.traceMetadata}.langfuse_user_id`,
  `${vercelMetadata}.userId`,
];

export const sessionIdNames = [
  "langfuse.session.id",
  "session.id",
  "gen_ai.conversation.id",
  `${langfuse.metadata}.langfuse_session_id`,
  `${langfuse.traceMetadata}.langfuse_session_id`,
  `${vercelMetadata}.sessionId`,
];

export const tagNames = [
  langfuse.traceTags,
  "langfuse.tags",
  `${langfuse.metadata}.langfuse_tags`,
  `${langfuse.traceMetadata}.langfuse_tags`,
  `${vercelMetadata}.tags`,
  "tag.tags",
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
  ...sessionIdNames.filter((name) => name !== "gen_ai.conversation.id"),
];

export const modelNames = [
  langfuse.modelName,
  "gen_ai.response.model",
  "ai.model.id",
  "gen_ai.request.model",
  "llm.response.model",
  "llm.model_name",
  "model",
];

/** Whoever has one of these is a call of a model; `ai.model.id` stands on the spans around such calls too. */
export const generationModelNames = [langfuse.modelName, "gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "model"];

export const promptNameNames = [langfuse.promptName, "langfuse.prompt.name"];
export const promptVersionNames = [langfuse.promptVersion, "langfuse.prompt.version"];

/** Vercel's keys of metadata that have a field of their own. */
export const vercelFieldNames = new Set(["userId", "sessionId", "tags", "langfusePrompt"]);

/** Input and output stand in fields of their own: these do not appear in the metadata again. */
export const contentNames = new Set<string>([
  langfuse.traceInput,
  langfuse.traceOutput,
  langfuse.input,
  langfuse.output,
  "genkit:input",
  "genkit:output",
  "genkit:input.messages",
  "genkit:output.message",
  "ai.prompt.messages",
  "ai.prompt",
  "ai.toolCall.args",
  "ai.toolCall.result",
  "ai.response.text",
  "ai.response.object",
  "ai.response.toolCalls",
  "ai.result.text",
  "ai.result.object",
  "ai.result.toolCalls",
  "gcp.vertex.agent.llm_request",
  "gcp.vertex.agent.llm_response",
  "gcp.vertex.agent.tool_call_args",
  "gcp.vertex.agent.tool_response",
  "prompt",
  "all_messages_events",
  "events",
  "lk.input_text",
  "lk.user_transcript",
  "lk.chat_ctx",
  "lk.user_input",
  "lk.function_tool.output",
  "lk.response.text",
  "mlflow.spanInputs",
  "mlflow.spanOutputs",
  "traceloop.entity.input",
  "traceloop.entity.output",
  "input.value",
  "output.value",
  "input",
  "output",
  "pydantic_ai.all_messages",
  "final_result",
  "tool_arguments",
  "tool_response",
  "gen_ai.input.messages",
  "gen_ai.output.messages",
  "gen_ai.tool.call.arguments",
  "gen_ai.tool.call.result",
  "flue.workflow.payload",
  "flue.workflow.result",
  "flue.operation.result",
  "flue.turn.input",
  "flue.turn.output",
  "flue.tool.arguments",
  "flue.tool.result",
  "flue.tool.call.arguments",
  "flue.tool.call.result",
  "flue.task.prompt",
  "flue.task.result",
]);

/** Messages in one attribute a field: `gen_ai.prompt.0.content`. */
export const contentPrefixes = ["gen_ai.prompt", "gen_ai.completion", "llm.input_messages", "llm.output_messages"] as const;

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
