/** Access pattern: several traces of a project by id, without payloads. */
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { loadTraceRows, type TraceRow } from "../trace-row.ts";

/** In the order of the ids, at most `idsMax`. Omits unknown ids and traces that began before `from`. */
export const listTracesByIds = (
  deps: TraceReaderDeps,
  { projectId, traceIds, from = null }: { projectId: string; traceIds: readonly string[]; from?: Date | null },
): Promise<TraceRow[]> =>
  answerFrom(deps, { operation: "list_traces_by_ids", projectId, from }, async (source, query) => {
    const rows = await loadTraceRows(query, source, projectId, traceIds);
    return from === null ? rows : rows.filter(({ timestamp }) => Date.parse(timestamp) >= from.getTime());
  });
