/** Counts the exports of a project by when they were created, for plots. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { tableName } from "./export-columns.ts";

/** `at`: begin of the quarter of an hour, ISO 8601 UTC. `rows` and `bytes`: of completed exports. */
export type ExportCount = {
  at: string;
  completed: number;
  failed: number;
  cancelled: number;
  active: number;
  rows: number;
  bytes: number;
};

/** Half-open. Quarters of an hour without exports are left out. Uses batch_exports_project_id_created_at_idx. */
export const countExportsByQuarterHour = (
  db: Database,
  projectId: string,
  { from, to, hiddenTables }: { from: string; to: string; hiddenTables: readonly string[] },
): Promise<ExportCount[]> =>
  execute<ExportCount>(
    db,
    sql`select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
        (count(*) filter (where status = 'COMPLETED'))::int as completed,
        (count(*) filter (where status = 'FAILED'))::int as failed,
        (count(*) filter (where status = 'CANCELLED'))::int as cancelled,
        (count(*) filter (where status in ('QUEUED', 'PROCESSING')))::int as active,
        coalesce(sum(rows), 0)::double precision as rows, coalesce(sum(bytes), 0)::double precision as bytes
      from (
        select date_bin('15 minutes', created_at, '1970-01-01T00:00:00Z') as at, status, rows, bytes from batch_exports
        where project_id = ${projectId} and created_at >= ${from}::timestamptz and created_at < ${to}::timestamptz
          ${hiddenTables.length === 0 ? sql`` : sql`and ${tableName} not in ${[...hiddenTables]}`}
      ) e group by at order by at`,
  );
