/**
 * Ingestion, trace aggregates: writes rows of traces, observations and scores to `traces_mt` in one statement that also reads what was
 * counted before. An observation counts under one key, its trace and start: there its rows add up to its current values, and under every
 * earlier key to nothing.
 */

import type { AggregateRow } from "../../../core/ingestion/aggregate-rows.ts";
import { type ExternalTable, externalSet, externalTable } from "../../../core/query/external-table.ts";
import type { ClickHouse } from "../client.ts";

export type AggregateWrite = {
  /** At most one row per observation, with its full usage and cost. */
  row: AggregateRow;
  /** For an observation: other traces in which it may have been counted. */
  formerTraceIds?: readonly string[];
  /** For an observation that may have been counted in a trace no event names any more: searches the whole project. */
  isStray?: boolean;
  /** An attempt that lost its lease may also be writing it, now or later. */
  isContested?: boolean;
};

export type AggregateWriterDeps = {
  clickhouse: Pick<ClickHouse, "command" | "queryRows">;
  wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
};

/**
 * Idempotent. Leaves alone what a later claim has written (`event_ts`), so a runner stopped for longer than its lease changes nothing with
 * what it still sends.
 * Concurrent statements do not see each other: contested writes are repeated once all statements that ran beside them have ended. `token`
 * names this write among those running. Reads by the key (project_id, id), strays by idx_observation_ids.
 */
export const writeTraceAggregates = async (
  { clickhouse, wait }: AggregateWriterDeps,
  { projectId, token, writes, signal }: { projectId: string; token: string; writes: readonly AggregateWrite[]; signal: AbortSignal },
): Promise<void> => {
  const insert = async (some: readonly AggregateWrite[], queryId: string) => {
    if (some.length === 0) return;
    await clickhouse.command({
      sql: statementFor(some),
      queryId,
      params: { projectId, ...externalTablesOf(some) },
      // On replicas, only this makes a write visible to the next read. Ends well before the lease does: whatever was sent in time has
      // finished when another runner gets the jobs.
      settings: { select_sequential_consistency: "1", max_execution_time: String(secondsMax), timeout_overflow_mode: "throw" },
      timeoutSeconds: secondsMax + 5,
      signal,
    });
  };
  await insert(writes, `${queryIdPrefix}${token}`);
  const contested = writes.filter(({ isContested }) => isContested === true);
  if (contested.length === 0) return;
  for (let running = await listRunning(clickhouse, signal); running.size > 0; ) {
    await wait(pollMs, signal);
    running = running.intersection(await listRunning(clickhouse, signal));
  }
  await insert(contested, `${queryIdPrefix}${token}-again`);
};

/**
 * Lists running writes. One that read before this listing has written by the time it is no longer listed. Every user sees its own queries.
 */
const listRunning = async (clickhouse: Pick<ClickHouse, "queryRows">, signal: AbortSignal): Promise<Set<string>> => {
  const rows = await clickhouse.queryRows<{ query_id: string }>({
    sql: "SELECT query_id FROM system.processes WHERE startsWith(query_id, {queryIdPrefix:String}) AND current_database = currentDatabase()",
    params: { queryIdPrefix },
    signal,
  });
  return new Set(rows.map(({ query_id }) => query_id));
};

const externalTablesOf = (writes: readonly AggregateWrite[]): Record<string, ExternalTable> => {
  const observations = writes.flatMap(({ row, ...more }) => row.observation_ids.map((id) => ({ id, ...more })));
  return {
    aggregate_rows: externalTable(
      structure,
      writes.map(({ row }) => row),
    ),
    former_traces: externalTable(
      "observation_id String, id String, is_guarded Bool",
      observations.flatMap(({ id, formerTraceIds = [], isContested = false }) =>
        formerTraceIds.map((traceId) => ({ observation_id: id, id: traceId, is_guarded: isContested })),
      ),
    ),
    strays: externalSet(observations.flatMap(({ id, isStray }) => (isStray === true ? [id] : []))),
  };
};

const queryIdPrefix = "spillway-aggregates-";
const pollMs = 100;
const secondsMax = 15;

const columns = {
  project_id: "String",
  id: "String",
  start_time: "DateTime64(3)",
  end_time: "Nullable(DateTime64(3))",
  name: "Nullable(String)",
  metadata: "Map(String, String)",
  user_id: "Nullable(String)",
  session_id: "Nullable(String)",
  environment: "String",
  tags: "Array(String)",
  version: "Nullable(String)",
  release: "Nullable(String)",
  bookmarked: "Nullable(Bool)",
  public: "Nullable(Bool)",
  observation_ids: "Array(String)",
  score_ids: "Array(String)",
  cost_details: "Map(String, Decimal(38, 12))",
  usage_details: "Map(String, UInt64)",
  input: "String",
  output: "String",
  created_at: "DateTime64(3)",
  updated_at: "DateTime64(3)",
  event_ts: "DateTime64(3)",
} as const satisfies Record<keyof AggregateRow, string>;

const structure = Object.entries(columns)
  .map(([column, type]) => `${column} ${type}`)
  .join(", ");

/** Selects every column of `r`, with the given ones replaced. */
const selected = (given: Partial<Record<keyof AggregateRow, string>>): string =>
  (Object.keys(columns) as (keyof AggregateRow)[]).map((column) => `${given[column] ?? `r.${column}`} AS ${column}`).join(", ");

