/** The scores table, each row with the fields of its trace. */
import { type RelationColumn, relation, sql, toSql } from "../sql.ts";
import { is, number, string, strings, text, texts, timestamp } from "./columns.ts";
import { lookup, traceOf } from "./relations.ts";
import type { ExportTable, FilterColumn } from "./table.ts";

const trace = relation("trace");
const users = relation("users");

const traceFilters = (trace: RelationColumn): Record<string, FilterColumn> => ({
  traceName: is("stringOptions", trace("name")),
  userId: is("string", sql`ifNull(${trace("user_id")}, '')`),
  trace_tags: is("arrayOptions", trace("tags")),
});

export const scores: ExportTable = {
  name: "scores",
  description: "Scores of traces, observations, sessions and dataset runs.",
  source: { kind: "replacing", table: "scores" },
  columns: {
    id: string("e.id", "Id of the score."),
    traceId: string("e.trace_id", "Id of the trace scored.", true),
    sessionId: text("e.session_id", "Id of the session scored.", true),
    datasetRunId: string("e.dataset_run_id", "Id of the dataset run scored.", true),
    observationId: string("e.observation_id", "Id of the observation scored.", true),
    timestamp: timestamp("e.timestamp", "When it was given.", false),
    source: string("e.source", "API, EVAL or ANNOTATION."),
    name: text("e.name", "Name of the score."),
    dataType: string("e.data_type", "NUMERIC, BOOLEAN, CATEGORICAL or TEXT."),
    value: number("e.value", "Number; 0 where the score is text.", false),
    stringValue: text(
      "if(e.long_string_value != '', e.long_string_value, e.string_value)",
      "Text, or the word of a category or boolean.",
      true,
    ),
    comment: text("e.comment", "Words of whoever scored.", true),
    metadata: texts("e.metadata", "Metadata by key."),
    traceName: text(trace("name"), "Name of its trace; empty when unknown."),
    userId: text(trace("user_id"), "User of its trace.", true),
    traceTags: strings(trace("tags"), "Tags of its trace."),
    environment: string("e.environment", "Environment, such as production."),
    authorUserId: string("e.author_user_id", "Id of the person who scored.", true),
    authorUserName: text(users("name"), "Name of the person who scored; empty when not a member."),
    configId: string("e.config_id", "Id of the score configuration.", true),
    queueId: string("e.queue_id", "Id of the annotation queue.", true),
  },
  filters: {
    id: is("stringOptions", "e.id"),
    timestamp: is("datetime", "e.timestamp"),
    environment: is("stringOptions", "toString(e.environment)"),
    traceId: is("string", "ifNull(e.trace_id, '')"),
    observationId: is("string", "ifNull(e.observation_id, '')"),
    sessionId: is("string", "ifNull(e.session_id, '')"),
    datasetRunId: is("string", "ifNull(e.dataset_run_id, '')"),
    name: is("stringOptions", "e.name"),
    value: is("number", "e.value", { isFloat: true }),
    booleanValue: is("boolean", "if(e.data_type = 'BOOLEAN', e.value != 0, NULL)"),
    stringValue: is("stringOptions", "if(e.long_string_value != '', e.long_string_value, ifNull(e.string_value, ''))"),
    source: is("stringOptions", "e.source"),
    dataType: is("stringOptions", "e.data_type"),
    comment: is("string", "ifNull(e.comment, '')"),
    configId: is("string", "ifNull(e.config_id, '')"),
    queueId: is("string", "ifNull(e.queue_id, '')"),
    authorUserId: is("stringOptions", "ifNull(e.author_user_id, '')"),
    evaluatorId: is("string", "e.metadata['evaluator_id']"),
    metadata: is("stringObject", "mapValues(e.metadata)", {
      canMatch: true,
      entries: { names: "mapKeys(e.metadata)", values: "mapValues(e.metadata)" },
    }),
    ...traceFilters(trace),
  },
  traceFilters,
  aliases: { traceTags: "trace_tags", tags: "trace_tags", createdAt: "timestamp", startTime: "timestamp" },
  searchIds: ["e.id", "e.name", "ifNull(e.trace_id, '')", sql`ifNull(${trace("user_id")}, '')`],
  searchContent: null,
  relations: { trace: traceOf("trace", "e.trace_id"), users: lookup("users", "ifNull(e.author_user_id, '')") },
  commentObject: null,
  scoreLevels: null,
  requiredScope: null,
  time: "e.timestamp",
  timeColumn: "timestamp",
  id: "e.id",
  version: "e.event_ts",
  createdAt: "e.created_at",
  isDeleted: "e.is_deleted",
  place: "cityHash64(toDate(e.timestamp), e.name)",
  hash: "xxHash32(e.id)",
  rowBytes: toSql("700"),
};
