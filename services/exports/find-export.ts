/** Finds one export of a project. */
import { and, eq } from "drizzle-orm";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import type { ExportEstimate } from "../../core/limits/quota-status.ts";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import { jobs } from "../../db/postgres/schema/queue.ts";
import { type BatchExportRow, type BatchExportSummaryRow, columns, summaryColumns } from "./export-columns.ts";

export const findExport = async (db: Database, projectId: string, id: string): Promise<BatchExportRow | undefined> => {
  const [row] = await db
    .select(columns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  return row === undefined ? undefined : { ...row.export, job: row.job };
};

export const findExportSummary = async (db: Database, projectId: string, id: string): Promise<BatchExportSummaryRow | undefined> => {
  const [row] = await db
    .select(summaryColumns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  return row === undefined ? undefined : { ...row.export, job: row.job };
};

/** Loads what cancelling and retrying need. `hasJob`: the job still exists. `estimate`: what it took of the quotas. */
export const findJobOfExport = async (
  db: Database,
  projectId: string,
  id: string,
): Promise<{ jobId: string; status: BatchExportStatus; hasJob: boolean; estimate: ExportEstimate } | undefined> => {
  const [row] = await db
    .select({
      jobId: batchExports.jobId,
      status: batchExports.status,
      keptId: jobs.id,
      rows: batchExports.estimatedRows,
      bytes: batchExports.estimatedBytes,
    })
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  if (row === undefined) return undefined;
  const { jobId, status, keptId, rows, bytes } = row;
  return { jobId, status, hasJob: keptId !== null, estimate: rows === null || bytes === null ? null : { rows, bytes } };
};
