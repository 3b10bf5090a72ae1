/**
 * What PostHog and Mixpanel get: four tables, each an export table with columns of its own. So the source of exports reads them, by write
 * time like any other window:
 *
 *     openSource(deps, { ...analyticsSource("traces"), projectId, window: { axis: "writeTime", start, end }, … })
 *
 * Each line is one object of `AnalyticsRows`, for `mapToAnalyticsEvent`. Deleted rows are left out: neither product can take an event back.
 */
import { ExportOptions } from "../../exports/request.ts";
import { type CompiledQuery, compileTableQuery } from "../../query/compile-query.ts";
import { ExportQuery } from "../../query/export-query.ts";
import { relation, toSql } from "../../query/sql.ts";
import { millisBetween, number, string, text, texts, total } from "../../query/tables/columns.ts";
import { events, eventTraceName } from "../../query/tables/events.ts";
import { observations } from "../../query/tables/observations.ts";
import { scores } from "../../query/tables/scores.ts";
import type { ExportColumn, ExportTable } from "../../query/tables/table.ts";
import { traces } from "../../query/tables/traces.ts";
import { float, optional, secondsOf, sessionKeys, sharedColumns, traceOfRow, units } from "./table-columns.ts";

const trace = relation("trace");
const totals = relation("totals");

/** No comments or scores are added, and no payload is read. `rowBytes` is an estimate of the JSON of a row. */
const derive = (table: ExportTable, columns: Record<string, ExportColumn>, relations: ExportTable["relations"] = {}): ExportTable => ({
  ...table,
  columns,
  relations: { ...table.relations, ...relations },
  commentObject: null,
  scoreLevels: null,
  rowBytes: toSql("900"),
});

const traceColumns = sharedColumns("e.id", "e.timestamp", {
  userId: "e.user_id",
  sessionId: "e.session_id",
  release: "e.release",
  tags: "e.tags",
  posthogSessionId: `e.metadata['${sessionKeys.posthog}']`,
  mixpanelSessionId: `e.metadata['${sessionKeys.mixpanel}']`,
});

const ofTrace = {
  userId: trace("user_id"),
  sessionId: trace("session_id"),
  release: trace("release"),
  tags: trace("tags"),
  posthogSessionId: trace("posthog_session_id"),
  mixpanelSessionId: trace("mixpanel_session_id"),
};

const eventMetadata = (key: string) => `e.metadata_values[indexOf(e.metadata_names, '${key}')]`;

const observationColumns = {
  name: optional("e.name", "Name of the observation."),
  traceId: string("e.trace_id", "Id of its trace."),
  version: optional("e.version", "Version of the application."),
  model: optional("e.provided_model_name", "Model name as it was sent."),
  level: string("e.level", "DEBUG, DEFAULT, WARNING or ERROR."),
  inputUnits: units("input", "Usage of kind input."),
  outputUnits: units("output", "Usage of kind output."),
  totalUnits: units("total", "Usage of kind total."),
  latencySeconds: secondsOf(millisBetween("e.start_time", "e.end_time"), "From start to end."),
};
const firstTokenMs = millisBetween("e.start_time", "e.completion_start_time");

export const analyticsTables = {
  traces: {
    table: derive(traces, {
      ...traceColumns,
      name: optional("e.name", "Name of the trace."),
      version: optional("e.version", "Version of the application."),
      costUsd: float(totals("total_cost"), "Cost of its observations when it was read.", "USD"),
      observations: number(totals("observations"), "Number of its observations when it was read.", false),
      latencySeconds: secondsOf(totals("latency_ms"), "From its first observation to the end of its last."),
    }),
    filter: [],
  },
  generations: {
    table: derive(
      observations,
      {
        ...sharedColumns("e.id", "e.start_time", ofTrace),
        ...observationColumns,
        traceName: optional(trace("name"), "Name of its trace."),
        costUsd: float("e.total_cost", "Total cost.", "USD"),
        timeToFirstTokenMs: float(firstTokenMs, "From start to the first token.", "ms"),
      },
      { trace: traceOfRow },
    ),
    filter: [{ type: "stringOptions", column: "type", operator: "any of", value: ["GENERATION"] }],
  },
  scores: {
    table: derive(
      scores,
      {
        ...sharedColumns("e.id", "e.timestamp", ofTrace),
        name: text("e.name", "Name of the score."),
        value: number("e.value", "Number; 0 where the score is text.", false),
        comment: optional("e.comment", "Words of whoever scored."),
        metadata: texts("e.metadata", "Metadata by key."),
        stringValue: optional("if(e.long_string_value != '', e.long_string_value, e.string_value)", "Text, or the word of a category."),
        dataType: string("e.data_type", "NUMERIC, BOOLEAN, CATEGORICAL or TEXT."),
        traceId: optional("e.trace_id", "Id of the trace scored."),
        traceName: optional(trace("name"), "Name of its trace."),
        scoredSessionId: optional("e.session_id", "Id of the session scored."),
        datasetRunId: optional("e.dataset_run_id", "Id of the dataset run scored."),
      },
      { trace: traceOfRow },
    ),
    // A correction is a text to learn from, not a measurement.
    filter: [{ type: "stringOptions", column: "dataType", operator: "any of", value: ["NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"] }],
  },
  events: {
    table: derive(events, {
      ...sharedColumns("e.span_id", "e.start_time", {
        userId: "e.user_id",
        sessionId: "e.session_id",
        release: "e.release",
        tags: "e.tags",
        posthogSessionId: eventMetadata(sessionKeys.posthog),
        mixpanelSessionId: eventMetadata(sessionKeys.mixpanel),
      }),
      ...observationColumns,
      type: string("e.type", "Kind of observation, such as SPAN, GENERATION or TOOL."),
      traceName: optional(eventTraceName, "Name of its trace."),
      costUsd: float(total("e.cost_details"), "Total cost.", "USD"),
      timeToFirstTokenSeconds: secondsOf(firstTokenMs, "From start to the first token."),
    }),
    filter: [],
  },
} as const satisfies Record<string, { table: ExportTable; filter: readonly unknown[] }>;

export type AnalyticsTable = keyof typeof analyticsTables;

type AnalyticsSource = { compiled: CompiledQuery; format: "JSONL"; compression: "none"; options: ExportOptions };

/** The part of a source request that depends on the table. With `rowIds`, only these rows: to send again what was rejected. */
export const analyticsSource = (name: AnalyticsTable, rowIds?: readonly string[]): AnalyticsSource => {
  const { table, filter } = analyticsTables[name];
  const query = ExportQuery.parse({
    tableName: table.name,
    filter: [...filter, ...(rowIds === undefined ? [] : [{ type: "stringOptions", column: "id", operator: "any of", value: rowIds }])],
    scores: "none",
    orderBy: { column: table.timeColumn, order: "ASC" },
  });
  return {
    compiled: compileTableQuery(table, query),
    format: "JSONL",
    compression: "none",
    // Metadata is text as it is stored.
    options: ExportOptions.parse({ embedJson: false }),
  };
};
