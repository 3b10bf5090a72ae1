/** GET /api/public/traces/{traceId}: shows one trace with its observations and scores. */

import { z } from "@hono/zod-openapi";
import { listModels } from "../../../services/models/list-models.ts";
import { openPublicTrace } from "../../../services/traces/open-public-trace.ts";
import { traceFieldGroups } from "../../../services/traces/trace-document.ts";
import type { App, TraceReadDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { documentAnswer, documentCodes, fieldGroups } from "../read-query.ts";
import { traceReader } from "../trace-reader.ts";
import { TraceWithFullDetails } from "./resource.ts";

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["NOT_FOUND", ...documentCodes] },
  {
    method: "get",
    path: "/api/public/traces/{traceId}",
    operationId: "getTrace",
    tags: ["Traces"],
    summary: "Show a trace with its observations and scores",
    description: "Its scores do not include corrections; GET /api/public/v2/scores?traceId=… lists them.",
    request: { params: z.object({ traceId: z.string() }), query: z.object({ fields: fieldGroups(traceFieldGroups) }) },
    responses: { 200: json(TraceWithFullDetails, "The trace.") },
  },
);

export const registerGetTrace = (app: App, deps: TraceReadDeps): void => {
  app.openapi(route, async (c) => {
    const { fields: groups } = c.req.valid("query");
    const { projectId } = c.get("actor");
    const models = groups.has("observations") ? await listModels(c.get("db"), projectId) : [];
    const asked = { projectId, traceId: c.req.valid("param").traceId };
    return documentAnswer(c, await openPublicTrace(traceReader(c, deps), asked, { ...deps.answers, groups, models })) as never;
  });
};
