/** The traces table. Filters on observations use totals of the trace's observations and are applied like any other. */

import { relation, sql, toSql } from "../sql.ts";
import { boolean, commentFilters, is, json, scoreFilters, seconds, string, strings, text, texts, timestamp } from "./columns.ts";
import { observationTotals, traceAllScores } from "./relations.ts";
import type { ExportTable } from "./table.ts";

const totals = relation("totals");
const allScores = relation("allScores");

const metadataValue = (key: string) => `e.metadata['${key}']`;

export const traces: ExportTable = {
  name: "traces",
  description: "Traces: one row for each request or task of an application.",
  source: { kind: "replacing", table: "traces" },
  columns: {
    id: string("e.id", "Id of the trace."),
    timestamp: timestamp("e.timestamp", "When it began.", false),
    name: text("e.name", "Name of the trace."),
    userId: text("e.user_id", "User, as the application names them.", true),
    sessionId: text("e.session_id", "Session the trace belongs to.", true),
    release: text("e.release", "Release of the application.", true),
    version: text("e.version", "Version of the application.", true),
    environment: string("e.environment", "Environment, such as production."),
    tags: strings("e.tags", "Tags."),
    bookmarked: boolean("e.bookmarked", "Bookmarked by a person."),
    public: boolean("e.public", "Readable by everybody who has the link."),
    input: json("e.input", "Input as it was sent.", true),
    output: json("e.output", "Output as it was sent.", true),
    metadata: texts("e.metadata", "Metadata by key."),
  },
  filters: {
    id: is("stringOptions", "e.id"),
    timestamp: is("datetime", "e.timestamp"),
    name: is("stringOptions", "e.name"),
    userId: is("string", "ifNull(e.user_id, '')"),
    sessionId: is("string", "ifNull(e.session_id, '')"),
    release: is("string", "ifNull(e.release, '')"),
    version: is("string", "ifNull(e.version, '')"),
    environment: is("stringOptions", "toString(e.environment)"),
    tags: is("arrayOptions", "e.tags"),
    bookmarked: is("boolean", "e.bookmarked"),
    public: is("boolean", "e.public"),
    input: is("string", "ifNull(e.input, '')", { readsContent: true, canMatch: true }),
    output: is("string", "ifNull(e.output, '')", { readsContent: true, canMatch: true }),
    metadata: is("stringObject", "mapValues(e.metadata)", {
      readsContent: true,
      canMatch: true,
      entries: { names: "mapKeys(e.metadata)", values: "mapValues(e.metadata)" },
    }),
    evaluatorId: is("string", metadataValue("evaluator_id"), { readsContent: true }),
    ruleId: is(
      "string",
      `if(${metadataValue("evaluation_rule_id")} != '', ${metadataValue("evaluation_rule_id")}, ${metadataValue("job_configuration_id")})`,
      { readsContent: true },
    ),
    level: is(
      "stringOptions",
      sql`multiIf(${totals("errors")} > 0, 'ERROR', ${totals("warnings")} > 0, 'WARNING', ${totals("defaults")} > 0, 'DEFAULT', ${totals("debugs")} > 0, 'DEBUG', '')`,
    ),
    errorCount: is("number", totals("errors")),
    warningCount: is("number", totals("warnings")),
    defaultCount: is("number", totals("defaults")),
    debugCount: is("number", totals("debugs")),
    inputTokens: is("number", totals("input_tokens")),
    outputTokens: is("number", totals("output_tokens")),
    totalTokens: is("number", totals("total_tokens")),
    latency: is("number", seconds(totals("latency_ms")), { scale: 3 }),
    inputCost: is("number", totals("input_cost"), { scale: 12 }),
    outputCost: is("number", totals("output_cost"), { scale: 12 }),
    totalCost: is("number", totals("total_cost"), { scale: 12 }),
    ...scoreFilters(allScores("items")),
    ...commentFilters,
  },
  aliases: { traceId: "id", startTime: "timestamp", createdAt: "timestamp", traceTags: "tags", tokens: "totalTokens", traceName: "name" },
  searchIds: ["e.id", "e.name", "ifNull(e.user_id, '')", "ifNull(e.session_id, '')"],
  searchContent: { input: "ifNull(e.input, '')", output: "ifNull(e.output, '')" },
  relations: { totals: observationTotals("totals", "trace_id", "e.id"), allScores: traceAllScores("allScores", "e.id") },
  commentObject: "TRACE",
  scoreLevels: [allScores],
  requiredScope: null,
  time: "e.timestamp",
  timeColumn: "timestamp",
  id: "e.id",
  version: "e.event_ts",
  createdAt: "e.created_at",
  isDeleted: "e.is_deleted",
  place: "cityHash64(toDate(e.timestamp))",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("(e.input_length + e.output_length + 500)"),
};
