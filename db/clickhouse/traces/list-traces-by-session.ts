/** Access pattern: the traces of a session, in the order of their time. */
import { answerFrom, type TraceReaderDeps } from "./answer-from.ts";
import type { TracePage } from "./trace-filter.ts";
import { listTraceIds } from "./trace-page.ts";
import { loadTraceRows, type TraceRow } from "./trace-row.ts";

export const listTracesBySession = (
  deps: TraceReaderDeps,
  { projectId, sessionId, from = null, page }: { projectId: string; sessionId: string; from?: Date | null; page: TracePage },
): Promise<TraceRow[]> =>
  answerFrom(deps, { operation: "list_traces_by_session", projectId, from }, async (source, query) => {
    const filter = { sessionIds: [sessionId], ...(from === null ? {} : { from }) };
    const ids = await listTraceIds(query, source, { projectId, filter, order: { column: "timestamp", direction: "asc" }, page });
    return loadTraceRows(query, source, projectId, ids);
  });
