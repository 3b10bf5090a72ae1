/** The tables that are delivered to storage: columns in snake_case, and with each row its version and whether it is deleted. */

import { toSql } from "../../query/sql.ts";
import { boolean, number, string, strings, text, texts, timestamp } from "../../query/tables/columns.ts";
import { datasetRunItems } from "../../query/tables/dataset-run-items.ts";
import { events } from "../../query/tables/events.ts";
import { observations } from "../../query/tables/observations.ts";
import { scores } from "../../query/tables/scores.ts";
import type { ExportColumn, ExportTable } from "../../query/tables/table.ts";
import { traces } from "../../query/tables/traces.ts";

/** Langfuse's names (its blob storage export). `core` cannot be left out. */
export const fieldGroups = [
  "core",
  "basic",
  "time",
  "io",
  "metadata",
  "model",
  "usage",
  "prompt",
  "metrics",
  "trace_context",
  "tools",
] as const;
export type FieldGroup = (typeof fieldGroups)[number];

/** Instant at which this version of the row was written. */
export const versionColumn = "_version";
/** True for a version that deletes the row. */
export const deletedColumn = "_deleted";
/** What names a row among all projects. Versions of a row have the same key. */
export const keyColumns = ["project_id", "id"] as const;

export type DeliveredTable = {
  /**
   * Columns are made from the row itself, never from relations or lookups: a trace's name beside an observation, a dataset's name or a
   * model's price change without the row being written again, and then a version would not fix its content.
   */
  table: ExportTable;
  /** The field group of each column. Tables without groups have `core` and `basic`. */
  groups: Readonly<Record<string, FieldGroup>>;
};

type Grouped = Partial<Record<FieldGroup, Record<string, ExportColumn>>>;

/** Takes a column of a batch export under its name there. */
const columnOf = (table: ExportTable, name: string): ExportColumn => {
  const column = table.columns[name];
  if (column === undefined || column.uses.length > 0) throw new Error(`${table.name} has no column ${name} of its own.`);
  return column;
};

const deliver = (base: ExportTable, columns: Grouped): DeliveredTable => {
  const pairs = fieldGroups.flatMap((group) => Object.entries(columns[group] ?? {}).map(([name, column]) => ({ group, name, column })));
  return {
    table: {
      ...base,
      columns: {
        ...Object.fromEntries(pairs.map(({ name, column }) => [name, column])),
        [versionColumn]: timestamp(`toDateTime64(${base.version}, 6, 'UTC')`, "When this version of the row was written.", false),
        [deletedColumn]: boolean(`toBool(${base.isDeleted})`, "True if this version deletes the row."),
      },
      // Comments and scores change without the row being written again.
      commentObject: null,
      scoreLevels: null,
      filters: {},
      aliases: {},
      searchIds: [],
      searchContent: null,
      relations: {},
    },
    groups: Object.fromEntries(pairs.map(({ name, group }) => [name, group])),
  };
};

const projectId = string("e.project_id", "Id of the project.");
const createdAt = timestamp("e.created_at", "When it was first stored.", false);
const updatedAt = timestamp("e.updated_at", "When it was last stored.", false);

const ofTraces = (name: string) => columnOf(traces, name);
const ofScores = (name: string) => columnOf(scores, name);
const ofObservations = (name: string) => columnOf(observations, name);
const ofEvents = (name: string) => columnOf(events, name);
const ofRunItems = (name: string) => columnOf(datasetRunItems, name);

const deliveredTraces = deliver(traces, {
  core: { id: ofTraces("id"), timestamp: ofTraces("timestamp"), project_id: projectId },
  basic: {
    name: ofTraces("name"),
    environment: ofTraces("environment"),
    user_id: ofTraces("userId"),
    session_id: ofTraces("sessionId"),
    release: ofTraces("release"),
    version: ofTraces("version"),
    public: ofTraces("public"),
    bookmarked: ofTraces("bookmarked"),
    tags: ofTraces("tags"),
  },
  time: { created_at: createdAt, updated_at: updatedAt },
  io: { input: ofTraces("input"), output: ofTraces("output") },
  metadata: { metadata: ofTraces("metadata") },
});

const deliveredScores = deliver(scores, {
  core: { id: ofScores("id"), timestamp: ofScores("timestamp"), project_id: projectId },
  basic: {
    environment: ofScores("environment"),
    trace_id: ofScores("traceId"),
    observation_id: ofScores("observationId"),
    session_id: ofScores("sessionId"),
    dataset_run_id: ofScores("datasetRunId"),
    name: ofScores("name"),
    value: ofScores("value"),
    source: ofScores("source"),
    comment: ofScores("comment"),
    data_type: ofScores("dataType"),
    string_value: ofScores("stringValue"),
    author_user_id: ofScores("authorUserId"),
    config_id: ofScores("configId"),
    queue_id: ofScores("queueId"),
  },
  time: { created_at: createdAt, updated_at: updatedAt },
  metadata: { metadata: ofScores("metadata") },
});

