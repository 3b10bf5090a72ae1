/** Access pattern: whether a session has a trace. */
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { compileTraceFilter } from "../trace-filter.ts";
import { traceRelation } from "../trace-relation.ts";

export const sessionHasTrace = (
  deps: TraceReaderDeps,
  { projectId, sessionId, from = null }: { projectId: string; sessionId: string; from?: Date | null },
): Promise<boolean> =>
  answerFrom(deps, { operation: "session_has_trace", projectId, from }, async (source, query) => {
    const where = compileTraceFilter({ sessionIds: [sessionId], ...(from === null ? {} : { from }) });
    const relation = traceRelation(source, { fields: ["timestamp", "session_id"], narrow: where.sql });
    const rows = await query(`SELECT 1 AS found FROM ${relation} WHERE ${where.sql} LIMIT 1`, { projectId, ...where.params });
    return rows.length > 0;
  });
