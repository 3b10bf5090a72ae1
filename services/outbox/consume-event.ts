/** Consumes the next outbox event of one consumer. */
import { AppError } from "../../core/errors.ts";
import { retryDelaySeconds } from "../../core/jobs/next-attempt.ts";
import { type EventType, eventTypes, type OutboxEvent } from "../../core/outbox/event-types.ts";
import { type Delivery, postponeDelivery, removeDelivery, takeDelivery } from "../../db/outbox/take-delivery.ts";
import type { Database } from "../../db/postgres/client.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import { transaction } from "../../db/postgres/transaction.ts";

/**
 * Handles an event by writing rows in the transaction that consumes it, so it takes effect once. It must not contact anything outside: it
 * enqueues a job for that, with attempts of its own. If it throws, the event is postponed.
 */
export type EventHandler<T extends EventType = EventType> = (tx: Database, event: OutboxEvent<T>) => Promise<void>;

export type Consumer<T extends EventType = EventType> = { types: readonly T[]; handle: EventHandler<T> };

export type Consumed = { consumer: string; type: string; eventId: string } & (
  | { outcome: "consumed" }
  | { outcome: "postponed"; failures: number; error: AppError }
);

/**
 * Takes the next due event, passes it to its handler and marks it consumed, in one transaction: if the runner dies in between, nothing has
 * happened.
 * An event whose handler fails is postponed with growing delays, never dropped, and delays later events of its object only. Returns
 * undefined if nothing is due. Throws if Postgres fails before an event is taken.
 */
export const consumeEvent = async <T extends EventType>(
  { db, random }: { db: Database; random: () => number },
  name: string,
  consumer: Consumer<T>,
): Promise<Consumed | undefined> => {
  let taken: Delivery | undefined;
  try {
    await transaction(db, async (tx) => {
      taken = await takeDelivery(tx, name);
      if (taken === undefined) return;
      await consumer.handle(tx, parseEvent(consumer.types, taken.event));
      await removeDelivery(tx, name, taken.position);
    });
  } catch (thrown) {
    const failed = deliveryOf(taken);
    if (failed === undefined) throw thrown;
    const error = failureOf(thrown);
    const failures = failed.failures + 1;
    await postponeDelivery(db, name, {
      position: failed.position,
      delaySeconds: retryDelaySeconds(failures, random()),
      error: { code: error.code, message: error.message },
    });
    return { outcome: "postponed", consumer: name, type: failed.event.type, eventId: failed.event.id, failures, error };
  }
  const consumed = deliveryOf(taken);
  return consumed === undefined
    ? undefined
    : { outcome: "consumed", consumer: name, type: consumed.event.type, eventId: consumed.event.id };
};

/** The value was assigned in a closure, which the compiler does not see. */
const deliveryOf = (taken: Delivery | undefined): Delivery | undefined => taken;

/** Parses the event for its consumer. Throws for a type that this version does not know; the event waits for a version that does. */
const parseEvent = <T extends EventType>(types: readonly T[], { type, payload, ...event }: Delivery["event"]): OutboxEvent<T> => {
  const known = types.find((one) => one === type);
  if (known === undefined) throw new AppError({ code: "INTERNAL", detail: `this version of the consumer does not know ${type}` });
  return typedEvent({ ...event, type: known, payload: eventTypes[known].parse(payload) });
};

/** Safe because the schema of the type has just parsed the payload. The compiler cannot follow the two through a generic. */
const typedEvent = <T extends EventType>(event: Omit<Delivery["event"], "type"> & { type: T }): OutboxEvent<T> =>
  event as unknown as OutboxEvent<T>;
