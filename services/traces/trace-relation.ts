/**
 * Trace reads: a project's traces as one relation with the same columns, from `traces` or from an aggregate. Every access pattern reads
 * from it.
 * - From `traces`: the newest version of each id, even if re-keyed, without deleted ones (newest.ts).
 * - From an aggregate: its rows merged while reading. FINAL keeps the order of the writes, on which `anyLast` depends; GROUP BY would not.
 *   Rows that only observations or scores have written are not traces yet and are excluded.
 */
import { observations } from "../../core/query/tables/observations.ts";
import { scores } from "../../core/query/tables/scores.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import { traces } from "../../core/query/tables/traces.ts";
import type { AggregateTable } from "../../core/traces/experiment-env.ts";
import type { TraceSource } from "../../core/traces/measure-and-return.ts";
import { selectNewest, type Tenant, tenants } from "./newest.ts";

type Field = {
  /** Expression over a stored value of `traces`. */
  traces: (value: string) => string;
  aggregate: string;
};

const plain = (column: string): Field => ({ traces: (value) => value, aggregate: `e.${column}` });
/** Absent is NULL, however it was stored. */
const optional = (column: string): Field => ({ traces: (value) => `nullIf(${value}, '')`, aggregate: `nullIf(e.${column}, '')` });
const payload = (column: string): Field => ({
  traces: (value) => `nullIf(${value}, '')`,
  aggregate: `nullIf(finalizeAggregation(e.${column}), '')`,
});
const flag = (column: string): Field => ({ traces: (value) => value, aggregate: `ifNull(finalizeAggregation(e.${column}), false)` });

const fields = {
  timestamp: plain("timestamp"),
  name: { traces: (value) => value, aggregate: "ifNull(e.name, '')" },
  user_id: optional("user_id"),
  session_id: optional("session_id"),
  release: optional("release"),
  version: optional("version"),
  environment: { traces: (value) => `toString(${value})`, aggregate: "e.environment" },
  tags: { traces: (value) => `arraySort(arrayDistinct(${value}))`, aggregate: "arraySort(e.tags)" },
  public: flag("public"),
  bookmarked: flag("bookmarked"),
  created_at: plain("created_at"),
  updated_at: plain("updated_at"),
  input: payload("input"),
  output: payload("output"),
  metadata: plain("metadata"),
} as const satisfies Record<string, Field>;

export type TraceField = keyof typeof fields;

/** All but input, output and metadata. */
export const coreFields = [
  "timestamp",
  "name",
  "user_id",
  "session_id",
  "release",
  "version",
  "environment",
  "tags",
  "public",
  "bookmarked",
  "created_at",
  "updated_at",
] as const satisfies TraceField[];
export const payloadFields = ["input", "output", "metadata"] as const satisfies TraceField[];

type RelationOptions = {
  /** A field may be named more than once. */
  fields: readonly TraceField[];
  tenant?: Tenant;
  /** A condition on `id`. */
  ids?: string;
  /** A condition that every trace of the answer satisfies. It narrows what is read, and must be repeated on the relation. */
  narrow?: string;
  /** A set of at least the ids of the answer that is shorter to state than the conditions: see `candidateIds`. */
  candidates?: string;
};

/** Returns a subquery in parentheses with `project_id`, `id` and the fields. */
export const traceRelation = (
  source: TraceSource,
  { fields: named, ids = "true", narrow = "true", tenant = "one", candidates }: RelationOptions,
): string => {
  const names = [...new Set(named)];
  const conditions = [ids, narrow].filter((condition) => condition !== "true");
  const columns = names.map((name) => `${source === "traces" ? fields[name].traces(`e.${name}`) : fields[name].aggregate} AS ${name}`);
  const select = (rows: string) => `(SELECT ${["e.project_id AS project_id", "e.id AS id", ...columns].join(", ")} ${rows})`;
  return source === "traces"
    ? selectNewest(
        { table: traces, conditions, among: candidates === undefined ? conditions : [`id IN ${candidates}`], tenant },
        [],
        select,
      )
    : select(merged(source, [tenants[tenant], ...conditions]));
};

/**
 * Ids of traces of which some version satisfies a condition, as a subquery in parentheses: a superset, for totals that are joined to the
 * traces themselves. Telling the newest versions apart here too made a statement of 47 kB, which took 1.9 s to plan.
 */
