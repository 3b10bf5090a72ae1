/** The handler of each outbox consumer: one per entry of core/outbox/consumers.ts. The compiler demands every one of them. */
import type { ConsumedType, ConsumerName } from "../../core/outbox/consumers.ts";
import type { EventHandler } from "../../services/outbox/consume-event.ts";
import { enqueueMail } from "../../services/outbox/enqueue-mail.ts";

export const outboxHandlers: { [Name in ConsumerName]: EventHandler<ConsumedType<Name>> } = {
  mails: enqueueMail,
};
