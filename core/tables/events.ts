/** The events table: denormalised spans, every row with the fields of its trace. Columns as Langfuse exports them, filters as its table offers them. */
import type { ExportColumn, ExportTable, FilterColumn } from "./table.ts";

const string = (sql: string, description: string): ExportColumn => ({ kind: "string", nullable: false, sql, description });
const text = (sql: string, description: string): ExportColumn => ({ kind: "text", nullable: false, sql, description });
const timestamp = (sql: string, description: string, nullable = true): ExportColumn => ({ kind: "timestamp", nullable, sql, description });
const milliseconds = (sql: string, description: string): ExportColumn => ({
  kind: "integer",
  nullable: true,
  sql,
  description,
  unit: "ms",
});

const traceName = "if(e.trace_name != '', e.trace_name, if(e.parent_span_id = '', e.name, ''))";
const total = (map: string) => `if(mapContains(${map}, 'total'), ${map}['total'], NULL)`;
/** Summed as decimals of 38 digits: 64-bit counts would wrap around. */
const sumOf = (map: string, part: string, scale: number) =>
  `arraySum(arrayMap((k, v) -> if(positionCaseInsensitive(k, '${part}') > 0, toDecimal128(v, ${scale}), toDecimal128(0, ${scale})), mapKeys(${map}), mapValues(${map})))`;
const millisBetween = (end: string) => `if(isNull(${end}), NULL, date_diff('millisecond', e.start_time, assumeNotNull(${end})))`;
const secondsBetween = (end: string) => `(toDecimal64(${millisBetween(end)}, 3) / 1000)`;
const metadataValue = (key: string) => `e.metadata_values[indexOf(e.metadata_names, '${key}')]`;

const is = (type: FilterColumn["type"], sql: string, more: Partial<FilterColumn> = {}): FilterColumn => ({ type, sql, ...more });

