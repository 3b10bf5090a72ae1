/** Hands the events of the outbox to their consumers. Each consumer has a loop of its own: one that fails or is slow holds up no other. */
import { type ConsumerName, outboxConsumers } from "../../core/outbox/consumers.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { DueWork } from "../../db/queue/list-due-work.ts";
import { type Consumed, type Consumer, consumeEvent } from "../../services/outbox/consume-event.ts";
import type { Bus } from "../bus.ts";
import type { Clock, Log } from "../deps.ts";
import { type Polling, type PollingConfig, startPolling } from "../queue/polling.ts";
import { outboxHandlers } from "./handlers.ts";

type OutboxDeps = { db: Database; clock: Clock; log: Log; random: () => number; emit: Bus["emit"]; dueWork: () => Promise<DueWork> };

/** The consumer of the registry with its handler. */
export const consumerOf = (name: ConsumerName): Consumer => widened({ types: outboxConsumers[name].types, handle: outboxHandlers[name] });

/** A handler is only given events of its own types: consumeEvent looks for the type among them first. */
const widened = (consumer: unknown): Consumer => consumer as Consumer;

/** One event at a time for each consumer and runner: what it does is short, and runners consume events of different objects side by side. */
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
      claim: () => consumeEvent({ db, random }, name, consumer),
      start: (consumed) => {
        tell({ log, emit }, consumed);
        return { done: Promise.resolve(), abort: () => {} };
      },
    },
    { ...config, concurrency: 1 },
  );

const tell = ({ log, emit }: Pick<OutboxDeps, "log" | "emit">, consumed: Consumed): void => {
  const { consumer, type, eventId, outcome } = consumed;
  if (outcome === "consumed") {
    emit("outbox.consumed", { consumer, type });
    return;
  }
  const { error, failures } = consumed;
  const { code, message, detail } = error;
  log("warn", "outbox_event_postponed", { consumer, event_id: eventId, type, failures, error_code: code, error: message, detail });
  emit("outbox.postponed", { consumer, error });
};
