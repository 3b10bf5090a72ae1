/** POST /api/public/webhook-endpoints/{id}/test: sends a sample of an event. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { webhookEventTypeNames } from "../../../core/webhooks/event-types.ts";
import { sendTest } from "../../../services/webhooks/send-test.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json, jsonRequest } from "../describe.ts";
import type { WebhookDeps } from "./deps.ts";
import { loadDelivery } from "./load.ts";
import { showDeliverySummary, WebhookDeliverySummary } from "./resource.ts";

const Test = z.strictObject({ type: z.enum(webhookEventTypeNames).describe("Whether or not the endpoint wants events of the type.") });

const route = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND"], creates: "object" },
  {
    method: "post",
    path: "/api/public/webhook-endpoints/{id}/test",
    operationId: "testWebhookEndpoint",
    tags: ["Webhooks"],
    summary: "Send a test event",
    description:
      "Sends the sample of docs/webhook-events.md once, with the header `webhook-test: true`, also while the endpoint is switched off. Ask for the result at the address in `location`.",
    request: { params: IdParam, body: jsonRequest(Test.openapi("WebhookTest"), { type: "export.completed" }) },
    responses: { 202: json(WebhookDeliverySummary, "The delivery, which has not ended.") },
  },
);

export const registerTestEndpoint = (app: App, deps: WebhookDeps): void => {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { type } = c.req.valid("json");
    const actor = c.get("actor");
    const ids = { id: deps.newId("webhookDelivery"), eventId: deps.newId("outboxEvent") };
    if (!(await sendTest(c.get("db"), actor, { endpointId: id, type, ...ids, nowMs: deps.nowMs() })))
      throw new AppError({ code: "NOT_FOUND" });
    c.header("location", `/api/public/webhook-endpoints/${id}/deliveries/${ids.id}`);
    return c.json(showDeliverySummary(await loadDelivery(c.get("db"), actor.projectId, { id, deliveryId: ids.id })), 202);
  });
};
