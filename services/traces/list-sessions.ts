/** Access pattern: a project's sessions by start and environment, and the number of all matches. */
import { z } from "zod";
import { externalSet } from "../../core/query/external-table.ts";
import { instantBound, type Sign } from "../../core/query/filters/bounds.ts";
import { answerFrom, type TraceReaderDeps } from "./answer-from.ts";
import type { PageAsked } from "./page.ts";
import { pageOfSessions, type SessionRow, sessionRelation } from "./session-relation.ts";
import { compileTraceFilter } from "./trace-filter.ts";
import { wholeNumber } from "./trace-row.ts";

/** Instants are ISO 8601 with zone; the start of a session must lie in the half-open window. */
type SessionFilter = { environments: readonly string[]; from: string | null; to: string | null };

type Condition = { sql: string; params: Record<string, unknown> };

const beginning = (name: string, sign: Sign, at: string | null): Condition[] => {
  const bound = at === null ? "never" : instantBound(sign, at);
  if (bound === "never") return [];
  return [{ sql: `createdAt ${bound.sign} fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`, params: { [name]: String(bound.units) } }];
};

/**
 * Newest first. Reads ids and keys of all the project's traces: a session may have started at any time, so no short-lived aggregate is
 * complete.
 */
export const listSessions = (
  deps: TraceReaderDeps,
  { environments, from, to }: SessionFilter,
  { projectId, page, limit }: PageAsked,
): Promise<{ sessions: SessionRow[]; totalItems: number }> =>
  answerFrom(deps, { operation: "list_sessions", projectId, from: null }, async (source, query) => {
    const conditions: Condition[] = [
      ...(environments.length === 0
        ? []
        : [{ sql: "environment IN (SELECT v FROM environments)", params: { environments: externalSet(environments) } }]),
      ...beginning("fromUs", ">=", from),
      ...beginning("toUs", "<", to),
    ];
    const having = ["true", ...conditions.map(({ sql }) => sql)].join(" AND ");
    const params = Object.assign({}, ...conditions.map((condition) => condition.params)) as Record<string, unknown>;
    const [sessions, [counted]] = await Promise.all([
      pageOfSessions(query, source, { projectId, filter: {}, page: { page, rowsMax: limit }, having, params }),
      query(`SELECT count() AS sessions FROM ${sessionRelation(source, compileTraceFilter({}))} WHERE ${having}`, { projectId, ...params }),
    ]);
    return { sessions, totalItems: z.object({ sessions: wholeNumber }).parse(counted).sessions };
  });
