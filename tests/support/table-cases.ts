/**
 * Rows for each exportable table, and what a reader must find for them: written by hand from the documented columns, not from the code that exports.
 * Cells: text; decimal text of numbers; `us:` and microseconds for instants; null where absent; arrays and maps of text.
 */
import { sql } from "drizzle-orm";
import type { TableName } from "../../core/query/tables/index.ts";
import { execute } from "../../db/postgres/client.ts";
import { eventRow } from "./event-rows.ts";
import type { Fixture } from "./fixture.ts";

export type Cell = string | boolean | null | string[] | Record<string, string>;
export type StoredRow = Record<string, unknown>;

export type TableCase = {
  /** Row `i` with this text in every free text column. */
  make: (fixture: Fixture, i: number, text: string) => StoredRow;
  insert: (fixture: Fixture, rows: StoredRow[]) => Promise<void>;
  expected: (row: StoredRow) => Record<string, Cell>;
  /** A newer version under the same id, with other text; null where rows are not versioned by the store. */
  replace: ((row: StoredRow, text: string) => StoredRow) | null;
  remove: ((row: StoredRow) => StoredRow) | null;
};

const baseMs = Date.UTC(2026, 3, 1);
export const at = (ms: number, digits = 3): string => {
  const iso = new Date(ms).toISOString().replace("T", " ").replace("Z", "");
  return digits === 3 ? iso : `${iso}${"0".repeat(digits - 3)}`;
};
export const us = (time: unknown): string | null =>
  time === null
    ? null
    : `us:${BigInt(Date.parse(`${String(time).slice(0, 19).replace(" ", "T")}Z`)) * 1000n + BigInt(String(time).slice(20).padEnd(6, "0") || 0)}`;

const into =
  (table: string) =>
  async (fixture: Fixture, rows: StoredRow[]): Promise<void> => {
    if (rows.length > 0) await fixture.query(`INSERT INTO ${table} FORMAT JSONEachRow`, rows.map((row) => JSON.stringify(row)).join("\n"));
  };

const versioned = {
  replace: (row: StoredRow, text: string): StoredRow => ({ ...row, name: text, event_ts: at(baseMs + 86_400_000) }),
  remove: (row: StoredRow): StoredRow => ({ ...row, is_deleted: 1, event_ts: at(baseMs + 172_800_000) }),
};

const traceRow = (fixture: Fixture, i: number, text: string): StoredRow => ({
  id: `trace-${i}`,
  project_id: fixture.projectId,
  timestamp: at(baseMs + i * 1001),
  name: text,
  user_id: i % 2 === 0 ? text : null,
  session_id: i % 3 === 0 ? null : `session-${i}`,
  release: null,
  version: text,
  environment: "default",
  tags: [text, "plain"],
  public: i % 2 === 0,
  bookmarked: false,
  input: text,
  output: i % 5 === 0 ? null : text,
  metadata: { k: text, "": "empty key" },
  created_at: at(baseMs),
  updated_at: at(baseMs),
  event_ts: at(baseMs),
  is_deleted: 0,
});

const max64 = "18446744073709551615";
const maxDecimal = "999999.999999999999";
const nullable = (value: unknown) => (value === null ? null : String(value));

const observationRow = (fixture: Fixture, i: number, text: string): StoredRow => ({
  id: `observation-${i}`,
  trace_id: `trace-${i}`,
  project_id: fixture.projectId,
  environment: "default",
  type: "GENERATION",
  parent_observation_id: i % 2 === 0 ? null : "parent",
  start_time: at(baseMs + i * 1001),
  end_time: i % 2 === 0 ? at(baseMs + i * 1001 + 1234) : null,
  name: text,
  metadata: { k: text },
  level: "ERROR",
  status_message: text,
  version: null,
  input: text,
  output: text,
  provided_model_name: text,
  internal_model_id: null,
  model_parameters: '{"temperature":1}',
  provided_usage_details: { input: max64 },
  usage_details: { input: max64, output: "1", total: "9007199254740993" },
  provided_cost_details: {},
  cost_details: { input: maxDecimal, total: maxDecimal },
  total_cost: maxDecimal,
  completion_start_time: null,
  prompt_id: null,
  prompt_name: null,
  prompt_version: i % 2 === 0 ? 65_535 : null,
  created_at: at(baseMs),
  updated_at: at(baseMs),
  event_ts: at(baseMs),
  is_deleted: 0,
  usage_pricing_tier_id: null,
  usage_pricing_tier_name: null,
  tool_definitions: { search: text },
  tool_calls: [text],
  tool_call_names: ["search"],
});

