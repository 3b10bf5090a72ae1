/**
 * Deletion: removes scores from the aggregates of remaining traces. Only their ids are removed from the lists: nothing is folded again, so
 * no sum changes.
 */
import { aggregateTables } from "../../../core/traces/experiment-env.ts";
import { idSlices } from "../id-slices.ts";
import type { RunStatement } from "./delete-trace-aggregates.ts";

/** Idempotent. A `traces_mt` row that names a score holds nothing else. Reads the project's lists, which are short or empty. */
export const deleteScoresFromAggregates = async (
  run: RunStatement,
  { projectId, scoreIds }: { projectId: string; scoreIds: readonly string[] },
): Promise<void> => {
  for (const ids of idSlices(scoreIds, 1000)) {
    const params = { projectId, ids };
    const these = "project_id = {projectId:String} AND hasAny(score_ids, {ids:Array(String)})";
    for (const table of aggregateTables)
      await run(
        `ALTER TABLE ${table} UPDATE score_ids = arrayFilter(id -> NOT has({ids:Array(String)}, id), score_ids) WHERE ${these} SETTINGS mutations_sync = 2`,
        params,
      );
    await run(`DELETE FROM traces_mt WHERE ${these}`, params);
  }
};
