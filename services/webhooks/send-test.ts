/** Sends a sample of an event to a webhook endpoint. */
import type { WebhookEventType } from "../../core/webhooks/event-types.ts";
import { sampleBody } from "../../core/webhooks/samples.ts";
import type { Database } from "../../db/postgres/client.ts";
import { webhookDeliveries } from "../../db/postgres/schema/webhooks.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { lockEndpoint } from "./endpoint-row.ts";
import { enqueueHeads } from "./enqueue-heads.ts";

/**
 * Sent once, also while the endpoint is switched off; it waits for no other delivery. `id` and `eventId` are the delivery's. Returns false
 * if the project has no such endpoint.
 */
export const sendTest = (
  db: Database,
  actor: Actor,
  { endpointId, type, id, eventId, nowMs }: { endpointId: string; type: WebhookEventType; id: string; eventId: string; nowMs: number },
): Promise<boolean> =>
  transaction(db, async (tx) => {
    if ((await lockEndpoint(tx, actor.projectId, endpointId)) === undefined) return false;
    await tx.insert(webhookDeliveries).values({
      id,
      endpointId,
      projectId: actor.projectId,
      eventId,
      eventType: type,
      objectId: id,
      isTest: true,
      body: sampleBody(type, new Date(nowMs).toISOString()),
      state: "waiting",
    });
    await enqueueHeads(tx, [{ endpointId, objectId: id }]);
    await writeAudit(tx, actor, {
      resourceType: "webhookEndpoint",
      resourceId: endpointId,
      action: "test",
      after: { type, deliveryId: id },
    });
    return true;
  });
