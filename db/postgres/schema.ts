/**
 * 2 THE RECORD: the Postgres tables. Job rows are the queue; batch_exports is what a person sees. Names follow Langfuse where it has one.
 */

import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import type { ExportManifest, ExportProgress, ManifestFile } from "../../core/exports/manifest.ts";
import type { CreateBatchExport, ExportOptions } from "../../core/exports/request.ts";
import { type IdKind, idPrefixes } from "../../core/ids.ts";
import { jobStates } from "../../core/jobs/state.ts";
import type { Model, UsageUnit } from "../../core/models/model.ts";
import type { EventType } from "../../core/outbox/event-types.ts";
import { commentObjects } from "../../core/query/tables/table.ts";
import { claimable, final } from "../queue/state-sql.ts";

const at = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
const createdAt = () => at("created_at").notNull().defaultNow();
const updatedAt = () => at("updated_at").notNull().defaultNow();
const bytes = (name: string) => bigint(name, { mode: "number" });
/** The database makes the id where its row is written in passing; `new_id` is a function of the migrations that does what createId does. */
const newId = (kind: IdKind) => sql.raw(`new_id('${idPrefixes[kind]}')`);

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
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index("projects_org_id_idx").on(t.organizationId)],
);

export const users = pgTable("users", {
  id: text().primaryKey(),
  email: text().notNull().unique(),
  name: text(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

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
    displaySecretKey: text("display_secret_key").notNull(),
    scopes: text().array().notNull(),
    expiresAt: at("expires_at"),
    lastUsedAt: at("last_used_at"),
    createdAt: createdAt(),
  },
  (t) => [index("api_keys_project_id_idx").on(t.projectId)],
);

export const batchExports = pgTable(
  "batch_exports",
  {
    id: text().primaryKey(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    userId: text("user_id").references(() => users.id, { onDelete: "set null" }),
    apiKeyId: text("api_key_id"),
    jobId: text("job_id").notNull(),
    startedAt: at("started_at"),
    finishedAt: at("finished_at"),
    expiresAt: at("expires_at"),
    expiresAfterHours: integer("expires_after_hours").notNull(),
    name: text().notNull(),
    status: text({ enum: ["QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"] }).notNull(),
    /** json, not jsonb: a filter may contain any text, even NUL, which jsonb refuses. */
    query: json().$type<CreateBatchExport["query"]>().notNull(),
    format: text({ enum: ["CSV", "JSON", "JSONL", "PARQUET"] }).notNull(),
    compression: text({ enum: ["none", "gzip", "zstd"] }).notNull(),
    /** Options of the format, such as csv.neutralizeFormulas, and of the files. */
    options: jsonb().$type<ExportOptions>().notNull(),
    /** When its owner was told that it would expire soon, and when its objects were deleted. */
    expiryNotifiedAt: at("expiry_notified_at"),
    filesDeletedAt: at("files_deleted_at"),
    /** The moment of creation. Rows with a time at or after it are not exported. */
    cutoff: at("cutoff").notNull(),
    metadata: jsonb().$type<Record<string, string>>(),
    warnings: jsonb().$type<string[]>().notNull().default([]),
    /** Written by the running runner, read by GET. */
    progress: jsonb().$type<ExportProgress>(),
    /** Set together with COMPLETED, in one transaction with the job. */
    manifest: jsonb().$type<ExportManifest>(),
    rows: bytes("rows"),
    bytes: bytes("bytes"),
    truncated: boolean(),
    errorCode: text("error_code"),
    /** The message for the user who requested it. */
    log: text(),
  },
  (t) => [
    index("batch_exports_project_id_created_at_idx").on(t.projectId, t.createdAt, t.id),
    index("batch_exports_status_expires_at_idx").on(t.status, t.expiresAt),
    check("batch_exports_finished_check", sql`(status in ('COMPLETED','FAILED','CANCELLED')) = (finished_at is not null)`),
    check("batch_exports_manifest_check", sql`(status <> 'COMPLETED') or (manifest is not null)`),
  ],
);

/**
 * Objects and multipart uploads that an attempt has started. Recorded before the first byte is sent, so that a crash leaves nothing
 * unknown.
 */
export const exportObjects = pgTable(
  "export_objects",
  {
    id: uuid().primaryKey().defaultRandom(),
    batchExportId: text("batch_export_id").notNull(),
    projectId: text("project_id").notNull(),
    jobId: text("job_id").notNull(),
    leaseId: uuid("lease_id").notNull(),
    /** Position among the files of the export, from 0. */
    fileIndex: integer("file_index").notNull().default(0),
    /** Its entry in the manifest, once it is complete and verified. */
    file: jsonb().$type<ManifestFile>(),
    bucket: text().notNull(),
    key: text().notNull(),
    /** Null for an object sent in one PUT, and until the store has answered. */
    uploadId: text("upload_id"),
    /**
     * open: may exist in the store; kept: the file of a completed export; removing: claimed by the sweep, no attempt resumes it; removed:
     * aborted or deleted.
     */
    state: text({ enum: ["open", "kept", "removing", "removed"] })
      .notNull()
      .default("open"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("export_objects_open_idx").on(t.updatedAt).where(sql`state in ('open', 'removing')`),
    index("export_objects_export_idx").on(t.batchExportId),
  ],
);

/**
 * Uploaded parts, with everything a later attempt needs to resume after them. `slice` is the slice in which the part ends;
 * `slice_start_byte` and `slice_start_crc32` are length and CRC-32 of the file before that slice, `crc32` that of the file up to the end of
 * the part.
 */
export const exportParts = pgTable(
  "export_parts",
  {
    objectId: uuid("object_id")
      .notNull()
      .references(() => exportObjects.id, { onDelete: "cascade" }),
    number: integer().notNull(),
    etag: text().notNull(),
    checksum: text().notNull(),
    endByte: bytes("end_byte").notNull(),
    crc32: bigint({ mode: "number" }).notNull(),
    slice: integer().notNull(),
    sliceStartByte: bytes("slice_start_byte").notNull(),
    sliceStartCrc32: bigint("slice_start_crc32", { mode: "number" }).notNull(),
    sliceStartRows: bytes("slice_start_rows").notNull(),
  },
  (t) => [primaryKey({ columns: [t.objectId, t.number] })],
);

export const comments = pgTable(
  "comments",
  {
    id: text().primaryKey(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    objectType: text("object_type", { enum: [...commentObjects] }).notNull(),
    objectId: text("object_id").notNull(),
    content: text().notNull(),
    authorUserId: text("author_user_id").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("comments_object_idx").on(t.projectId, t.objectType, t.objectId),
    index("comments_created_at_idx").on(t.projectId, t.createdAt, t.id),
  ],
);

export const datasets = pgTable(
  "datasets",
  {
    id: text().primaryKey(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    name: text().notNull(),
    description: text(),
    metadata: json(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [uniqueIndex("datasets_project_id_name_key").on(t.projectId, t.name)],
);

export const datasetItems = pgTable(
  "dataset_items",
  {
    id: text().notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    datasetId: text("dataset_id")
      .notNull()
      .references(() => datasets.id, { onDelete: "cascade" }),
    status: text({ enum: ["ACTIVE", "ARCHIVED"] })
      .notNull()
      .default("ACTIVE"),
    input: json(),
    expectedOutput: json("expected_output"),
    metadata: json(),
    sourceTraceId: text("source_trace_id"),
    sourceObservationId: text("source_observation_id"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] }), index("dataset_items_created_at_idx").on(t.projectId, t.createdAt, t.id)],
);

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
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    // An id may have 800 characters, more than an index row can hold: its prefix is indexed, then the whole is compared.
    index("event_log_project_id_entity_type_entity_id_idx").on(t.projectId, t.entityType, sql`left(entity_id, 200)`),
    index("event_log_project_id_trace_id_idx").on(t.projectId, sql`left(trace_id, 200)`).where(sql`trace_id is not null`),
    index("event_log_project_id_created_at_idx").on(t.projectId, t.createdAt),
  ],
);

/** Models by name, with the price per unit of each kind of usage. */
export const models = pgTable(
  "models",
  {
    id: text().primaryKey(),
    /** Null: for every project. */
    projectId: text("project_id").references(() => projects.id, { onDelete: "cascade" }),
    modelName: text("model_name").notNull(),
    matchPattern: text("match_pattern").notNull(),
    startDate: at("start_date"),
    unit: text().$type<UsageUnit>(),
    tokenizer: text(),
    pricingTiers: jsonb("pricing_tiers").$type<Model["pricingTiers"]>().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index("models_project_id_idx").on(t.projectId)],
);

/** Sessions named by traces, with what users set on them. */
export const traceSessions = pgTable(
  "trace_sessions",
  {
    id: text().notNull(),
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    environment: text().notNull().default("default"),
    bookmarked: boolean().notNull().default(false),
    public: boolean().notNull().default(false),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [
    index("trace_sessions_project_id_id_idx").on(t.projectId, sql`left(id, 200)`),
    uniqueIndex("trace_sessions_key").on(t.projectId, sql`md5(id)`),
  ],
);

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
    /** At most one unfinished job per value. */
    dedupeKey: text("dedupe_key"),
    cancelRequestedAt: at("cancel_requested_at"),
    checkpoint: jsonb(),
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
    index("jobs_lane_running_idx").on(t.orderingKey).where(sql`state = 'running' and lane is not null`),
    index("jobs_lease_idx").on(t.leaseId).where(sql`state = 'running'`),
    index("jobs_running_idx").on(t.projectId).where(sql`state = 'running'`),
    index("jobs_finished_idx").on(t.finishedAt).where(sql`finished_at is not null`),
    uniqueIndex("jobs_dedupe_key").on(t.dedupeKey).where(sql`finished_at is null`),
    check("jobs_finished_check", sql`(state in ${final}) = (finished_at is not null)`),
    check("jobs_lease_check", sql`(state = 'running') = (lease_id is not null and lease_until is not null)`),
  ],
);

/**
 * The newest claim of a kind that is claimed in batches: its instant, and how often its jobs had been lost. Claim instants are versions of
 * rows: they never go back, whatever the clock does.
 */
export const claimClock = pgTable("claim_clock", {
  kind: text().primaryKey(),
  claimedAt: at("claimed_at").notNull(),
  losses: integer().notNull().default(0),
});

/**
 * Running jobs per project. Claimed with SKIP LOCKED, so the concurrency limit is exact; the reaper repairs the counter from the job rows.
 */
export const concurrencyCounts = pgTable("job_slots", {
  projectId: text("project_id")
    .primaryKey()
    .references(() => projects.id, { onDelete: "cascade" }),
  running: integer().notNull().default(0),
  /** The project served longest ago is served next. */
  lastClaimedAt: at("last_claimed_at"),
  updatedAt: updatedAt(),
});

export const auditLogs = pgTable(
  "audit_logs",
  {
    id: text().primaryKey().default(newId("auditLog")),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    type: text({ enum: ["USER", "API_KEY", "ADMIN", "RUNNER"] }).notNull(),
    apiKeyId: text("api_key_id"),
    userId: text("user_id"),
    orgId: text("org_id"),
    userOrgRole: text("user_org_role"),
    projectId: text("project_id"),
    userProjectRole: text("user_project_role"),
    resourceType: text("resource_type").notNull(),
    resourceId: text("resource_id").notNull(),
    action: text().notNull(),
    /** The address and request that caused the action, if any. */
    requestId: text("request_id"),
    ipAddress: text("ip_address"),
    before: json(),
    after: json(),
  },
  (t) => [index("audit_logs_project_id_created_at_idx").on(t.projectId, t.createdAt, t.id)],
);

/**
 * What has happened, written in the transaction that made it happen. `position` is the order of the events of one object: its row is locked before a position is drawn.
 * Between objects it is not the order of commits, and nothing reads it as one.
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

/** The consumers that events are handed to, and the types each of them wants. Written with the migrations from core/outbox/consumers.ts, so that writers of any version know them. */
export const outboxConsumers = pgTable("outbox_consumers", {
  name: text().primaryKey(),
  eventTypes: text("event_types").array().notNull(),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
});

/** Events that a consumer has still to consume: written with the event, deleted in the transaction that consumes it. */
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
    /** Attempts that have failed. */
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

/** Answers of creating calls, kept 24 hours, so that a repeated request gets the first answer. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    projectId: text("project_id")
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    key: text().notNull(),
    /** hex SHA-256 of route and canonical body. */
    requestHash: text("request_hash").notNull(),
    resourceId: text("resource_id").notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.key] }), index("idempotency_keys_created_at_idx").on(t.createdAt)],
);
