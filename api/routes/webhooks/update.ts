/** PATCH /api/public/webhook-endpoints/{id}. */
import { AppError } from "../../../core/errors.ts";
import { UpdateWebhookEndpoint } from "../../../core/webhooks/endpoint.ts";
import { updateEndpoint } from "../../../services/webhooks/update-endpoint.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { component, IdParam, json, jsonRequest } from "../describe.ts";
import type { WebhookDeps } from "./deps.ts";
import { showEndpoint, WebhookEndpoint } from "./resource.ts";

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND", "EGRESS_INVALID_URL", "EGRESS_BLOCKED"] },
  {
    method: "patch",
    path: "/api/public/webhook-endpoints/{id}",
    operationId: "updateWebhookEndpoint",
    tags: ["Webhooks"],
    summary: "Change a webhook endpoint",
    description:
      "What is left out stays. `enabled: false` gives up what waits; events that follow are kept as failed. `enabled: true` forgets the fault that switched it off; what failed meanwhile can then be redelivered.",
    request: {
      params: IdParam,
      body: jsonRequest(component(UpdateWebhookEndpoint, "UpdateWebhookEndpoint"), { eventTypes: ["export.completed"], enabled: true }),
    },
    responses: { 200: json(WebhookEndpoint, "The endpoint as it is now.") },
  },
);

export const registerUpdateEndpoint = (app: App, deps: WebhookDeps): void => {
  app.openapi(route, async (c) => {
    const endpoint = await updateEndpoint(c.get("db"), c.get("actor"), deps, c.req.valid("param").id, c.req.valid("json"));
    if (endpoint === undefined) throw new AppError({ code: "NOT_FOUND" });
    return c.json(showEndpoint(endpoint), 200);
  });
};
