/** Tables of batch exports: the export, its objects and parts (the journal of a run). */

import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, json, jsonb, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import type { ExportManifest, ExportProgress, ManifestFile } from "../../../core/exports/manifest.ts";
import type { CreateBatchExport, ExportOptions } from "../../../core/exports/request.ts";
import { at, bytes, createdAt, updatedAt } from "./columns.ts";
import { projects, users } from "./tenants.ts";

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
    /** When the owner was told about the coming expiry, and when the objects were deleted. */
    expiryNotifiedAt: at("expiry_notified_at"),
    filesDeletedAt: at("files_deleted_at"),
    /** The moment of creation. Rows with a time at or after it are not exported. */
    cutoff: at("cutoff").notNull(),
    metadata: jsonb().$type<Record<string, string>>(),
    /** What it holds of the quotas while it waits or runs; null if the project had no quota of rows or bytes. */
    estimatedRows: bytes("estimated_rows"),
    estimatedBytes: bytes("estimated_bytes"),
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
    index("batch_exports_active_idx").on(t.projectId).where(sql`status in ('QUEUED', 'PROCESSING')`),
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

/** Written by the previous version only, and pruned; `idempotent_requests` has taken its place. */
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
