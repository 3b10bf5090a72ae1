/** GET /api/public/sessions: pages of sessions, newest first. */
import { createRoute, z } from "@hono/zod-openapi";
import { listSessions } from "../../../db/clickhouse/read/sessions.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { instant, list, metaOf, PageMeta, PageNumbers } from "../read-query.ts";
import { Session } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/sessions",
  operationId: "listSessions",
  tags: ["Sessions"],
  summary: "List sessions, newest first",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: {
    query: z.object({
      ...PageNumbers,
      environment: list.describe("The session is in one of them."),
      fromTimestamp: instant.describe("It began then or later."),
      toTimestamp: instant.describe("It began before."),
    }),
  },
  responses: { 200: json(z.object({ data: z.array(Session), meta: PageMeta }).openapi("SessionPage"), "A page."), ...refusals },
});

export const registerListSessions = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { projectId } = c.get("actor");
    const { sessions, totalItems } = await listSessions(
      deps,
      { environments: asked.environment, from: asked.fromTimestamp ?? null, to: asked.toTimestamp ?? null },
      { projectId, page: asked.page, limit: asked.limit },
    );
    c.header("cache-control", "no-store");
    return c.json({ data: sessions.map((session) => ({ ...session, projectId })), meta: metaOf(asked, totalItems) }, 200);
  });
};
