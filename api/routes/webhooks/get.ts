/** GET /api/public/webhook-endpoints/{id}. */
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json } from "../describe.ts";
import { loadEndpoint } from "./load.ts";
import { showEndpoint, WebhookEndpoint } from "./resource.ts";

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/webhook-endpoints/{id}",
    operationId: "getWebhookEndpoint",
    tags: ["Webhooks"],
    summary: "Show a webhook endpoint",
    description: "With its state and the fault of its last failed attempt; never with its secret.",
    request: { params: IdParam },
    responses: { 200: json(WebhookEndpoint, "The endpoint.") },
  },
);

export const registerGetEndpoint = (app: App): void => {
  app.openapi(route, async (c) =>
    c.json(showEndpoint(await loadEndpoint(c.get("db"), c.get("actor").projectId, c.req.valid("param").id)), 200),
  );
};
