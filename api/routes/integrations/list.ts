/** GET /api/public/integrations: lists integrations with their status in pages, newest first. */
import { z } from "@hono/zod-openapi";
import { integrationKinds } from "../../../core/integrations/integration.ts";
import { listIntegrations } from "../../../services/integrations/find-integration.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import type { IntegrationDeps } from "./deps.ts";
import { Integration, showIntegration } from "./resource.ts";

const route = keyRoute(
  { scopes: ["integrations:CRUD"], codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/integrations",
    operationId: "listIntegrations",
    tags: ["Integrations"],
    summary: "List integrations",
    description: "Newest first, with the status of each.",
    request: { query: z.strictObject({ ...CursorQuery, kind: z.enum(integrationKinds).optional() }) },
    responses: {
      200: json(z.object({ data: z.array(Integration), nextCursor: z.string().nullable() }).openapi("IntegrationPage"), "A page."),
    },
  },
);

export const registerListIntegrations = (app: App, deps: IntegrationDeps): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor, kind } = c.req.valid("query");
    const rows = await listIntegrations(c.get("db"), c.get("actor").projectId, {
      limit: limit + 1,
      after: cursor === undefined ? null : decodeCursor(cursor),
      kind: kind ?? null,
    });
    const { page, nextCursor } = pageOf(rows, limit);
    return c.json({ data: await Promise.all(page.map((row) => showIntegration(deps, row))), nextCursor }, 200);
  });
};
