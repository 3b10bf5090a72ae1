/**
 * Public reads: scores as the public API shows them. Version 1 covers scores of traces and observations, except corrections; version 2
 * covers all.
 */
import type { Condition } from "../../core/query/filters/compile-filter.ts";
import { relation, type Sql, sql, toSql } from "../../core/query/sql.ts";
import { newestOf } from "../../core/query/tables/relations.ts";
import { scores } from "../../core/query/tables/scores.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { type AnswerBounds, type DocumentRows, openBounded, type Piece, pageOrder, pageRows } from "./answer.ts";
import { document, type Field, filled, instant, mapBytes, metadata, value } from "./document.ts";

export type ScoreVersion = 1 | 2;

/** Restricts to what version 1 defines: its readers fail on anything else. */
export const versionCondition = (version: ScoreVersion): string[] =>
  version === 2
    ? []
    : [
        "ifNull(e.trace_id, '') != ''",
        "ifNull(e.session_id, '') = ''",
        "ifNull(e.dataset_run_id, '') = ''",
        "e.data_type IN ('NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT')",
      ];

export const versionConditions = (version: ScoreVersion): Condition[] =>
  versionCondition(version).map((sql) => ({ sql, uses: [], params: {}, readsContent: false }));

const ofVersion: Record<ScoreVersion, readonly Field[]> = {
  1: [],
  2: [
    ["sessionId", filled("e.session_id")],
    ["datasetRunId", filled("e.dataset_run_id")],
  ],
};

const fields = (version: ScoreVersion): readonly Field[] => [
  ["id", value("e.id")],
  ["projectId", value("e.project_id")],
  ["traceId", filled("e.trace_id")],
  ["observationId", filled("e.observation_id")],
  ...ofVersion[version],
  ["timestamp", instant("e.timestamp")],
  ["name", value("e.name")],
  ["source", value("e.source")],
  ["dataType", value("e.data_type")],
  ["value", value("e.value")],
  ["stringValue", value("if(e.data_type = 'NUMERIC', NULL, if(e.long_string_value != '', e.long_string_value, e.string_value))")],
  ["comment", value("e.comment")],
  ["metadata", metadata("e.metadata")],
  ["environment", value("e.environment")],
  ["authorUserId", filled("e.author_user_id")],
  ["configId", filled("e.config_id")],
  ["queueId", filled("e.queue_id")],
  ["createdAt", instant("e.created_at")],
  ["updatedAt", instant("e.updated_at")],
];

const words = "if(e.long_string_value != '', e.long_string_value, ifNull(e.string_value, ''))";
const isSet = (column: string) => `ifNull(${column}, '') != ''`;
const subject = (kind: string, id: string, more: readonly Field[] = []) => document([["kind", `'"${kind}"'`], ["id", value(id)], ...more]);

export const scoreGroups = ["core", "details", "subject", "annotation"] as const;
type ScoreGroup = (typeof scoreGroups)[number];

/** Version 3: one value of the score's own type, and its subject in one field. */
const groups: Record<ScoreGroup, readonly Field[]> = {
  core: [
    ["id", value("e.id")],
    ["projectId", value("e.project_id")],
    ["name", value("e.name")],
    [
      "value",
      sql`multiIf(e.data_type = 'NUMERIC', ${value("e.value")}, e.data_type = 'BOOLEAN', ${value("toBool(e.value != 0)")}, ${value(words)})`,
    ],
    ["dataType", value("e.data_type")],
    ["source", value("e.source")],
    ["timestamp", instant("e.timestamp")],
    ["environment", value("e.environment")],
    ["createdAt", instant("e.created_at")],
    ["updatedAt", instant("e.updated_at")],
  ],
  details: [
    ["comment", value("e.comment")],
    ["configId", filled("e.config_id")],
    ["metadata", metadata("e.metadata")],
  ],
  subject: [
    [
      "subject",
      sql`multiIf(${isSet("e.observation_id")}, ${subject("observation", "e.observation_id", [["traceId", value("e.trace_id")]])},
        ${isSet("e.session_id")}, ${subject("session", "e.session_id")}, ${isSet("e.dataset_run_id")}, ${subject("experiment", "e.dataset_run_id")}, ${subject("trace", "e.trace_id")})`,
    ],
  ],
  annotation: [
    ["authorUserId", filled("e.author_user_id")],
    ["queueId", filled("e.queue_id")],
  ],
};

/** Matches any of these values exactly; booleans are 0 and 1. */
export const hasValue = (values: readonly number[]): Condition => ({
  sql: "e.value IN {scoreValues:Array(Float64)}",
  uses: [],
  params: { scoreValues: values },
  readsContent: false,
});

const scored = relation("scored");
const traceFields: readonly Field[] = [
  ["userId", value(scored("user_id"))],
  ["tags", value(scored("tags"))],
  ["environment", value(scored("environment"))],
  ["sessionId", value(scored("session_id"))],
];

/** Adds the trace that a score belongs to; null if no stored trace matches. */
const withTrace: ExportTable = {
  ...scores,
  relations: {
    ...scores.relations,
    scored: (among) =>
      `LEFT ANY JOIN ${newestOf("traces", ["user_id", "session_id", "tags", "environment"], { among, column: "id", on: "e.trace_id" })} AS scored ON scored.id = e.trace_id`,
  },
};

export const scoreDocument = (version: ScoreVersion): Sql => document(fields(version));
const scoreWithTrace = (version: ScoreVersion): Sql =>
  document([...fields(version), ["trace", sql`if(${scored("id")} = '', 'null', ${document(traceFields)})`]]);

export const scoreBytes = sql`(${scores.rowBytes} + ifNull(length(e.comment), 0) + length(e.long_string_value) + ifNull(length(e.string_value), 0) + ${mapBytes("e.metadata")})`;

type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };

/** Opens the scores of a page. Throws ANSWER_TOO_LARGE. */
export const openScorePage = async (
  deps: ReadDeps,
  projectId: string,
  ids: readonly string[],
  { version, hasTrace, ...bounds }: AnswerBounds & { version: ScoreVersion; hasTrace: boolean },
): Promise<Piece[]> => {
  if (ids.length === 0) return [];
  const json = hasTrace ? scoreWithTrace(version) : scoreDocument(version);
  const rows = pageRows(hasTrace ? withTrace : scores, projectId, ids);
  return openBounded(deps, rows, { ...bounds, json, bytes: scoreBytes, orderBy: pageOrder });
};

/** Does the same in version 3. */
export const openScoreGroupsPage = async (
  deps: ReadDeps,
  { projectId, ids }: { projectId: string; ids: readonly string[] },
  { groups: asked, ...bounds }: AnswerBounds & { groups: ReadonlySet<ScoreGroup> },
): Promise<Piece[]> => {
  if (ids.length === 0) return [];
  const json = document(scoreGroups.filter((group) => group === "core" || asked.has(group)).flatMap((group) => groups[group]));
  return openBounded(deps, pageRows(scores, projectId, ids), { ...bounds, json, bytes: scoreBytes, orderBy: pageOrder });
};

/** Opens one score; empty if there is none. */
export const openScore = (
  deps: ReadDeps,
  projectId: string,
  id: string,
  { version, ...bounds }: AnswerBounds & { version: ScoreVersion },
): Promise<Piece[]> => {
  const rows: DocumentRows = { table: scores, where: ["e.id = {id:String}", ...versionCondition(version)], params: { projectId, id } };
  return openBounded(deps, rows, { ...bounds, json: scoreDocument(version), bytes: scoreBytes, orderBy: toSql("e.id") });
};
