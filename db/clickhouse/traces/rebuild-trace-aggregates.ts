/**
 * Rebuilds the aggregates of some traces from `traces_mt`: for rows that reached it but not every view, or that must leave the aggregates.
 */
import { aggregateTables } from "../../../core/traces/experiment-env.ts";
import { foldTraces } from "../migrations/0003-trace-aggregates.ts";
import { instantOf, type RunStatement } from "./delete-trace-aggregates.ts";

const these = "project_id = {projectId:String} AND id IN {traceIds:Array(String)}";

/**
 * Idempotent. With `since`, uses only rows that start at it or later. Run it under the traces' ordering key, while nothing writes to them;
 * until it ends, readers of the aggregates miss them.
 * One thread folds rows in version order, because the order determines which value is the last.
 */
export const rebuildTraceAggregates = async (
  run: RunStatement,
  { projectId, traceIds, since }: { projectId: string; traceIds: readonly string[]; since?: string },
): Promise<void> => {
  const rows = `SELECT * FROM traces_mt WHERE ${these}${since === undefined ? "" : ` AND start_time >= ${instantOf("since")}`} ORDER BY event_ts`;
  const params = { projectId, traceIds, ...(since === undefined ? {} : { since }) };
  for (const table of aggregateTables) {
    await run(`DELETE FROM ${table} WHERE ${these}`, { projectId, traceIds });
    await run(`INSERT INTO ${table} ${foldTraces(`(${rows})`)} SETTINGS max_threads = 1`, params);
  }
};
