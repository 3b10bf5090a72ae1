/** GET /api/public/scores/{scoreId}. */
import { createRoute, z } from "@hono/zod-openapi";
import { openScore } from "../../../services/traces/scores.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { ScoreV1 } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/scores/{scoreId}",
  operationId: "getScoreV1",
  tags: ["Scores"],
  summary: "Show a score of a trace or observation",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { params: z.object({ scoreId: z.string() }) },
  responses: { 200: json(ScoreV1, "The score."), ...refusals },
});

export const registerGetScoreV1 = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { scoreId } = c.req.valid("param");
    const { bytesMax } = deps.answers;
    return documentAnswer(
      c,
      await openScore({ clickhouse: deps.openClickHouse() }, c.get("actor").projectId, scoreId, { bytesMax, version: 1 }),
    ) as never;
  });
};