const inSeconds = (milliseconds: ExportColumn): ExportColumn => ({
  ...number(`((${milliseconds.sql}) / 1000)`, milliseconds.description),
  unit: "s",
});

const deliveredObservations = deliver(observations, {
  core: {
    id: ofObservations("id"),
    trace_id: ofObservations("traceId"),
    start_time: ofObservations("startTime"),
    end_time: ofObservations("endTime"),
    project_id: projectId,
    parent_observation_id: ofObservations("parentObservationId"),
    type: ofObservations("type"),
  },
  basic: {
    name: ofObservations("name"),
    environment: ofObservations("environment"),
    level: ofObservations("level"),
    status_message: ofObservations("statusMessage"),
    version: ofObservations("version"),
  },
  time: { completion_start_time: ofObservations("completionStartTime"), created_at: createdAt, updated_at: updatedAt },
  io: { input: ofObservations("input"), output: ofObservations("output") },
  metadata: { metadata: ofObservations("metadata") },
  model: {
    provided_model_name: ofObservations("model"),
    model_id: ofObservations("internalModelId"),
    model_parameters: ofObservations("modelParameters"),
  },
  usage: {
    provided_usage_details: ofObservations("providedUsageDetails"),
    usage_details: ofObservations("usageDetails"),
    provided_cost_details: ofObservations("providedCostDetails"),
    cost_details: ofObservations("costDetails"),
    input_cost: ofObservations("inputCost"),
    output_cost: ofObservations("outputCost"),
    total_cost: ofObservations("totalCost"),
    input_usage: ofObservations("inputUsage"),
    output_usage: ofObservations("outputUsage"),
    total_usage: ofObservations("totalUsage"),
    usage_pricing_tier_id: ofObservations("usagePricingTierId"),
    usage_pricing_tier_name: ofObservations("usagePricingTierName"),
  },
  prompt: {
    prompt_id: ofObservations("promptId"),
    prompt_name: ofObservations("promptName"),
    prompt_version: ofObservations("promptVersion"),
  },
  metrics: {
    latency: inSeconds(ofObservations("latencyMs")),
    time_to_first_token: inSeconds(ofObservations("timeToFirstTokenMs")),
    latency_ms: ofObservations("latencyMs"),
    time_to_first_token_ms: ofObservations("timeToFirstTokenMs"),
  },
  tools: {
    tool_definitions: ofObservations("toolDefinitions"),
    tool_calls: ofObservations("toolCalls"),
    tool_call_names: ofObservations("toolCallNames"),
    tool_definitions_count: ofObservations("toolDefinitionsCount"),
    tool_calls_count: ofObservations("toolCallsCount"),
  },
});

/** Langfuse names this table `observations_v2`; the name of its export source is `EVENTS`. */
const deliveredEvents = deliver(events, {
  core: {
    id: ofEvents("id"),
    trace_id: ofEvents("traceId"),
    start_time: ofEvents("startTime"),
    end_time: ofEvents("endTime"),
    project_id: projectId,
    parent_observation_id: ofEvents("parentObservationId"),
    type: ofEvents("type"),
  },
  basic: {
    name: ofEvents("name"),
    level: ofEvents("level"),
    status_message: ofEvents("statusMessage"),
    version: ofEvents("version"),
    environment: ofEvents("environment"),
    bookmarked: boolean("e.bookmarked", "Bookmarked by a person."),
    public: boolean("e.public", "Readable by everybody who has the link."),
    user_id: ofEvents("userId"),
    session_id: ofEvents("sessionId"),
    is_root_observation: boolean("toBool(e.parent_span_id = '' OR e.is_app_root)", "True for the root of a trace or of an application."),
  },
  time: { completion_start_time: ofEvents("completionStartTime"), created_at: createdAt, updated_at: updatedAt },
  io: { input: ofEvents("input"), output: ofEvents("output") },
  metadata: { metadata: ofEvents("metadata") },
  model: {
    provided_model_name: ofEvents("providedModelName"),
    model_id: ofEvents("modelId"),
    model_parameters: ofEvents("modelParameters"),
  },
  usage: {
    usage_details: ofEvents("usageDetails"),
    cost_details: ofEvents("costDetails"),
    total_cost: ofEvents("totalCost"),
    usage_pricing_tier_id: string("e.usage_pricing_tier_id", "Id of the pricing tier.", true),
    usage_pricing_tier_name: text("e.usage_pricing_tier_name", "Name of the pricing tier.", true),
  },
  prompt: { prompt_id: ofEvents("promptId"), prompt_name: ofEvents("promptName"), prompt_version: ofEvents("promptVersion") },
  metrics: {
    latency: inSeconds(ofEvents("latencyMs")),
    time_to_first_token: inSeconds(ofEvents("timeToFirstTokenMs")),
    latency_ms: ofEvents("latencyMs"),
    time_to_first_token_ms: ofEvents("timeToFirstTokenMs"),
  },
  trace_context: { tags: ofEvents("tags"), release: ofEvents("release"), trace_name: ofEvents("traceName") },
  tools: {
    tool_definitions: texts("e.tool_definitions", "Definitions of the tools on offer, by name."),
    tool_calls: strings("e.tool_calls", "Calls of tools as JSON text."),
    tool_call_names: strings("e.tool_call_names", "Names of the tools called."),
  },
});

