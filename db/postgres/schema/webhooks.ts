/** Tables of webhooks: endpoints, what is sent to them (one delivery per event and endpoint), and each attempt. */

import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { type DeliveryState, deliveryStates, type EndpointFault } from "../../../core/webhooks/endpoint.ts";
import type { WebhookEventType } from "../../../core/webhooks/event-types.ts";
import type { SigningScheme } from "../../../core/webhooks/signing-key.ts";
import { at, createdAt, newId, updatedAt } from "./columns.ts";
import { projects, users } from "./tenants.ts";

/**
 * Whoever changes which deliveries of an endpoint wait holds the lock of its row (FOR NO KEY UPDATE): the consumer of the outbox, whoever
 * settles attempts, and whoever redelivers or switches it off.
 */
export const webhookEndpoints = pgTable(
  "webhook_endpoints",
  {
    id: text().primaryKey().default(newId("webhookEndpoint")),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    description: text(),
    url: text().notNull(),
    /** Null: all. */
    eventTypes: text("event_types").array().$type<WebhookEventType[]>(),
    enabled: boolean().notNull(),
    signing: text().$type<SigningScheme>().notNull(),
    /** Sealed with AES-256-GCM and bound to the id (core/integrations/sealed-secret.ts). */
    sealedSecret: text("sealed_secret").notNull(),
    /** For ed25519. */
    publicKey: text("public_key"),
    /** Also signs until `previous_secret_until`. */
    sealedPreviousSecret: text("sealed_previous_secret"),
    previousPublicKey: text("previous_public_key"),
    previousSecretUntil: at("previous_secret_until"),
    /** Attempts that failed since the last success. */
    failures: integer().notNull().default(0),
    /** The first of them. */
    failingSince: at("failing_since"),
    lastFailureAt: at("last_failure_at"),
    lastError: jsonb("last_error").$type<EndpointFault>(),
    /** The code of the fault that switched the endpoint off. */
    disabledCode: text("disabled_code"),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("webhook_endpoints_project_id_idx").on(t.projectId, t.createdAt, t.id),
    check("webhook_endpoints_previous_check", sql`(sealed_previous_secret is null) = (previous_secret_until is null)`),
    check("webhook_endpoints_failing_check", sql`(failures > 0) = (failing_since is not null)`),
  ],
);

/**
 * What an endpoint is to receive. Of the waiting deliveries of one object, only the first by `position` has a job, so they are sent in order.
 * The endpoint may be gone: its deliveries are then pruned.
 */
export const webhookDeliveries = pgTable(
  "webhook_deliveries",
  {
    id: text().primaryKey().default(newId("webhookDelivery")),
    position: bigint({ mode: "number" }).generatedAlwaysAsIdentity().notNull(),
    endpointId: text("endpoint_id").notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** The header `webhook-id`: of the outbox event, or a fresh one for a test. */
    eventId: text("event_id").notNull(),
    eventType: text("event_type").$type<WebhookEventType>().notNull(),
    /** What the event is about; the delivery's own id for a test. */
    objectId: text("object_id").notNull(),
    isTest: boolean("is_test").notNull().default(false),
    /** The exact text that is signed and sent. */
    body: text().notNull(),
    state: text({ enum: deliveryStates }).$type<DeliveryState>().notNull(),
    attempts: integer().notNull().default(0),
    responseStatus: integer("response_status"),
    lastError: jsonb("last_error").$type<{ code: string; message: string }>(),
    createdAt: createdAt(),
    finishedAt: at("finished_at"),
  },
  (t) => [
    uniqueIndex("webhook_deliveries_event_key").on(t.endpointId, t.eventId),
    index("webhook_deliveries_list_idx").on(t.endpointId, t.createdAt, t.id),
    index("webhook_deliveries_waiting_idx").on(t.endpointId, t.objectId, t.position).where(sql`state = 'waiting'`),
    index("webhook_deliveries_oldest_idx").on(t.createdAt).where(sql`state = 'waiting'`),
    index("webhook_deliveries_finished_idx").on(t.finishedAt).where(sql`finished_at is not null`),
    check("webhook_deliveries_state_check", sql`(state = 'waiting') = (finished_at is null)`),
  ],
);

/** The log: one row per request. Signatures are not kept. */
export const webhookAttempts = pgTable(
  "webhook_attempts",
  {
    id: bigint({ mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    deliveryId: text("delivery_id")
      .notNull()
      .references(() => webhookDeliveries.id, { onDelete: "cascade" }),
    startedAt: at("started_at").notNull(),
    durationMs: integer("duration_ms").notNull(),
    url: text().notNull(),
    requestHeaders: jsonb("request_headers").$type<Record<string, string>>().notNull(),
    responseStatus: integer("response_status"),
    responseHeaders: jsonb("response_headers").$type<Record<string, string>>(),
    /** The first 20 kB. */
    responseBody: text("response_body"),
    error: jsonb().$type<{ code: string; message: string }>(),
  },
  (t) => [index("webhook_attempts_delivery_id_idx").on(t.deliveryId, t.id)],
);
