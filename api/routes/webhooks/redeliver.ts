/** POST /api/public/webhook-endpoints/{id}/redeliver and …/deliveries/{deliveryId}/redeliver: sends again what has ended. */
import { z } from "@hono/zod-openapi";
import { AppError } from "../../../core/errors.ts";
import { redeliver } from "../../../services/webhooks/redeliver.ts";
import type { App } from "../../deps.ts";
import { keyRoute } from "../declare-route.ts";
import { IdParam, json, jsonRequest } from "../describe.ts";
import { DeliveryParams, DeliverySelection } from "./deliveries.ts";
import { loadDelivery } from "./load.ts";
import { showDeliverySummary, WebhookDeliverySummary } from "./resource.ts";

const codes = ["NOT_FOUND", "WEBHOOK_ENDPOINT_DISABLED"] as const;

const Selection = z.strictObject({
  state: z.enum(["failed", "delivered"]).default("failed"),
  ...DeliverySelection,
});

const Redelivery = z.object({
  redelivered: z.int().describe("Deliveries that are sent again."),
  hasMore: z
    .boolean()
    .describe("There may be more than one request takes up (10,000): repeat it, with `from` moved on for delivered ones."),
});

const oneRoute = keyRoute(
  { scopes: ["webhooks:CRUD"], codes },
  {
    method: "post",
    path: "/api/public/webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver",
    operationId: "redeliverWebhookDelivery",
    tags: ["Webhooks"],
    summary: "Send a delivery again",
    description: "With the same `webhook-id` and body. One that waits between attempts is sent now.",
    request: { params: DeliveryParams },
    responses: { 202: json(WebhookDeliverySummary, "The delivery.") },
  },
);

const manyRoute = keyRoute(
  { scopes: ["webhooks:CRUD"], codes },
  {
    method: "post",
    path: "/api/public/webhook-endpoints/{id}/redeliver",
    operationId: "redeliverWebhookDeliveries",
    tags: ["Webhooks"],
    summary: "Send deliveries again",
    description:
      "All that failed, or those of a time range, with the same ids and bodies, in order for each object. Test events are left out. What waits between attempts is sent now.",
    request: {
      params: IdParam,
      body: jsonRequest(Selection.openapi("WebhookRedeliverySelection"), { state: "failed", from: "2026-11-01T00:00:00Z" }),
    },
    responses: { 202: json(Redelivery.openapi("WebhookRedelivery"), "What is sent again.") },
  },
);

const failed = (outcome: "absent" | "disabled"): AppError =>
  new AppError({ code: outcome === "absent" ? "NOT_FOUND" : "WEBHOOK_ENDPOINT_DISABLED" });

export const registerRedeliver = (app: App): void => {
  app.openapi(oneRoute, async (c) => {
    const { id, deliveryId } = c.req.valid("param");
    const actor = c.get("actor");
    const asked = await redeliver(c.get("db"), actor, id, { id: deliveryId });
    if (asked.outcome !== "requested") throw failed(asked.outcome);
    return c.json(showDeliverySummary(await loadDelivery(c.get("db"), actor.projectId, { id, deliveryId })), 202);
  });
  app.openapi(manyRoute, async (c) => {
    const asked = await redeliver(c.get("db"), c.get("actor"), c.req.valid("param").id, { filter: c.req.valid("json") });
    if (asked.outcome !== "requested") throw failed(asked.outcome);
    return c.json({ redelivered: asked.redelivered, hasMore: asked.hasMore }, 202);
  });
};
