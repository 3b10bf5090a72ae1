/** Access pattern: whether a project has a trace. Reads the project's keys: the newest version of an id decides whether it still exists. */
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { traceRelation } from "../trace-relation.ts";

export const hasAnyTrace = (deps: TraceReaderDeps, { projectId }: { projectId: string }): Promise<boolean> =>
  answerFrom(deps, { operation: "has_any_trace", projectId, from: null }, async (source, query) => {
    const rows = await query(`SELECT 1 AS found FROM ${traceRelation(source, { fields: [] })} LIMIT 1`, { projectId });
    return rows.length > 0;
  });
