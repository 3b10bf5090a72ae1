/** Tables of limits: what projects have used of their quotas, and answers kept for repeated requests. */
import { boolean, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { at, bytes, createdAt } from "./columns.ts";
import { projects } from "./tenants.ts";

/** One row for each hour in which exports were created or completed. A day is the sum of its hours. */
export const exportUsage = pgTable(
  "export_usage",
  {
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** Start of the hour, UTC. */
    hour: at("hour").notNull(),
    /** Created, re-run and retried. */
    exports: integer().notNull().default(0),
    /** Of the exports that were completed in this hour. */
    rows: bytes("rows").notNull().default(0),
    bytes: bytes("bytes").notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.hour] }), index("export_usage_hour_idx").on(t.hour)],
);

/**
 * Answers of creating calls, kept 24 hours. A row is written in the transaction of the creation, so that while the call is under way it is
 * locked and invisible.
 */
export const idempotentRequests = pgTable(
  "idempotent_requests",
  {
    /** Id of the API key that sent it, or `admin`. */
    caller: text().notNull(),
    key: text().notNull(),
    /** hex SHA-256 of method, path, query and canonical body. */
    requestHash: text("request_hash").notNull(),
    /** Null until the answer is known, which no other transaction sees. */
    status: integer(),
    location: text(),
    /** The answer, sealed with ENCRYPTION_KEY if it shows a secret. */
    body: text(),
    isSealed: boolean("is_sealed").notNull().default(false),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.caller, t.key] }), index("idempotent_requests_created_at_idx").on(t.createdAt)],
);
