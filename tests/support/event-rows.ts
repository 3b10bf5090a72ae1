/** Rows of the events table for tests, in the shape ClickHouse reads as JSONEachRow. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

export type EventRow = {
  project_id: string;
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  /** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
  start_time: string;
  end_time: string | null;
  completion_start_time: string | null;
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
  prompt_id: string;
  prompt_name: string;
  prompt_version: number | null;
  model_id: string;
  provided_model_name: string;
  model_parameters: string;
  usage_details: Record<string, string>;
  cost_details: Record<string, string>;
  input: string;
  output: string;
  metadata_names: string[];
  metadata_values: string[];
  tool_definitions: Record<string, string>;
  tool_calls: string[];
  tool_call_names: string[];
  is_app_root: boolean;
  event_ts: string;
  /** By default, when the row is inserted. */
  created_at?: string;
  is_deleted: 0 | 1;
};

/** Microseconds since the epoch as ClickHouse reads them. */
export const clickHouseTime = (microseconds: number): string =>
  `${new Date(Math.floor(microseconds / 1000)).toISOString().slice(0, 23).replace("T", " ")}${String(microseconds % 1000).padStart(3, "0")}`;

export const baseUs = Date.UTC(2026, 0, 1) * 1000;

export const eventRow = (row: Partial<EventRow> & { span_id: string }): EventRow => ({
  project_id: "p",
  trace_id: "t",
  parent_span_id: "",
  start_time: clickHouseTime(baseUs),
  end_time: null,
  completion_start_time: null,
  name: "",
  type: "SPAN",
  environment: "default",
  version: "",
  release: "",
  trace_name: "",
  user_id: "",
  session_id: "",
  tags: [],
  level: "DEFAULT",
  status_message: "",
  prompt_id: "",
  prompt_name: "",
  prompt_version: null,
  model_id: "",
  provided_model_name: "",
  model_parameters: "",
  usage_details: {},
  cost_details: {},
  input: "",
  output: "",
  metadata_names: [],
  metadata_values: [],
  tool_definitions: {},
  tool_calls: [],
  tool_call_names: [],
  is_app_root: false,
  event_ts: clickHouseTime(baseUs),
  is_deleted: 0,
  ...row,
});

type Message = {
  role: string;
  content: string | null;
  name?: string;
  tool_call_id?: string;
  tool_calls?: { function: { name: string } }[] | null;
};
type Run = { task_id: number; trial: number; reward: number; info: { task: { user_id: string } }; traj: Message[] };

const dataFile = fileURLToPath(new URL("../../../shared/data/tau-bench-airline.json.gz", import.meta.url));

/** 200 real runs of a customer-service agent as 5,108 events; undefined where the data set is not beside the checkout. */
export const tauBenchRows = (projectId: string): EventRow[] | undefined => {
  if (!existsSync(dataFile)) return undefined;
  const runs = JSON.parse(gunzipSync(readFileSync(dataFile)).toString("utf8")) as Run[];
  return runs.flatMap((run) => {
    const traceId = `task-${run.task_id}-trial-${run.trial}`;
    const startUs = baseUs + (run.task_id * 4 + run.trial) * 3_600_000_000;
    return run.traj.flatMap((message, index) => {
      if (message.role === "system") return [];
      const isGeneration = message.role === "assistant";
      const atUs = startUs + index * 2_345_678 + 7;
      return [
        eventRow({
          project_id: projectId,
          trace_id: traceId,
          span_id: `${traceId}-${index}`,
          parent_span_id: index === 1 ? "" : `${traceId}-1`,
          start_time: clickHouseTime(atUs),
          end_time: clickHouseTime(atUs + 1_234_567),
          completion_start_time: isGeneration ? clickHouseTime(atUs + 300_001) : null,
          name: message.role === "tool" ? (message.name ?? "tool") : message.role,
          type: isGeneration ? "GENERATION" : message.role === "tool" ? "TOOL" : "EVENT",
          trace_name: "airline",
          user_id: run.info.task.user_id,
          session_id: `task-${run.task_id}`,
          tags: ["airline", `trial-${run.trial}`],
          provided_model_name: isGeneration ? "gpt-4o" : "",
          model_parameters: isGeneration ? '{"temperature":0}' : "",
          usage_details: isGeneration ? { input: String(100 + index), output: "25", total: String(125 + index) } : {},
          cost_details: isGeneration ? { input: "0.000250000001", total: "0.000750000001" } : {},
          input: isGeneration ? JSON.stringify(run.traj.slice(Math.max(0, index - 3), index)) : "",
          output: message.content ?? JSON.stringify(message.tool_calls ?? null),
          tool_call_names: (message.tool_calls ?? []).map((call) => call.function.name),
          metadata_names: ["task", "reward"],
          metadata_values: [String(run.task_id), String(run.reward)],
          event_ts: clickHouseTime(atUs),
        }),
      ];
    });
  });
};
