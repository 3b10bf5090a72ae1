/** The receipt of an export, and its progress while it runs. Both are stored with the export and shown by the API. */
import { z } from "zod";
import { ExportChanges } from "../query/changes.ts";

/** Raised if exported columns change in a way readers can notice, other than an added column. */
export const schemaVersion = 1;

export const ManifestFile = z.object({
  key: z.string(),
  /** File name for browsers. */
  name: z.string(),
  rows: z.int().nonnegative(),
  /** Bytes of the object as stored, after compression. */
  bytes: z.int().nonnegative(),
  contentType: z.string(),
  /** CRC-32 (ISO-HDLC, as in gzip) of the stored bytes, eight hex digits. */
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
  /**
   * For compressed files: true if the file is one gzip member or zstd frame, which every reader reads whole. False if it may have several
   * (RFC 1952, RFC 8878): a reader that stops after the first sees only the beginning. Absent in uncompressed files.
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
  /** The score name of each score column. */
  scoreColumns: z.record(z.string(), z.string()),
  /** What was dropped, hashed or masked. */
  privacy: z.array(z.object({ path: z.string(), action: z.string() })),
  /** What was repaired for readers, or withheld for privacy. Absent in manifests from before this was counted. */
  changes: ExportChanges.optional(),
  /** One sentence for each difference from what was requested. Absent in older manifests. */
  warnings: z.array(z.string()).optional(),
  /** Half-open `[start, cutoff)` of the table's time column. `start` is the time of the oldest row, null if there is none. */
  window: z.object({ start: z.string().nullable(), cutoff: z.string() }),
  /** Hex SHA-256 of the canonical query: equal queries have equal hashes. */
  queryHash: z.string(),
  files: z.array(ManifestFile),
  rows: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  /** Rows that matched when the export was planned; null if counting would have read every payload. */
  matchedRows: z.int().nonnegative().nullable(),
  /** The row limit in force, and whether it left out rows. */
  rowLimit: z.int(),
  truncated: z.boolean(),
  slices: z.int(),
  attempt: z.int(),
  /** Slices taken over from an earlier attempt without reading them again. */
  slicesResumed: z.int(),
  startedAt: z.string(),
  finishedAt: z.string(),
  metadata: z.record(z.string(), z.string()).nullable(),
});
export type ExportManifest = z.infer<typeof ExportManifest>;

export const exportStages = ["planning", "streaming", "finishing"] as const;

export const ExportProgress = z.object({
  stage: z.enum(exportStages),
  /** Rows verified so far, and rows expected. The latter is an upper bound if the filter reads payloads. */
  rows: z.int(),
  rowsTotal: z.int().nullable(),
  /** Bytes passed to the object store so far, after compression. */
  bytes: z.int(),
  slices: z.int(),
  slicesTotal: z.int().nullable(),
});
export type ExportProgress = z.infer<typeof ExportProgress>;
