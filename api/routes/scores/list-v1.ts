/** GET /api/public/scores: pages of scores, each with what its trace says of itself. */
import { createRoute, z } from "@hono/zod-openapi";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { PageMeta } from "../read-query.ts";
import { listScores, ScoreQueryV1 } from "./page.ts";
import { ScoreV1OnPage } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/scores",
  operationId: "listScoresV1",
  tags: ["Scores"],
  summary: "List scores of traces and observations, newest first",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { query: ScoreQueryV1 },
  responses: { 200: json(z.object({ data: z.array(ScoreV1OnPage), meta: PageMeta }).openapi("ScoreV1Page"), "A page."), ...refusals },
});

export const registerListScoresV1 = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => (await listScores(c, deps, c.req.valid("query"), 1)) as never);
};
