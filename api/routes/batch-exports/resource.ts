/** The API's representation of a batch export. */

import { z } from "@hono/zod-openapi";
import { type ErrorCode, errorTable } from "../../../core/errors.ts";
import { exportStages } from "../../../core/exports/manifest.ts";
import { ExportOptions } from "../../../core/exports/request.ts";
import { batchExportStatuses, jobState } from "../../../core/jobs/state.ts";
import { describeChanges } from "../../../core/query/changes.ts";
import { ExportQuery } from "../../../core/query/export-query.ts";
import { compressionNames, formatNames } from "../../../core/query/formats/index.ts";
import type { BatchExportRow, BatchExportSummaryRow } from "../../../services/exports/export-columns.ts";

const instant = z.iso.datetime();

const ResultSummary = z.object({
  rows: z.int(),
  bytes: z.int(),
  matchedRows: z.int().nullable(),
  truncated: z.boolean().describe("True if the row limit left out rows."),
  rowLimit: z.int(),
});

/** An export in a page or an event. Its size is bounded: it leaves out fields that a caller or a runner can make large. */
export const BatchExportSummary = z
  .object({
    id: z.string(),
    projectId: z.string(),
    name: z.string(),
    status: z.enum(batchExportStatuses),
    format: z.enum(formatNames),
    compression: z.enum(compressionNames),
    tableName: z.string(),
    json: z.object({ embed: z.boolean(), embedLevels: z.int() }),
    csv: z.object({ neutralizeFormulas: z.boolean(), bom: z.boolean() }),
    targetFileMib: z.int().nullable(),
    notify: z.boolean(),
    metadata: z.record(z.string(), z.string()).nullable(),
    warnings: z.array(z.string()),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
    expiresAt: instant.nullable(),
    isExpired: z.boolean(),
    isDownloadable: z.boolean(),
    cancelRequestedAt: instant.nullable(),
    requestedBy: z.object({ userId: z.string().nullable(), apiKeyId: z.string().nullable() }),
    progress: z.object({
      stage: z.enum(["queued", ...exportStages, "finished"]),
      percent: z.number().nullable().describe("0 to 100; null while the total is unknown."),
      rows: z.int(),
      rowsTotal: z.int().nullable(),
      bytes: z.int(),
      slices: z.int(),
      slicesTotal: z.int().nullable(),
      lastHeartbeatAt: instant.nullable(),
      attempt: z.int(),
      attemptsMax: z.int(),
      nextAttemptAt: instant.nullable(),
    }),
    result: ResultSummary.nullable(),
    error: z.object({ code: z.string(), message: z.string(), help: z.string(), attempt: z.int() }).nullable(),
  })
  .openapi("BatchExportSummary");

const File = z.object({ index: z.int(), name: z.string(), rows: z.int(), bytes: z.int(), crc32: z.string() });

export const BatchExport = z
  .object({ ...BatchExportSummary.shape, query: ExportQuery, result: ResultSummary.extend({ files: z.array(File) }).nullable() })
  .openapi("BatchExport");

const iso = (date: Date | null | undefined): string | null => (date === null || date === undefined ? null : new Date(date).toISOString());

export const showBatchExport = (row: BatchExportRow, nowMs: number): z.infer<typeof BatchExport> => {
  const { result, ...summary } = showBatchExportSummary({ ...row, tableName: row.query.tableName }, nowMs);
  const files = (row.manifest?.files ?? []).map(({ name, rows, bytes, crc32 }, index) => ({ index, name, rows, bytes, crc32 }));
  return { ...summary, query: row.query, result: result === null ? null : { ...result, files } };
};

export const showBatchExportSummary = (row: BatchExportSummaryRow, nowMs: number): z.infer<typeof BatchExportSummary> => {
  const { manifest, job, progress } = row;
  const { embedJson, embedLevels, neutralizeFormulas, bom, targetFileMib, notify } = ExportOptions.parse(row.options);
  const isExpired = row.expiresAt !== null && row.expiresAt.getTime() <= nowMs;
  const isOver = row.finishedAt !== null;
  const rowsTotal = progress?.rowsTotal ?? null;
  const percent =
    row.status === "COMPLETED"
      ? 100
      : rowsTotal === null
        ? null
        : rowsTotal === 0
          ? 0
          : Math.min(99, Math.floor(((progress?.rows ?? 0) * 100) / rowsTotal));
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.name,
    status: row.status,
    format: row.format,
    compression: row.compression,
    tableName: row.tableName,
    json: { embed: embedJson, embedLevels },
    csv: { neutralizeFormulas, bom },
    targetFileMib,
    notify,
    metadata: row.metadata,
    warnings: [...row.warnings, ...(manifest?.warnings ?? []), ...(manifest?.changes == null ? [] : describeChanges(manifest.changes))],
    createdAt: row.createdAt.toISOString(),
    startedAt: iso(row.startedAt),
    finishedAt: iso(row.finishedAt),
    expiresAt: iso(row.expiresAt),
    isExpired,
    isDownloadable: row.status === "COMPLETED" && !isExpired,
    cancelRequestedAt: iso(job?.cancelRequestedAt),
    requestedBy: { userId: row.userId, apiKeyId: row.apiKeyId },
    progress: {
      stage: isOver ? "finished" : row.status === "QUEUED" ? "queued" : (progress?.stage ?? "planning"),
      percent,
      rows: manifest?.rows ?? progress?.rows ?? 0,
      rowsTotal: manifest?.rows ?? rowsTotal,
      bytes: manifest?.bytes ?? progress?.bytes ?? 0,
      slices: manifest?.slices ?? progress?.slices ?? 0,
      slicesTotal: manifest?.slices ?? progress?.slicesTotal ?? null,
      lastHeartbeatAt: iso(job?.heartbeatAt),
      attempt: job?.attempt ?? 0,
      attemptsMax: job?.maxAttempts ?? 0,
      nextAttemptAt: job?.state === jobState.retryable ? iso(job.runAt) : null,
    },
    result:
      manifest === null
        ? null
        : {
            rows: manifest.rows,
            bytes: manifest.bytes,
            matchedRows: manifest.matchedRows,
            truncated: manifest.truncated,
            rowLimit: manifest.rowLimit,
          },
    error:
      row.errorCode === null
        ? null
        : {
            code: row.errorCode,
            message: row.log ?? "",
            help: Object.hasOwn(errorTable, row.errorCode) ? errorTable[row.errorCode as ErrorCode].help : "",
            attempt: job?.lastError?.attempt ?? job?.attempt ?? 0,
          },
  };
};
