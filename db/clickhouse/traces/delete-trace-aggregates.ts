/**
 * Deletion: removes traces from the aggregates. These tables have no versions: rows must be deleted from all of them and from their source.
 */
import { aggregateTables } from "../../../core/traces/experiment-env.ts";

/** Runs a statement that changes data, which the reading client may not. */
export type RunStatement = (sql: string, params: Record<string, unknown>) => Promise<unknown>;

/** A bound instant, in milliseconds like the tables. */
export const instantOf = (param: string): string => `parseDateTime64BestEffort({${param}:String}, 3, 'UTC')`;

/** Idempotent. Lightweight deletes: rows are hidden at once and leave the disk with the next merge. */
export const deleteTraceAggregates = async (
  run: RunStatement,
  { projectId, traceIds }: { projectId: string; traceIds: readonly string[] },
): Promise<void> => {
  // The source of the aggregates comes last: while it exists, an interrupted deletion can be detected and repeated.
  for (const table of [...aggregateTables, "traces_mt"])
    await run(`DELETE FROM ${table} WHERE project_id = {projectId:String} AND id IN {traceIds:Array(String)}`, { projectId, traceIds });
};
