/** Lists the exports of a project that may be changing, for those who follow them all. */
import { and, desc, eq, inArray, notInArray, or, sql } from "drizzle-orm";
import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import { jobs } from "../../db/postgres/schema/queue.ts";
import { type BatchExportSummaryRow, summaryColumns, tableName } from "./export-columns.ts";

const runsExport: JobKind = "export.run";

/**
 * Unfinished exports, those whose job ended in the last `endedSeconds`, and those of `ids`; the newest `rowsMax`. Reads
 * batch_exports_active_idx and jobs_finished_idx.
 */
export const listLiveExports = async (
  db: Database,
  projectId: string,
  asked: { ids: readonly string[]; endedSeconds: number; hiddenTables: readonly string[]; rowsMax: number },
): Promise<BatchExportSummaryRow[]> => {
  const ended = sql`(select payload ->> 'batchExportId' from jobs where finished_at > now() - ${asked.endedSeconds} * interval '1 second' and project_id = ${projectId} and kind = ${runsExport})`;
  const rows = await db
    .select(summaryColumns)
    .from(batchExports)
    .leftJoin(jobs, eq(jobs.id, batchExports.jobId))
    .where(
      and(
        eq(batchExports.projectId, projectId),
        asked.hiddenTables.length === 0 ? undefined : notInArray(tableName, [...asked.hiddenTables]),
        or(
          inArray(batchExports.status, ["QUEUED", "PROCESSING"]),
          asked.ids.length === 0 ? undefined : inArray(batchExports.id, [...asked.ids]),
          sql`${batchExports.id} in ${ended}`,
        ),
      ),
    )
    .orderBy(desc(batchExports.createdAt), desc(batchExports.id))
    .limit(asked.rowsMax);
  return rows.map((row) => ({ ...row.export, job: row.job }));
};
