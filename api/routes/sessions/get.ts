/** GET /api/public/sessions/{sessionId}: shows one session with its traces. */

import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { listTracesBySession } from "../../../services/traces/list-traces-by-session.ts";
import type { App, TraceReadDeps } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { documentAnswer, documentCodes } from "../read-query.ts";
import { traceReader } from "../trace-reader.ts";
import { SessionWithTraces } from "./resource.ts";

const route = keyRoute(
  { scopes: ["traces:read"], codes: ["NOT_FOUND", ...documentCodes] },
  {
    method: "get",
    path: "/api/public/sessions/{sessionId}",
    operationId: "getSession",
    tags: ["Sessions"],
    summary: "Show a session with its traces",
    request: { params: z.object({ sessionId: z.string() }) },
    responses: { 200: json(SessionWithTraces, "The session.") },
  },
);

export const registerGetSession = (app: App, deps: TraceReadDeps): void => {
  app.openapi(route, async (c) => {
    const { projectId } = c.get("actor");
    const { sessionId } = c.req.valid("param");
    const { bytesMax } = deps.answers;
    const found = await listTracesBySession(traceReader(c, deps), { projectId, sessionId }, { bytesMax });
    if (found === undefined) throw new AppError({ code: "NOT_FOUND" });
    const head = JSON.stringify({ ...found.session, projectId });
    return documentAnswer(c, [`${head.slice(0, -1)},"traces":[`, ...found.traces, "]}"]) as never;
  });
};
