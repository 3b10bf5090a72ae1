/** GET /api/public/traces/{traceId}: one trace with its observations and scores. */
import { createRoute, z } from "@hono/zod-openapi";
import { listModels } from "../../../services/models/models.ts";
import { openPublicTrace } from "../../../services/traces/open-public-trace.ts";
import { traceFieldGroups } from "../../../services/traces/trace-document.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { documentAnswer, fieldGroups } from "../read-query.ts";
import { traceReader } from "../trace-reader.ts";
import { TraceWithFullDetails } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/traces/{traceId}",
  operationId: "getTrace",
  tags: ["Traces"],
  summary: "Show a trace with its observations and scores",
  description: "Corrections among its scores are left out; GET /api/public/v2/scores?traceId=… lists them.",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { params: z.object({ traceId: z.string() }), query: z.object({ fields: fieldGroups(traceFieldGroups) }) },
  responses: { 200: json(TraceWithFullDetails, "The trace."), ...refusals },
});

export const registerGetTrace = (app: App, deps: AppDeps): void => {
  app.openapi(route, async (c) => {
    const { fields: groups } = c.req.valid("query");
    const { projectId } = c.get("actor");
    const models = groups.has("observations") ? await listModels(c.get("db"), projectId) : [];
    const asked = { projectId, traceId: c.req.valid("param").traceId };
    return documentAnswer(c, await openPublicTrace(traceReader(c, deps), asked, { ...deps.answers, groups, models })) as never;
  });
};
