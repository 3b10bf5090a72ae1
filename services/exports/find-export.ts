/** Finds one export of a project. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports, jobs } from "../../db/postgres/schema.ts";
import { type BatchExportRow, type BatchExportSummaryRow, columns, summaryColumns } from "./export-columns.ts";

export const findBatchExport = async (db: Database, projectId: string, id: string): Promise<BatchExportRow | undefined> => {
  const [row] = await db
    .select(columns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  return row === undefined ? undefined : { ...row.export, job: row.job };
};

export const findBatchExportSummary = async (db: Database, projectId: string, id: string): Promise<BatchExportSummaryRow | undefined> => {
  const [row] = await db
    .select(summaryColumns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(and(eq(batchExports.projectId, projectId), eq(batchExports.id, id)));
  return row === undefined ? undefined : { ...row.export, job: row.job };
};
