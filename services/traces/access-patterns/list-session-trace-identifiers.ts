/** Access pattern: identifiers of a session's traces, in time order. */
import { z } from "zod";
import { answerFrom, type TraceReaderDeps } from "../answer-from.ts";
import { compilePage, type PageRange } from "../page.ts";
import { compileTraceFilter } from "../trace-filter.ts";
import { traceRelation } from "../trace-relation.ts";
import { TraceRow } from "../trace-row.ts";

const TraceIdentifier = TraceRow.pick({ id: true, projectId: true, timestamp: true, name: true, userId: true, environment: true });
type TraceIdentifier = z.infer<typeof TraceIdentifier>;

export const listSessionTraceIdentifiers = (
  deps: TraceReaderDeps,
  { projectId, sessionId, page }: { projectId: string; sessionId: string; page: PageRange },
): Promise<TraceIdentifier[]> =>
  answerFrom(deps, { operation: "list_session_trace_identifiers", projectId, from: null }, async (source, query) => {
    const where = compileTraceFilter({ sessionIds: [sessionId] });
    const range = compilePage(page);
    const fields = ["timestamp", "name", "user_id", "session_id", "environment"] as const;
    const rows = await query(
      `SELECT id, project_id AS projectId, timestamp, name, user_id AS userId, environment
       FROM ${traceRelation(source, { fields, narrow: where.sql })} WHERE ${where.sql} ORDER BY timestamp, id ${range.sql}`,
      { projectId, ...where.params, ...range.params },
    );
    return z.array(TraceIdentifier).parse(rows);
  });
