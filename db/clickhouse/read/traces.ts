/** Traces as the public API shows them: on a page with the ids of what belongs to them, alone with all of it. */

import type { Model } from "../../../core/models/model.ts";
import { observations } from "../../../core/tables/observations.ts";
import { newestOf } from "../../../core/tables/relations.ts";
import { scores } from "../../../core/tables/scores.ts";
import type { ExportTable } from "../../../core/tables/table.ts";
import { traces } from "../../../core/tables/traces.ts";
import type { ClickHouse } from "../client.ts";
import { type AnswerBounds, assertBounded, type DocumentRows, openAll, openDocuments, type Piece, pageOrder, pageRows } from "./answer.ts";
import { digits, document, type Field, filled, instant, mapBytes, members, metadata, payload, value } from "./document.ts";
import { observationBytes, observationDocument, withPrices } from "./observations.ts";
import { scoreBytes, scoreDocument, versionCondition } from "./scores.ts";

export const traceFieldGroups = ["core", "io", "scores", "observations", "metrics"] as const;
export type TraceFieldGroup = (typeof traceFieldGroups)[number];

/** Ids of what belongs to each trace, in the order of their time. */
const idsOf = (alias: string, table: string, time: string) => `LEFT ANY JOIN (
  SELECT ifNull(trace_id, '') AS key, arrayMap(x -> x.2, arraySort(groupArray((${time}, id)))) AS ids
  FROM ${newestOf(table, ["trace_id", time], { column: "trace_id", on: "e.id" })} GROUP BY key
) AS ${alias} ON ${alias}.key = e.id`;

const table: ExportTable = {
  ...traces,
  relations: {
    ...traces.relations,
    observed: idsOf("observed", "observations", "start_time"),
    scored: idsOf("scored", "scores", "timestamp"),
  },
};

const core: readonly Field[] = [
  ["id", value("e.id")],
  ["projectId", value("e.project_id")],
  ["externalId", "'null'"],
  ["timestamp", instant("e.timestamp")],
  ["name", filled("e.name")],
  ["environment", value("e.environment")],
  ["userId", value("e.user_id")],
  ["sessionId", value("e.session_id")],
  ["release", value("e.release")],
  ["version", value("e.version")],
  ["tags", value("e.tags")],
  ["public", value("e.public")],
  ["bookmarked", value("e.bookmarked")],
  ["createdAt", instant("e.created_at")],
  ["updatedAt", instant("e.updated_at")],
];

const io: readonly Field[] = [
  ["input", payload("e.input")],
  ["output", payload("e.output")],
  ["metadata", metadata("e.metadata")],
];

/** What a trace shows beside itself; a group that is left out is -1 here, as in Langfuse. */
const metrics = (isAsked: boolean): readonly Field[] => [
  ["latency", isAsked ? digits("ifNull(totals.latency_ms, 0) / 1000") : "'-1'"],
  ["totalCost", isAsked ? digits("totals.total_cost") : "'-1'"],
];

const htmlPath: Field = ["htmlPath", value("concat('/project/', e.project_id, '/traces/', encodeURLComponent(e.id))")];

/** A trace without what belongs to it. */
export const traceDocument = document([...core, ...io]);

const traceBytes = (fields: ReadonlySet<TraceFieldGroup>) =>
  fields.has("io") ? `(${traces.rowBytes} + ${mapBytes("e.metadata")})` : "500";

type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };
type TraceBounds = AnswerBounds & { fields: ReadonlySet<TraceFieldGroup> };

/** The traces of a page. Throws ANSWER_TOO_LARGE. */
export const openTracePage = async (
  { clickhouse }: ReadDeps,
  projectId: string,
  ids: readonly string[],
  { fields, ...bounds }: TraceBounds,
): Promise<Piece[]> => {
  if (ids.length === 0) return [];
  const rows = pageRows(table, projectId, ids);
  await assertBounded(clickhouse, rows, { ...bounds, bytes: traceBytes(fields) });
  const json = document([
    ...core,
    ...(fields.has("io") ? io : []),
    ...metrics(fields.has("metrics")),
    htmlPath,
    ["observations", fields.has("observations") ? value("observed.ids") : "'[]'"],
    ["scores", fields.has("scores") ? value("scored.ids") : "'[]'"],
  ]);
  return [(await openDocuments(clickhouse, rows, { json, orderBy: pageOrder })).body];
};

/** One trace with its observations and scores in the order of their time, or undefined. Throws ANSWER_TOO_LARGE. */
export const openTrace = async (
  { clickhouse }: ReadDeps,
  projectId: string,
  id: string,
  { fields, observationsMax, bytesMax, models }: TraceBounds & { observationsMax: number; models: readonly Model[] },
): Promise<Piece[] | undefined> => {
  const params = { projectId, id };
  const trace: DocumentRows = { table, where: ["e.id = {id:String}"], params };
  const observed: DocumentRows = { table: observations, where: ["e.trace_id = {id:String}"], params };
  const scored: DocumentRows = { table: scores, where: ["e.trace_id = {id:String}", ...versionCondition(1)], params };
  const [hasObservations, hasScores] = [fields.has("observations"), fields.has("scores")];
  const [found] = await Promise.all([
    assertBounded(clickhouse, trace, { bytesMax, bytes: traceBytes(fields) }),
    hasObservations ? assertBounded(clickhouse, observed, { bytesMax, bytes: observationBytes, rowsMax: observationsMax }) : 0,
    hasScores ? assertBounded(clickhouse, scored, { bytesMax, bytes: scoreBytes }) : 0,
  ]);
  if (found === 0) return undefined;
  const own = members([...core, ...(fields.has("io") ? io : []), ...metrics(fields.has("metrics")), htmlPath]);
  const [head, ...rest] = await openAll([
    openDocuments(clickhouse, trace, { json: own, orderBy: "e.id" }),
    ...(hasObservations
      ? [openDocuments(clickhouse, withPrices(observed, models), { json: observationDocument, orderBy: "e.start_time, e.id" })]
      : []),
    ...(hasScores ? [openDocuments(clickhouse, scored, { json: scoreDocument(1), orderBy: "e.timestamp, e.id" })] : []),
  ]);
  const bodies = rest.map(({ body }) => body);
  if (head === undefined || head.rows === 0) {
    await Promise.allSettled(bodies.map((body) => body.cancel()));
    return undefined;
  }
  const list = (isAsked: boolean): Piece[] => (isAsked ? bodies.splice(0, 1) : []);
  return ["{", head.body, ',"observations":[', ...list(hasObservations), '],"scores":[', ...list(hasScores), "]}"];
};
