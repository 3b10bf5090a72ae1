/**
 * Trace reads: sessions as one relation, from any source. Sessions are not stored but derived from their traces: a session starts with its
 * first trace and takes that trace's environment.
 */
import { z } from "zod";
import type { TraceSource } from "../../core/traces/measure-and-return.ts";
import type { RunQuery } from "./answer-from.ts";
import { compilePage, type PageRange } from "./page.ts";
import { type CompiledFilter, compileTraceFilter, type TraceFilter } from "./trace-filter.ts";
import { traceRelation } from "./trace-relation.ts";
import { instant } from "./trace-row.ts";

export const SessionRow = z.object({ id: z.string(), createdAt: instant, environment: z.string() });
export type SessionRow = z.infer<typeof SessionRow>;

/** Returns a subquery in parentheses with the columns of `SessionRow`; sessions include only their matching traces. */
export const sessionRelation = (source: TraceSource, where: CompiledFilter): string => {
  const fields = [...where.fields, "timestamp", "session_id", "environment"] as const;
  return `(SELECT assumeNotNull(session_id) AS id, min(timestamp) AS createdAt, argMin(environment, (timestamp, t.id)) AS environment
    FROM ${traceRelation(source, { fields, narrow: where.sql })} AS t WHERE ${where.sql} AND session_id IS NOT NULL GROUP BY session_id)`;
};

/** Newest first. */
export const pageOfSessions = async (
  query: RunQuery,
  source: TraceSource,
  {
    projectId,
    filter,
    page,
    having = "true",
    params = {},
  }: {
    projectId: string;
    filter: TraceFilter;
    page: PageRange;
    /** A condition on the session; `params` are its bindings. */
    having?: string;
    params?: Record<string, unknown>;
  },
): Promise<SessionRow[]> => {
  const where = compileTraceFilter(filter);
  const range = compilePage(page);
  const rows = await query(
    `SELECT id, createdAt, environment FROM ${sessionRelation(source, where)} WHERE ${having} ORDER BY createdAt DESC, id DESC ${range.sql}`,
    {
      projectId,
      ...where.params,
      ...range.params,
      ...params,
    },
  );
  return z.array(SessionRow).parse(rows);
};
