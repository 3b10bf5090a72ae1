/** Writes an event into the outbox, in the transaction of its cause. */
import { sql } from "drizzle-orm";
import { type EventPayload, type EventType, eventTypes } from "../../core/outbox/event-types.ts";
import { storableJson } from "../../core/storable.ts";
import { type Database, execute } from "../postgres/client.ts";

type NewEvent = { [T in EventType]: { type: T; projectId: string; objectId: string; payload: EventPayload<T> } }[EventType];

/**
 * Inserts the event and one delivery per consumer of its type, in one statement. The caller holds the lock of the object's row or has just
 * inserted it, so the positions of one object follow the commit order of its transactions. Returns the id of the event.
 */
export const appendEvent = async (tx: Database, { type, projectId, objectId, payload }: NewEvent): Promise<string> => {
  const [event] = await execute<{ id: string }>(
    tx,
    sql`with event as (
      insert into outbox (type, project_id, object_id, payload)
      values (${type}, ${projectId}, ${objectId}, ${storableJson(eventTypes[type].parse(payload))}::jsonb) returning id, position, type, object_id
    ), delivery as (
      insert into outbox_deliveries (consumer, position, object_id)
      select c.name, event.position, event.object_id from event join outbox_consumers c on event.type = any(c.event_types)
    )
    select id from event`,
  );
  if (event === undefined) throw new Error("an insert without a condition inserts a row");
  return event.id;
};
