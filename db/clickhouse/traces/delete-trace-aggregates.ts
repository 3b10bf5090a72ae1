/** Takes traces out of the aggregates. The tables have no versions: what is to be gone from them has to be deleted, in all of them and in what they are made from. */
import { aggregateTables } from "../../../core/traces/experiment-env.ts";

/** Runs a statement that changes something; the reading client may not. */
export type RunStatement = (sql: string, params: Record<string, unknown>) => Promise<unknown>;

/** A bound instant, in milliseconds as the tables have it. */
export const instantOf = (param: string): string => `parseDateTime64BestEffort({${param}:String}, 3, 'UTC')`;

/** Can be repeated. Lightweight deletes: the rows are hidden at once and leave the disk with the next merge. */
export const deleteTraceAggregates = async (
  run: RunStatement,
  { projectId, traceIds }: { projectId: string; traceIds: readonly string[] },
): Promise<void> => {
  // What the aggregates are made from comes last: as long as it is there, an interrupted deletion can be seen and repeated.
  for (const table of [...aggregateTables, "traces_mt"])
    await run(`DELETE FROM ${table} WHERE project_id = {projectId:String} AND id IN {traceIds:Array(String)}`, { projectId, traceIds });
};
