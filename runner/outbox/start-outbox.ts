/** Passes outbox events to their consumers. Each consumer has a loop of its own, so a slow or failing one does not delay the others. */
import { type ConsumerName, outboxConsumers } from "../../core/outbox/consumers.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { DueWork } from "../../db/queue/list-due-work.ts";
import { type Consumed, type Consumer, consumeEvents } from "../../services/outbox/consume-events.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Log } from "../deps.ts";
import { asList, type Polling, type PollingConfig, startPolling } from "../queue/polling.ts";
import { createOutboxHandlers, type OutboxHandlerDeps } from "./handlers.ts";

type OutboxDeps = { db: Database; clock: Clock; log: Log; random: () => number; emit: Bus["emit"]; dueWork: () => Promise<DueWork> };

/** Returns a consumer of the registry with its handler. */
export const consumerOf = (name: ConsumerName, deps: OutboxHandlerDeps): Consumer =>
  asConsumer({ types: outboxConsumers[name].types, handle: createOutboxHandlers(deps)[name] });

/** Safe because consumeEvents passes a handler only events of its own types. */
const asConsumer = (consumer: unknown): Consumer => consumer as Consumer;

/**
 * Consumes one group of events at a time per consumer and runner. Handling is short, and several runners handle events of different objects
 * in parallel.
 */
export const startConsumer = (
  { db, clock, log, random, emit, dueWork }: OutboxDeps,
  name: string,
  consumer: Consumer,
  config: Omit<PollingConfig, "concurrency">,
): Polling =>
  startPolling(
    {
      clock,
      log,
      random,
      isDue: async () => (await dueWork()).consumers.has(name),
      claim: async () => asList(await consumeEvents({ db, random }, name, consumer)),
      start: (consumed) => {
        reportConsumed({ log, emit }, name, consumed);
        return { done: Promise.resolve(), abort: () => {} };
      },
    },
    { ...config, concurrency: 1 },
  );

const reportConsumed = ({ log, emit }: Pick<OutboxDeps, "log" | "emit">, consumer: string, { done, postponed }: Consumed): void => {
  for (const { type } of done) emit("outbox.consumed", { consumer, type });
  for (const { type, eventId, failures, error } of postponed) {
    const { code, message, detail } = error;
    log("warn", "outbox_event_postponed", { consumer, event_id: eventId, type, failures, error_code: code, error: message, detail });
    emit("outbox.postponed", { consumer, error });
  }
};
