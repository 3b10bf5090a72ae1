/** Handles events of integrations in the outbox: enqueues a job for each of their owners that sends a mail. */
import type { IntegrationMailEvent } from "../../core/integrations/mail-text.ts";
import type { ConsumedType } from "../../core/outbox/consumers.ts";
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import type { Database } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { listOwners } from "../tenants/list-owners.ts";

type MailedType = Extract<ConsumedType<"mails">, `integration.${string}`>;

const mailEventOf = {
  "integration.disabled": "disabled",
  "integration.failing": "failing",
  "integration.recovered": "recovered",
  "integration.overdue": "overdue",
} as const satisfies Record<MailedType, IntegrationMailEvent>;

/** One job per mail, so that a mail that fails is tried again alone. Does nothing if the integration is gone. */
export const enqueueIntegrationMails = async (tx: Database, event: OutboxEvent<MailedType>): Promise<void> => {
  for (const userId of await listOwners(tx, "integrations", event.objectId))
    await enqueueJob(tx, {
      kind: "mail.send",
      projectId: event.projectId,
      payload: {
        integrationId: event.objectId,
        userId,
        event: mailEventOf[event.type],
        error: "error" in event.payload ? event.payload.error : null,
        deliveredThrough: event.payload.deliveredThrough,
      },
      dedupeKey: `mail.send:${event.id}:${userId}`,
    });
};
