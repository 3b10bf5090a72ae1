/** GET /api/public/traces: lists traces in pages, with the ids of their observations and scores. */
import { z } from "@hono/zod-openapi";
import { traces } from "../../../core/query/tables/traces.ts";
import { listPublicTraces } from "../../../services/traces/list-public-traces.ts";
import { traceFieldGroups } from "../../../services/traces/trace-document.ts";
import type { App, TraceReadDeps } from "../../deps.ts";
import {
  allOf,
  anyOf,
  before,
  documentCodes,
  equals,
  fieldGroups,
  filterCodes,
  filtersOf,
  list,
  listingQuery,
  orderBy,
  pageAnswer,
  pageRoute,
  readQuery,
  since,
  text,
} from "../read-query.ts";
import { traceReader } from "../trace-reader.ts";
import { TraceWithDetails } from "./resource.ts";

const parameters = {
  userId: equals(text),
  name: equals(text),
  tags: allOf(list.describe("Traces with all of these tags.")),
  environment: anyOf(list.describe("Traces in any of these environments.")),
  sessionId: equals(text),
  version: equals(text),
  release: equals(text),
  fromTimestamp: since("timestamp"),
  toTimestamp: before("timestamp"),
};

const route = pageRoute("/api/public/traces", {
  operationId: "listTraces",
  codes: [...filterCodes, ...documentCodes, "INVALID_ORDER_BY"],
  tags: ["Traces"],
  summary: "List traces",
  query: z.object({ ...listingQuery(parameters), orderBy, fields: fieldGroups(traceFieldGroups) }),
  item: TraceWithDetails,
  page: "TracePage",
});

export const registerListTraces = (app: App, deps: TraceReadDeps): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { page, limit, filter, fields: groups } = asked;
    const query = await readQuery(c, traces, { filter, orderBy: asked.orderBy, parameters: filtersOf(parameters, asked) });
    const { bytesMax } = deps.answers;
    const found = await listPublicTraces(traceReader(c, deps), query, {
      projectId: c.get("actor").projectId,
      page,
      limit,
      groups,
      bytesMax,
    });
    return pageAnswer(c, asked, found, found.documents) as never;
  });
};
