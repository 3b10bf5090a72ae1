/** Access pattern: the table of sessions, each with the totals of its traces. */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import type { PageRange } from "../page.ts";
import { pageOfSessions } from "../session-relation.ts";
import { compileTraceFilter, TraceFilter } from "../trace-filter.ts";
import { candidateIds, coreFields, totalsRelation, traceRelation } from "../trace-relation.ts";
import { instant, numberText, wholeNumber } from "../trace-row.ts";

const SessionTableRow = z.object({
  sessionId: z.string(),
  /** Start of its first trace. */
  createdAt: instant,
  lastTraceAt: instant,
  countTraces: wholeNumber,
  userIds: z.array(z.string()),
  environments: z.array(z.string()),
  traceTags: z.array(z.string()),
  countObservations: wholeNumber,
  /** From the first to the last instant of its traces and their observations. */
  durationMs: wholeNumber,
  totalTokens: numberText,
  /** USD. */
  totalCost: numberText,
});
type SessionTableRow = z.infer<typeof SessionTableRow>;

type SessionsTableParams = { projectId: string; filter?: TraceFilter; page: PageRange };

/** Newest first. The filter selects traces: a session includes only its matching traces. */
export const listSessionsTable = (
  deps: TraceReaderDeps,
  { projectId, filter = {}, page }: SessionsTableParams,
): Promise<SessionTableRow[]> =>
  answerFrom(deps, { operation: "list_sessions_table", projectId, from: filter.from ?? null }, async (source, query) => {
    const checked = TraceFilter.parse(filter);
    const sessionIds = (await pageOfSessions(query, source, { projectId, filter: checked, page })).map(({ id }) => id);
    if (sessionIds.length === 0) return [];
    const where = compileTraceFilter({ ...checked, sessionIds });
    const relation = `(SELECT * FROM ${traceRelation(source, { fields: coreFields, narrow: where.sql })} WHERE ${where.sql})`;
    const rows = await query(
      `SELECT t.session_id AS sessionId, min(t.timestamp) AS createdAt, max(t.timestamp) AS lastTraceAt, count() AS countTraces,
         arraySort(groupUniqArray(t.user_id)) AS userIds, arraySort(groupUniqArray(t.environment)) AS environments,
         arraySort(groupUniqArrayArray(t.tags)) AS traceTags, sum(length(m.observation_ids)) AS countObservations,
         date_diff('millisecond', min(m.started_at), max(m.ended_at)) AS durationMs,
         toString(sum(m.usage_details['total'])) AS totalTokens, sum(m.cost_details['total']) AS totalCost
       FROM ${relation} AS t LEFT JOIN ${totalsRelation(source, candidateIds(source, where.sql))} AS m ON m.id = t.id
       GROUP BY t.session_id ORDER BY createdAt DESC, sessionId DESC`,
      { projectId, ...where.params },
    );
    return z.array(SessionTableRow).parse(rows);
  });
