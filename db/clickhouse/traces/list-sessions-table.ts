/** Access pattern: the table of sessions, each what its traces come to. */
import { z } from "zod";
import type { TraceSource } from "../../../core/traces/measure-and-return.ts";
import { answerFrom, type RunQuery, type TraceReaderDeps } from "./answer-from.ts";
import { compilePage, compileTraceFilter, TraceFilter, type TracePage } from "./trace-filter.ts";
import { coreFields, totalsRelation, traceRelation } from "./trace-relation.ts";
import { instant, numberText, wholeNumber } from "./trace-row.ts";

export const SessionRow = z.object({
  sessionId: z.string(),
  /** When its first trace began. */
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
export type SessionRow = z.infer<typeof SessionRow>;

type SessionsTableParams = { projectId: string; filter?: TraceFilter; page: TracePage };

/** Newest first. The filter chooses traces: a session has only those of its traces that fit. */
export const listSessionsTable = (deps: TraceReaderDeps, { projectId, filter = {}, page }: SessionsTableParams): Promise<SessionRow[]> =>
  answerFrom(deps, { operation: "list_sessions_table", projectId, from: filter.from ?? null }, async (source, query) => {
    const checked = TraceFilter.parse(filter);
    const sessionIds = await listSessionIds(query, source, { projectId, filter: checked, page });
    if (sessionIds.length === 0) return [];
    const where = compileTraceFilter({ ...checked, sessionIds });
    const relation = `(SELECT * FROM ${traceRelation(source, { fields: coreFields, narrow: where.sql })} WHERE ${where.sql})`;
    const rows = await query(
      `SELECT t.session_id AS sessionId, min(t.timestamp) AS createdAt, max(t.timestamp) AS lastTraceAt, count() AS countTraces,
         arraySort(groupUniqArray(t.user_id)) AS userIds, arraySort(groupUniqArray(t.environment)) AS environments,
         arraySort(groupUniqArrayArray(t.tags)) AS traceTags, sum(length(m.observation_ids)) AS countObservations,
         date_diff('millisecond', min(m.started_at), max(m.ended_at)) AS durationMs,
         toString(sum(m.usage_details['total'])) AS totalTokens, sum(m.cost_details['total']) AS totalCost
       FROM ${relation} AS t LEFT JOIN ${totalsRelation(source, `(SELECT id FROM ${relation})`)} AS m ON m.id = t.id
       GROUP BY t.session_id ORDER BY createdAt DESC, sessionId DESC`,
      { projectId, ...where.params },
    );
    return z.array(SessionRow).parse(rows);
  });

const listSessionIds = async (
  query: RunQuery,
  source: TraceSource,
  { projectId, filter, page }: Required<SessionsTableParams>,
): Promise<string[]> => {
  const where = compileTraceFilter(filter);
  const range = compilePage(page);
  const rows = await query(
    `SELECT session_id AS sessionId FROM ${traceRelation(source, { fields: [...where.fields, "timestamp", "session_id"], narrow: where.sql })} WHERE ${where.sql} AND session_id IS NOT NULL
     GROUP BY session_id ORDER BY min(timestamp) DESC, session_id DESC ${range.sql}`,
    { projectId, ...where.params, ...range.params },
  );
  return z
    .array(z.object({ sessionId: z.string() }))
    .parse(rows)
    .map(({ sessionId }) => sessionId);
};
