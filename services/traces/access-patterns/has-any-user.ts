/** Access pattern: whether any trace of a project names a user. */
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { traceRelation } from "../trace-relation.ts";

export const hasAnyUser = (deps: TraceReaderDeps, { projectId }: { projectId: string }): Promise<boolean> =>
  answerFrom(deps, { operation: "has_any_user", projectId, from: null }, async (source, query) => {
    const relation = traceRelation(source, { fields: ["user_id"], narrow: "user_id != ''" });
    const rows = await query(`SELECT 1 AS found FROM ${relation} WHERE user_id IS NOT NULL LIMIT 1`, { projectId });
    return rows.length > 0;
  });
