/** GET /api/public/v2/scores/{scoreId}. */

import { z } from "@hono/zod-openapi";
import { openScore } from "../../../services/traces/scores.ts";
import type { App, ReadDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { documentAnswer, documentCodes } from "../read-query.ts";
import { Score } from "./resource.ts";

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["NOT_FOUND", ...documentCodes] },
  {
    method: "get",
    path: "/api/public/v2/scores/{scoreId}",
    operationId: "getScore",
    tags: ["Scores"],
    summary: "Show a score",
    request: { params: z.object({ scoreId: z.string() }) },
    responses: { 200: json(Score, "The score.") },
  },
);

export const registerGetScore = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => {
    const { scoreId } = c.req.valid("param");
    const { bytesMax } = deps.answers;
    return documentAnswer(
      c,
      await openScore({ clickhouse: deps.openClickHouse() }, c.get("actor").projectId, scoreId, { bytesMax, version: 2 }),
    ) as never;
  });
};
