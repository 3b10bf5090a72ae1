/** Access pattern: the list of the public API, a page with payloads and sums beside the number of all that fit. */
import { answerFrom, type TraceReaderDeps } from "./answer-from.ts";
import { TraceFilter, type TracePage } from "./trace-filter.ts";
import { countTraces, listTraceIds, newestFirst, type TraceOrder } from "./trace-page.ts";
import { type FullMeasuredTraceRow, loadFullMeasuredTraceRows } from "./trace-row.ts";

export type PublicTraces = { rows: FullMeasuredTraceRow[]; totalItems: number };

/** A page of the public API has at most 100 rows. */
const rowsMax = 100;

export const listPublicTraces = (
  deps: TraceReaderDeps,
  { projectId, filter = {}, order = newestFirst, page }: { projectId: string; filter?: TraceFilter; order?: TraceOrder; page: TracePage },
): Promise<PublicTraces> =>
  answerFrom(deps, { operation: "list_public_traces", projectId, from: filter.from ?? null }, async (source, query) => {
    const checked = TraceFilter.parse(filter);
    const bounded = { ...page, rowsMax: Math.min(page.rowsMax, rowsMax) };
    const [ids, totalItems] = await Promise.all([
      listTraceIds(query, source, { projectId, filter: checked, order, page: bounded }),
      countTraces(query, source, projectId, checked),
    ]);
    return { rows: await loadFullMeasuredTraceRows(query, source, projectId, ids), totalItems };
  });
