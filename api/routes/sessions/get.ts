/** GET /api/public/sessions/{sessionId}: one session with its traces. */
import { createRoute, z } from "@hono/zod-openapi";
import { openSession } from "../../../db/clickhouse/read/sessions.ts";
import type { App, AppDeps } from "../../deps.ts";
import { requireScope } from "../../middleware/auth.ts";
import { json, refusals, security } from "../describe.ts";
import { documentAnswer } from "../read-query.ts";
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
  app.openapi(
    route,
    async (c) =>
      documentAnswer(c, await openSession(deps, c.get("actor").projectId, c.req.valid("param").sessionId, deps.answers)) as never,
  );
};
