/** GET /api/public/webhook-endpoints/{id}/deliveries and …/deliveries/{deliveryId}: the log of what was sent. */
import { z } from "@hono/zod-openapi";
import { isStorableInstant, notStorableInstant } from "../../../core/storable.ts";
import { deliveryStates } from "../../../core/webhooks/endpoint.ts";
import { webhookEventTypeNames } from "../../../core/webhooks/event-types.ts";
import { listDeliveries } from "../../../services/webhooks/list-deliveries.ts";
import type { App } from "../../deps.ts";
import { CursorQuery, decodeCursor, pageOf } from "../cursor.ts";
import { keyRoute } from "../declare-route.ts";
import { Id, IdParam, json } from "../describe.ts";
import { loadDelivery, loadEndpoint } from "./load.ts";
import { showAttempt, showDeliverySummary, WebhookDelivery, WebhookDeliverySummary } from "./resource.ts";

const instant = z.iso.datetime({ offset: true }).refine(isStorableInstant, notStorableInstant);

/** What selects deliveries, in a list and for redelivery. */
export const DeliverySelection = {
  type: z.enum(webhookEventTypeNames).optional().describe("Only events of this type."),
  from: instant.optional().describe("Only events written at this instant or later."),
  to: instant.optional().describe("Only events written earlier."),
};

export const DeliveryParams = IdParam.extend({ deliveryId: Id });

const listRoute = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND", "INVALID_CURSOR"] },
  {
    method: "get",
    path: "/api/public/webhook-endpoints/{id}/deliveries",
    operationId: "listWebhookDeliveries",
    tags: ["Webhooks"],
    summary: "List the deliveries of a webhook endpoint",
    description: "One per event, newest first, kept for 30 days after they ended.",
    request: {
      params: IdParam,
      query: z.strictObject({
        ...CursorQuery,
        state: z.enum(deliveryStates).optional(),
        ...DeliverySelection,
        objectId: Id.optional().describe("Only events about the export or integration with this id. Name `from` with it: it has no index."),
      }),
    },
    responses: {
      200: json(
        z.object({ data: z.array(WebhookDeliverySummary), nextCursor: z.string().nullable() }).openapi("WebhookDeliveryPage"),
        "A page.",
      ),
    },
  },
);

const getRoute = keyRoute(
  { scopes: ["webhooks:CRUD"], codes: ["NOT_FOUND"] },
  {
    method: "get",
    path: "/api/public/webhook-endpoints/{id}/deliveries/{deliveryId}",
    operationId: "getWebhookDelivery",
    tags: ["Webhooks"],
    summary: "Show a delivery",
    description: "With the body, and each attempt's headers, answer and timing.",
    request: { params: DeliveryParams },
    responses: { 200: json(WebhookDelivery, "The delivery.") },
  },
);

export const registerDeliveries = (app: App): void => {
  app.openapi(listRoute, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid("query");
    const { id } = await loadEndpoint(c.get("db"), c.get("actor").projectId, c.req.valid("param").id);
    const after = cursor === undefined ? null : decodeCursor(cursor);
    const { page, nextCursor } = pageOf(await listDeliveries(c.get("db"), id, { ...filter, limit: limit + 1, after }), limit);
    return c.json({ data: page.map(showDeliverySummary), nextCursor }, 200);
  });
  app.openapi(getRoute, async (c) => {
    const row = await loadDelivery(c.get("db"), c.get("actor").projectId, c.req.valid("param"));
    return c.json({ ...showDeliverySummary(row), body: row.body, log: row.log.map(showAttempt) }, 200);
  });
};