/** Subtracts `counted` from `now` by kind. New kinds are included even if 0, others only if they change. */
const difference = (now: string, counted: string, subtract: (a: string, b: string) => string, type: string): string =>
  `CAST(arrayFilter(entry -> entry.2 != 0 OR NOT mapContains(${counted}, entry.1),
      arrayMap(kind -> (kind, ${subtract(`${now}[kind]`, `${counted}[kind]`)}), arrayDistinct(arrayConcat(mapKeys(${now}), mapKeys(${counted}))))), '${type}')`;

const isNothing = (map: string): string => `arrayAll(value -> value = 0, mapValues(${map}))`;
const observationId = "arrayElement(observation_ids, 1)";
const ofProject = "project_id = {projectId:String}";

/**
 * A score's own instant is often long after its trace and would stretch it: the score is placed at the start of what is known of the trace.
 */
const tracesAndScores = `SELECT ${selected({ start_time: "if(notEmpty(r.score_ids) AND s.id != '', s.start, r.start_time)" })}
  FROM aggregate_rows AS r LEFT JOIN (
    SELECT id, min(known.start) AS start, max(known.newest) AS newest FROM (
      SELECT id, start_time AS start, if(public IS NULL, toDateTime64(0, 3), event_ts) AS newest FROM traces_mt
      WHERE ${ofProject} AND id IN (SELECT id FROM aggregate_rows WHERE empty(observation_ids))
      UNION ALL SELECT id, start_time, toDateTime64(0, 3) FROM aggregate_rows WHERE empty(score_ids)
    ) AS known GROUP BY id
  ) AS s ON s.id = r.id
  WHERE empty(r.observation_ids) AND (r.public IS NULL OR r.event_ts >= s.newest)`;

/**
 * If a contested observation may still be counted wrongly, leaves a row that says it is not counted: a late attempt finds its version
 * there. Reads what was counted once, so that the whole statement sees the same.
 * Usage is UInt64, which has no negative numbers but is summed modulo 2^64: -3 is written as 2^64 - 3.
 */
const observationsFrom = (strayTraces: string): string => `SELECT ${selected({
  id: "r.place.1",
  start_time: "r.place.2",
  end_time: "if(r.is_home, r.end_time, NULL)",
  usage_details: difference("r.usage_now", "r.counted_here.3", (a, b) => `toUInt64(${a} - ${b})`, "Map(String, UInt64)"),
  cost_details: difference("r.cost_now", "r.counted_here.4", (a, b) => `${a} - ${b}`, "Map(String, Decimal(18, 12))"),
})}
  FROM (
    SELECT w.*, place, place = (w.id, w.start_time) AS is_home,
      if(is_home, w.usage_details, CAST(map(), 'Map(String, UInt64)')) AS usage_now,
      if(is_home, w.cost_details, CAST(map(), 'Map(String, Decimal(38, 12))')) AS cost_now,
      arrayFirst(known -> (known.1, known.2) = place, c.places) AS counted_here
    FROM aggregate_rows AS w
    LEFT JOIN (
      SELECT of, max(version) AS newest, groupArray((id, start, usage, cost)) AS places FROM (
        SELECT id, ${observationId} AS of, start_time AS start, max(event_ts) AS version,
          sumMap(usage_details) AS usage, sumMap(CAST(cost_details, 'Map(String, Decimal(38, 12))')) AS cost
        FROM traces_mt WHERE ${ofProject} AND of IN (SELECT ${observationId} FROM aggregate_rows WHERE notEmpty(observation_ids)) AND id IN (
          SELECT id FROM aggregate_rows WHERE notEmpty(observation_ids)
          UNION DISTINCT SELECT id FROM former_traces
          ${strayTraces}
        ) GROUP BY id, of, start
      ) GROUP BY of
    ) AS c ON c.of = arrayElement(w.observation_ids, 1)
    LEFT JOIN (SELECT observation_id, groupArray(id) AS ids FROM former_traces WHERE is_guarded GROUP BY observation_id) AS g
      ON g.observation_id = arrayElement(w.observation_ids, 1)
    ARRAY JOIN arrayDistinct(arrayConcat(
      [(w.id, w.start_time)],
      arrayMap(known -> (known.1, known.2), arrayFilter(known -> NOT (${isNothing("known.3")} AND ${isNothing("known.4")}), c.places)),
      arrayMap(trace -> (trace, if(has(c.places.1, trace), arrayFirst(known -> known.1 = trace, c.places).2, w.start_time)), g.ids)
    )) AS place
    WHERE notEmpty(w.observation_ids) AND w.event_ts >= c.newest
  ) AS r`;

/** Scans the index of the whole project, so it is used only if there are strays. */
const strayTraces = `UNION DISTINCT SELECT id FROM traces_mt WHERE ${ofProject} AND hasAny(observation_ids, (SELECT groupArray(v) FROM strays))`;

const statementFor = (writes: readonly AggregateWrite[]): string => {
  const observations = observationsFrom(writes.some(({ isStray }) => isStray === true) ? strayTraces : "");
  return `INSERT INTO traces_mt (${Object.keys(columns).join(", ")}) ${tracesAndScores} UNION ALL ${observations}`;
};
