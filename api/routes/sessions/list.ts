/** GET /api/public/sessions: lists sessions in pages, newest first. */

import { z } from "@hono/zod-openapi";
import { clickhouseErrorCodes } from "../../../core/engine-errors.ts";
import { listSessions } from "../../../services/traces/list-sessions.ts";
import type { App, TraceReadDeps } from "../../deps.ts";
import { instant, list, metaOf, PageNumbers, pageRoute } from "../read-query.ts";
import { traceReader } from "../trace-reader.ts";
import { Session } from "./resource.ts";

const route = pageRoute("/api/public/sessions", {
  operationId: "listSessions",
  codes: [...clickhouseErrorCodes],
  tags: ["Sessions"],
  summary: "List sessions, newest first",
  query: z.object({
    ...PageNumbers,
    environment: list.describe("Sessions in any of these environments."),
    fromTimestamp: instant.describe("Sessions that began at this time or later."),
    toTimestamp: instant.describe("Sessions that began before this time."),
  }),
  item: Session,
  page: "SessionPage",
});

export const registerListSessions = (app: App, deps: Pick<TraceReadDeps, "openClickHouse" | "traceExperiment" | "log">): void => {
  app.openapi(route, async (c) => {
    const asked = c.req.valid("query");
    const { projectId } = c.get("actor");
    const { sessions, totalItems } = await listSessions(
      traceReader(c, deps),
      { environments: asked.environment, from: asked.fromTimestamp ?? null, to: asked.toTimestamp ?? null },
      { projectId, page: asked.page, limit: asked.limit },
    );
    c.header("cache-control", "no-store");
    return c.json({ data: sessions.map((session) => ({ ...session, projectId })), meta: metaOf(asked, totalItems) }, 200);
  });
};
