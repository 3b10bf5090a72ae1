/** Parameters and pages that versions 1 and 2 of the score listing share. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, type FieldError } from "../../../core/errors.ts";
import type { ReadParameter } from "../../../core/query/compile-read.ts";
import { scores } from "../../../core/query/tables/scores.ts";
import { readPage } from "../../../services/traces/page.ts";
import { openScorePage, type ScoreVersion, versionConditions } from "../../../services/traces/scores.ts";
import type { AppEnv, ReadDeps } from "../../deps.ts";
import {
  allOf,
  anyOf,
  before,
  csv,
  equals,
  fieldGroups,
  filtersOf,
  list,
  listingQuery,
  number,
  ofTrace,
  oneOf,
  pageAnswer,
  readQuery,
  since,
  text,
} from "../read-query.ts";

const parametersV1 = {
  userId: ofTrace(equals(text.describe("User of the trace."))),
  dataType: equals(oneOf(["NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"])),
  configId: equals(text),
  queueId: equals(text),
  traceTags: ofTrace(allOf(list.describe("Scores whose trace has all of these tags."))),
  environment: anyOf(list.describe("Scores in any of these environments.")),
  name: equals(text),
  fromTimestamp: since("timestamp"),
  toTimestamp: before("timestamp"),
  source: equals(oneOf(["API", "EVAL", "ANNOTATION"])),
  scoreIds: anyOf(csv.describe("Comma-separated ids."), "id"),
};
const parameters = {
  ...parametersV1,
  sessionId: equals(text),
  traceId: equals(text),
  datasetRunId: equals(text),
  observationId: anyOf(csv.describe("Comma-separated ids.")),
};
const more = {
  value: number.describe("Compared by `operator`."),
  operator: oneOf(["<", ">", "<=", ">=", "!=", "="]),
  fields: fieldGroups(["score", "trace"]),
};
export const ScoreQueryV1 = z.object({ ...listingQuery(parametersV1), ...more });
export const ScoreQuery = z.object({ ...listingQuery(parameters), ...more });
type Asked = z.infer<typeof ScoreQueryV1>;

/** Each version has the filters of its own parameters. */
export const listScoresV1 = (c: Context<AppEnv>, deps: ReadDeps, asked: Asked): Promise<Response> =>
  listScores(c, deps, asked, { version: 1, filters: filtersOf(parametersV1, asked) });
export const listScoresV2 = (c: Context<AppEnv>, deps: ReadDeps, asked: z.infer<typeof ScoreQuery>): Promise<Response> =>
  listScores(c, deps, asked, { version: 2, filters: filtersOf(parameters, asked) });

const listScores = async (
  c: Context<AppEnv>,
  deps: ReadDeps,
  asked: Asked,
  { version, filters }: { version: ScoreVersion; filters: readonly ReadParameter[] },
): Promise<Response> => {
  const faults = faultsOf(asked);
  if (faults.length > 0) throw new AppError({ code: "INVALID_REQUEST", fields: faults });
  const { projectId } = c.get("actor");
  const compiled = await readQuery(c, scores, { filter: asked.filter, orderBy: null, parameters: [...filters, ...valueParameter(asked)] });
  const known = { ...compiled, conditions: [...compiled.conditions, ...versionConditions(version)] };
  const reader = { clickhouse: deps.openClickHouse() };
  const found = await readPage(reader, known, { projectId, page: asked.page, limit: asked.limit });
  const { bytesMax } = deps.answers;
  const documents = await openScorePage(reader, projectId, found.ids, { bytesMax, version, hasTrace: asked.fields.has("trace") });
  return pageAnswer(c, asked, found, documents);
};

const faultsOf = ({ value, operator, fields, userId, traceTags }: Asked): FieldError[] => [
  ...(value !== undefined && operator === undefined ? [{ path: "operator", message: "required with value" }] : []),
  ...(value === undefined && operator !== undefined ? [{ path: "value", message: "required with operator" }] : []),
  ...(!fields.has("trace") && (userId !== undefined || traceTags.length > 0)
    ? [{ path: "fields", message: "must include trace to filter by userId or traceTags" }]
    : []),
];

const valueParameter = ({ value, operator }: Asked): ReadParameter[] => {
  if (value === undefined || operator === undefined) return [];
  const isNegated = operator === "!=";
  return [{ name: "value", filter: { type: "number", column: "value", operator: isNegated ? "=" : operator, value }, isNegated }];
};
