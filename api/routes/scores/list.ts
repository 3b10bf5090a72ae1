/** GET /api/public/v2/scores: pages of scores, each with what its trace says of itself. */
import { createRoute, z } from "@hono/zod-openapi";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { PageMeta } from "../read-query.ts";
import { listScores, ScoreQuery } from "./page.ts";
import { ScoreOnPage } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/v2/scores",
  operationId: "listScores",
  tags: ["Scores"],
  summary: "List scores, newest first",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { query: ScoreQuery },
  responses: { 200: json(z.object({ data: z.array(ScoreOnPage), meta: PageMeta }).openapi("ScorePage"), "A page."), ...refusals },
});

export const registerListScores = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => (await listScores(c, deps, c.req.valid("query"), 2)) as never);
};
