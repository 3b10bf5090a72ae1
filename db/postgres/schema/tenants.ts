/** Tables of tenants: organizations, projects, people, API keys. */

import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { planNames, type QuotaOverrides } from "../../../core/limits/plans.ts";
import { at, createdAt, updatedAt } from "./columns.ts";

export const organizations = pgTable("organizations", {
  id: text().primaryKey(),
  name: text().notNull(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

export const projects = pgTable(
  "projects",
  {
    id: text().primaryKey(),
    organizationId: text("org_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    name: text().notNull(),
    /** Export jobs of this project that may run at once; null uses the runner's default. */
    runningJobsMax: integer("running_jobs_max"),
    /** Older data is deleted; null keeps everything. */
    retentionDays: integer("retention_days"),
    /** Since when some of its events are stored without rows in event_log; null: the log names every object. */
    unloggedSince: at("unlogged_since"),
    /** Its quotas (core/limits/plans.ts); null uses the API's default plan. */
    plan: text({ enum: planNames }),
    /** Quotas that differ from the plan's. */
    quotaOverrides: jsonb("quota_overrides").$type<QuotaOverrides>(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index("projects_org_id_idx").on(t.organizationId)],
);

export const users = pgTable(
  "users",
  {
    id: text().primaryKey(),
    email: text().notNull().unique(),
    name: text(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  // People type their address in any case.
  (t) => [index("users_email_lower_idx").on(sql`lower(${t.email})`)],
);

export const memberships = pgTable(
  "memberships",
  {
    id: text().primaryKey(),
    organizationId: text("org_id")
      .notNull()
      .references(() => organizations.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text({ enum: ["OWNER", "ADMIN", "MEMBER", "VIEWER"] }).notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [uniqueIndex("memberships_org_id_user_id_key").on(t.organizationId, t.userId), index("memberships_user_id_idx").on(t.userId)],
);

export const apiKeys = pgTable(
  "api_keys",
  {
    id: text().primaryKey(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** The owner: the key's scopes never exceed those of the owner's current role. */
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    note: text(),
    publicKey: text("public_key").notNull().unique(),
    /** hex SHA-256 of secret + hex SHA-256 of SALT, like Langfuse's fast hash; the secret itself is never stored. */
    fastHashedSecretKey: text("fast_hashed_secret_key").notNull().unique(),
    /** Hash of the secret before the last rotation, which is valid until `previousExpiresAt`. */
    previousHashedSecretKey: text("previous_hashed_secret_key").unique(),
    previousExpiresAt: at("previous_expires_at"),
    rotatedAt: at("rotated_at"),
    displaySecretKey: text("display_secret_key").notNull(),
    scopes: text().array().notNull(),
    expiresAt: at("expires_at"),
    lastUsedAt: at("last_used_at"),
    createdAt: createdAt(),
  },
  (t) => [index("api_keys_project_id_idx").on(t.projectId)],
);
