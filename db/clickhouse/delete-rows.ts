/**
 * ClickHouse, deletion: removes rows permanently by lightweight deletes, which hide rows at once and drop them with the next merges.
 * Idempotent.
 */

import type { EntityType } from "../../core/ingestion/event.ts";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { externalSet } from "../../core/query/external-table.ts";
import { aggregateTables } from "../../core/traces/experiment-env.ts";
import type { ClickHouse } from "./client.ts";
import { idSlices } from "./id-slices.ts";
import { deleteOldAggregates } from "./traces/delete-old-aggregates.ts";
import { deleteScoresFromAggregates } from "./traces/delete-scores-from-aggregates.ts";
import { deleteTraceAggregates, type RunStatement } from "./traces/delete-trace-aggregates.ts";

/** Where rows are deleted. */
export type RowStore = {
  clickhouse: Pick<ClickHouse, "command" | "queryRows">;
  eventsTable: string;
  projectId: string;
  /** Returns an instant later than every version there is, ISO 8601 UTC. */
  nextVersion: () => Promise<string>;
  signal: AbortSignal;
};

/** `name`: what the table is called in `deleted_rows`, if it is not called the same here. `trace` may be NULL. */
type Table = { table: string; name?: string; id: string; trace: string; time: string };

/** Per entity: its table, its trace column, and the time that retention applies to. */
const tables = {
  trace: { table: "traces", id: "id", trace: "id", time: "timestamp" },
  observation: { table: "observations", id: "id", trace: "trace_id", time: "start_time" },
  score: { table: "scores", id: "id", trace: "trace_id", time: "timestamp" },
  dataset_run_item: { table: "dataset_run_items_rmt", name: "dataset_run_items", id: "id", trace: "trace_id", time: "created_at" },
} as const satisfies Record<EntityType, Table>;

const eventsOf = (table: string): Table => ({ table, name: "events", id: "span_id", trace: "trace_id", time: "start_time" });

/** Large deletions take long. */
const timeoutSeconds = 3600;

const runOf =
  ({ clickhouse, signal }: RowStore): RunStatement =>
  (sql, params) =>
    clickhouse.command({ sql, params, signal, timeoutSeconds });

export const deleteStoredRows = async (store: RowStore, what: JobPayload<"data.delete">): Promise<void> => {
  const { projectId, eventsTable } = store;
  const run = runOf(store);
  const all = [...Object.values(tables), eventsOf(eventsTable)];
  if (what.scope === "traces") {
    for (const traceIds of idSlices(what.traceIds, 1000)) {
      await deleteRekeyed(store, traceIds);
      await deleteWhere(
        store,
        all.map((table) => ({ table, condition: `${table.trace} IN {traceIds:Array(String)}` })),
        { traceIds },
      );
      await deleteTraceAggregates(run, { projectId, traceIds });
    }
    return;
  }
  if (what.scope === "scores") {
    await deleteScoresFromAggregates(run, { projectId, scoreIds: what.scoreIds });
    return deleteEntityRows(store, "score", what.scoreIds);
  }
  const params = what.scope === "before" ? { before: what.before } : {};
  await deleteWhere(
    store,
    all.map((table) => ({ table, condition: what.scope === "project" ? "1" : `${table.time} < ${beforeParam}` })),
    params,
  );
  if (what.scope === "before") await deleteOldAggregates(store.clickhouse, run, { projectId, before: what.before, signal: store.signal });
  else
    for (const table of [...aggregateTables, "traces_mt"])
      await run(`DELETE FROM ${table} WHERE project_id = {projectId:String}`, { projectId });
};

/** Waits for each, even if one fails: a deletion must not run on behind the job. Throws the first failure. */
const settleAll = async (running: readonly Promise<unknown>[]): Promise<void> => {
  await Promise.allSettled(running);
  await Promise.all(running);
};

type Doomed = { table: Table; condition: string };

/**
 * Deletes rows of several tables, after it has recorded their ids with an instant no version is later than. Integrations deliver them as
 * deletions (`deleted_rows`). Repeated, it records those that are left.
 */
const deleteWhere = async (store: RowStore, doomed: readonly Doomed[], params: Record<string, unknown>): Promise<void> => {
  const run = runOf(store);
  const asked = { ...params, projectId: store.projectId };
  const where = (condition: string) => `WHERE project_id = {projectId:String} AND ${condition}`;
  const gone = doomed.map(
    ({ table: { table, name, id }, condition }) =>
      `SELECT project_id, greatest(parseDateTime64BestEffort({version:String}, 6, 'UTC'), toDateTime64(max(event_ts), 6, 'UTC')), '${name ?? table}', ${id} AS gone
        FROM ${table} ${where(condition)} GROUP BY project_id, gone`,
  );
  await run(`INSERT INTO deleted_rows (project_id, deleted_at, table_name, id) ${gone.join(" UNION ALL ")}`, {
    ...asked,
    version: await store.nextVersion(),
  });
  // Each waits for a mutation of its own table.
  await settleAll(doomed.map(({ table, condition }) => run(`DELETE FROM ${table.table} ${where(condition)}`, asked)));
};

/**
 * Deletes every row of entities that have rows both in these traces and outside them. The trace is not part of the key of observations and
 * scores: an older version, in another trace, would reappear once the newer one is gone. Rows that mark a re-keyed row's old keys as
 * deleted name no trace, or the earlier one.
 * Runs first, because afterwards nothing tells what belonged together.
 */