const deliveredDatasetRunItems = deliver(datasetRunItems, {
  core: { id: ofRunItems("id"), project_id: projectId },
  basic: {
    dataset_run_id: ofRunItems("datasetRunId"),
    dataset_run_name: ofRunItems("datasetRunName"),
    dataset_run_description: text("e.dataset_run_description", "Description of the run.", true),
    dataset_run_created_at: timestamp("e.dataset_run_created_at", "When the run was created.", false),
    dataset_id: ofRunItems("datasetId"),
    dataset_item_id: ofRunItems("datasetItemId"),
    dataset_item_version: timestamp("e.dataset_item_version", "Version of the item that the run used."),
    trace_id: ofRunItems("traceId"),
    observation_id: ofRunItems("observationId"),
    error: ofRunItems("error"),
  },
  time: { created_at: createdAt, updated_at: updatedAt },
  io: {
    dataset_item_input: ofRunItems("datasetItemInput"),
    dataset_item_expected_output: ofRunItems("datasetItemExpectedOutput"),
  },
  metadata: {
    dataset_item_metadata: ofRunItems("datasetItemMetadata"),
    dataset_run_metadata: texts("e.dataset_run_metadata", "Metadata of the run by key."),
  },
});

/**
 * The delivered tables, by the name they have in keys, manifests and targets.
 * Sessions are not among them. A session is a sum over the newest versions of its traces, so a trace that leaves it or is deleted changes it
 * without writing anything that bears its name: no window could say which sessions to deliver again. docs/integrations-storage.md has the
 * view that computes them from delivered traces.
 */
export const deliveredTables = {
  traces: deliveredTraces,
  observations: deliveredObservations,
  scores: deliveredScores,
  events: deliveredEvents,
  dataset_run_items: deliveredDatasetRunItems,
} as const satisfies Record<string, DeliveredTable>;
export type DeliveredTableName = keyof typeof deliveredTables;
export const deliveredTableNames = Object.keys(deliveredTables) as [DeliveredTableName, ...DeliveredTableName[]];

/**
 * Rows that were removed from ClickHouse and so have no version that says it: one row for each. `table_name` is a delivered table, and
 * `_version` the instant of the removal: what was written up to then is gone, what was written later stays.
 */
export const deletions: ExportTable = {
  name: "deletions",
  description: "Rows that were deleted: the name of their table, their id and when.",
  source: { kind: "replacing", table: "deleted_rows" },
  columns: {
    table_name: string("toString(e.table_name)", "Delivered table that had the row."),
    project_id: projectId,
    id: string("e.id", "Id of the deleted row."),
    [versionColumn]: timestamp("e.deleted_at", "When it was deleted.", false),
  },
  filters: {},
  aliases: {},
  searchIds: [],
  searchContent: null,
  relations: {},
  commentObject: null,
  scoreLevels: null,
  requiredScope: null,
  time: "e.deleted_at",
  timeColumn: versionColumn,
  id: "concat(toString(e.table_name), ':', e.id)",
  version: "e.deleted_at",
  isDeleted: "0",
  place: "cityHash64(e.deleted_at, e.table_name)",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("100"),
};

export type ColumnChoice = {
  /** Groups to deliver, besides `core`. Null: all. */
  groups: readonly FieldGroup[] | null;
  /** Columns to deliver, besides those of `core`. Null: all. */
  columns: readonly string[] | null;
};

/**
 * Lists the columns to deliver in file order. Without `core`, version and deletion a row could not be merged, so these are always in it.
 * Names that the table does not have are ignored here; `unknownColumns` finds them when settings are saved.
 */
export const chooseDeliveredColumns = ({ table, groups }: DeliveredTable, choice: ColumnChoice): string[] =>
  Object.keys(table.columns).filter((name) => {
    const group = groups[name];
    if (group === undefined || group === "core") return true;
    return (choice.groups === null || choice.groups.includes(group)) && (choice.columns === null || choice.columns.includes(name));
  });

/** Lists the chosen names that are not columns of the table. */
export const unknownColumns = ({ table }: DeliveredTable, columns: readonly string[]): string[] =>
  columns.filter((name) => !Object.hasOwn(table.columns, name));
