/** Makes the aggregates of some traces anew from `traces_mt`: for rows that reached it but not every view, or that are to leave them. */
import { aggregateTables } from "../../../core/traces/experiment-env.ts";
import { foldTraces } from "../migrations/0003-trace-aggregates.ts";
import { instantOf, type RunStatement } from "./delete-trace-aggregates.ts";

const these = "project_id = {projectId:String} AND id IN {traceIds:Array(String)}";

/**
 * Can be repeated; only from rows that begin at `since` or later, where it is given. To be run in the lane of the traces, while nothing is written of them; until it has ended, readers of the aggregates miss them.
 * Rows are folded in the order of their versions by one thread: on it depends which value is the last.
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