const deleteRekeyed = async (store: RowStore, traceIds: readonly string[]): Promise<void> => {
  const { projectId, eventsTable } = store;
  const look = async (among: Table) => {
    const { table, id, trace, time } = among;
    const inTraces = `project_id = {projectId:String} AND ${trace} IN {traceIds:Array(String)}`;
    // The day is part of the sort keys, and bounds what FINAL reads.
    const days = `toDate(${time}) IN (SELECT toDate(${time}) FROM ${table} WHERE ${inTraces})`;
    const found = await store.clickhouse.queryRows<{ found: string }>({
      sql: `SELECT DISTINCT ${id} AS found FROM ${table} WHERE project_id = {projectId:String} AND ifNull(${trace}, '') NOT IN {traceIds:Array(String)}
        AND ${id} IN (SELECT ${id} FROM ${table} FINAL WHERE ${inTraces} AND ${days})`,
      params: { projectId, traceIds },
      signal: store.signal,
      timeoutSeconds,
    });
    for (const ids of slices(found)) await deleteWhere(store, [{ table: among, condition: `${id} IN {ids:Array(String)}` }], { ids });
  };
  await settleAll([tables.observation, tables.score, eventsOf(eventsTable)].map(look));
};

const slices = (found: readonly { found: string }[]): string[][] =>
  idSlices(
    found.map((row) => row.found),
    1000,
  );

/** Deletes all rows of these entities, under any key. */
export const deleteEntityRows = async (store: RowStore, entityType: EntityType, entityIds: readonly string[]): Promise<void> => {
  const { projectId, eventsTable } = store;
  const run = runOf(store);
  for (const ids of idSlices(entityIds, 1000)) {
    const named = [tables[entityType], ...(entityType === "observation" ? [eventsOf(eventsTable)] : [])];
    await deleteWhere(
      store,
      named.map((table) => ({ table, condition: `${table.id} IN {ids:Array(String)}` })),
      { ids },
    );
    if (entityType === "trace") await deleteTraceAggregates(run, { projectId, traceIds: ids });
  }
};

const beforeParam = "parseDateTime64BestEffort({before:String}, 6, 'UTC')";

/** Returns those of the entities that have rows starting at `before` or later. Uses the bloom filter on id. */
export const listBeginningSince = async (
  { clickhouse, projectId, signal }: RowStore,
  { entityType, ids, before }: { entityType: EntityType; ids: readonly string[]; before: string },
): Promise<string[]> => {
  if (ids.length === 0) return [];
  const { table, time } = tables[entityType];
  const rows = await clickhouse.queryRows<{ found: string }>({
    sql: `SELECT DISTINCT id AS found FROM ${table} WHERE project_id = {projectId:String} AND id IN (SELECT v FROM wanted_ids) AND ${time} >= ${beforeParam}`,
    params: { projectId, before, wanted_ids: externalSet(ids) },
    signal,
    timeoutSeconds,
  });
  return rows.map((row) => row.found);
};

/**
 * Lists entities that start before `before` but were written, or had a version starting, at it or later: comparing times alone would leave
 * half of them. Sorted by id, after the cursor `after`. Among rows of one version the live one counts. Reads keys and versions of old rows.
 */
export const listOldWrittenSince = async (
  { clickhouse, projectId, signal }: RowStore,
  { entityType, before, after, rowsMax }: { entityType: EntityType; before: string; after: string; rowsMax: number },
): Promise<string[]> => {
  const { table, time } = tables[entityType];
  const rows = await clickhouse.queryRows<{ found: string }>({
    sql: `SELECT id AS found FROM ${table} WHERE project_id = {projectId:String} AND id > {after:String}
        AND id IN (SELECT id FROM ${table} WHERE project_id = {projectId:String} AND ${time} < ${beforeParam})
      GROUP BY id HAVING argMax(${time}, tuple(event_ts, 1 - is_deleted)) < ${beforeParam} AND (max(${time}) >= ${beforeParam} OR max(event_ts) >= ${beforeParam})
      ORDER BY id LIMIT {rowsMax:UInt32}`,
    params: { projectId, before, after, rowsMax },
    signal,
    timeoutSeconds,
  });
  return rows.map((row) => row.found);
};

/** Returns what ClickHouse knows about some traces: the entities in them, and the days their first rows were created, UTC. */
export const listEntitiesOfTraces = async (
  { clickhouse, projectId, signal }: RowStore,
  traceIds: readonly string[],
): Promise<{ entities: { entityType: EntityType; entityId: string }[]; days: string[] }> => {
  const entities: { entityType: EntityType; entityId: string }[] = [];
  const days = new Set<string>();
  for (const ids of idSlices(traceIds, 1000))
    for (const entityType of ["trace", "observation", "score", "dataset_run_item"] as const) {
      const { table, trace } = tables[entityType];
      const rows = await clickhouse.queryRows<{ found: string; day: string }>({
        sql: `SELECT id AS found, toString(toDate(created_at)) AS day FROM ${table} FINAL WHERE project_id = {projectId:String} AND ${trace} IN {ids:Array(String)}`,
        params: { projectId, ids },
        signal,
        timeoutSeconds,
      });
      for (const { found, day } of rows) {
        entities.push({ entityType, entityId: found });
        days.add(day);
      }
    }
  return { entities, days: [...days] };
};
