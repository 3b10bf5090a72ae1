/**
 * The traces of a project as one relation with the same columns, whether it is made of `traces` or of an aggregate. Every access pattern reads from it.
 *
 * From `traces`: the newest version of each id wherever its key has moved, deleted ones gone; of two versions of one instant the one that is not deleted
 * counts, because a moved row is deleted where it was with the version it has where it is. From an aggregate: its rows merged while reading (FINAL keeps
 * the order of the writes, on which `anyLast` depends; GROUP BY would not), and only those that a trace has written: what observations or scores alone
 * have written is no trace yet.
 */
import type { TraceSource } from "../../../core/traces/measure-and-return.ts";

type Field = {
  /** Of a stored value of `traces`. */
  traces: (value: string) => string;
  aggregate: string;
};

const plain = (column: string): Field => ({ traces: (value) => value, aggregate: `a.${column}` });
/** Absent is NULL, however it was stored. */
const optional = (column: string): Field => ({ traces: (value) => `nullIf(${value}, '')`, aggregate: `nullIf(a.${column}, '')` });
const payload = (column: string): Field => ({
  traces: (value) => `nullIf(${value}, '')`,
  aggregate: `nullIf(finalizeAggregation(a.${column}), '')`,
});
const flag = (column: string): Field => ({ traces: (value) => value, aggregate: `ifNull(finalizeAggregation(a.${column}), false)` });

const fields = {
  timestamp: plain("timestamp"),
  name: { traces: (value) => value, aggregate: "ifNull(a.name, '')" },
  user_id: optional("user_id"),
  session_id: optional("session_id"),
  release: optional("release"),
  version: optional("version"),
  environment: { traces: (value) => `toString(${value})`, aggregate: "a.environment" },
  tags: { traces: (value) => `arraySort(arrayDistinct(${value}))`, aggregate: "arraySort(a.tags)" },
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

export type RelationOptions = {
  /** A field may be named more than once. */
  fields: readonly TraceField[];
  /** Binds `projectId` or `projectIds`, or takes every project. */
  tenant?: "one" | "listed" | "any";
  /** A condition on `id`. */
  ids?: string;
  /** A condition on columns that a trace of the answer fulfils: it decides what is looked at, and is to be repeated on the relation. */
  narrow?: string;
};

const tenants = {
  one: "project_id = {projectId:String}",
  listed: "project_id IN {projectIds:Array(String)}",
  any: "true",
} as const;

/** A subquery in parentheses with `project_id`, `id` and the fields. */
export const traceRelation = (source: TraceSource, options: RelationOptions): string =>
  source === "traces" ? fromTraces(distinct(options)) : fromAggregate(source, distinct(options));

const distinct = (options: RelationOptions): RelationOptions => ({ ...options, fields: [...new Set(options.fields)] });

/**
 * Reads all versions of the ids that come into question; `narrow` is looked up in every version, so that an old one which fits leads to its newest, which
 * decides. Expects idx_id, idx_user_id and idx_session_id. Memory: the newest version of the fields for each id, so payloads are asked for by id only.
 */
const fromTraces = ({ fields: names, tenant = "one", ids = "true", narrow }: RelationOptions): string => {
  const scope = tenants[tenant];
  const candidates =
    narrow === undefined || narrow === "true"
      ? ""
      : `AND (project_id, id) IN (SELECT project_id, id FROM traces WHERE ${scope} AND ${ids} AND ${narrow})`;
  const columns = names.map((name, i) => `${fields[name].traces(`row.${i + 1}`)} AS ${name}`);
  return `(SELECT ${["project_id", "id", ...columns].join(", ")} FROM (
    SELECT project_id, id, argMax(tuple(${[...names, "is_deleted"].join(", ")}), (event_ts, is_deleted = 0)) AS row
    FROM traces WHERE ${scope} AND ${ids} ${candidates} GROUP BY project_id, id
  ) WHERE row.${names.length + 1} = 0)`;
};

/** Reads by the key (project_id, id), or by the Bloom filters of the columns in `narrow`, which applies to merged rows. */
const fromAggregate = (table: string, { fields: names, tenant = "one", ids = "true", narrow = "true" }: RelationOptions): string => {
  const columns = names.map((name) => `${fields[name].aggregate} AS ${name}`);
  return `(SELECT ${["a.project_id AS project_id", "a.id AS id", ...columns].join(", ")}
    FROM ${table} AS a FINAL WHERE ${tenants[tenant]} AND ${ids} AND ${narrow} AND finalizeAggregation(a.public) IS NOT NULL)`;
};

/**
 * What belongs to each of some traces, by `id`: ids of observations and scores, sums, and the time from the first to the last instant of the trace and its
 * observations. `among` is a set of ids of traces: a bound list or a subquery. From `traces`, observations and scores are read in their newest version, so
 * sums are right whatever was written twice; from an aggregate they are what was added up.
 */
export const totalsRelation = (source: TraceSource, among: string): string =>
  source === "traces" ? totalsFromTables(among) : totalsFromAggregate(source, among);

const newestBelonging = (table: "observations" | "scores", columns: readonly string[], among: string): string => {
  const unpacked = columns.map((column, i) => `row.${i + 2} AS ${column}`);
  return `(SELECT ${["id", "assumeNotNull(row.1) AS trace_id", ...unpacked].join(", ")} FROM (
    SELECT id, argMax(tuple(${["trace_id", ...columns, "is_deleted"].join(", ")}), (event_ts, is_deleted = 0)) AS row FROM ${table}
    WHERE project_id = {projectId:String} AND id IN (SELECT id FROM ${table} WHERE project_id = {projectId:String} AND trace_id IN ${among})
    GROUP BY id
  ) WHERE row.${columns.length + 2} = 0 AND row.1 IN ${among})`;
};

const totalsFromTables = (among: string): string => `(SELECT t.id AS id,
    o.ids AS observation_ids, s.ids AS score_ids, o.cost AS cost_details, o.usage AS usage_details,
    if(empty(o.ids), t.timestamp, least(t.timestamp, o.first_start)) AS started_at,
    if(empty(o.ids), t.timestamp, greatest(t.timestamp, o.last_end)) AS ended_at
  FROM ${fromTraces({ fields: ["timestamp"], ids: `id IN ${among}` })} AS t
  LEFT JOIN (
    SELECT trace_id, arraySort(groupArray(id)) AS ids, min(start_time) AS first_start, max(ifNull(end_time, start_time)) AS last_end,
      sumMap(CAST(cost_details, 'Map(String, Decimal(38, 12))')) AS cost, sumMap(CAST(usage_details, 'Map(String, UInt64)')) AS usage
    FROM ${newestBelonging("observations", ["start_time", "end_time", "cost_details", "usage_details"], among)} GROUP BY trace_id
  ) AS o ON o.trace_id = t.id
  LEFT JOIN (SELECT trace_id, arraySort(groupArray(id)) AS ids FROM ${newestBelonging("scores", [], among)} GROUP BY trace_id) AS s ON s.trace_id = t.id)`;

const totalsFromAggregate = (table: string, among: string): string => `(SELECT a.id AS id,
    arraySort(a.observation_ids) AS observation_ids, arraySort(a.score_ids) AS score_ids, a.cost_details AS cost_details, a.usage_details AS usage_details,
    a.start_time AS started_at, ifNull(a.end_time, a.start_time) AS ended_at
  FROM ${table} AS a FINAL WHERE project_id = {projectId:String} AND id IN ${among} AND finalizeAggregation(a.public) IS NOT NULL)`;
