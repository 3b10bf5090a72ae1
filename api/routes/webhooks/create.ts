/** POST /api/public/webhook-endpoints: creates an endpoint and shows its secret once. */
import { CreateWebhookEndpoint } from "../../../core/webhooks/endpoint.ts";
import { createEndpoint } from "../../../services/webhooks/create-endpoint.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, json, jsonRequest } from "../describe.ts";
import type { WebhookDeps } from "./deps.ts";
import { showWithSecret, WebhookEndpointWithSecret } from "./resource.ts";

const route = keyRoute(
  {
    scopes: ["webhooks:CRUD"],
    codes: ["EGRESS_INVALID_URL", "EGRESS_BLOCKED", "ENCRYPTION_DISABLED", "TOO_MANY_WEBHOOK_ENDPOINTS"],
    creates: "secret",
  },
  {
    method: "post",
    path: "/api/public/webhook-endpoints",
    operationId: "createWebhookEndpoint",
    tags: ["Webhooks"],
    summary: "Create a webhook endpoint",
    description:
      "Events of the project are sent to it as POST requests, signed as Standard Webhooks 1.0 describes. The secret is shown only in this answer. docs/webhooks.md has a receiver.",
    request: {
      body: jsonRequest(component(CreateWebhookEndpoint, "CreateWebhookEndpoint"), {
        name: "pipeline",
        url: "https://example.com/webhooks/spillway",
        eventTypes: ["export.completed", "export.failed"],
      }),
    },
    responses: { 201: json(WebhookEndpointWithSecret, "The endpoint with its secret.") },
  },
);

export const registerCreateEndpoint = (app: App, deps: WebhookDeps): void => {
  app.openapi(route, async (c) => {
    const body = c.req.valid("json");
    const { endpoint, secret } = await createEndpoint(c.get("db"), c.get("actor"), deps, { id: deps.newId("webhookEndpoint"), body });
    c.header("location", `/api/public/webhook-endpoints/${endpoint.id}`);
    c.header("cache-control", "no-store");
    return c.json(showWithSecret(endpoint, secret), 201);
  });
};
