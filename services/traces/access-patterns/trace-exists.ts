/** Access pattern: whether a trace exists and matches a filter. */
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { compileTraceFilter, TraceFilter } from "../trace-filter.ts";
import { traceRelation } from "../trace-relation.ts";

export const traceExists = (
  deps: TraceReaderDeps,
  { projectId, traceId, filter = {} }: { projectId: string; traceId: string; filter?: TraceFilter },
): Promise<boolean> =>
  answerFrom(deps, { operation: "trace_exists", projectId, from: filter.from ?? null }, async (source, query) => {
    const where = compileTraceFilter(TraceFilter.parse(filter));
    const relation = traceRelation(source, { fields: where.fields, ids: "id = {traceId:String}" });
    const rows = await query(`SELECT 1 AS found FROM ${relation} WHERE ${where.sql} LIMIT 1`, { projectId, traceId, ...where.params });
    return rows.length > 0;
  });
