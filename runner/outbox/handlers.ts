/** The handler of each outbox consumer: one per entry of core/outbox/consumers.ts. The compiler demands every one of them. */
import type { ConsumedType, ConsumerName } from "../../core/outbox/consumers.ts";
import { type EventHandler, oneByOne } from "../../services/outbox/consume-events.ts";
import { enqueueMail } from "../../services/outbox/enqueue-mail.ts";
import { writeDeliveries } from "../../services/webhooks/write-deliveries.ts";

/** `publicUrl`: base URL of the API, without a trailing slash; null if unknown. */
export type OutboxHandlerDeps = { publicUrl: string | null };

export const createOutboxHandlers = (deps: OutboxHandlerDeps): { [Name in ConsumerName]: EventHandler<ConsumedType<Name>> } => ({
  mails: oneByOne(enqueueMail),
  webhooks: (tx, events) => writeDeliveries(tx, deps, events),
});
