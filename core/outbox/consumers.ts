/**
 * Consumers of the outbox: an entry lists a consumer's event types and where it runs. The compiler demands its handler in runner/outbox/.
 */
import type { JobKind } from "../jobs/kinds.ts";
import { webhookSources } from "../webhooks/event-types.ts";
import type { EventType } from "./event-types.ts";

export type ConsumerEntry = {
  types: readonly EventType[];
  /** The consumer runs in runners that work on jobs of this kind, so the kind's switch also controls it. Elsewhere its events wait. */
  runsWith: JobKind;
};

export const outboxConsumers = {
  /** Mails to the user of an export and to the owners of an integration or webhook endpoint: each event enqueues jobs that send one each. */
  mails: {
    types: [
      "export.completed",
      "export.failed",
      "export.expiring",
      "integration.disabled",
      "integration.failing",
      "integration.recovered",
      "integration.overdue",
      "webhook.endpoint_disabled",
    ],
    runsWith: "mail.send",
  },
  /** Webhooks: each event becomes a delivery for each endpoint that wants it. */
  webhooks: { types: webhookSources, runsWith: "webhook.deliver" },
} as const satisfies Record<string, ConsumerEntry>;

export type ConsumerName = keyof typeof outboxConsumers;
/** Event types of a consumer. */
export type ConsumedType<C extends ConsumerName> = (typeof outboxConsumers)[C]["types"][number];
