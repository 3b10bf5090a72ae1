/** Values of one column with the number of traces that have them: most frequent first, ties sorted by value. */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { compilePage, type PageRange } from "../page.ts";
import { compileTraceFilter, TraceFilter } from "../trace-filter.ts";
import { type TraceField, traceRelation } from "../trace-relation.ts";
import { wholeNumber } from "../trace-row.ts";

export type TraceValuesParams = { projectId: string; filter?: TraceFilter; page: PageRange };

const ValueRow = z.object({ value: z.string(), countTraces: wholeNumber });
export type TraceValue = z.infer<typeof ValueRow>;

/** `value` is an expression over `field`, `where` selects the values that count; both are constants of the callers. */
export const listTraceValues = (
  deps: TraceReaderDeps,
  { operation, field, value, where: isCounted }: { operation: string; field: TraceField; value: string; where: string },
  { projectId, filter = {}, page }: TraceValuesParams,
  params: Record<string, unknown> = {},
): Promise<TraceValue[]> =>
  answerFrom(deps, { operation, projectId, from: filter.from ?? null }, async (source, query) => {
    const where = compileTraceFilter(TraceFilter.parse(filter));
    const range = compilePage(page);
    const rows = await query(
      `SELECT value, count() AS countTraces FROM (
         SELECT ${value} AS value FROM ${traceRelation(source, { fields: [...where.fields, field], narrow: where.sql })} WHERE ${where.sql}
       ) WHERE ${isCounted} GROUP BY value ORDER BY countTraces DESC, value ${range.sql}`,
      { projectId, ...where.params, ...range.params, ...params },
    );
    return z.array(ValueRow).parse(rows);
  });
