/** What both versions of the listing of scores share: parameters, and the page they come to. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, type FieldError } from "../../../core/errors.ts";
import type { ReadParameter } from "../../../core/read/compile-read.ts";
import { scores } from "../../../core/tables/scores.ts";
import { readPage } from "../../../db/clickhouse/read/page.ts";
import { openScorePage, type ScoreVersion, versionConditions } from "../../../db/clickhouse/read/scores.ts";
import type { AppDeps, AppEnv } from "../../deps.ts";
import {
  allOf,
  anyOf,
  before,
  csv,
  fieldGroups,
  filterList,
  instant,
  list,
  number,
  ofTrace,
  oneOf,
  PageNumbers,
  pageAnswer,
  parameter,
  readQuery,
  since,
  text,
} from "../read-query.ts";

const query = {
  ...PageNumbers,
  userId: text.describe("User of the trace."),
  dataType: oneOf(["NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"]),
  configId: text,
  queueId: text,
  traceTags: list.describe("The trace has all of them."),
  environment: list.describe("The score is in one of them."),
  name: text,
  fromTimestamp: instant,
  toTimestamp: instant,
  source: oneOf(["API", "EVAL", "ANNOTATION"]),
  value: number.describe("Compared by `operator`."),
  operator: oneOf(["<", ">", "<=", ">=", "!=", "="]),
  scoreIds: csv.describe("Ids, with commas."),
  fields: fieldGroups(["score", "trace"]),
  filter: filterList,
};
export const ScoreQueryV1 = z.object(query);
export const ScoreQuery = z.object({
  ...query,
  sessionId: text,
  traceId: text,
  datasetRunId: text,
  observationId: csv.describe("Ids, with commas."),
});
type Asked = z.infer<typeof ScoreQueryV1> & Partial<z.infer<typeof ScoreQuery>>;

export const listScores = async (c: Context<AppEnv>, deps: AppDeps, asked: Asked, version: ScoreVersion): Promise<Response> => {
  const faults = faultsOf(asked);
  if (faults.length > 0) throw new AppError({ code: "INVALID_REQUEST", fields: faults });
  const { projectId } = c.get("actor");
  const compiled = await readQuery(c, scores, { filter: asked.filter, orderBy: null, parameters: parametersOf(asked) });
  const known = { ...compiled, conditions: [...compiled.conditions, ...versionConditions(version)] };
  const found = await readPage(deps, known, { projectId, page: asked.page, limit: asked.limit });
  const { bytesMax } = deps.answers;
  const documents = await openScorePage(deps, projectId, found.ids, { bytesMax, version, hasTrace: asked.fields.has("trace") });
  return pageAnswer(c, asked, found, documents);
};

const faultsOf = ({ value, operator, fields, userId, traceTags }: Asked): FieldError[] => [
  ...(value !== undefined && operator === undefined ? [{ path: "operator", message: "needed beside value" }] : []),
  ...(value === undefined && operator !== undefined ? [{ path: "value", message: "needed beside operator" }] : []),
  ...(!fields.has("trace") && (userId !== undefined || traceTags.length > 0)
    ? [{ path: "fields", message: "must include trace where userId or traceTags are filtered by" }]
    : []),
];

const parametersOf = (asked: Asked): ReadParameter[] => [
  ...ofTrace(parameter("userId", asked.userId)),
  ...parameter("dataType", asked.dataType),
  ...parameter("configId", asked.configId),
  ...parameter("queueId", asked.queueId),
  ...ofTrace(allOf("traceTags", asked.traceTags)),
  ...anyOf("environment", asked.environment),
  ...parameter("name", asked.name),
  ...since("fromTimestamp", asked.fromTimestamp, "timestamp"),
  ...before("toTimestamp", asked.toTimestamp, "timestamp"),
  ...parameter("source", asked.source),
  ...valueParameter(asked),
  ...anyOf("scoreIds", asked.scoreIds, "id"),
  ...parameter("sessionId", asked.sessionId),
  ...parameter("traceId", asked.traceId),
  ...parameter("datasetRunId", asked.datasetRunId),
  ...anyOf("observationId", asked.observationId ?? []),
];

const valueParameter = ({ value, operator }: Asked): ReadParameter[] => {
  if (value === undefined || operator === undefined) return [];
  const isNegated = operator === "!=";
  return [{ name: "value", filter: { type: "number", column: "value", operator: isNegated ? "=" : operator, value }, isNegated }];
};
