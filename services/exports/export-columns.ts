/** Columns of an export with the state of its job: all, or without the large ones. */
import { getTableColumns, sql } from "drizzle-orm";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import { jobs } from "../../db/postgres/schema/queue.ts";

type JobOfExport = {
  job: Pick<
    typeof jobs.$inferSelect,
    "state" | "attempt" | "maxAttempts" | "heartbeatAt" | "runAt" | "cancelRequestedAt" | "lastError"
  > | null;
};

export type BatchExportRow = typeof batchExports.$inferSelect & JobOfExport;

/** An export without its large columns: a query may have a megabyte, and a manifest a hundred thousand files. */
export type BatchExportSummaryRow = Omit<BatchExportRow, "query" | "manifest"> & {
  tableName: string;
  manifest: Pick<ExportManifest, "rows" | "bytes" | "slices" | "matchedRows" | "truncated" | "rowLimit" | "changes" | "warnings"> | null;
};

const jobColumns = {
  state: jobs.state,
  attempt: jobs.attempt,
  maxAttempts: jobs.maxAttempts,
  heartbeatAt: jobs.heartbeatAt,
  runAt: jobs.runAt,
  cancelRequestedAt: jobs.cancelRequestedAt,
  lastError: jobs.lastError,
};

export const columns = { export: batchExports, job: jobColumns };

/**
 * Searches the text, in which quotes inside values are escaped. `->>` would read the whole document and fail if a filter contains NUL
 * (SQLSTATE 22P05).
 */
export const tableName = sql<string>`coalesce(substring(${batchExports.query}::text from '"tableName"\\s*:\\s*"(\\w+)"'), '')`;

const { query: _query, manifest, ...smallColumns } = getTableColumns(batchExports);

export const summaryColumns = {
  export: {
    ...smallColumns,
    tableName: tableName.as("table_name"),
    manifest: sql<BatchExportSummaryRow["manifest"]>`case when ${manifest} is not null then jsonb_build_object(
      'rows', ${manifest}->'rows', 'bytes', ${manifest}->'bytes', 'slices', ${manifest}->'slices', 'matchedRows', ${manifest}->'matchedRows',
      'truncated', ${manifest}->'truncated', 'rowLimit', ${manifest}->'rowLimit', 'changes', ${manifest}->'changes', 'warnings', ${manifest}->'warnings') end`.as(
      "manifest_summary",
    ),
  },
  job: jobColumns,
};
