/** Consumes the next outbox events of one consumer. */
import { AppError } from "../../core/errors.ts";
import { retryDelaySeconds } from "../../core/jobs/next-attempt.ts";
import { type EventType, eventTypes, type OutboxEvent } from "../../core/outbox/event-types.ts";
import { type Delivery, postponeDelivery, removeDeliveries, takeDeliveries } from "../../db/outbox/take-deliveries.ts";
import type { Database } from "../../db/postgres/client.ts";
import { failureOf } from "../../db/postgres/failure.ts";
import { transaction } from "../../db/postgres/transaction.ts";

/**
 * Handles events of different objects by writing rows in the transaction that consumes them, so they take effect once. It must not contact
 * anything outside: it enqueues jobs for that, with attempts of their own. If it throws for several events, it gets each of them again
 * alone; one for which it throws alone is postponed.
 */
export type EventHandler<T extends EventType = EventType> = (tx: Database, events: readonly OutboxEvent<T>[]) => Promise<void>;

export type Consumer<T extends EventType = EventType> = { types: readonly T[]; handle: EventHandler<T> };

export type ConsumedEvent = { type: string; eventId: string };
export type Consumed = { done: ConsumedEvent[]; postponed: (ConsumedEvent & { failures: number; error: AppError })[] };

type ConsumeDeps = { db: Database; random: () => number };

/** Events of one transaction. A completed export's event carries its manifest, so they bound the memory of a statement, too. */
const eventsMax = 50;

/** Makes a handler of one that takes a single event. */
export const oneByOne =
  <T extends EventType>(handle: (tx: Database, event: OutboxEvent<T>) => Promise<void>): EventHandler<T> =>
  async (tx, events) => {
    for (const event of events) await handle(tx, event);
  };

/**
 * Takes up to 50 due events, each the first of its object, passes them to the handler and marks them consumed, in one transaction: if the
 * runner dies in between, nothing has happened.
 * An event whose handler fails is postponed with growing delays, never dropped, and delays later events of its object only. Returns
 * undefined if nothing is due. Throws if Postgres fails before an event is taken.
 */
export const consumeEvents = async <T extends EventType>(
  deps: ConsumeDeps,
  name: string,
  consumer: Consumer<T>,
): Promise<Consumed | undefined> => {
  const attempt = await consumeTogether(deps, name, consumer, eventsMax);
  if (attempt.taken.length === 0) return undefined;
  if (attempt.error === undefined) return { done: attempt.taken.map(nameOf), postponed: [] };
  const consumed: Consumed = { done: [], postponed: [] };
  if (attempt.taken.length === 1) await postpone(deps, name, attempt, consumed);
  // One of them cannot be handled: alone, it holds up none of the others.
  else
    for (let left = attempt.taken.length; left > 0; left--) {
      const alone = await consumeTogether(deps, name, consumer, 1);
      if (alone.taken.length === 0) break;
      if (alone.error === undefined) consumed.done.push(...alone.taken.map(nameOf));
      else await postpone(deps, name, alone, consumed);
    }
  return consumed;
};

type Attempt = { taken: Delivery[]; error: AppError | undefined };

const consumeTogether = async <T extends EventType>(
  { db }: ConsumeDeps,
  name: string,
  consumer: Consumer<T>,
  limit: number,
): Promise<Attempt> => {
  const attempt: Attempt = { taken: [], error: undefined };
  try {
    await transaction(db, async (tx) => {
      attempt.taken = await takeDeliveries(tx, name, limit);
      if (attempt.taken.length === 0) return;
      await consumer.handle(
        tx,
        attempt.taken.map(({ event }) => parseEvent(consumer.types, event)),
      );
      await removeDeliveries(
        tx,
        name,
        attempt.taken.map(({ position }) => position),
      );
    });
  } catch (thrown) {
    if (attempt.taken.length === 0) throw thrown;
    attempt.error = failureOf(thrown);
  }
  return attempt;
};

/** Puts off the only event of a failed attempt. */
const postpone = async ({ db, random }: ConsumeDeps, name: string, { taken, error }: Attempt, consumed: Consumed): Promise<void> => {
  const [delivery] = taken;
  if (delivery === undefined || error === undefined) return;
  const failures = delivery.failures + 1;
  await postponeDelivery(db, name, {
    position: delivery.position,
    delaySeconds: retryDelaySeconds(failures, random()),
    error: { code: error.code, message: error.message },
  });
  consumed.postponed.push({ ...nameOf(delivery), failures, error });
};

const nameOf = ({ event }: Delivery): ConsumedEvent => ({ type: event.type, eventId: event.id });

/** Parses the event for its consumer. Throws for a type that this version does not know; the event waits for a version that does. */
const parseEvent = <T extends EventType>(types: readonly T[], { type, payload, ...event }: Delivery["event"]): OutboxEvent<T> => {
  const known = types.find((one) => one === type);
  if (known === undefined) throw new AppError({ code: "INTERNAL", detail: `this version of the consumer does not know ${type}` });
  return typedEvent({ ...event, type: known, payload: eventTypes[known].parse(payload) });
};

/** Safe because the schema of the type has just parsed the payload. The compiler cannot follow the two through a generic. */
const typedEvent = <T extends EventType>(event: Omit<Delivery["event"], "type"> & { type: T }): OutboxEvent<T> =>
  event as unknown as OutboxEvent<T>;
