/** What each consumer of the outbox does with an event: one handler for each entry of core/outbox/consumers.ts; the compiler demands every one of them. */
import type { ConsumedType, ConsumerName } from "../../core/outbox/consumers.ts";
import { enqueueExportMail } from "../../services/exports/enqueue-export-mail.ts";
import type { EventHandler } from "../../services/outbox/consume-event.ts";

export const outboxHandlers: { [Name in ConsumerName]: EventHandler<ConsumedType<Name>> } = {
  mails: enqueueExportMail,
};
