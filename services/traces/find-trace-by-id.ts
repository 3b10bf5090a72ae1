/** Access pattern: one trace with its payloads, as a row or as a document. */
import { toSql } from "../../core/query/sql.ts";
import type { Comparison, TraceSource } from "../../core/traces/measure-and-return.ts";
import { type AnswerBounds, type DocumentRows, openBounded, type Piece } from "./answer.ts";
import { answerFrom, type DocumentReaderDeps, type RunQuery, type TraceReaderDeps } from "./answer-from.ts";
import { boundsOf, byDocuments, type TraceFieldGroup, traceBytes, traceMembers, traceTable } from "./trace-document.ts";
import { type FullTraceRow, loadFullTraceRows } from "./trace-row.ts";

type TraceAsked = { projectId: string; traceId: string; from?: Date | null };

/** With `from`, its earliest possible start, a smaller aggregate can answer; an earlier trace is not found. */
export const findTraceById = (deps: TraceReaderDeps, { projectId, traceId, from = null }: TraceAsked): Promise<FullTraceRow | undefined> =>
  byId(deps, { projectId, from }, async (source, query) => {
    const [row] = await loadFullTraceRows(query, source, projectId, [traceId]);
    return row === undefined || (from !== null && Date.parse(row.timestamp) < from.getTime()) ? undefined : row;
  });

/**
 * Opens the members of the trace's document, to which the caller adds those of its observations and scores; empty if there is no such
 * trace. Throws ANSWER_TOO_LARGE.
 */
export const openTraceById = (
  deps: DocumentReaderDeps,
  { projectId, traceId }: Omit<TraceAsked, "from">,
  { groups, ...bounds }: AnswerBounds & { groups: ReadonlySet<TraceFieldGroup> },
): Promise<Piece[]> =>
  byId(
    deps,
    { projectId, from: null },
    (source, _, isCompared) => {
      const rows: DocumentRows = { table: traceTable(source), where: ["e.id = {traceId:String}"], params: { projectId, traceId } };
      const shown = { json: traceMembers(source, groups), bytes: traceBytes(groups), orderBy: toSql("e.id") };
      return openBounded(deps, rows, { ...shown, ...boundsOf(bounds, source, isCompared) });
    },
    byDocuments((pieces) => pieces, { textOf: (members) => (members === "" ? "[]" : `[{${members}}]`) }),
  );

const byId = <Trace>(
  deps: TraceReaderDeps,
  { projectId, from }: { projectId: string; from: Date | null },
  answer: (source: TraceSource, query: RunQuery, isCompared: boolean) => Promise<Trace>,
  comparison?: Comparison<Trace>,
): Promise<Trace> => answerFrom(deps, { operation: "find_trace_by_id", projectId, from }, answer, comparison);
