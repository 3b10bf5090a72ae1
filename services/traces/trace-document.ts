/**
 * Public reads: traces as JSON documents, written by ClickHouse from any source: with the ids of their observations and scores on a page,
 * with their totals alone.
 */
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

/** Ids that belong to each trace, in time order. */
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

/**
 * The table of traces for filters, order and output, from `traces` or an aggregate. Filters on levels, tokens and scores use the base
 * tables either way.
 */
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

/** Ids and totals of a trace: joined from the base tables for `traces`, accumulated in an aggregate. */
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

/** The trace's own fields. An omitted metric is -1, as in Langfuse. */
const own = (source: TraceSource, groups: Groups): readonly Field[] => [
  ...core,
  ...(groups.has("io") ? io : []),
  ["latency", groups.has("metrics") ? digits(sql`${belonging(source).latencyMs} / 1000`) : "'-1'"],
  ["totalCost", groups.has("metrics") ? digits(belonging(source).cost) : "'-1'"],
  ["htmlPath", value("concat('/project/', e.project_id, '/traces/', encodeURLComponent(e.id))")],
];

/** A trace without its observations and scores. */
export const bareTrace = document([...core, ...io]);
/** The members of a trace, to which the caller adds observations and scores. */
export const traceMembers = (source: TraceSource, groups: Groups): Sql => members(own(source, groups));
export const traceOnPage = (source: TraceSource, groups: Groups): Sql =>
  document([
    ...own(source, groups),
    ["observations", groups.has("observations") ? value(belonging(source).observationIds) : "'[]'"],
    ["scores", groups.has("scores") ? value(belonging(source).scoreIds) : "'[]'"],
  ]);

export const traceBytes = (groups: Groups) => (groups.has("io") ? payloadBytes : toSql("500"));
export const payloadBytes = sql`(${traces.rowBytes} + ${mapBytes("e.metadata")})`;

/** Bounds memory: both answers of a compared read are held at once. */
const heldBytesMax = 2_000_000;

/** In a compared read, refuses an aggregate answer too large to hold; that of `traces` is streamed. */
export const boundsOf = ({ bytesMax }: AnswerBounds, source: TraceSource, isCompared: boolean): AnswerBounds =>
  isCompared ? { bytesMax: source === "traces" ? bytesMax : Math.min(bytesMax, heldBytesMax), heldBytesMax } : { bytesMax };

/** Compares documents by value; `textOf` makes a JSON list of traces from them. Answers that are not held cannot be compared. */
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

/**
 * Removes what an aggregate keeps differently: its creation and update times cover everything that belongs to the trace, and ids and tags
 * have no order.
 */
const comparable = ({ createdAt: _created, updatedAt: _updated, ...trace }: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(trace).map(([name, found]) =>
      ["tags", "observations", "scores"].includes(name) && Array.isArray(found) ? [name, [...new Set(found)].toSorted()] : [name, found],
    ),
  );
