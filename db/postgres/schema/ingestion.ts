/** The event log of the event store. */

import { sql } from "drizzle-orm";
import { index, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, updatedAt } from "./columns.ts";
import { projects } from "./tenants.ts";

/** The object of every accepted group of events, for deletions and replays. */
export const eventLog = pgTable(
  "event_log",
  {
    /** Derived from bucket, path and trace, so that the same file again is the same row. */
    id: text().primaryKey(),
    bucketName: text("bucket_name").notNull(),
    bucketPath: text("bucket_path").notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** trace, observation, score or dataset_run_item; otel for a whole request, with one row per trace. */
    entityType: text("entity_type").notNull(),
    entityId: text("entity_id").notNull(),
    eventId: text("event_id").notNull(),
    traceId: text("trace_id"),
    /**
     * For a row of a request: the events that its spans make of the trace, as a JSON list, once they are processed. Empty if they are too
     * long for a row: then the request says them. Null before, and in all other rows.
     */
    traceEvents: text("trace_events"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    // An id may have 800 characters, more than an index row can hold: its prefix is indexed, then the whole is compared.
    index("event_log_project_id_entity_type_entity_id_idx").on(t.projectId, t.entityType, sql`left(entity_id, 200)`),
    index("event_log_project_id_trace_id_idx").on(t.projectId, sql`left(trace_id, 200)`).where(sql`trace_id is not null`),
    // A trace may have many thousand rows of observations, and few of requests.
    index("event_log_requests_of_trace_idx").on(t.projectId, sql`left(trace_id, 200)`).where(sql`trace_events is not null`),
    index("event_log_project_id_created_at_idx").on(t.projectId, t.createdAt),
  ],
);