export const candidateIds = (source: TraceSource, narrow: string): string =>
  source === "traces"
    ? `(SELECT e.id FROM traces AS e WHERE ${tenants.one} AND ${narrow})`
    : `(SELECT e.id ${merged(source, [tenants.one, narrow])})`;

/** Reads by the key (project_id, id), or by the Bloom filters of the columns under their stored names; conditions apply to merged rows. */
const merged = (table: AggregateTable, conditions: readonly string[]): string =>
  `FROM ${table} AS e FINAL WHERE ${[...conditions, "finalizeAggregation(e.public) IS NOT NULL"].join(" AND ")}`;

/** What an aggregate stores about a trace's observations and scores. */
const belonging = `arraySort(e.observation_ids) AS observation_ids, arraySort(e.score_ids) AS score_ids, e.cost_details AS cost_details,
  e.usage_details AS usage_details, e.start_time AS started_at, ifNull(e.end_time, e.start_time) AS ended_at`;

/** An aggregate with the columns of `traces` and those of `totalsRelation`. Columns that a query does not name are not read. */
export const aggregateAsTable = (table: AggregateTable): ExportTable["source"] => {
  const columns = Object.entries(fields).map(([name, { aggregate }]) => `${aggregate} AS ${name}`);
  const lengths = ["input", "output"].map((name) => `length(finalizeAggregation(e.${name})) AS ${name}_length`);
  const versions = "e.updated_at AS event_ts, 0 AS is_deleted";
  const all = ["e.project_id AS project_id", "e.id AS id", ...columns, ...lengths, versions, belonging].join(", ");
  return { kind: "derived", sql: `(SELECT ${all} ${merged(table, [tenants.one])})` };
};

/**
 * Totals of some traces, by `id`: ids of observations and scores, sums, and the time from the first to the last instant of the trace and
 * its observations. `among` is a set of trace ids: a bound list or a subquery.
 * From `traces`, observations and scores are read in their newest version, so sums are right whatever was written twice; an aggregate gives
 * what was added up.
 */
export const totalsRelation = (source: TraceSource, among: string): string =>
  source === "traces" ? totalsFromTables(among) : totalsFromAggregate(source, among);

const newestBelonging = (table: ExportTable, columns: readonly string[], among: string): string => {
  const ofThese = [`e.trace_id IN ${among}`];
  const named = ["e.id AS id", "assumeNotNull(e.trace_id) AS trace_id", ...columns.map((column) => `e.${column} AS ${column}`)];
  return selectNewest({ table, conditions: ofThese, among: ofThese }, [], (rows) => `(SELECT ${named.join(", ")} ${rows})`);
};

const totalsFromTables = (among: string): string => `(SELECT t.id AS id,
    o.ids AS observation_ids, s.ids AS score_ids, o.cost AS cost_details, o.usage AS usage_details,
    if(empty(o.ids), t.timestamp, least(t.timestamp, o.first_start)) AS started_at,
    if(empty(o.ids), t.timestamp, greatest(t.timestamp, o.last_end)) AS ended_at
  FROM ${traceRelation("traces", { fields: ["timestamp"], ids: `id IN ${among}` })} AS t
  LEFT JOIN (
    SELECT trace_id, arraySort(groupArray(id)) AS ids, min(start_time) AS first_start, max(ifNull(end_time, start_time)) AS last_end,
      sumMap(CAST(cost_details, 'Map(String, Decimal(38, 12))')) AS cost, sumMap(CAST(usage_details, 'Map(String, UInt64)')) AS usage
    FROM ${newestBelonging(observations, ["start_time", "end_time", "cost_details", "usage_details"], among)} GROUP BY trace_id
  ) AS o ON o.trace_id = t.id
  LEFT JOIN (SELECT trace_id, arraySort(groupArray(id)) AS ids FROM ${newestBelonging(scores, [], among)} GROUP BY trace_id) AS s ON s.trace_id = t.id)`;

const totalsFromAggregate = (table: AggregateTable, among: string): string =>
  `(SELECT e.id AS id, ${belonging} ${merged(table, [tenants.one, `id IN ${among}`])})`;
