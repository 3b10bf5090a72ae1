/** GET /api/public/api-keys: lists the keys of the project in pages, newest first. */
import { z } from "@hono/zod-openapi";
import { listApiKeys } from "../../../services/tenants/list-api-keys.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { ApiKey, showApiKey } from "./resource.ts";

const route = keyRoute(
  { scopes: ["apiKeys:CRUD"], codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/api-keys",
    operationId: "listApiKeys",
    tags: ["API keys"],
    summary: "List the project's API keys",
    description: "Newest first, without secrets.",
    request: { query: z.strictObject(CursorQuery) },
    responses: { 200: json(z.object({ data: z.array(ApiKey), nextCursor: z.string().nullable() }).openapi("ApiKeyPage"), "A page.") },
  },
);

export const registerListApiKeys = (app: App): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const rows = await listApiKeys(c.get("db"), c.get("actor").projectId, {
      limit: limit + 1,
      after: cursor === undefined ? null : decodeCursor(cursor),
    });
    const { page, nextCursor } = pageOf(rows, limit);
    return c.json({ data: page.map(showApiKey), nextCursor }, 200);
  });
};
