/** Sessions: not stored, but aggregated from the traces of one session. */

import { relation, toSql } from "../sql.ts";
import { commentFilters, integer, is, milliseconds, scoreFilters, seconds, strings, text, timestamp, usd } from "./columns.ts";
import { newestOf, observationTotals, ownScores, sessionScores } from "./relations.ts";
import type { ExportTable } from "./table.ts";

const totals = relation("totals");

const traceRows = newestOf("traces", ["timestamp", "session_id", "user_id", "tags", "environment"]);

export const sessions: ExportTable = {
  name: "sessions",
  description: "Sessions: the traces of one conversation or visit taken together.",
  source: {
    kind: "derived",
    sql: `(SELECT {projectId:String} AS project_id, assumeNotNull(session_id) AS id, min(timestamp) AS created_at, max(timestamp) AS last_at, count() AS traces,
      arraySort(groupUniqArrayIf(ifNull(user_id, ''), ifNull(user_id, '') != '')) AS user_ids, arraySort(groupUniqArrayArray(tags)) AS tags, arraySort(groupUniqArray(toString(environment))) AS environments
      FROM ${traceRows} WHERE ifNull(session_id, '') != '' GROUP BY session_id)`,
  },
  columns: {
    id: text("e.id", "Id of the session."),
    createdAt: timestamp("e.created_at", "When its first trace began.", false),
    userIds: strings("e.user_ids", "Users of its traces."),
    countTraces: integer("e.traces", "Number of its traces.", false),
    sessionDurationMs: milliseconds(totals("latency_ms"), "Time from the start of its first observation to the end of its last."),
    inputCost: usd(totals("input_cost"), "Cost of all kinds of input.", false),
    outputCost: usd(totals("output_cost"), "Cost of all kinds of output.", false),
    totalCost: usd(totals("total_cost"), "Total cost.", false),
    inputTokens: { ...integer(totals("input_tokens"), "Tokens of all kinds of input.", false), unit: "tokens" },
    outputTokens: { ...integer(totals("output_tokens"), "Tokens of all kinds of output.", false), unit: "tokens" },
    totalTokens: { ...integer(totals("total_tokens"), "Total tokens.", false), unit: "tokens" },
    traceTags: strings("e.tags", "Tags of its traces."),
    environments: strings("e.environments", "Environments of its traces."),
  },
  filters: {
    id: is("stringOptions", "e.id"),
    createdAt: is("datetime", "e.created_at"),
    userIds: is("arrayOptions", "e.user_ids"),
    environment: is("arrayOptions", "e.environments"),
    countTraces: is("number", "e.traces"),
    traceTags: is("arrayOptions", "e.tags"),
    sessionDuration: is("number", seconds(totals("latency_ms")), { scale: 3 }),
    inputCost: is("number", totals("input_cost"), { scale: 12 }),
    outputCost: is("number", totals("output_cost"), { scale: 12 }),
    totalCost: is("number", totals("total_cost"), { scale: 12 }),
    inputTokens: is("number", totals("input_tokens")),
    outputTokens: is("number", totals("output_tokens")),
    totalTokens: is("number", totals("total_tokens")),
    ...scoreFilters(ownScores("items")),
    ...commentFilters,
  },
  aliases: {
    tracesCount: "countTraces",
    usage: "totalTokens",
    tokens: "totalTokens",
    tags: "traceTags",
    timestamp: "createdAt",
    sessionId: "id",
  },
  searchIds: ["e.id", "arrayStringConcat(e.user_ids, '\\n')"],
  searchContent: null,
  relations: {
    totals: observationTotals(
      "totals",
      "traced.session_id",
      "e.id",
      `INNER JOIN (SELECT id, ifNull(session_id, '') AS session_id FROM ${newestOf("traces", ["session_id"])} WHERE ifNull(session_id, '') != '') AS traced ON traced.id = o.trace_id`,
    ),
    ownScores: sessionScores("ownScores", "e.id"),
  },
  commentObject: "SESSION",
  scoreLevels: [ownScores],
  requiredScope: null,
  time: "e.created_at",
  timeColumn: "createdAt",
  id: "e.id",
  version: "e.last_at",
  isDeleted: "0",
  place: "0",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("500"),
};