export const events: ExportTable = {
  name: "events",
  description: "Observations (spans, generations, events…), each with the fields of its trace.",
  columns: {
    id: string("e.span_id", "Id of the observation."),
    traceId: string("e.trace_id", "Id of its trace."),
    traceName: text(traceName, "Name of its trace; empty when unknown."),
    type: string("e.type", "Kind of observation, such as SPAN, GENERATION or TOOL."),
    name: text("e.name", "Name of the observation."),
    startTime: timestamp("e.start_time", "When it began.", false),
    endTime: timestamp("e.end_time", "When it ended."),
    completionStartTime: timestamp("e.completion_start_time", "When the first token arrived."),
    environment: string("e.environment", "Environment, such as production."),
    version: text("e.version", "Version of the application."),
    userId: text("e.user_id", "User of its trace; empty when unknown."),
    sessionId: text("e.session_id", "Session of its trace; empty when unknown."),
    level: string("e.level", "DEBUG, DEFAULT, WARNING or ERROR."),
    statusMessage: text("e.status_message", "What went wrong, or other words on the outcome."),
    promptName: text("e.prompt_name", "Name of the managed prompt."),
    promptId: string("e.prompt_id", "Id of the managed prompt."),
    promptVersion: { kind: "integer", nullable: true, sql: "e.prompt_version", description: "Version of the managed prompt." },
    modelId: string("e.model_id", "Id of the matched model."),
    providedModelName: text("e.provided_model_name", "Model name as it was sent."),
    modelParameters: text("e.model_parameters", "Model parameters as JSON text."),
    usageDetails: { kind: "map<integer>", nullable: false, sql: "e.usage_details", description: "Usage by kind.", unit: "tokens" },
    costDetails: { kind: "map<decimal>", nullable: false, sql: "e.cost_details", description: "Cost by kind.", unit: "USD" },
    totalCost: { kind: "decimal", nullable: true, sql: total("e.cost_details"), description: "Total cost.", unit: "USD" },
    input: text("e.input", "Input as it was sent."),
    output: text("e.output", "Output as it was sent."),
    metadata: {
      kind: "map<string>",
      nullable: false,
      sql: "mapFromArrays(e.metadata_names, arrayResize(e.metadata_values, length(e.metadata_names)))",
      description: "Metadata by key.",
    },
    latencyMs: milliseconds(millisBetween("e.end_time"), "Time from start to end."),
    timeToFirstTokenMs: milliseconds(millisBetween("e.completion_start_time"), "Time from start to the first token."),
    tags: { kind: "array<string>", nullable: false, sql: "e.tags", description: "Tags of its trace." },
    release: text("e.release", "Release of the application."),
    parentObservationId: string("e.parent_span_id", "Id of the parent observation; empty for a root."),
  },
  filters: {
    id: is("stringOptions", "e.span_id"),
    traceId: is("string", "e.trace_id"),
    startTime: is("datetime", "e.start_time"),
    endTime: is("datetime", "e.end_time"),
    name: is("stringOptions", "e.name"),
    type: is("stringOptions", "toString(e.type)"),
    environment: is("stringOptions", "toString(e.environment)"),
    ingestionApiKey: is("stringOptions", "e.ingestion_api_key"),
    ingestionSdkName: is("stringOptions", "toString(e.ingestion_sdk_name)"),
    ingestionSdkVersion: is("stringOptions", "toString(e.ingestion_sdk_version)"),
    ingestionSource: is("stringOptions", "toString(e.source)"),
    version: is("string", "e.version"),
    release: is("string", "e.release"),
    userId: is("string", "e.user_id"),
    sessionId: is("string", "e.session_id"),
    traceName: is("stringOptions", traceName),
    level: is("stringOptions", "toString(e.level)"),
    statusMessage: is("string", "e.status_message"),
    promptName: is("stringOptions", "e.prompt_name"),
    promptVersion: is("number", "e.prompt_version"),
    modelId: is("stringOptions", "e.model_id"),
    providedModelName: is("stringOptions", "e.provided_model_name"),
    totalCost: is("number", total("e.cost_details"), { scale: 12 }),
    inputCost: is("number", sumOf("e.cost_details", "input", 12), { scale: 12 }),
    outputCost: is("number", sumOf("e.cost_details", "output", 12), { scale: 12 }),
    inputTokens: is("number", sumOf("e.usage_details", "input", 0)),
    outputTokens: is("number", sumOf("e.usage_details", "output", 0)),
    totalTokens: is("number", total("e.usage_details")),
    latency: is("number", secondsBetween("e.end_time"), { scale: 3 }),
    timeToFirstToken: is("number", secondsBetween("e.completion_start_time"), { scale: 3 }),
    tokensPerSecond: is(
      "number",
      `(toFloat64(${sumOf("e.usage_details", "output", 0)}) / nullIf(${millisBetween("e.end_time")} / 1000, 0))`,
      {
        isFloat: true,
      },
    ),
    input: is("string", "e.input", { readsContent: true, canMatch: true }),
    output: is("string", "e.output", { readsContent: true, canMatch: true }),
    metadata: is("stringObject", "e.metadata_values", {
      readsContent: true,
      canMatch: true,
      entries: { names: "e.metadata_names", values: "e.metadata_values" },
    }),
    evaluatorId: is("string", metadataValue("evaluator_id"), { readsContent: true }),
    ruleId: is(
      "string",
      `if(${metadataValue("evaluation_rule_id")} != '', ${metadataValue("evaluation_rule_id")}, ${metadataValue("job_configuration_id")})`,
      {
        readsContent: true,
      },
    ),
    tags: is("arrayOptions", "e.tags"),
    hasParentObservation: is("boolean", "(e.parent_span_id != '')"),
    isRootObservation: is("boolean", "(e.parent_span_id = '' OR e.is_app_root)"),
    parentObservationId: is("string", "e.parent_span_id"),
    hasInput: is("boolean", "(e.input_length > 0)"),
    hasOutput: is("boolean", "(e.output_length > 0)"),
    experimentDatasetId: is("string", "e.experiment_dataset_id"),
    experimentId: is("string", "e.experiment_id"),
    experimentName: is("stringOptions", "e.experiment_name"),
    isExperimentItemRootSpan: is("boolean", "(e.experiment_item_root_span_id = e.span_id)"),
    toolNames: is("arrayOptions", "mapKeys(e.tool_definitions)"),
    calledToolNames: is("arrayOptions", "e.tool_call_names"),
    toolDefinitions: is("number", "length(mapKeys(e.tool_definitions))"),
    toolCalls: is("number", "length(e.tool_calls)"),
  },
  aliases: {
    model: "providedModelName",
    traceTags: "tags",
    tokens: "totalTokens",
    traceEnvironment: "environment",
    timestamp: "startTime",
  },
  searchIds: ["e.span_id", "e.name", "e.trace_name", "e.user_id", "e.session_id", "e.trace_id"],
  time: "e.start_time",
  timeColumn: "startTime",
  id: "e.span_id",
  version: "e.event_ts",
  isDeleted: "e.is_deleted",
  hash: "xxHash32(e.trace_id)",
  rowBytes: "(e.input_length + e.output_length + 900)",
};
