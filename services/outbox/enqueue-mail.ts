/** Outbox consumer `mails`: passes each event to what mails about its object. */
import type { ConsumedType } from "../../core/outbox/consumers.ts";
import type { OutboxEvent } from "../../core/outbox/event-types.ts";
import type { Database } from "../../db/postgres/client.ts";
import { enqueueExportMail } from "../exports/enqueue-export-mail.ts";
import { enqueueIntegrationMails } from "../integrations/enqueue-integration-mails.ts";
import { enqueueEndpointMails } from "../webhooks/enqueue-endpoint-mails.ts";

export const enqueueMail = (tx: Database, event: OutboxEvent<ConsumedType<"mails">>): Promise<void> => {
  switch (event.type) {
    case "export.completed":
    case "export.failed":
    case "export.expiring":
      return enqueueExportMail(tx, event);
    case "integration.disabled":
    case "integration.failing":
    case "integration.recovered":
    case "integration.overdue":
      return enqueueIntegrationMails(tx, event);
    case "webhook.endpoint_disabled":
      return enqueueEndpointMails(tx, event);
    default:
      return event satisfies never;
  }
};
