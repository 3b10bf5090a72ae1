/** Rows of ClickHouse as they lie there, of which only what a test names is not usual. */
export type Key = { projectId: string; publicKey: string; secretKey: string };
export type Row = Record<string, unknown>;

export const at = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");
export const baseMs = Date.UTC(2026, 2, 10, 12);
export const iso = (offsetMs: number) => new Date(baseMs + offsetMs).toISOString();
export const dayMs = 86_400_000;

const stored = { created_at: at(baseMs + 1), updated_at: at(baseMs + 2), event_ts: at(baseMs), is_deleted: 0 };

export const traceRow = (key: Key, id: string, more: Row = {}): Row => ({
  id,
  project_id: key.projectId,
  timestamp: at(baseMs),
  name: "trace",
  user_id: null,
  session_id: null,
  release: null,
  version: null,
  environment: "default",
  tags: [],
  public: false,
  bookmarked: false,
  input: null,
  output: null,
  metadata: {},
  ...stored,
  ...more,
});

export const observationRow = (key: Key, id: string, more: Row = {}): Row => ({
  id,
  trace_id: "t",
  project_id: key.projectId,
  environment: "default",
  type: "SPAN",
  parent_observation_id: null,
  start_time: at(baseMs),
  end_time: null,
  name: "observation",
  metadata: {},
  level: "DEFAULT",
  status_message: null,
  version: null,
  input: null,
  output: null,
  provided_model_name: null,
  internal_model_id: null,
  model_parameters: null,
  usage_details: {},
  cost_details: {},
  completion_start_time: null,
  prompt_id: null,
  prompt_name: null,
  prompt_version: null,
  ...stored,
  ...more,
});

export const scoreRow = (key: Key, id: string, more: Row = {}): Row => ({
  id,
  project_id: key.projectId,
  timestamp: at(baseMs),
  environment: "default",
  trace_id: "t",
  session_id: null,
  dataset_run_id: null,
  observation_id: null,
  name: "quality",
  value: 0.5,
  source: "API",
  comment: null,
  metadata: {},
  author_user_id: null,
  config_id: null,
  data_type: "NUMERIC",
  string_value: null,
  queue_id: null,
  long_string_value: "",
  ...stored,
  ...more,
});
