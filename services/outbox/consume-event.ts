/** Consumes the next event of one consumer. */
import { AppError } from "../../core/errors.ts";
import { retryDelaySeconds } from "../../core/jobs/next-attempt.ts";
import { type EventType, eventTypes, type OutboxEvent } from "../../core/outbox/event-types.ts";
import { type Delivery, postponeDelivery, removeDelivery, takeDelivery } from "../../db/outbox/take-delivery.ts";
import type { Database } from "../../db/postgres/client.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import { transaction } from "../../db/postgres/transaction.ts";

/**
 * What a consumer does with an event: writes rows, in the transaction that consumes it, and so takes effect once. It speaks to nobody outside: a job that it enqueues
 * does, with its own attempts. Throwing puts the event off.
 */
export type EventHandler<T extends EventType = EventType> = (tx: Database, event: OutboxEvent<T>) => Promise<void>;

export type Consumer<T extends EventType = EventType> = { types: readonly T[]; handle: EventHandler<T> };

export type Consumed = { consumer: string; type: string; eventId: string } & (
  | { outcome: "consumed" }
  | { outcome: "postponed"; failures: number; error: AppError }
);

/**
 * Takes the event that is due, hands it over, and strikes it off, in one transaction: a runner that goes away in between has done nothing. An event whose handling fails is put off
 * with a growing delay, never given up, and holds up later events of its object only. Undefined when nothing is due. Throws when Postgres fails before an event is taken.
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

/** What a closure has assigned: the compiler still believes it undefined. */
const deliveryOf = (taken: Delivery | undefined): Delivery | undefined => taken;

/** The event as its consumer knows it. Throws for a type that only a later version of the consumer wants: it waits for that version. */
const parseEvent = <T extends EventType>(types: readonly T[], { type, payload, ...event }: Delivery["event"]): OutboxEvent<T> => {
  const known = types.find((one) => one === type);
  if (known === undefined) throw new AppError({ code: "INTERNAL", detail: `this version of the consumer does not know ${type}` });
  return typedEvent({ ...event, type: known, payload: eventTypes[known].parse(payload) });
};

/** The schema of a type has just parsed its payload; the compiler does not follow the two through a generic. */
const typedEvent = <T extends EventType>(event: Omit<Delivery["event"], "type"> & { type: T }): OutboxEvent<T> =>
  event as unknown as OutboxEvent<T>;
