/** Tables of scheduled integrations: the integration, its runs (one per window: the coverage ledger), and the rows its sink refused. */

import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { Frequency, IntegrationKind, SyncMode } from "../../../core/integrations/integration.ts";
import type { IntegrationFault, TableResult } from "../../../core/integrations/run-result.ts";
import { type RunCause, type RunState, runCauses, runStates, unfinishedRunStates } from "../../../core/integrations/run-state.ts";
import { at, bytes, createdAt, newId, updatedAt } from "./columns.ts";
import { projects, users } from "./tenants.ts";

const quoted = (states: readonly string[]) => sql.raw(`(${states.map((state) => `'${state}'`).join(",")})`);

export const integrations = pgTable(
  "integrations",
  {
    id: text().primaryKey().default(newId("integration")),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    kind: text().$type<IntegrationKind>().notNull(),
    name: text().notNull(),
    enabled: boolean().notNull(),
    /** Settings of the kind without secrets, as core/integrations/ checks them. */
    settings: jsonb().$type<Record<string, unknown>>().notNull(),
    /** Secrets as JSON, sealed with AES-256-GCM and bound to the id (core/integrations/sealed-secret.ts). */
    sealedSecret: text("sealed_secret"),
    tables: text().array().notNull(),
    frequency: text().$type<Frequency>().notNull(),
    /** For frequency `cron`: five fields. */
    cron: text(),
    timeZone: text("time_zone").notNull().default("UTC"),
    /** Windows are delivered this many seconds after they end. */
    jitterSeconds: integer("jitter_seconds").notNull().default(0),
    mode: text().$type<SyncMode>().notNull(),
    /** Where FROM_CUSTOM_DATE and FROM_TODAY begin. */
    startsAt: at("starts_at"),
    /** Nothing written at this instant or later is delivered. */
    endsAt: at("ends_at"),
    /** Everything written before is delivered. Null until the first window is known. */
    cursor: at("cursor"),
    /** When the next window is looked at; null when there is none. */
    nextRunAt: at("next_run_at"),
    /** Somebody asked for all that is complete at that moment; false again once its last window is cut. */
    isRunRequested: boolean("is_run_requested").notNull().default(false),
    /** Attempts that failed since the last window that was delivered. */
    failures: integer().notNull().default(0),
    lastError: jsonb("last_error").$type<IntegrationFault>(),
    /** The code of the fault that switched the integration off. */
    disabledCode: text("disabled_code"),
    /** When its owners were told that it keeps failing, until it has recovered. */
    alertedAt: at("alerted_at"),
    /** When its owners were told that it is overdue, until it has caught up. */
    overdueAt: at("overdue_at"),
    lastRunAt: at("last_run_at"),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("integrations_project_id_idx").on(t.projectId, t.kind, t.id),
    index("integrations_due_idx").on(t.nextRunAt).where(sql`enabled and next_run_at is not null`),
    check("integrations_cron_check", sql`(frequency = 'cron') = (cron is not null)`),
  ],
);

/** One row per window, whatever became of it: a window is delivered again by the same row. */
export const integrationRuns = pgTable(
  "integration_runs",
  {
    id: text().primaryKey().default(newId("integrationRun")),
    integrationId: text("integration_id")
      .notNull()
      .references(() => integrations.id, { onDelete: "cascade" }),
    projectId: text("project_id").notNull(),
    cause: text({ enum: runCauses }).$type<RunCause>().notNull(),
    state: text({ enum: runStates }).$type<RunState>().notNull(),
    /** Half-open, on write time. */
    windowStart: at("window_start").notNull(),
    windowEnd: at("window_end").notNull(),
    jobId: text("job_id"),
    /** Of the delivery that is under way or the last one. */
    attempts: integer().notNull().default(0),
    /** How often the window was delivered. */
    deliveries: integer().notNull().default(0),
    rows: bigint({ mode: "number" }).notNull().default(0),
    bytes: bytes("bytes").notNull().default(0),
    sent: bigint({ mode: "number" }).notNull().default(0),
    accepted: bigint({ mode: "number" }).notNull().default(0),
    rejected: bigint({ mode: "number" }).notNull().default(0),
    /** What each table came to, by its name. */
    tables: jsonb().$type<Record<string, TableResult>>().notNull().default({}),
    error: jsonb().$type<IntegrationFault>(),
    manifestKey: text("manifest_key"),
    /** Hex SHA-256 of what the manifest says of the data: equal when the same window gave the same files. */
    contentHash: text("content_hash"),
    createdAt: createdAt(),
    startedAt: at("started_at"),
    finishedAt: at("finished_at"),
    updatedAt: updatedAt(),
  },
  (t) => [
    uniqueIndex("integration_runs_window_key").on(t.integrationId, t.windowStart, t.windowEnd),
    index("integration_runs_pending_idx").on(t.integrationId, t.windowStart).where(sql`state = 'pending'`),
    uniqueIndex("integration_runs_unfinished_key")
      .on(t.integrationId)
      .where(sql`state in ${quoted(unfinishedRunStates)}`),
    check("integration_runs_window_check", sql`window_start < window_end`),
    check("integration_runs_state_check", sql`state in ${quoted(runStates)}`),
  ],
);

/** Rows a sink refused, each with its newest refusal. `redeliver` reads them again and sends what they are then. */
export const integrationRejections = pgTable(
  "integration_rejections",
  {
    id: bigint({ mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    integrationId: text("integration_id")
      .notNull()
      .references(() => integrations.id, { onDelete: "cascade" }),
    runId: text("run_id")
      .notNull()
      .references(() => integrationRuns.id, { onDelete: "cascade" }),
    tableName: text("table_name").notNull(),
    rowId: text("row_id").notNull(),
    /** The id the sink knows the row by. */
    eventId: text("event_id").notNull(),
    code: text().notNull(),
    message: text().notNull(),
    /** Set once a later delivery of the row was accepted. */
    acceptedAt: at("accepted_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    uniqueIndex("integration_rejections_row_key").on(t.runId, t.tableName, t.rowId),
    index("integration_rejections_open_idx").on(t.integrationId, t.id).where(sql`accepted_at is null`),
  ],
);
