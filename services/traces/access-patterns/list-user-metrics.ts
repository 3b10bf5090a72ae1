/** Access pattern: totals over the traces of some users. */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { compileTraceFilter, TraceFilter } from "../trace-filter.ts";
import { candidateIds, coreFields, totalsRelation, traceRelation } from "../trace-relation.ts";
import { idsMax, instant, numberText, wholeNumber } from "../trace-row.ts";

const UserMetrics = z.object({
  userId: z.string(),
  countTraces: wholeNumber,
  firstTraceAt: instant,
  lastTraceAt: instant,
  countObservations: wholeNumber,
  totalTokens: numberText,
  /** USD. */
  totalCost: numberText,
});
type UserMetrics = z.infer<typeof UserMetrics>;

/** In the order of the users; at most `idsMax`. Omits users without a matching trace. */
export const listUserMetrics = (
  deps: TraceReaderDeps,
  { projectId, userIds, filter = {} }: { projectId: string; userIds: readonly string[]; filter?: Omit<TraceFilter, "userIds"> },
): Promise<UserMetrics[]> =>
  answerFrom(deps, { operation: "list_user_metrics", projectId, from: filter.from ?? null }, async (source, query) => {
    const where = compileTraceFilter(TraceFilter.parse({ ...filter, userIds: z.array(z.string()).max(idsMax).parse(userIds) }));
    const relation = `(SELECT * FROM ${traceRelation(source, { fields: coreFields, narrow: where.sql })} WHERE ${where.sql})`;
    const rows = await query(
      `SELECT t.user_id AS userId, count() AS countTraces, min(t.timestamp) AS firstTraceAt, max(t.timestamp) AS lastTraceAt,
         sum(length(m.observation_ids)) AS countObservations, toString(sum(m.usage_details['total'])) AS totalTokens,
         sum(m.cost_details['total']) AS totalCost
       FROM ${relation} AS t LEFT JOIN ${totalsRelation(source, candidateIds(source, where.sql))} AS m ON m.id = t.id
       GROUP BY t.user_id ORDER BY userId`,
      { projectId, ...where.params },
    );
    return z.array(UserMetrics).parse(rows);
  });
