/** Access pattern: traces grouped by name. */
import type { TraceReaderDeps } from "../answer-from.ts";
import { listTraceValues, type TraceValue, type TraceValuesParams } from "./list-trace-values.ts";

export const listTraceNames = (deps: TraceReaderDeps, params: TraceValuesParams): Promise<TraceValue[]> =>
  listTraceValues(deps, { operation: "list_trace_names", field: "name", value: "name", where: "value != ''" }, params);
