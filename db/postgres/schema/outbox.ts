/** Tables of the outbox: events, their consumers, and what each consumer has still to consume. */

import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { EventType } from "../../../core/outbox/event-types.ts";
import { at, createdAt, newId, updatedAt } from "./columns.ts";
import { projects } from "./tenants.ts";

/**
 * Events, written in the transaction that caused them. `position` orders the events of one object, whose row is locked before a position is
 * drawn. Between objects it is not the commit order, and no code relies on it.
 */
export const outbox = pgTable(
  "outbox",
  {
    id: text().primaryKey().default(newId("outboxEvent")),
    position: bigint({ mode: "number" }).generatedAlwaysAsIdentity().notNull().unique(),
    /** Of core/outbox/event-types.ts. */
    type: text().$type<EventType>().notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    objectId: text("object_id").notNull(),
    payload: jsonb().notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    index("outbox_project_id_position_idx").on(t.projectId, t.position),
    index("outbox_created_at_idx").on(t.createdAt),
    check("outbox_type_check", sql`type ~ '^[a-z_]+([.][a-z_]+)+$'`),
  ],
);

/**
 * Registered consumers and their event types. Written with the migrations from core/outbox/consumers.ts, so that writers of every version
 * know them.
 */
export const outboxConsumers = pgTable("outbox_consumers", {
  name: text().primaryKey(),
  eventTypes: text("event_types").array().notNull(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** Events that a consumer has still to consume: inserted with the event, deleted in the transaction that consumes it. */
export const outboxDeliveries = pgTable(
  "outbox_deliveries",
  {
    consumer: text()
      .notNull()
      .references(() => outboxConsumers.name, { onDelete: "cascade" }),
    position: bigint({ mode: "number" })
      .notNull()
      .references(() => outbox.position, { onDelete: "cascade" }),
    objectId: text("object_id").notNull(),
    /** Failed attempts. */
    failures: integer().notNull().default(0),
    runAt: at("run_at").notNull().defaultNow(),
    lastError: jsonb("last_error").$type<{ code: string; message: string; at: string }>(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.consumer, t.position] }),
    index("outbox_deliveries_object_idx").on(t.consumer, t.objectId, t.position),
    index("outbox_deliveries_due_idx").on(t.consumer, t.runAt, t.position),
    index("outbox_deliveries_position_idx").on(t.position),
    check("outbox_deliveries_failures_check", sql`(failures > 0) = (last_error is not null)`),
  ],
);
