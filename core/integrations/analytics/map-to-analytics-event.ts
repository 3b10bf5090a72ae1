/**
 * Maps a row to the event that both products get, with Langfuse's property names. docs/analytics-sinks.md lists them with their units.
 * Properties without a value are null; links are left out where there is nothing to link to.
 */
import type { AnalyticsRows, EventRow, GenerationRow, ScoreRow, TraceRow } from "./analytics-rows.ts";
import type { AnalyticsTable } from "./analytics-tables.ts";
import type { RowRevision } from "./sink-event.ts";

export type AnalyticsContext = {
  projectId: string;
  projectName: string;
  /** Address of the web interface, such as `https://traces.example.com`; null if unknown, then events have no links. */
  baseUrl: string | null;
};

export type AnalyticsEvent = RowRevision & {
  projectId: string;
  timeMs: number;
  userId: string | null;
  sessionId: string | null;
  posthogSessionId: string | null;
  mixpanelSessionId: string | null;
  properties: Readonly<Record<string, unknown>>;
};

type AnyRow = { [Table in AnalyticsTable]: { table: Table; row: AnalyticsRows[Table] } }[AnalyticsTable];

/**
 * Declares a parsed line of a table's source as its row. It holds because the columns and their types are fixed by `analyticsTables`, and a
 * test reads all of them from ClickHouse.
 */
export const asAnalyticsRow = (table: AnalyticsTable, row: unknown): AnyRow => ({ table, row }) as AnyRow;

export const mapToAnalyticsEvent = (table: AnalyticsTable, value: unknown, context: AnalyticsContext): AnalyticsEvent => {
  const typed = asAnalyticsRow(table, value);
  const { row } = typed;
  const links = linksOf(context);
  const sessionId = row.sessionId ?? (typed.table === "scores" ? typed.row.scoredSessionId : null);
  return {
    table,
    rowId: row.id,
    version: row._version,
    projectId: context.projectId,
    timeMs: Date.parse(row.timestamp),
    userId: row.userId,
    sessionId,
    posthogSessionId: row.posthogSessionId,
    mixpanelSessionId: row.mixpanelSessionId,
    properties: {
      timestamp: row.timestamp,
      langfuse_id: row.id,
      langfuse_session_id: sessionId,
      langfuse_project_id: context.projectId,
      langfuse_project_name: context.projectName,
      langfuse_user_id: row.userId,
      ...(row.userId === null ? {} : links("user", `users/${encodeURIComponent(row.userId)}`)),
      langfuse_release: row.release,
      langfuse_tags: row.tags,
      langfuse_environment: row.environment,
      langfuse_event_version: "1.0.0",
      // Not one of Langfuse's: tells the revisions of a row apart, which have one id.
      spillway_written_at: row._version,
      ...ownProperties(typed, links),
    },
  };
};

type Links = (kind: "page" | "user", path: string) => Record<string, string>;

const linksOf =
  ({ baseUrl, projectId }: AnalyticsContext): Links =>
  (kind, path) =>
    baseUrl === null || baseUrl === ""
      ? {}
      : {
          [kind === "page" ? "langfuse_url" : "langfuse_user_url"]:
            `${baseUrl.replace(/\/+$/, "")}/project/${encodeURIComponent(projectId)}/${path}`,
        };

const ownProperties = (typed: AnyRow, links: Links): Record<string, unknown> => {
  switch (typed.table) {
    case "traces":
      return traceProperties(typed.row, links);
    case "generations":
      return generationProperties(typed.row, links);
    case "scores":
      return scoreProperties(typed.row);
    case "events":
      return eventProperties(typed.row, links);
    default:
      return typed satisfies never;
  }
};

const tracePath = (traceId: string) => `traces/${encodeURIComponent(traceId)}`;

const traceProperties = (row: TraceRow, links: Links) => ({
  langfuse_trace_name: row.name,
  ...links("page", tracePath(row.id)),
  langfuse_cost_usd: row.costUsd,
  langfuse_count_observations: row.observations,
  langfuse_latency: row.latencySeconds,
  langfuse_version: row.version,
});

const observationProperties = (row: GenerationRow | EventRow, links: Links) => ({
  langfuse_trace_name: row.traceName,
  langfuse_trace_id: row.traceId,
  ...links("page", `${tracePath(row.traceId)}?observation=${encodeURIComponent(row.id)}`),
  langfuse_cost_usd: row.costUsd,
  langfuse_input_units: row.inputUnits,
  langfuse_output_units: row.outputUnits,
  langfuse_total_units: row.totalUnits,
  langfuse_latency: row.latencySeconds,
  langfuse_version: row.version,
  langfuse_model: row.model,
  langfuse_level: row.level,
});

const generationProperties = (row: GenerationRow, links: Links) => ({
  langfuse_generation_name: row.name,
  ...observationProperties(row, links),
  langfuse_time_to_first_token: row.timeToFirstTokenMs,
});

const eventProperties = (row: EventRow, links: Links) => ({
  langfuse_event_name: row.name,
  ...observationProperties(row, links),
  langfuse_time_to_first_token: row.timeToFirstTokenSeconds,
  langfuse_type: row.type,
});

const scoreProperties = (row: ScoreRow) => ({
  langfuse_score_name: row.name,
  langfuse_score_value: row.value,
  langfuse_score_comment: row.comment,
  langfuse_score_metadata: row.metadata,
  langfuse_score_string_value: row.stringValue,
  langfuse_score_data_type: row.dataType,
  langfuse_trace_name: row.traceName,
  langfuse_trace_id: row.traceId,
  langfuse_score_entity_type: scoredEntity(row),
  langfuse_dataset_run_id: row.datasetRunId,
});

const scoredEntity = ({ traceId, scoredSessionId, datasetRunId }: ScoreRow): "trace" | "session" | "dataset_run" | "unknown" =>
  traceId !== null ? "trace" : scoredSessionId !== null ? "session" : datasetRunId !== null ? "dataset_run" : "unknown";
