/** Removes rows for good: lightweight deletes, which hide rows at once and drop them with the next merges. Runs again without harm. */
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { aggregateTables } from "../../core/traces/experiment-env.ts";
import type { ClickHouse } from "./client.ts";
import { idSlices } from "./id-slices.ts";
import { deleteOldAggregates } from "./traces/delete-old-aggregates.ts";
import { deleteTraceAggregates, type RunStatement } from "./traces/delete-trace-aggregates.ts";

/** By table: the column with the trace, and the time a retention looks at. */
const tablesOf = (eventsTable: string) => [
  { table: "traces", trace: "id", time: "timestamp" },
  { table: "observations", trace: "trace_id", time: "start_time" },
  { table: "scores", trace: "ifNull(trace_id, '')", time: "timestamp" },
  { table: "dataset_run_items_rmt", trace: "trace_id", time: "created_at" },
  { table: eventsTable, trace: "trace_id", time: "start_time" },
];

export const deleteStoredRows = async (
  clickhouse: Pick<ClickHouse, "command" | "queryRows">,
  {
    projectId,
    eventsTable,
    what,
    signal,
  }: { projectId: string; eventsTable: string; what: JobPayload<"data.delete">; signal: AbortSignal },
): Promise<void> => {
  const run: RunStatement = (sql, params) => clickhouse.command({ sql, params, signal, timeoutSeconds: 3600 });
  if (what.scope === "traces") {
    for (const traceIds of idSlices(what.traceIds, 1000)) {
      await deleteMoved(clickhouse, run, { projectId, traceIds, signal });
      for (const { table, trace } of tablesOf(eventsTable))
        await run(`DELETE FROM ${table} WHERE project_id = {projectId:String} AND ${trace} IN {traceIds:Array(String)}`, {
          projectId,
          traceIds,
        });
      await deleteTraceAggregates(run, { projectId, traceIds });
    }
    return;
  }
  const isOld = (time: string) => (what.scope === "project" ? "" : ` AND ${time} < parseDateTime64BestEffort({before:String}, 6, 'UTC')`);
  const params = { projectId, ...(what.scope === "before" ? { before: what.before } : {}) };
  for (const { table, time } of tablesOf(eventsTable))
    await run(`DELETE FROM ${table} WHERE project_id = {projectId:String}${isOld(time)}`, params);
  if (what.scope === "before") await deleteOldAggregates(clickhouse, run, { projectId, before: what.before, signal });
  else
    for (const table of [...aggregateTables, "traces_mt"]) await run(`DELETE FROM ${table} WHERE project_id = {projectId:String}`, params);
};

/**
 * The trace is no part of the key of these tables: an older version, of another trace, would show itself as soon as the newer one is gone. First of all, because
 * afterwards nothing tells what belonged together.
 */
const deleteMoved = async (
  clickhouse: Pick<ClickHouse, "queryRows">,
  run: RunStatement,
  { projectId, traceIds, signal }: { projectId: string; traceIds: readonly string[]; signal: AbortSignal },
): Promise<void> => {
  for (const table of ["observations", "scores"]) {
    const found = await clickhouse.queryRows<{ id: string }>({
      sql: `SELECT DISTINCT id FROM ${table} WHERE project_id = {projectId:String} AND ifNull(trace_id, '') NOT IN {traceIds:Array(String)}
        AND id IN (SELECT id FROM ${table} FINAL WHERE project_id = {projectId:String} AND ifNull(trace_id, '') IN {traceIds:Array(String)})`,
      params: { projectId, traceIds },
      signal,
      timeoutSeconds: 3600,
    });
    for (const ids of idSlices(
      found.map(({ id }) => id),
      1000,
    ))
      await run(`DELETE FROM ${table} WHERE project_id = {projectId:String} AND id IN {ids:Array(String)}`, { projectId, ids });
  }
};
