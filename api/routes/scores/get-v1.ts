/** GET /api/public/scores/{scoreId}. */

import { z } from "@hono/zod-openapi";
import { openScore } from "../../../services/traces/scores.ts";
import type { App, ReadDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { documentAnswer, documentCodes } from "../read-query.ts";
import { ScoreV1 } from "./resource.ts";

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["NOT_FOUND", ...documentCodes] },
  {
    method: "get",
    path: "/api/public/scores/{scoreId}",
    operationId: "getScoreV1",
    tags: ["Scores"],
    summary: "Show a score of a trace or observation",
    request: { params: z.object({ scoreId: z.string() }) },
    responses: { 200: json(ScoreV1, "The score.") },
  },
);

export const registerGetScoreV1 = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => {
    const { scoreId } = c.req.valid("param");
    const { bytesMax } = deps.answers;
    return documentAnswer(
      c,
      await openScore({ clickhouse: deps.openClickHouse() }, c.get("actor").projectId, scoreId, { bytesMax, version: 1 }),
    ) as never;
  });
};
