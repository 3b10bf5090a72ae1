/** GET /api/public/sessions/{sessionId}: one session with its traces. */
import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { listTracesBySession } from "../../../services/traces/list-traces-by-session.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
import { traceReader } from "../trace-reader.ts";
import { SessionWithTraces } from "./resource.ts";

const route = createRoute({
  method: "get",
  path: "/api/public/sessions/{sessionId}",
  operationId: "getSession",
  tags: ["Sessions"],
  summary: "Show a session with its traces",
  security,
  middleware: [requireScope("traces:read")] as const,
  request: { params: z.object({ sessionId: z.string() }) },
  responses: { 200: json(SessionWithTraces, "The session."), ...refusals },
});

export const registerGetSession = (app: App, deps: AppDeps): void => {
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
