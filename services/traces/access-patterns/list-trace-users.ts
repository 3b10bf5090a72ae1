/** Access pattern: traces grouped by user. */
import type { TraceReaderDeps } from "../answer-from.ts";
import { listTraceValues, type TraceValue, type TraceValuesParams } from "./list-trace-values.ts";

/** `search` matches anywhere in the user id, ignoring case. */
export const listTraceUsers = (
  deps: TraceReaderDeps,
  { search = "", ...params }: TraceValuesParams & { search?: string },
): Promise<TraceValue[]> =>
  listTraceValues(
    deps,
    {
      operation: "list_trace_users",
      field: "user_id",
      value: "ifNull(user_id, '')",
      where: "value != '' AND positionCaseInsensitiveUTF8(value, {search:String}) > 0",
    },
    params,
    { search },
  );
