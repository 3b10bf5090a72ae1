/** Public reads: a single trace with its observations and scores, which are always read from their own tables. */

import type { Model } from "../../core/models/model.ts";
import { toSql } from "../../core/query/sql.ts";
import { observations } from "../../core/query/tables/observations.ts";
import { scores } from "../../core/query/tables/scores.ts";
import { assertBounded, closePieces, type DocumentRows, openAll, openDocuments, type Piece } from "./answer.ts";
import type { DocumentReaderDeps } from "./answer-from.ts";
import { openTraceById } from "./find-trace-by-id.ts";
import { observationBytes, observationDocument } from "./observations.ts";
import { withPrices } from "./prices.ts";
import { scoreBytes, scoreDocument, versionCondition } from "./scores.ts";
import type { TraceFieldGroup } from "./trace-document.ts";

type PublicTraceBounds = {
  groups: ReadonlySet<TraceFieldGroup>;
  /** Maximum payload bytes, applied to the trace, its observations and its scores separately. */
  bytesMax: number;
  observationsMax: number;
  /** The project's models, for their prices. */
  models: readonly Model[];
};

/**
 * Observations and scores are in time order. Returns nothing if there is no such trace. Throws ANSWER_TOO_LARGE before reading an
 * observation or score.
 */
export const openPublicTrace = async (
  deps: DocumentReaderDeps,
  { projectId, traceId }: { projectId: string; traceId: string },
  { groups, bytesMax, observationsMax, models }: PublicTraceBounds,
): Promise<Piece[]> => {
  const { clickhouse } = deps;
  const params = { projectId, traceId };
  const observed: DocumentRows = { table: observations, where: ["e.trace_id = {traceId:String}"], params };
  const scored: DocumentRows = { table: scores, where: ["e.trace_id = {traceId:String}", ...versionCondition(1)], params };
  const [hasObservations, hasScores] = [groups.has("observations"), groups.has("scores")];
  await Promise.all([
    hasObservations ? assertBounded(clickhouse, observed, { bytesMax, bytes: observationBytes, rowsMax: observationsMax }) : undefined,
    hasScores ? assertBounded(clickhouse, scored, { bytesMax, bytes: scoreBytes }) : undefined,
  ]);
  const none = Promise.resolve<Piece[]>([]);
  const [trace = [], observationPieces = [], scorePieces = []] = await openAll([
    openTraceById(deps, { projectId, traceId }, { groups, bytesMax }),
    hasObservations
      ? openDocuments(clickhouse, withPrices(observed, models), { json: observationDocument, orderBy: toSql("e.start_time, e.id") })
      : none,
    hasScores ? openDocuments(clickhouse, scored, { json: scoreDocument(1), orderBy: toSql("e.timestamp, e.id") }) : none,
  ]);
  if (trace.length > 0) return ["{", ...trace, ',"observations":[', ...observationPieces, '],"scores":[', ...scorePieces, "]}"];
  await closePieces([...observationPieces, ...scorePieces]);
  return [];
};
