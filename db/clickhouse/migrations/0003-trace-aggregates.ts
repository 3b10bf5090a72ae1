/**
 * ClickHouse migration: traces aggregated on write. Every write of a trace, or of one of its observations or scores, is a row of
 * `traces_mt`. Three views fold those rows into one row per trace, kept forever, for 30 days and for 7 days. They stay empty until the
 * writer is switched on.
 *
 * Differences from the first published schema, and why:
 * - `metadata` is folded by `maxMap`, not `minMap`: of two values of a key the larger counts, so an empty text never displaces a value.
 *   Neither is the last write; docs/trace-aggregates.md describes the differences.
 * - `traces_mt` stays a MergeTree, where later versions had an engine that stores nothing: its rows are the ledger of what was already
 *   counted. Without it, a repeated write of an observation would be added again.
 */
import type { ClickHouseMigration, MigrationContext } from "./migration.ts";

/** Days that a trace stays in each aggregate, from the day of its start; null keeps it. */
const aggregates = { traces_all_amt: null, traces_7d_amt: 7, traces_30d_amt: 30 } as const;

export const traceAggregates: ClickHouseMigration = {
  name: "0003-trace-aggregates",
  statements: (context) => [
    triggerTable(context),
    ...Object.entries(aggregates).flatMap(([table, days]) => [aggregateTable(table, days, context), aggregateView(table, context)]),
    ...context.distribute(["traces_mt", ...Object.keys(aggregates)]),
  ],
};

const triggerTable = ({
  onCluster,
  engine,
  stored,
}: MigrationContext): string => `CREATE TABLE IF NOT EXISTS ${stored("traces_mt")} ${onCluster} (
      project_id String,
      id String,
      start_time DateTime64(3),
      end_time Nullable(DateTime64(3)),
      name Nullable(String),
      metadata Map(LowCardinality(String), String),
      user_id Nullable(String),
      session_id Nullable(String),
      environment String,
      tags Array(String),
      version Nullable(String),
      release Nullable(String),
      bookmarked Nullable(Bool),
      public Nullable(Bool),
      observation_ids Array(String),
      score_ids Array(String),
      cost_details Map(String, Decimal64(12)),
      usage_details Map(String, UInt64),
      input String,
      output String,
      created_at DateTime64(3),
      updated_at DateTime64(3),
      event_ts DateTime64(3)
    )
    ENGINE = ${engine("MergeTree", "")}
    PARTITION BY toYYYYMM(start_time)
    ORDER BY (project_id, id)`;

const aggregateTable = (
  table: string,
  days: number | null,
  { onCluster, engine, stored }: MigrationContext,
): string => `CREATE TABLE IF NOT EXISTS ${stored(table)} ${onCluster} (
      project_id String,
      id String,
      timestamp SimpleAggregateFunction(min, DateTime64(3)),
      start_time SimpleAggregateFunction(min, DateTime64(3)),
      end_time SimpleAggregateFunction(max, Nullable(DateTime64(3))),
      name SimpleAggregateFunction(anyLast, Nullable(String)),
      metadata SimpleAggregateFunction(maxMap, Map(String, String)),
      user_id SimpleAggregateFunction(anyLast, Nullable(String)),
      session_id SimpleAggregateFunction(anyLast, Nullable(String)),
      environment SimpleAggregateFunction(anyLast, String),
      tags SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
      version SimpleAggregateFunction(anyLast, Nullable(String)),
      release SimpleAggregateFunction(anyLast, Nullable(String)),
      bookmarked AggregateFunction(argMax, Nullable(Bool), DateTime64(3)),
      public AggregateFunction(argMax, Nullable(Bool), DateTime64(3)),
      observation_ids SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
      score_ids SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
      cost_details SimpleAggregateFunction(sumMap, Map(String, Decimal(38, 12))),
      usage_details SimpleAggregateFunction(sumMap, Map(String, UInt64)),
      input AggregateFunction(argMax, String, DateTime64(3)) CODEC(ZSTD(3)),
      output AggregateFunction(argMax, String, DateTime64(3)) CODEC(ZSTD(3)),
      created_at SimpleAggregateFunction(min, DateTime64(3)),
      updated_at SimpleAggregateFunction(max, DateTime64(3)),
      INDEX idx_user_id user_id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_session_id session_id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_name name TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_version version TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_release release TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_tags tags TYPE bloom_filter(0.001) GRANULARITY 1
    )
    ENGINE = ${engine("AggregatingMergeTree", "")}
    ORDER BY (project_id, id)${days === null ? "" : `\n    TTL toDate(start_time) + INTERVAL ${days} DAY`}`;

/** Absent values get the time 0, so that they never displace a present one. */
const lastPresent = (column: string, isPresent: string) =>
  `argMaxState(t0.${column}, if(${isPresent}, t0.event_ts, toDateTime64(0, 3))) AS ${column}`;

const aggregateView = (table: string, { onCluster, stored }: MigrationContext): string =>
  `CREATE MATERIALIZED VIEW IF NOT EXISTS ${table}_mv ${onCluster} TO ${stored(table)} AS
    ${foldTraces(stored("traces_mt"))}`;

/** Folds rows like those of `traces_mt` into rows of an aggregate. */
export const foldTraces = (from: string): string => `SELECT
      t0.project_id AS project_id,
      t0.id AS id,
      min(t0.start_time) AS timestamp,
      min(t0.start_time) AS start_time,
      max(coalesce(t0.end_time, t0.start_time)) AS end_time,
      anyLast(t0.name) AS name,
      maxMap(t0.metadata) AS metadata,
      anyLast(t0.user_id) AS user_id,
      anyLast(t0.session_id) AS session_id,
      anyLast(t0.environment) AS environment,
      groupUniqArrayArray(t0.tags) AS tags,
      anyLast(t0.version) AS version,
      anyLast(t0.release) AS release,
      ${lastPresent("bookmarked", "t0.bookmarked IS NOT NULL")},
      ${lastPresent("public", "t0.public IS NOT NULL")},
      groupUniqArrayArray(t0.observation_ids) AS observation_ids,
      groupUniqArrayArray(t0.score_ids) AS score_ids,
      sumMap(t0.cost_details) AS cost_details,
      sumMap(t0.usage_details) AS usage_details,
      ${lastPresent("input", "t0.input <> ''")},
      ${lastPresent("output", "t0.output <> ''")},
      min(t0.created_at) AS created_at,
      max(t0.updated_at) AS updated_at
    FROM ${from} AS t0
    GROUP BY project_id, id`;
