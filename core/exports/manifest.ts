/** The receipt of an export, and what is known of it while it runs. Both are stored with the export and shown by the API. */
import { z } from "zod";
import { ExportChanges } from "../query/changes.ts";

/** Raised when exported columns change in a way a reader could notice other than by an added column. */
export const schemaVersion = 1;

export const ManifestFile = z.object({
  key: z.string(),
  /** Name a browser saves the file under. */
  name: z.string(),
  rows: z.int().nonnegative(),
  /** Bytes of the object as stored, after compression. */
  bytes: z.int().nonnegative(),
  contentType: z.string(),
  /** CRC-32 (ISO-HDLC, as in gzip) of the stored bytes, eight hex digits. */
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
  /**
   * Of compressed files: one gzip member or zstd frame, which every reader takes whole. False where there may be several one after the other (RFC 1952, RFC 8878): a reader
   * that stops after the first would see the beginning only. Absent in files that are not compressed.
   */
  isOneMember: z.boolean().optional(),
});

export type ManifestFile = z.infer<typeof ManifestFile>;

export const ExportManifest = z.object({
  version: z.literal(1),
  schemaVersion: z.int(),
  exportId: z.string(),
  projectId: z.string(),
  tableName: z.string(),
  format: z.string(),
  compression: z.string(),
  columns: z.array(z.string()),
  /** Name of the score behind each column of scores. */
  scoreColumns: z.record(z.string(), z.string()),
  /** What was dropped, hashed or masked. */
  privacy: z.array(z.object({ path: z.string(), action: z.string() })),
  /** What was mended so that readers can bear it, or withheld for privacy; absent in manifests from before this was counted. */
  changes: ExportChanges.optional(),
  /** What is not in the file the way that was asked for, each a sentence. Absent in manifests made before there were any. */
  warnings: z.array(z.string()).optional(),
  /** Half-open `[start, cutoff)` of the table's time column; start is that of the oldest row, null when there is none. */
  window: z.object({ start: z.string().nullable(), cutoff: z.string() }),
  /** hex SHA-256 of the canonical query: equal queries have equal hashes. */
  queryHash: z.string(),
  files: z.array(ManifestFile),
  rows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** Rows that matched when the export was planned; null when counting them would have meant reading every payload. */
  matchedRows: z.int().nonnegative().nullable(),
  /** The limit that was in force and whether it cut the result. */
  rowLimit: z.int(),
  truncated: z.boolean(),
  slices: z.int(),
  attempt: z.int(),
  /** Slices taken over from an attempt before, without reading them again. */
  slicesResumed: z.int(),
  startedAt: z.string(),
  finishedAt: z.string(),
  metadata: z.record(z.string(), z.string()).nullable(),
});
export type ExportManifest = z.infer<typeof ExportManifest>;

export const exportStages = ["planning", "streaming", "finishing"] as const;

export const ExportProgress = z.object({
  stage: z.enum(exportStages),
  /** Rows verified so far, and rows expected; expected is an upper bound when the filter reads payloads. */
  rows: z.int(),
  rowsTotal: z.int().nullable(),
  /** Bytes handed to the object store so far, after compression. */
  bytes: z.int(),
  slices: z.int(),
  slicesTotal: z.int().nullable(),
});
export type ExportProgress = z.infer<typeof ExportProgress>;
