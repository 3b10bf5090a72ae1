/**
 * Ingestion, writing: the rows exactly as ClickHouse reads them (JSONEachRow). Columns with a default that nothing sets are omitted.
 * An instant is `YYYY-MM-DD HH:MM:SS.ffffff` UTC: `basic` and `best_effort` parse it alike, and a DateTime64(3) column drops the extra
 * digits. Decimals and 64-bit integers are strings. All text is well-formed: ClickHouse refuses a whole batch for one lone surrogate.
 */
import { columnText } from "./column-text.ts";
import type { Json } from "./event.ts";

/** `Map(String, …)`. Has no prototype, so `__proto__` is an ordinary key. */
export type TextMap = Record<string, string>;

/** Columns of every table. */
type Stored = {
  created_at: string;
  updated_at: string;
  /** Version of the row. */
  event_ts: string;
  is_deleted: 0 | 1;
};

/** Origin of a row: API key, SDK and file. Absent columns keep their defaults. */
export type RowOrigin = {
  ingestion_api_key?: string;
  ingestion_sdk_name?: string;
  ingestion_sdk_version?: string;
};

export type TraceRow = Stored & {
  id: string;
  timestamp: string;
  name: string;
  user_id: string | null;
  metadata: TextMap;
  release: string | null;
  version: string | null;
  project_id: string;
  environment: string;
  public: boolean;
  bookmarked: boolean;
  tags: string[];
  input: string | null;
  output: string | null;
  session_id: string | null;
};

export type ObservationRow = Stored & {
  id: string;
  trace_id: string;
  project_id: string;
  environment: string;
  type: string;
  parent_observation_id: string | null;
  start_time: string;
  end_time: string | null;
  name: string;
  metadata: TextMap;
  level: string;
  status_message: string | null;
  version: string | null;
  input: string | null;
  output: string | null;
  provided_model_name: string | null;
  internal_model_id: string | null;
  /** JSON text. */
  model_parameters: string | null;
  provided_usage_details: TextMap;
  usage_details: TextMap;
  provided_cost_details: TextMap;
  cost_details: TextMap;
  total_cost: string | null;
  completion_start_time: string | null;
  prompt_id: string | null;
  prompt_name: string | null;
  prompt_version: number | null;
  usage_pricing_tier_id: string | null;
  usage_pricing_tier_name: string | null;
  tool_definitions: TextMap;
  tool_calls: string[];
  tool_call_names: string[];
};

export type ScoreRow = Stored &
  RowOrigin & {
    id: string;
    timestamp: string;
    project_id: string;
    environment: string;
    trace_id: string | null;
    session_id: string | null;
    dataset_run_id: string | null;
    observation_id: string | null;
    name: string;
    value: number;
    source: string;
    comment: string | null;
    metadata: TextMap;
    author_user_id: string | null;
    config_id: string | null;
    data_type: string;
    string_value: string | null;
    queue_id: string | null;
    execution_trace_id: string | null;
    long_string_value: string;
  };

/** A row of `dataset_run_items_rmt`. */
export type DatasetRunItemRow = Stored & {
  id: string;
  project_id: string;
  dataset_run_id: string;
  dataset_item_id: string;
  dataset_id: string;
  trace_id: string;
  observation_id: string | null;
  error: string | null;
  dataset_run_name: string;
  dataset_run_description: string | null;
  dataset_run_metadata: TextMap;
  dataset_run_created_at: string;
  dataset_item_input: string | null;
  dataset_item_expected_output: string | null;
  dataset_item_metadata: TextMap;
  dataset_item_version: string | null;
};

export type EventRow = Stored &
  RowOrigin & {
    project_id: string;
    trace_id: string;
    span_id: string;
    parent_span_id: string;
    start_time: string;
    end_time: string | null;
    name: string;
    type: string;
    environment: string;
    version: string;
    release: string;
    trace_name: string;
    user_id: string;
    session_id: string;
    tags: string[];
    level: string;
    status_message: string;
    completion_start_time: string | null;
    is_app_root: boolean;
    bookmarked: boolean;
    public: boolean;
    prompt_id: string;
    prompt_name: string;
    prompt_version: number | null;
    model_id: string;
    provided_model_name: string;
    model_parameters: string;
    provided_usage_details: TextMap;
    usage_details: TextMap;
    provided_cost_details: TextMap;
    cost_details: TextMap;
    usage_pricing_tier_id: string | null;
    usage_pricing_tier_name: string | null;
    tool_definitions: TextMap;
    tool_calls: string[];
    tool_call_names: string[];
    input: string;
    output: string;
    metadata_names: string[];
    metadata_values: string[];
    experiment_id: string;
    experiment_name: string;
    experiment_metadata_names: string[];
    experiment_metadata_values: string[];
    experiment_description: string;
    experiment_dataset_id: string;
    experiment_item_id: string;
    experiment_item_version: string | null;
    experiment_item_expected_output: string;
    experiment_item_metadata_names: string[];
    experiment_item_metadata_values: string[];
    experiment_item_root_span_id: string;
    source: string;
    service_name: string;
    service_version: string;
    scope_name: string;
    scope_version: string;
    telemetry_sdk_language: string;
    telemetry_sdk_name: string;
    telemetry_sdk_version: string;
    blob_storage_file_path: string;
    /** UInt64 as text. */
    event_bytes: string;
  };

/** Keeps strings, encodes other values as JSON; null becomes NULL. */
export const payloadText = (value: Json | undefined): string | null =>
  value === undefined || value === null ? null : columnText(typeof value === "string" ? value : JSON.stringify(value));

/** Builds a map column, converting each value with `toText`. */
export const textMap = <Value>(entries: Iterable<readonly [string, Value]>, toText: (value: Value) => string): TextMap => {
  const map: TextMap = Object.create(null);
  for (const [key, value] of entries) map[columnText(key)] = toText(value);
  return map;
};

/** The range of instants (instant.ts), for what was stored when it was wider. */
const instantMin = "1970-01-01 00:00:00.000000";
const instantMax = "2149-06-06 23:59:59.999999";

/** An instant of our own spelling that is within the range. */
const usualInstant = /^(?:19[7-9]\d|20\d\d|21[0-3]\d)-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Formats an event's instant for a column, clamped to the column's range; digits below the microsecond are dropped. */
export const instantText = (instant: string): string => {
  if (instant.length === 27 && usualInstant.test(instant)) return `${instant.slice(0, 10)} ${instant.slice(11, 26)}`;
  const [, date, time, fraction = ""] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(instant) ?? [];
  if (date === undefined) throw new RangeError(`not an instant in UTC: ${instant.slice(0, 40)}`);
  const text = `${date} ${time}.${fraction.slice(0, 6).padEnd(6, "0")}`;
  return text < instantMin ? instantMin : text > instantMax ? instantMax : text;
};

/** Does the same for a nullable column. */
export const nullableInstant = (instant: string | null | undefined): string | null =>
  instant === undefined || instant === null ? null : instantText(instant);

/** Parses a hand-written instant, such as a dataset item's version: ISO 8601 with any zone. Returns NULL for anything else. */
export const looseInstant = (text: string | null | undefined): string | null => {
  if (text === undefined || text === null || !/^\d{4}-\d\d-\d\d/.test(text)) return null;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text))) return instantText(text);
  const instant = new Date(/^\d{4}-\d\d-\d\d$|(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  const iso = Number.isNaN(instant.getTime()) ? "" : instant.toISOString();
  return /^\d{4}-/.test(iso) ? instantText(iso) : null;
};
