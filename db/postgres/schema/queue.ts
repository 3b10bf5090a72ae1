/** Tables of the queue: job rows, and what a claim needs beside them. */

import { sql } from "drizzle-orm";
import { boolean, check, index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { jobStates } from "../../../core/jobs/state.ts";
import { claimable, final, states } from "../../queue/state-sql.ts";
import { at, createdAt, newId, updatedAt } from "./columns.ts";
import { projects } from "./tenants.ts";

/** A renamed state is renamed in core/jobs/state.ts, and in indexes, checks and rows by the migration that drizzle-kit then writes. */
export const jobs = pgTable(
  "jobs",
  {
    id: text().primaryKey().default(newId("job")),
    kind: text().notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    payload: jsonb().notNull(),
    /** Whether the running job counts toward its project's concurrency limit. */
    isLimited: boolean("has_slot").notNull().default(true),
    state: text({ enum: jobStates }).notNull(),
    priority: integer().notNull(),
    runAt: at("run_at").notNull().defaultNow(),
    attempt: integer().notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    /** How many runners were lost while they held the job together with others; no attempt of the job is spent. */
    losses: integer().notNull().default(0),
    leaseId: uuid("lease_id"),
    leaseUntil: at("lease_until"),
    claimedBy: text("claimed_by"),
    startedAt: at("started_at"),
    heartbeatAt: at("heartbeat_at"),
    /** The ordering key: jobs that share one run in one place only, and are claimed many at a time. */
    orderingKey: text("lane"),
    /** For kinds that are claimed `pooledByKey`: whose jobs take turns, and of which few run at once. */
    concurrencyKey: text("concurrency_key"),
    /** At most one unfinished job per value. */
    dedupeKey: text("dedupe_key"),
    cancelRequestedAt: at("cancel_requested_at"),
    checkpoint: jsonb(),
    /** The API request that caused the job, and the trace that its attempts continue (W3C traceparent). Null: no request did. */
    requestId: text("request_id"),
    traceparent: text(),
    lastError: jsonb("last_error").$type<{ code: string; message: string; detail?: string; attempt: number; at: string }>(),
    createdAt: createdAt(),
    finishedAt: at("finished_at"),
  },
  (t) => [
    index("jobs_claimable_idx").on(t.projectId, t.kind, t.priority, t.runAt, t.id).where(sql`state in ${claimable}`),
    index("jobs_slotless_idx").on(t.priority, t.runAt, t.id).where(sql`state in ${claimable} and not has_slot and lane is null`),
    index("jobs_slotless_project_idx")
      .on(t.kind, t.projectId, t.runAt, t.id)
      .where(sql`state in ${claimable} and not has_slot and lane is null`),
    index("jobs_lane_idx").on(t.projectId, t.losses, t.runAt, t.id).where(sql`state in ${claimable} and lane is not null`),
    // Nearly always empty. Finds the few projects with lost jobs among all that wait.
    index("jobs_lane_lost_idx")
      .on(t.losses, t.projectId, t.runAt, t.id)
      .where(sql`state in ${claimable} and lane is not null and losses > 0`),
    index("jobs_lane_running_idx").on(t.orderingKey).where(sql`state = ${states.running} and lane is not null`),
    index("jobs_concurrency_key_idx")
      .on(t.kind, t.concurrencyKey, t.runAt, t.id)
      .where(sql`state in ${claimable} and concurrency_key is not null`),
    index("jobs_lease_idx").on(t.leaseId).where(sql`state = ${states.running}`),
    index("jobs_running_idx").on(t.projectId).where(sql`state = ${states.running}`),
    index("jobs_finished_idx").on(t.finishedAt).where(sql`finished_at is not null`),
    uniqueIndex("jobs_dedupe_key").on(t.dedupeKey).where(sql`finished_at is null`),
    check("jobs_finished_check", sql`(state in ${final}) = (finished_at is not null)`),
    check("jobs_lease_check", sql`(state = ${states.running}) = (lease_id is not null and lease_until is not null)`),
  ],
);

/**
 * The newest claim of a kind that is claimed in batches: its instant, how often its jobs had been lost, and for each number of losses the
 * project after which the next claim begins. Claim instants are versions of rows: they never go back, whatever the clock does.
 */
export const claimClock = pgTable("claim_clock", {
  kind: text().primaryKey(),
  claimedAt: at("claimed_at").notNull(),
  losses: integer().notNull().default(0),
  afterProjects: jsonb("after_projects").$type<Record<string, string>>().notNull().default({}),
});

/**
 * Running jobs per project. Claimed with SKIP LOCKED, so the concurrency limit is exact. Maintenance repairs the counter from the job rows.
 */
export const concurrencyCounts = pgTable(
  "job_slots",
  {
    projectId: text("project_id")
      .primaryKey()
      .references(() => projects.id, { onDelete: "cascade" }),
    running: integer().notNull().default(0),
    /** The project served longest ago is served next. */
    lastClaimedAt: at("last_claimed_at"),
    updatedAt: updatedAt(),
  },
  (t) => [index("job_slots_turn_idx").on(t.lastClaimedAt.nullsFirst(), t.projectId)],
);
