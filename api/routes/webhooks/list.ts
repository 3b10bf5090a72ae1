/** GET /api/public/webhook-endpoints: lists endpoints in pages, newest first. */
import { z } from "@hono/zod-openapi";
import { listEndpoints } from "../../../services/webhooks/find-endpoint.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { json } from "../describe.ts";
import { showEndpoint, WebhookEndpoint } from "./resource.ts";

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/webhook-endpoints",
    operationId: "listWebhookEndpoints",
    tags: ["Webhooks"],
    summary: "List webhook endpoints",
    description: "Newest first, with the state of each.",
    request: { query: z.strictObject(CursorQuery) },
    responses: {
      200: json(z.object({ data: z.array(WebhookEndpoint), nextCursor: z.string().nullable() }).openapi("WebhookEndpointPage"), "A page."),
    },
  },
);

export const registerListEndpoints = (app: App): void => {
  app.openapi(route, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const { page, nextCursor } = pageOf(await listEndpoints(c.get("db"), c.get("actor").projectId, { limit: limit + 1, after }), limit);
    return c.json({ data: page.map(showEndpoint), nextCursor }, 200);
  });
};
