/** Access pattern: the table of traces, one page with totals, and its number of rows. */

import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import type { PageRange } from "../page.ts";
import { TraceFilter } from "../trace-filter.ts";
import { countTraces, listTraceIds, newestFirst, type TraceOrder } from "../trace-page.ts";
import { loadMeasuredTraceRows, type MeasuredTraceRow } from "../trace-row.ts";

type TracesTableParams = { projectId: string; filter?: TraceFilter; order?: TraceOrder; page: PageRange };

export const listTracesTable = (
  deps: TraceReaderDeps,
  { projectId, filter = {}, order = newestFirst, page }: TracesTableParams,
): Promise<MeasuredTraceRow[]> =>
  answerFrom(deps, { operation: "list_traces_table", projectId, from: filter.from ?? null }, async (source, query) => {
    const ids = await listTraceIds(query, source, { projectId, filter: TraceFilter.parse(filter), order, page });
    return loadMeasuredTraceRows(query, source, projectId, ids);
  });

export const countTracesTable = (
  deps: TraceReaderDeps,
  { projectId, filter = {} }: { projectId: string; filter?: TraceFilter },
): Promise<number> =>
  answerFrom(deps, { operation: "count_traces_table", projectId, from: filter.from ?? null }, (source, query) =>
    countTraces(query, source, projectId, TraceFilter.parse(filter)),
  );