const scoreRow = (fixture: Fixture, i: number, text: string): StoredRow => ({
  id: `score-${i}`,
  project_id: fixture.projectId,
  timestamp: at(baseMs + i * 1001),
  environment: "default",
  trace_id: `trace-${i}`,
  session_id: null,
  dataset_run_id: null,
  observation_id: i % 2 === 0 ? `observation-${i}` : null,
  name: text,
  value: 0.1,
  source: "API",
  comment: text,
  metadata: { k: text },
  author_user_id: fixture.userId,
  config_id: null,
  data_type: "CATEGORICAL",
  string_value: text,
  queue_id: null,
  created_at: at(baseMs),
  updated_at: at(baseMs),
  event_ts: at(baseMs),
  is_deleted: 0,
  execution_trace_id: null,
  long_string_value: "",
});

const maps = (value: unknown) => value as Record<string, string>;

export const tableCases: Record<TableName, TableCase> = {
  events: {
    ...versioned,
    make: (fixture, i, text) =>
      eventRow({
        project_id: fixture.projectId,
        span_id: `span-${i}`,
        trace_id: `trace-${i}`,
        start_time: at(baseMs + i * 1001, 6),
        end_time: i % 2 === 0 ? at(baseMs + i * 1001 + 1234, 6) : null,
        event_ts: at(baseMs, 6),
        name: text,
        user_id: text,
        input: text,
        output: text,
        tags: [text],
        metadata_names: ["k"],
        metadata_values: [text],
        usage_details: { input: max64, total: "9007199254740993" },
        cost_details: { total: maxDecimal },
        prompt_version: 65_535,
      }) as unknown as StoredRow,
    insert: into("events"),
    expected: (row) => ({
      id: String(row["span_id"]),
      traceId: String(row["trace_id"]),
      traceName: String(row["trace_name"] || (row["parent_span_id"] === "" ? row["name"] : "")),
      name: String(row["name"]),
      startTime: us(row["start_time"]),
      endTime: us(row["end_time"]),
      userId: String(row["user_id"]),
      input: String(row["input"]),
      output: String(row["output"]),
      tags: row["tags"] as string[],
      metadata: { k: String((row["metadata_values"] as string[])[0]) },
      usageDetails: maps(row["usage_details"]),
      costDetails: maps(row["cost_details"]),
      totalCost: maxDecimal,
      promptVersion: "65535",
      latencyMs: row["end_time"] === null ? null : "1234",
    }),
  },
  traces: {
    ...versioned,
    make: traceRow,
    insert: into("traces"),
    expected: (row) => ({
      id: String(row["id"]),
      timestamp: us(row["timestamp"]),
      name: String(row["name"]),
      userId: nullable(row["user_id"]),
      sessionId: nullable(row["session_id"]),
      release: null,
      version: String(row["version"]),
      environment: "default",
      tags: row["tags"] as string[],
      bookmarked: false,
      public: Boolean(row["public"]),
      input: String(row["input"]),
      output: nullable(row["output"]),
      metadata: maps(row["metadata"]),
    }),
  },
  observations: {
    ...versioned,
    make: observationRow,
    insert: async (fixture, rows) => {
      await into("observations")(fixture, rows);
      await into("traces")(
        fixture,
        rows.map((row) => traceRow(fixture, Number(String(row["id"]).split("-")[1]), "trace name")),
      );
    },
    expected: (row) => ({
      id: String(row["id"]),
      traceId: String(row["trace_id"]),
      startTime: us(row["start_time"]),
      endTime: us(row["end_time"]),
      parentObservationId: nullable(row["parent_observation_id"]),
      type: "GENERATION",
      name: String(row["name"]),
      statusMessage: String(row["status_message"]),
      version: null,
      input: String(row["input"]),
      output: String(row["output"]),
      metadata: maps(row["metadata"]),
      model: String(row["provided_model_name"]),
      modelParameters: '{"temperature":1}',
      promptVersion: nullable(row["prompt_version"]),
      latencyMs: row["end_time"] === null ? null : "1234",
      usageDetails: maps(row["usage_details"]),
      costDetails: maps(row["cost_details"]),
      inputUsage: max64,
      outputUsage: "1",
      totalUsage: "9007199254740993",
      inputCost: maxDecimal,
      totalCost: maxDecimal,
      toolDefinitions: maps(row["tool_definitions"]),
      toolCalls: row["tool_calls"] as string[],
      toolCallsCount: "1",
      traceName: "trace name",
      traceTags: ["trace name", "plain"],
      traceTimestamp: us(row["start_time"]),
    }),
  },
  sessions: {
    replace: null,
    remove: null,
    make: (fixture, i, text) => ({ ...traceRow(fixture, i, text), session_id: `session-${i} ${text}` }),
    insert: into("traces"),
    expected: (row) => ({
      id: String(row["session_id"]),
      createdAt: us(row["timestamp"]),
      userIds: row["user_id"] === null || row["user_id"] === "" ? [] : [String(row["user_id"])],
      countTraces: "1",
      traceTags: [...new Set(row["tags"] as string[])].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      sessionDurationMs: null,
      totalCost: "0",
      totalTokens: "0",
    }),
  },
  scores: {
    ...versioned,
    make: scoreRow,
    insert: async (fixture, rows) => {
      await into("scores")(fixture, rows);
      await into("traces")(
        fixture,
        rows.map((row) => traceRow(fixture, Number(String(row["id"]).split("-")[1]), "trace name")),
      );
    },
    // The name is part of the key: a new comment keeps it.
    replace: (row, text) => ({ ...row, comment: text, event_ts: at(baseMs + 86_400_000) }),
    expected: (row) => ({
      id: String(row["id"]),
      traceId: String(row["trace_id"]),
      observationId: nullable(row["observation_id"]),
      sessionId: null,
      timestamp: us(row["timestamp"]),
      source: "API",
      name: String(row["name"]),
      dataType: "CATEGORICAL",
      value: "0.1",
      stringValue: String(row["string_value"]),
      comment: String(row["comment"]),
      metadata: maps(row["metadata"]),
      traceName: "trace name",
      traceTags: ["trace name", "plain"],
      environment: "default",
      authorUserId: String(row["author_user_id"]),
    }),
  },
  dataset_run_items: {
    ...versioned,
    replace: (row, text) => ({ ...row, error: text, event_ts: at(baseMs + 86_400_000) }),
    make: (fixture, i, text) => ({
      id: `run-item-${i}`,
      project_id: fixture.projectId,
      dataset_run_id: "run",
      dataset_item_id: `item-${i}`,
      dataset_id: "gone",
      trace_id: `trace-${i}`,
      observation_id: null,
      error: text,
      created_at: at(baseMs + i * 1001),
      updated_at: at(baseMs),
      dataset_run_name: text,
      dataset_run_description: null,
      dataset_run_metadata: {},
      dataset_run_created_at: at(baseMs),
      dataset_item_input: text,
      dataset_item_expected_output: null,
      dataset_item_metadata: { k: text },
      dataset_item_version: null,
      event_ts: at(baseMs),
      is_deleted: 0,
    }),
    insert: into("dataset_run_items_rmt"),
    expected: (row) => ({
      id: String(row["id"]),
      datasetRunId: "run",
      datasetRunName: String(row["dataset_run_name"]),
      datasetName: "Unknown",
      traceId: String(row["trace_id"]),
      observationId: null,
      error: String(row["error"]),
      createdAt: us(row["created_at"]),
      datasetItemInput: String(row["dataset_item_input"]),
      datasetItemExpectedOutput: null,
      datasetItemMetadata: maps(row["dataset_item_metadata"]),
    }),
  },
  dataset_items: {
    replace: null,
    remove: null,
    make: (fixture, i, text) => ({
      id: `item-${i}`,
      project_id: fixture.projectId,
      // Postgres stores no NUL.
      input: JSON.stringify({ text }),
      source_trace_id: text.replaceAll("\u0000", "") || null,
      created_at: at(baseMs + i * 1001, 6),
    }),
    insert: async (fixture, rows) => {
      await execute(
        fixture.db,
        sql`insert into datasets (id, project_id, name) values (${`dataset-${fixture.projectId}`}, ${fixture.projectId}, 'Questions') on conflict do nothing`,
      );
      for (const row of rows)
        await execute(
          fixture.db,
          sql`insert into dataset_items (id, project_id, dataset_id, input, source_trace_id, created_at, updated_at)
            values (${row["id"]}, ${fixture.projectId}, ${`dataset-${fixture.projectId}`}, ${row["input"]}::json, ${row["source_trace_id"]}, ${`${String(row["created_at"])}Z`}::timestamptz, ${`${String(row["created_at"])}Z`}::timestamptz)`,
        );
    },
    expected: (row) => ({
      id: String(row["id"]),
      datasetName: "Questions",
      status: "ACTIVE",
      input: String(row["input"]),
      expectedOutput: null,
      sourceTraceId: nullable(row["source_trace_id"]),
      createdAt: us(row["created_at"]),
    }),
  },
  audit_logs: {
    replace: null,
    remove: null,
    make: (fixture, i, text) => ({
      id: `audit-${i}`,
      project_id: fixture.projectId,
      resource_id: text.replaceAll("\u0000", ""),
      after: JSON.stringify({ text }),
      created_at: at(baseMs + i * 1001, 6),
    }),
    insert: async (fixture, rows) => {
      for (const row of rows)
        await execute(
          fixture.db,
          sql`insert into audit_logs (id, type, project_id, resource_type, resource_id, action, after, created_at)
            values (${row["id"]}, 'ADMIN', ${fixture.projectId}, 'test', ${row["resource_id"]}, 'made', ${row["after"]}::json, ${`${String(row["created_at"])}Z`}::timestamptz)`,
        );
    },
    expected: (row) => ({
      id: String(row["id"]),
      type: "ADMIN",
      resourceType: "test",
      resourceId: String(row["resource_id"]),
      action: "made",
      before: null,
      after: String(row["after"]),
      createdAt: us(row["created_at"]),
    }),
  },
};
