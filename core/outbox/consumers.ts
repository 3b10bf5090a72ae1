/** The consumers of the outbox: one entry gives the events a consumer is told of and where it runs; the compiler demands its handler in runner/outbox/. */
import type { JobKind } from "../jobs/kinds.ts";
import type { EventType } from "./event-types.ts";

export type ConsumerEntry = {
  types: readonly EventType[];
  /** It consumes in runners that work on jobs of this kind, so the switch of the kind is its own; elsewhere its events wait. */
  runsWith: JobKind;
};

export const outboxConsumers = {
  /** Mails to the user of an export: each event becomes a job that sends one. */
  mails: { types: ["export.completed", "export.failed", "export.expiring"], runsWith: "mail.send" },
} as const satisfies Record<string, ConsumerEntry>;

export type ConsumerName = keyof typeof outboxConsumers;
/** The types a consumer is told of. */
export type ConsumedType<C extends ConsumerName> = (typeof outboxConsumers)[C]["types"][number];
