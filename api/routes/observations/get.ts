/** GET /api/public/observations/{observationId}. */

import { z } from "@hono/zod-openapi";
import { listModels } from "../../../services/models/models.ts";
import { openObservation } from "../../../services/traces/observations.ts";
import type { App, ReadDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { documentAnswer, documentCodes } from "../read-query.ts";
import { Observation } from "./resource.ts";

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["NOT_FOUND", ...documentCodes] },
  {
    method: "get",
    path: "/api/public/observations/{observationId}",
    operationId: "getObservation",
    tags: ["Observations"],
    summary: "Show an observation",
    request: { params: z.object({ observationId: z.string() }) },
    responses: { 200: json(Observation, "The observation.") },
  },
);

export const registerGetObservation = (app: App, deps: ReadDeps): void => {
  app.openapi(route, async (c) => {
    const { projectId } = c.get("actor");
    const models = await listModels(c.get("db"), projectId);
    const { observationId } = c.req.valid("param");
    const { bytesMax } = deps.answers;
    return documentAnswer(
      c,
      await openObservation({ clickhouse: deps.openClickHouse() }, projectId, observationId, { bytesMax, models }),
    ) as never;
  });
};
