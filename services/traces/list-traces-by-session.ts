/** Access pattern: the traces of a session, and the session derived from them. */
import { toSql } from "../../core/query/sql.ts";
import { type AnswerBounds, type DocumentRows, openBounded, type Piece } from "./answer.ts";
import { answerFrom, type DocumentReaderDeps } from "./answer-from.ts";
import { pageOfSessions, type SessionRow } from "./session-relation.ts";
import { bareTrace, boundsOf, byDocuments, payloadBytes, traceTable } from "./trace-document.ts";

type SessionTraces = { session: SessionRow; traces: Piece[] };

/** Returns documents in time order; undefined if no trace names the session. Throws ANSWER_TOO_LARGE. */
export const listTracesBySession = (
  deps: DocumentReaderDeps,
  { projectId, sessionId }: { projectId: string; sessionId: string },
  bounds: AnswerBounds,
): Promise<SessionTraces | undefined> =>
  answerFrom(
    deps,
    { operation: "list_traces_by_session", projectId, from: null },
    async (source, query, isCompared): Promise<SessionTraces | undefined> => {
      const [session] = await pageOfSessions(query, source, {
        projectId,
        filter: { sessionIds: [sessionId] },
        page: { page: 1, rowsMax: 1 },
      });
      if (session === undefined) return undefined;
      const rows: DocumentRows = {
        table: traceTable(source),
        where: ["e.session_id = {sessionId:String}"],
        params: { projectId, sessionId },
      };
      const shown = { json: bareTrace, bytes: payloadBytes, orderBy: toSql("e.timestamp, e.id") };
      return { session, traces: await openBounded(deps, rows, { ...shown, ...boundsOf(bounds, source, isCompared) }) };
    },
    byDocuments((found) => found?.traces ?? [], { textOf: (documents) => `[${documents}]`, rest: (found) => found?.session }),
  );
