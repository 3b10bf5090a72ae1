import { describe, expect, it } from "vitest";
import type { ObservationBody, ObservationEvent } from "../../../core/ingestion/event.ts";
import { mergeDatasetRunItem } from "../../../core/ingestion/merge/merge-dataset-run-item.ts";
import { mergeObservation } from "../../../core/ingestion/merge/merge-observation.ts";
import { mergeScore } from "../../../core/ingestion/merge/merge-score.ts";
import { mergeTrace } from "../../../core/ingestion/merge/merge-trace.ts";
import { observationEventRow } from "../../../core/ingestion/observation-event-row.ts";
import { priceObservation } from "../../../core/ingestion/price-observation.ts";
import { instantText, looseInstant } from "../../../core/ingestion/rows.ts";
import type { Model } from "../../../core/models/model.ts";
import { events } from "../../../db/clickhouse/migrations/0001-events.ts";
import { legacyTables } from "../../../db/clickhouse/migrations/0002-legacy-tables.ts";

const context = {
  projectId: "p",
  createdAt: "2026-01-02T00:00:00.000001Z",
  updatedAt: "2026-01-02T00:00:00.000002Z",
  version: "2026-01-02T00:00:00.000003Z",
  origin: { apiKey: "pk", sdkName: "python", sdkVersion: "3", filePath: "a/b.json", bytes: 12 },
};
const envelope = { id: "e", timestamp: "2026-01-01T00:00:00.000000Z", type: "x", isUpdate: false };

const told: ObservationBody = {
  traceId: "t",
  type: "GENERATION",
  name: "call",
  startTime: "2026-01-01T00:00:01.234567Z",
  parentObservationId: "parent",
  version: "v1",
  model: "m",
  modelParameters: { temperature: 1 },
  usageDetails: { input: 10, output: 1 },
  metadata: { evaluator_id: "ev", nested: { a: 1 } },
  input: [{ role: "user" }],
  otel: {
    source: "otel",
    serviceName: "svc",
    scopeName: "scope",
    isAppRoot: true,
    toolDefinitions: { f: "{}" },
    toolCalls: ['{"x":1}'],
    toolCallNames: ["f"],
    release: "own",
    experiment: { id: "ex", metadata: { k: "v" }, itemVersion: "2026-01-01T00:00:00Z", itemMetadata: 5, itemExpectedOutput: "yes" },
  },
};
const observation: ObservationEvent = { ...envelope, entityType: "observation", entityId: "o", body: told };
const models: Model[] = [
  {
    id: "model",
    projectId: null,
    modelName: "m",
    matchPattern: "^m$",
    startDate: null,
    tokenizer: null,
    pricingTiers: [{ id: "tier", name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: "0.1" } }],
  },
];

const merged = () => {
  const row = mergeObservation([observation], context);
  if (row === undefined) throw new Error("no row");
  return priceObservation(row, models, () => undefined);
};
const trace = () =>
  mergeTrace(
    [
      {
        ...envelope,
        entityType: "trace",
        entityId: "t",
        body: { name: "the trace", userId: "u", sessionId: "s", tags: ["b", "a"], release: "r", public: true, version: "not mine" },
      },
    ],
    context,
  );

/** Column to whether ClickHouse fills it when a row leaves it out. */
const columnsOf = (statements: string[], table: string): Map<string, boolean> => {
  const statement = statements.find((one) => one.includes(`CREATE TABLE IF NOT EXISTS ${table} `)) ?? "";
  const lines = statement.slice(statement.indexOf("("), statement.indexOf("ENGINE =")).split("\n");
  const columns = lines.flatMap((line) => {
    const [, name, type] = /^\s+([a-z_]+) ([A-Z].*)$/.exec(line) ?? [];
    return name === undefined || type === undefined ? [] : [[name, / (DEFAULT|MATERIALIZED|ALIAS) /.test(type)] as const];
  });
  return new Map(columns);
};
const site = { onCluster: "", engine: () => "", stored: (table: string) => table, distribute: () => [] } as unknown as Parameters<
  typeof events.statements
>[0];
const statements = [...events.statements(site), ...legacyTables.statements(site)];

const rows: [string, () => object | undefined][] = [
  ["traces", trace],
  ["observations", () => merged().row],
  [
    "scores",
    () =>
      mergeScore(
        [{ ...envelope, entityType: "score", entityId: "s", body: { name: "n", source: "API", dataType: "NUMERIC", value: 1 } }],
        context,
      ),
  ],
  [
    "dataset_run_items_rmt",
    () =>
      mergeDatasetRunItem(
        [
          {
            ...envelope,
            entityType: "dataset_run_item",
            entityId: "i",
            body: { traceId: "t", datasetId: "d", runId: "r", datasetItemId: "di" },
          },
        ],
        context,
      ),
  ],
  ["events", () => observationEventRow(merged(), trace())],
];

describe("rows fit the tables of the migrations", () => {
  it.each(rows)("%s: every column that has no default is set, and nothing else", (table, row) => {
    const columns = columnsOf(statements, table);
    expect(columns.size).toBeGreaterThan(10);
    const set = Object.keys(row() ?? {});
    expect(set.filter((name) => !columns.has(name))).toEqual([]);
    expect([...columns].filter(([name, isFilled]) => !isFilled && !set.includes(name)).map(([name]) => name)).toEqual([]);
  });
});

