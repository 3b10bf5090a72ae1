/** GET /api/public/observations/{observationId}. */
import { createRoute, z } from "@hono/zod-openapi";
import { listModels } from "../../../services/models/models.ts";
import { openObservation } from "../../../services/traces/observations.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { Observation } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/observations/{observationId}",
  operationId: "getObservation",
  tags: ["Observations"],
  summary: "Show an observation",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { params: z.object({ observationId: z.string() }) },
  responses: { 200: json(Observation, "The observation."), ...refusals },
});

export const registerGetObservation = (app: App, deps: AppDeps): void => {
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
