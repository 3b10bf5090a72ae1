/** What people should know about an export of a table with their filter, besides what the API warns of itself. */
import type { CreateBatchExport, ExportTable } from "../../generated/types.gen.ts";
import type { TableName } from "./table-pages.ts";

type Warning = { columns: readonly string[]; text: string };

const comments: Warning = {
  columns: ["commentCount", "commentContent"],
  text: "Filters on comments look at the comments as they are when the export runs, not as they were when a row was written.",
};

const ofTrace: Warning = {
  columns: ["traceName", "traceTags", "trace_tags", "tags", "userId", "sessionId", "traceEnvironment", "environment"],
  text: "Filters on the trace (name, tags, user, environment) look at it as it is stored when the export runs.",
};

const ofObservations: Warning = {
  columns: [
    "level",
    "errorCount",
    "warningCount",
    "defaultCount",
    "debugCount",
    "inputTokens",
    "outputTokens",
    "totalTokens",
    "latency",
    "inputCost",
    "outputCost",
    "totalCost",
    "sessionDuration",
  ],
  text: "Filters on level, tokens, cost and latency look at all observations of each row as they are when the export runs.",
};

const warnings: Record<TableName, readonly Warning[]> = {
  events: [comments],
  traces: [ofObservations, comments],
  observations: [ofTrace, comments],
  scores: [ofTrace],
  sessions: [ofObservations, comments],
};

const payloads = new Set(["input", "output", "metadata"]);

/** Aliases count as the column they stand for. */
export const warningsOf = (table: ExportTable, name: TableName, query: CreateBatchExport["query"]): string[] => {
  const used = (query.filter ?? []).map(
    ({ column }) => table.filters.find(({ id, aliases }) => id === column || aliases.includes(column))?.id ?? column,
  );
  const found = warnings[name].filter(({ columns }) => used.some((id) => columns.includes(id))).map(({ text }) => text);
  const readsPayloads =
    used.some((id) => payloads.has(id)) ||
    (query.searchQuery !== undefined && (query.searchType ?? ["id"]).some((place) => place !== "id"));
  const hasTime = used.includes(table.timeColumn);
  return [
    ...found,
    ...(readsPayloads && !hasTime
      ? ["Conditions on input, output or metadata read every row. Choose a range of time to make the export faster."]
      : []),
  ];
};
