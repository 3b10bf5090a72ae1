/** GET /api/public/observations: pages of observations. */
import { createRoute, z } from "@hono/zod-openapi";
import { observationTypes } from "../../../core/ingestion/event.ts";
import { observations } from "../../../core/tables/observations.ts";
import { openObservationPage } from "../../../db/clickhouse/read/observations.ts";
import { readPage } from "../../../db/clickhouse/read/page.ts";
import { listModels } from "../../../db/queries/models.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import {
  anyOf,
  before,
  filterList,
  instant,
  list,
  ofTrace,
  oneOf,
  PageMeta,
  PageNumbers,
  pageAnswer,
  parameter,
  readQuery,
  since,
  text,
} from "../read-query.ts";
import { Observation } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/observations",
  operationId: "listObservations",
  tags: ["Observations"],
  summary: "List observations, newest first",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: {
    query: z.object({
      ...PageNumbers,
      name: text,
      userId: text.describe("User of the trace."),
      type: oneOf(observationTypes),
      level: oneOf(["DEBUG", "DEFAULT", "WARNING", "ERROR"]),
      traceId: text,
      version: text,
      parentObservationId: text,
      environment: list.describe("The observation is in one of them."),
      fromStartTime: instant,
      toStartTime: instant,
      filter: filterList,
    }),
  },
  responses: { 200: json(z.object({ data: z.array(Observation), meta: PageMeta }).openapi("ObservationPage"), "A page."), ...refusals },
});

export const registerListObservations = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { projectId } = c.get("actor");
    const query = await readQuery(c, observations, {
      filter: asked.filter,
      orderBy: null,
      parameters: [
        ...parameter("name", asked.name),
        ...ofTrace(parameter("userId", asked.userId)),
        ...parameter("type", asked.type),
        ...parameter("level", asked.level),
        ...parameter("traceId", asked.traceId),
        ...parameter("version", asked.version),
        ...parameter("parentObservationId", asked.parentObservationId),
        ...anyOf("environment", asked.environment),
        ...since("fromStartTime", asked.fromStartTime, "startTime"),
        ...before("toStartTime", asked.toStartTime, "startTime"),
      ],
    });
    const found = await readPage(deps, query, { projectId, ...asked });
    const models = await listModels(c.get("db"), projectId);
    return pageAnswer(c, asked, found, await openObservationPage(deps, projectId, found.ids, { ...deps.answers, models })) as never;
  });
};
