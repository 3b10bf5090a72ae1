/** Traces as the public API shows them, written by ClickHouse from any source: on a page with the ids of what belongs to them, alone with their sums. */
import { relation, type Sql, sql, toSql } from "../../core/query/sql.ts";
import { newestOf } from "../../core/query/tables/relations.ts";
import type { ExportTable, Relation } from "../../core/query/tables/table.ts";
import { traces } from "../../core/query/tables/traces.ts";
import type { Comparison, TraceSource } from "../../core/traces/measure-and-return.ts";
import { type AnswerBounds, closePieces, type Piece } from "./answer.ts";
import { digits, document, type Field, filled, instant, mapBytes, members, metadata, payload, value } from "./document.ts";
import { aggregateAsTable } from "./trace-relation.ts";

export const traceFieldGroups = ["core", "io", "scores", "observations", "metrics"] as const;
export type TraceFieldGroup = (typeof traceFieldGroups)[number];

/** Ids of what belongs to each trace, in the order of their time. */
const idsOf =
  (alias: string, table: string, time: string): Relation =>
  (among) =>
    `LEFT ANY JOIN (
  SELECT ifNull(trace_id, '') AS key, arrayMap(x -> x.2, arraySort(groupArray((${time}, id)))) AS ids
  FROM ${newestOf(table, ["trace_id", time], { among, column: "trace_id", on: "e.id" })} GROUP BY key
) AS ${alias} ON ${alias}.key = e.id`;

const joined: ExportTable = {
  ...traces,
  relations: {
    ...traces.relations,
    observed: idsOf("observed", "observations", "start_time"),
    scored: idsOf("scored", "scores", "timestamp"),
  },
};

/** The table of traces as it is filtered, ordered and shown, made of `traces` or of an aggregate. What filters say of levels, tokens and scores is looked up in the tables either way. */
export const traceTable = (source: TraceSource): ExportTable =>
  source === "traces" ? joined : { ...traces, source: aggregateAsTable(source) };

const core: readonly Field[] = [
  ["id", value("e.id")],
  ["projectId", value("e.project_id")],
  ["externalId", "'null'"],
  ["timestamp", instant("e.timestamp")],
  ["name", filled("e.name")],
  ["environment", value("e.environment")],
  ["userId", value("e.user_id")],
  ["sessionId", value("e.session_id")],
  ["release", value("e.release")],
  ["version", value("e.version")],
  ["tags", value("e.tags")],
  ["public", value("e.public")],
  ["bookmarked", value("e.bookmarked")],
  ["createdAt", instant("e.created_at")],
  ["updatedAt", instant("e.updated_at")],
];

const io: readonly Field[] = [
  ["input", payload("e.input")],
  ["output", payload("e.output")],
  ["metadata", metadata("e.metadata")],
];

/** What belongs to a trace: from `traces` looked up in the tables, from an aggregate what was added up. */
const belonging = (source: TraceSource) =>
  source === "traces"
    ? {
        latencyMs: sql`ifNull(${relation("totals")("latency_ms")}, 0)`,
        cost: relation("totals")("total_cost"),
        observationIds: relation("observed")("ids"),
        scoreIds: relation("scored")("ids"),
      }
    : {
        latencyMs: toSql("if(empty(e.observation_ids), 0, date_diff('millisecond', e.started_at, e.ended_at))"),
        cost: toSql("e.cost_details['total']"),
        observationIds: toSql("e.observation_ids"),
        scoreIds: toSql("e.score_ids"),
      };

type Groups = ReadonlySet<TraceFieldGroup>;

/** The trace itself; of metrics, a group that is left out is -1, as in Langfuse. */
const own = (source: TraceSource, groups: Groups): readonly Field[] => [
  ...core,
  ...(groups.has("io") ? io : []),
  ["latency", groups.has("metrics") ? digits(sql`${belonging(source).latencyMs} / 1000`) : "'-1'"],
  ["totalCost", groups.has("metrics") ? digits(belonging(source).cost) : "'-1'"],
  ["htmlPath", value("concat('/project/', e.project_id, '/traces/', encodeURLComponent(e.id))")],
];

/** A trace without what belongs to it. */
export const bareTrace = document([...core, ...io]);
/** The members of a trace to which its observations and scores are to be added. */
export const traceMembers = (source: TraceSource, groups: Groups): Sql => members(own(source, groups));
export const traceOnPage = (source: TraceSource, groups: Groups): Sql =>
  document([
    ...own(source, groups),
    ["observations", groups.has("observations") ? value(belonging(source).observationIds) : "'[]'"],
    ["scores", groups.has("scores") ? value(belonging(source).scoreIds) : "'[]'"],
  ]);

export const traceBytes = (groups: Groups) => (groups.has("io") ? payloadBytes : toSql("500"));
export const payloadBytes = sql`(${traces.rowBytes} + ${mapBytes("e.metadata")})`;

/** Both answers of a compared read are held at once. */
const heldBytesMax = 2_000_000;

/** Of a compared read, the answer of the aggregate is refused where it is too large to be held; that of `traces` is passed on. */
export const boundsOf = ({ bytesMax }: AnswerBounds, source: TraceSource, isCompared: boolean): AnswerBounds =>
  isCompared ? { bytesMax: source === "traces" ? bytesMax : Math.min(bytesMax, heldBytesMax), heldBytesMax } : { bytesMax };

/** Compares documents by their values; `textOf` makes a JSON list of traces of them. Answers that are not held cannot be compared. */
export const byDocuments = <Answer>(
  piecesOf: (answer: Answer) => readonly Piece[],
  { textOf, rest = () => null }: { textOf: (documents: string) => string; rest?: (answer: Answer) => unknown },
): Comparison<Answer> => ({
  view: (answer) => {
    const pieces = piecesOf(answer);
    if (!pieces.every((piece) => typeof piece === "string")) return null;
    const traces = (JSON.parse(textOf(pieces.join(""))) as Record<string, unknown>[]).map(comparable);
    return { value: { traces, rest: rest(answer) } };
  },
  release: (answer) => closePieces(piecesOf(answer)),
});

/** Creation and update are those of all that belongs to it in an aggregate, which knows no order of ids and tags. */
const comparable = ({ createdAt: _created, updatedAt: _updated, ...trace }: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(trace).map(([name, found]) =>
      ["tags", "observations", "scores"].includes(name) && Array.isArray(found) ? [name, [...new Set(found)].toSorted()] : [name, found],
    ),
  );
