/** Lists the exports of a project. */
import { and, desc, eq, lt, notInArray, or, sql } from "drizzle-orm";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import { jobs } from "../../db/postgres/schema/queue.ts";
import { type BatchExportSummaryRow, summaryColumns, tableName } from "./export-columns.ts";

/** Lists a page, newest first, after the cursor. */
export const listExports = async (
  db: Database,
  projectId: string,
  page: {
    limit: number;
    after: { createdAt: Date; id: string } | null;
    status: BatchExportStatus | null;
    /** Leaves out exports of these tables. */
    hiddenTables: readonly string[];
  },
): Promise<BatchExportSummaryRow[]> => {
  const rows = await db
    .select(summaryColumns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(
      and(
        eq(batchExports.projectId, projectId),
        page.status === null ? undefined : eq(batchExports.status, page.status),
        page.hiddenTables.length === 0 ? undefined : notInArray(tableName, [...page.hiddenTables]),
        page.after === null
          ? undefined
          : or(
              lt(sql`date_trunc('milliseconds', ${batchExports.createdAt})`, page.after.createdAt.toISOString()),
              and(
                eq(sql`date_trunc('milliseconds', ${batchExports.createdAt})`, page.after.createdAt.toISOString()),
                lt(batchExports.id, page.after.id),
              ),
            ),
      ),
    )
    .orderBy(desc(sql`date_trunc('milliseconds', ${batchExports.createdAt})`), desc(batchExports.id))
    .limit(page.limit);
  return rows.map((row) => ({ ...row.export, job: row.job }));
};
