/** GET /api/public/observations: lists observations in pages. */
import { z } from "@hono/zod-openapi";
import { observationTypes } from "../../../core/ingestion/event.ts";
import { observations } from "../../../core/query/tables/observations.ts";
import { listModels } from "../../../services/models/list-models.ts";
import { openObservationPage } from "../../../services/traces/observations.ts";
import { readPage } from "../../../services/traces/page.ts";
import type { App, ReadDeps } from "../../deps.ts";
import {
  anyOf,
  before,
  documentCodes,
  equals,
  filterCodes,
  filtersOf,
  list,
  listingQuery,
  ofTrace,
  oneOf,
  pageAnswer,
  pageRoute,
  readQuery,
  since,
  text,
} from "../read-query.ts";
import { Observation } from "./resource.ts";

const parameters = {
  name: equals(text),
  userId: ofTrace(equals(text.describe("User of the trace."))),
  type: equals(oneOf(observationTypes)),
  level: equals(oneOf(["DEBUG", "DEFAULT", "WARNING", "ERROR"])),
  traceId: equals(text),
  version: equals(text),
  parentObservationId: equals(text),
  environment: anyOf(list.describe("Observations in any of these environments.")),
  fromStartTime: since("startTime"),
  toStartTime: before("startTime"),
};

const route = pageRoute("/api/public/observations", {
  operationId: "listObservations",
  codes: [...filterCodes, ...documentCodes],
  tags: ["Observations"],
  summary: "List observations, newest first",
  query: z.object(listingQuery(parameters)),
  item: Observation,
  page: "ObservationPage",
});

export const registerListObservations = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { projectId } = c.get("actor");
    const query = await readQuery(c, observations, { filter: asked.filter, orderBy: null, parameters: filtersOf(parameters, asked) });
    const reader = { clickhouse: deps.openClickHouse() };
    const found = await readPage(reader, query, { projectId, ...asked });
    const { bytesMax } = deps.answers;
    const models = await listModels(c.get("db"), projectId);
    return pageAnswer(c, asked, found, await openObservationPage(reader, projectId, found.ids, { bytesMax, models })) as never;
  });
};