describe("a row of events", () => {
  it("is the observation with the fields of its trace", () => {
    expect(observationEventRow(merged(), trace())).toMatchObject({
      span_id: "o",
      trace_id: "t",
      parent_span_id: "parent",
      start_time: "2026-01-01 00:00:01.234567",
      trace_name: "the trace",
      user_id: "u",
      session_id: "s",
      tags: ["a", "b"],
      release: "r",
      public: true,
      bookmarked: false,
      version: "v1",
      metadata_names: ["evaluator_id", "nested"],
      metadata_values: ["ev", '{"a":1}'],
      model_id: "model",
      provided_model_name: "m",
      model_parameters: '{"temperature":1}',
      usage_details: { input: "10", output: "1", total: "11" },
      cost_details: { input: "1.000000000000", total: "1.000000000000" },
      usage_pricing_tier_id: "tier",
      input: '[{"role":"user"}]',
      output: "",
      status_message: "",
      tool_definitions: { f: "{}" },
      tool_calls: ['{"x":1}'],
      tool_call_names: ["f"],
      is_app_root: true,
      source: "otel",
      service_name: "svc",
      service_version: "",
      scope_name: "scope",
      experiment_id: "ex",
      experiment_metadata_names: ["k"],
      experiment_metadata_values: ["v"],
      experiment_item_metadata_names: ["metadata"],
      experiment_item_metadata_values: ["5"],
      experiment_item_version: "2026-01-01 00:00:00.000000",
      experiment_item_expected_output: "yes",
      ingestion_api_key: "pk",
      ingestion_sdk_name: "python",
      ingestion_sdk_version: "3",
      blob_storage_file_path: "a/b.json",
      event_bytes: "12",
      event_ts: "2026-01-02 00:00:00.000003",
      is_deleted: 0,
    });
  });

  it("without its trace has empty fields of it, and the release it tells itself", () => {
    expect(observationEventRow(merged(), undefined)).toMatchObject({
      trace_name: "",
      user_id: "",
      session_id: "",
      tags: [],
      release: "own",
      public: false,
      bookmarked: false,
    });
  });

  it("of the public API is named so", () => {
    const row = mergeObservation([{ ...observation, body: { name: "x" } }], { ...context, origin: {} });
    if (row === undefined) throw new Error("no row");
    const event = observationEventRow(row, undefined);
    expect(event).toMatchObject({ source: "ingestion-api", trace_id: "o", event_bytes: "0", blob_storage_file_path: "" });
    expect(event).not.toHaveProperty("ingestion_api_key");
  });
});

describe("tokens that nobody sent", () => {
  const usageOf = (body: Partial<ObservationBody>) => {
    const { usageDetails: _, otel: __, ...rest } = told;
    const row = mergeObservation([{ ...observation, body: { ...rest, input: "one two", output: "three", ...body } }], context);
    if (row === undefined) throw new Error("no row");
    const counting = models.map((model): Model => ({ ...model, tokenizer: "o200k_base" }));
    return priceObservation(row, counting, (_tokenizer, text) => text.split(" ").length).row.usage_details;
  };

  it("are counted of a call, and of what an embedding model read", () => {
    expect(usageOf({ type: "GENERATION" })).toEqual({ input: "2", output: "1", total: "3" });
    expect(usageOf({ type: "EMBEDDING", output: [[0.1, 0.2]] })).toEqual({ input: "2", total: "2" });
  });

  it.each(["SPAN", "AGENT", "CHAIN", "TOOL", "RETRIEVER", "EVALUATOR", "GUARDRAIL"] as const)(
    "are not counted of what repeats the texts of the calls below it: %s",
    (type) => {
      expect(usageOf({ type })).toEqual({});
    },
  );
});

describe("instants", () => {
  it.each([
    ["2026-01-02T03:04:05.678901Z", "2026-01-02 03:04:05.678901"],
    ["2026-01-02T03:04:05Z", "2026-01-02 03:04:05.000000"],
    ["2026-01-02T03:04:05.1Z", "2026-01-02 03:04:05.100000"],
    ["2026-01-02T03:04:05.123456789Z", "2026-01-02 03:04:05.123456"],
    ["1969-12-31T23:59:59.999999Z", "1970-01-01 00:00:00.000000"],
    ["2149-06-07T00:00:00.000000Z", "2149-06-06 23:59:59.999999"],
  ])("%s is %s", (instant, text) => {
    expect(instantText(instant)).toBe(text);
  });

  it("in another zone are not instants of an event", () => {
    expect(() => instantText("2026-01-02T03:04:05+01:00")).toThrow(RangeError);
  });

  it.each([
    ["2026-01-02T03:04:05.678901Z", "2026-01-02 03:04:05.678901"],
    ["2026-01-02T03:04:05.5+01:00", "2026-01-02 02:04:05.500000"],
    ["2026-01-02", "2026-01-02 00:00:00.000000"],
    ["2026-01-02T03:04:05", "2026-01-02 03:04:05.000000"],
    ["2026-13-02T03:04:05Z", null],
    ["v1", null],
    ["", null],
    [undefined, null],
  ])("written by hand: %s is %s", (text, expected) => {
    expect(looseInstant(text)).toBe(expected);
  });
});
