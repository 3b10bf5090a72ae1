/**
 * GET /api/public/v3/scores: lists scores of every type newest first, in cursor pages. Unlike other listings, it refuses unknown
 * parameters.
 */

import { z } from "@hono/zod-openapi";
import { AppError, type FieldError } from "../../../core/errors.ts";
import type { ReadParameter } from "../../../core/query/compile-read.ts";
import { scores } from "../../../core/query/tables/scores.ts";
import { readPageAfter } from "../../../services/traces/page.ts";
import { hasValue, openScoreGroupsPage, scoreGroups } from "../../../services/traces/scores.ts";
import type { App, ReadDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { cursorOf, decodeKeysetCursor } from "../keyset-cursor.ts";
import {
  anyOf,
  before,
  csv,
  documentAnswer,
  documentCodes,
  fieldGroups,
  filtersOf,
  number,
  pageLimit,
  readQuery,
  since,
  text,
} from "../read-query.ts";
import { ScoreV3 } from "./resource.ts";

/** Accepts the words of a list in upper or lower case. */
const words = <const T extends readonly [string, ...string[]]>(values: T) =>
  csv
    .transform((sent) => sent.map((word) => word.toUpperCase()))
    .pipe(z.array(z.enum(values)))
    .openapi({ type: "string", description: `Comma-separated: ${values.join(", ")}.` });

const parameters = {
  id: anyOf(csv),
  name: anyOf(csv),
  source: anyOf(words(["API", "EVAL", "ANNOTATION"])),
  dataType: anyOf(words(["NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT", "CORRECTION"])),
  environment: anyOf(csv),
  configId: anyOf(csv),
  queueId: anyOf(csv),
  authorUserId: anyOf(csv),
  traceId: anyOf(csv),
  sessionId: anyOf(csv),
  observationId: anyOf(csv.describe("Comma-separated ids; needs traceId.")),
  experimentId: anyOf(csv.describe("Comma-separated ids of dataset runs."), "datasetRunId"),
  fromTimestamp: since("timestamp"),
  toTimestamp: before("timestamp"),
};

const Query = z.strictObject({
  ...(Object.fromEntries(Object.entries(parameters).map(([name, { schema }]) => [name, schema])) as {
    [K in keyof typeof parameters]: (typeof parameters)[K]["schema"];
  }),
  value: csv.describe(
    "Comma-separated values, any of which may match; needs exactly one dataType: NUMERIC, BOOLEAN (true or false) or CATEGORICAL.",
  ),
  valueMin: number.describe("Smallest value; needs dataType=NUMERIC."),
  valueMax: number.describe("Largest value; needs dataType=NUMERIC."),
  limit: pageLimit({ min: 1, max: 100 }),
  cursor: text,
  fields: fieldGroups(scoreGroups, ["core"]),
});
type Asked = z.infer<typeof Query>;

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["INVALID_FILTER", ...documentCodes, "INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/v3/scores",
    operationId: "listScoresV3",
    tags: ["Scores"],
    summary: "List scores by cursor, newest first",
    description: "Pass the `cursor` of a response to get the next scores; a response without one is the last.",
    request: { query: Query },
    responses: {
      200: json(
        z.object({ data: z.array(ScoreV3), meta: z.object({ limit: z.int(), cursor: z.string().optional() }) }).openapi("ScoreV3Page"),
        "A page.",
      ),
    },
  },
);

export const registerListScoresV3 = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const faults = faultsOf(asked);
    if (faults.length > 0) throw new AppError({ code: "INVALID_REQUEST", fields: faults });
    const { projectId } = c.get("actor");
    const { limit, cursor, fields } = asked;
    const query = await readQuery(c, scores, {
      filter: [],
      orderBy: null,
      parameters: [...filtersOf(parameters, asked), ...valueFilters(asked)],
    });
    const conditions = [...query.conditions, ...exactNumbers(asked)];
    const after = cursor === undefined ? undefined : decodeKeysetCursor(cursor);
    const reader = { clickhouse: deps.openClickHouse() };
    const { ids, next } = await readPageAfter(reader, { ...query, conditions }, { projectId, after, limit });
    const documents = await openScoreGroupsPage(reader, { projectId, ids }, { bytesMax: deps.answers.bytesMax, groups: fields });
    return documentAnswer(c, ['{"data":[', ...documents, `],"meta":${JSON.stringify({ limit, ...cursorOf(next) })}}`]) as never;
  });
};

/** Returns the data type if exactly one is requested. */
const onlyType = ({ dataType }: Asked): Asked["dataType"][number] | undefined => (dataType.length === 1 ? dataType[0] : undefined);

const faultsOf = (asked: Asked): FieldError[] => {
  const { value, valueMin, valueMax, traceId, sessionId, observationId, experimentId } = asked;
  const type = onlyType(asked);
  const faults: FieldError[] = [];
  const refuse = (path: string, message: string) => void faults.push({ path, message });
  if (value.length > 0 && type !== "NUMERIC" && type !== "BOOLEAN" && type !== "CATEGORICAL")
    refuse("dataType", "must be one of NUMERIC, BOOLEAN, CATEGORICAL to filter by value");
  if ((valueMin !== undefined || valueMax !== undefined) && type !== "NUMERIC")
    refuse("dataType", "must be NUMERIC to filter by valueMin or valueMax");
  if (type === "NUMERIC" && value.some((one) => !Number.isFinite(Number(one)))) refuse("value", "must be numbers");
  if (type === "BOOLEAN" && value.some((one) => one !== "true" && one !== "false")) refuse("value", "must be true or false");
  if (observationId.length > 0 && traceId.length === 0) refuse("traceId", "required with observationId");
  if ([traceId, sessionId, experimentId].filter((ids) => ids.length > 0).length > 1)
    refuse("traceId", "only one of traceId, sessionId and experimentId");
  return faults;
};

const valueFilters = (asked: Asked): ReadParameter[] => {
  const { value, valueMin, valueMax } = asked;
  const bound = (name: string, operator: string, to: number | undefined) =>
    to === undefined ? [] : [{ name, filter: { type: "number", column: "value", operator, value: to } }];
  const isWords = onlyType(asked) === "CATEGORICAL" && value.length > 0;
  return [
    ...bound("valueMin", ">=", valueMin),
    ...bound("valueMax", "<=", valueMax),
    ...(isWords ? [{ name: "value", filter: { type: "stringOptions", column: "stringValue", operator: "any of", value } }] : []),
  ];
};

const exactNumbers = (asked: Asked) => {
  if (asked.value.length === 0 || onlyType(asked) === "CATEGORICAL") return [];
  return [hasValue(asked.value.map((one) => (one === "true" ? 1 : one === "false" ? 0 : Number(one))))];
};
