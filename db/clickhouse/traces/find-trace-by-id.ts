/** Access pattern: one trace with its payloads. */
import { answerFrom, type TraceReaderDeps } from "./answer-from.ts";
import { type FullTraceRow, loadFullTraceRows } from "./trace-row.ts";

/** With `from`, the earliest instant it may have begun, a smaller aggregate can answer; a trace from before is not found. */
export const findTraceById = (
  deps: TraceReaderDeps,
  { projectId, traceId, from = null }: { projectId: string; traceId: string; from?: Date | null },
): Promise<FullTraceRow | undefined> =>
  answerFrom(deps, { operation: "find_trace_by_id", projectId, from }, async (source, query) => {
    const [row] = await loadFullTraceRows(query, source, projectId, [traceId]);
    return row === undefined || (from !== null && Date.parse(row.timestamp) < from.getTime()) ? undefined : row;
  });
