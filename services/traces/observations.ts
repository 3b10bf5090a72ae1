/** Public reads: observations as the public API shows them, Langfuse's ObservationsView. */
import type { Model } from "../../core/models/model.ts";
import { type Expression, sql, toSql } from "../../core/query/sql.ts";
import { observations } from "../../core/query/tables/observations.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { type AnswerBounds, type DocumentRows, openBounded, type Piece, pageOrder, pageRows } from "./answer.ts";
import { amounts, digits, document, type Field, filled, instant, mapBytes, metadata, payload, value } from "./document.ts";
import { priceFields, withPrices } from "./prices.ts";

/** Sum over the kinds with this prefix; NULL if there are none. */
const sumOfKinds = (map: string, prefix: string, scale: number) =>
  `if(arrayExists(k -> startsWith(k, '${prefix}'), mapKeys(${map})), arraySum(arrayMap((k, v) -> if(startsWith(k, '${prefix}'), toDecimal128(v, ${scale}), toDecimal128(0, ${scale})), mapKeys(${map}), mapValues(${map}))), NULL)`;
const total = (map: string) => `if(mapContains(${map}, 'total'), ${map}['total'], NULL)`;
const orZero = (sql: string) => digits(`ifNull(${sql}, 0)`);

const inputTokens = orZero(sumOfKinds("e.usage_details", "input", 0));
const outputTokens = orZero(sumOfKinds("e.usage_details", "output", 0));
const totalTokens = orZero(total("e.usage_details"));
/** Seconds between two instants; null if the second is missing. */
export const seconds = (from: string, to: string) =>
  digits(`if(isNull(${to}), NULL, date_diff('millisecond', ${from}, assumeNotNull(${to})) / 1000)`);

const fields: readonly Field[] = [
  ["id", value("e.id")],
  ["projectId", value("e.project_id")],
  ["traceId", filled("e.trace_id")],
  ["parentObservationId", filled("e.parent_observation_id")],
  ["type", value("e.type")],
  ["name", filled("e.name")],
  ["environment", value("e.environment")],
  ["startTime", instant("e.start_time")],
  ["endTime", instant("e.end_time")],
  ["completionStartTime", instant("e.completion_start_time")],
  ["level", value("if(e.level = '', 'DEFAULT', e.level)")],
  ["statusMessage", value("e.status_message")],
  ["version", value("e.version")],
  ["input", payload("e.input")],
  ["output", payload("e.output")],
  ["metadata", metadata("e.metadata")],
  ["model", value("e.provided_model_name")],
  ["modelId", filled("e.internal_model_id")],
  ["modelParameters", payload("e.model_parameters")],
  ["promptId", filled("e.prompt_id")],
  ["promptName", filled("e.prompt_name")],
  ["promptVersion", digits("e.prompt_version")],
  ["usageDetails", amounts("e.usage_details")],
  ["costDetails", amounts("e.cost_details")],
  ["usagePricingTierId", filled("e.usage_pricing_tier_id")],
  ["usagePricingTierName", filled("e.usage_pricing_tier_name")],
  ...priceFields,
  ["calculatedInputCost", digits(sumOfKinds("e.cost_details", "input", 12))],
  ["calculatedOutputCost", digits(sumOfKinds("e.cost_details", "output", 12))],
  ["calculatedTotalCost", digits(total("e.cost_details"))],
  ["usage", sql`concat('{"unit":"TOKENS","input":', ${inputTokens}, ',"output":', ${outputTokens}, ',"total":', ${totalTokens}, '}')`],
  ["unit", `'"TOKENS"'`],
  ["promptTokens", inputTokens],
  ["completionTokens", outputTokens],
  ["totalTokens", totalTokens],
  ["latency", seconds("e.start_time", "e.end_time")],
  ["timeToFirstToken", seconds("e.start_time", "e.completion_start_time")],
  ["createdAt", instant("e.created_at")],
  ["updatedAt", instant("e.updated_at")],
];

export const observationDocument = document(fields);
export const observationBytes = sql`(${observations.rowBytes} + ${mapBytes("e.metadata")} + ifNull(length(e.model_parameters), 0))`;

/** `models` are the project's, for their prices. */
type ObservationBounds = AnswerBounds & { models: readonly Model[] };
type ReadDeps = { clickhouse: Pick<ClickHouse, "queryRows" | "openBytes"> };

const open = (deps: ReadDeps, rows: DocumentRows, orderBy: Expression, { models, ...bounds }: ObservationBounds): Promise<Piece[]> =>
  openBounded(deps, withPrices(rows, models), { ...bounds, json: observationDocument, bytes: observationBytes, orderBy });

/** Opens the observations of a page. Throws ANSWER_TOO_LARGE. */
export const openObservationPage = async (
  deps: ReadDeps,
  projectId: string,
  ids: readonly string[],
  bounds: ObservationBounds,
): Promise<Piece[]> => (ids.length === 0 ? [] : open(deps, pageRows(observations, projectId, ids), pageOrder, bounds));

/** Opens one observation; empty if there is none. */
export const openObservation = (deps: ReadDeps, projectId: string, id: string, bounds: ObservationBounds): Promise<Piece[]> =>
  open(deps, { table: observations, where: ["e.id = {id:String}"], params: { projectId, id } }, toSql("e.id"), bounds);
