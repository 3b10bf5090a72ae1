/**
 * Access pattern: number of traces that some projects have had created since an instant. Like every count by creation, it reads only the
 * unbounded source.
 */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { traceRelation } from "../trace-relation.ts";
import { idsMax, wholeNumber } from "../trace-row.ts";

export const countTracesCreatedSince = (
  deps: TraceReaderDeps,
  { projectIds, start }: { projectIds: readonly string[]; start: Date },
): Promise<number> =>
  answerFrom(deps, { operation: "count_traces_created_since", projectId: null, from: null }, async (source, query) => {
    const where = "created_at >= fromUnixTimestamp64Milli({startMs:Int64}, 'UTC')";
    const [row] = await query(
      `SELECT count() AS traces FROM ${traceRelation(source, { fields: ["created_at"], tenant: "listed", narrow: where })} WHERE ${where}`,
      { projectIds: z.array(z.string()).max(idsMax).parse(projectIds), startMs: start.getTime() },
    );
    return z.object({ traces: wholeNumber }).parse(row).traces;
  });
