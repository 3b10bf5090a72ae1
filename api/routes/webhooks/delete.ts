/** DELETE /api/public/webhook-endpoints/{id}. */
import { AppError } from "../../../core/errors.ts";
import { deleteEndpoint } from "../../../services/webhooks/delete-endpoint.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam } from "../describe.ts";

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "delete",
    path: "/api/public/webhook-endpoints/{id}",
    operationId: "deleteWebhookEndpoint",
    tags: ["Webhooks"],
    summary: "Delete a webhook endpoint",
    description: "With its secrets and deliveries. What waits is not sent.",
    request: { params: IdParam },
    responses: { 204: { description: "Deleted." } },
  },
);

export const registerDeleteEndpoint = (app: App): void => {
  app.openapi(route, async (c) => {
    const outcome = await deleteEndpoint(c.get("db"), c.get("actor"), c.req.valid("param").id);
    if (outcome === "absent") throw new AppError({ code: "NOT_FOUND" });
    return c.body(null, 204);
  });
};
