/** Access pattern: the list of the public API, a page of documents and the number of all matches. */
import type { ReadQuery } from "../../core/query/compile-read.ts";
import { type AnswerBounds, openBounded, type Piece, pageOrder, pageRows } from "./answer.ts";
import { answerFrom, type DocumentReaderDeps } from "./answer-from.ts";
import { type PageAsked, readPage } from "./page.ts";
import { boundsOf, byDocuments, type TraceFieldGroup, traceBytes, traceOnPage, traceTable } from "./trace-document.ts";

type PublicTraces = { documents: Piece[]; totalItems: number };

/** `query` is compiled for the table of traces. Throws ANSWER_TOO_LARGE. */
export const listPublicTraces = (
  deps: DocumentReaderDeps,
  query: ReadQuery,
  { projectId, groups, ...asked }: PageAsked & AnswerBounds & { groups: ReadonlySet<TraceFieldGroup> },
): Promise<PublicTraces> =>
  answerFrom(
    deps,
    { operation: "list_public_traces", projectId, from: query.from },
    async (source, _, isCompared): Promise<PublicTraces> => {
      const table = traceTable(source);
      const { ids, totalItems } = await readPage(deps, { ...query, table }, { projectId, ...asked });
      if (ids.length === 0) return { documents: [], totalItems };
      const shown = { json: traceOnPage(source, groups), bytes: traceBytes(groups), orderBy: pageOrder };
      return {
        documents: await openBounded(deps, pageRows(table, projectId, ids), { ...shown, ...boundsOf(asked, source, isCompared) }),
        totalItems,
      };
    },
    byDocuments(({ documents }) => documents, { textOf: (documents) => `[${documents}]`, rest: ({ totalItems }) => totalItems }),
  );
