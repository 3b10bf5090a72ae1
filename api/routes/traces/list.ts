/** GET /api/public/traces: pages of traces with the ids of what belongs to them. */
import { createRoute, z } from "@hono/zod-openapi";
import { traces } from "../../../core/tables/traces.ts";
import { readPage } from "../../../db/clickhouse/read/page.ts";
import { openTracePage, traceFieldGroups } from "../../../db/clickhouse/read/traces.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import {
  allOf,
  anyOf,
  before,
  fieldGroups,
  filterList,
  instant,
  list,
  orderBy,
  PageMeta,
  PageNumbers,
  pageAnswer,
  parameter,
  readQuery,
  since,
  text,
} from "../read-query.ts";
import { TraceWithDetails } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/traces",
  operationId: "listTraces",
  tags: ["Traces"],
  summary: "List traces",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: {
    query: z.object({
      ...PageNumbers,
      userId: text,
      name: text,
      tags: list.describe("The trace has all of them."),
      environment: list.describe("The trace is in one of them."),
      sessionId: text,
      version: text,
      release: text,
      fromTimestamp: instant,
      toTimestamp: instant,
      orderBy,
      fields: fieldGroups(traceFieldGroups),
      filter: filterList,
    }),
  },
  responses: { 200: json(z.object({ data: z.array(TraceWithDetails), meta: PageMeta }).openapi("TracePage"), "A page."), ...refusals },
});

export const registerListTraces = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { projectId } = c.get("actor");
    const query = await readQuery(c, traces, {
      filter: asked.filter,
      orderBy: asked.orderBy,
      parameters: [
        ...parameter("userId", asked.userId),
        ...parameter("name", asked.name),
        ...allOf("tags", asked.tags),
        ...anyOf("environment", asked.environment),
        ...parameter("sessionId", asked.sessionId),
        ...parameter("version", asked.version),
        ...parameter("release", asked.release),
        ...since("fromTimestamp", asked.fromTimestamp, "timestamp"),
        ...before("toTimestamp", asked.toTimestamp, "timestamp"),
      ],
    });
    const found = await readPage(deps, query, { projectId, ...asked });
    const { bytesMax } = deps.answers;
    return pageAnswer(c, asked, found, await openTracePage(deps, projectId, found.ids, { bytesMax, fields: asked.fields })) as never;
  });
};
