/** Access pattern: traces grouped by tag; a trace counts once for each of its tags. */
import type { TraceReaderDeps } from "../answer-from.ts";
import { listTraceValues, type TraceValue, type TraceValuesParams } from "./list-trace-values.ts";

export const listTraceTags = (deps: TraceReaderDeps, params: TraceValuesParams): Promise<TraceValue[]> =>
  listTraceValues(deps, { operation: "list_trace_tags", field: "tags", value: "arrayJoin(tags)", where: "value != ''" }, params);
