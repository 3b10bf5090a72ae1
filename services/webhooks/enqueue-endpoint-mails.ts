/** Handles the event of a webhook endpoint that was switched off: enqueues a job for each mail. */
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import type { Database } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { listOwners } from "../tenants/list-owners.ts";

/** Does nothing if the endpoint is gone. */
export const enqueueEndpointMails = async (tx: Database, event: OutboxEvent<"webhook.endpoint_disabled">): Promise<void> => {
  for (const userId of await listOwners(tx, "webhook_endpoints", event.objectId))
    await enqueueJob(tx, {
      kind: "mail.send",
      projectId: event.projectId,
      payload: { webhookEndpointId: event.objectId, userId, error: event.payload.error },
      dedupeKey: `mail.send:${event.id}:${userId}`,
    });
};
