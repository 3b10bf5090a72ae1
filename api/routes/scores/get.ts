/** GET /api/public/v2/scores/{scoreId}. */
import { createRoute, z } from "@hono/zod-openapi";
import { openScore } from "../../../services/traces/scores.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { Score } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/v2/scores/{scoreId}",
  operationId: "getScore",
  tags: ["Scores"],
  summary: "Show a score",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { params: z.object({ scoreId: z.string() }) },
  responses: { 200: json(Score, "The score."), ...refusals },
});

export const registerGetScore = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { scoreId } = c.req.valid("param");
    const { bytesMax } = deps.answers;
    return documentAnswer(
      c,
      await openScore({ clickhouse: deps.openClickHouse() }, c.get("actor").projectId, scoreId, { bytesMax, version: 2 }),
    ) as never;
  });
};
