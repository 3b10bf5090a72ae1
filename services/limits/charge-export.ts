/** Charges a completed export to the quotas of its project. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Runs in the transaction that completes the export, as its last lock (services/limits/admit-export.ts names the order). From then on the estimate no longer counts. */
export const chargeExport = (tx: Database, projectId: string, { rows, bytes }: { rows: number; bytes: number }): Promise<unknown> =>
  execute(
    tx,
    sql`insert into export_usage (project_id, hour, rows, bytes) values (${projectId}, date_trunc('hour', now(), 'UTC'), ${rows}, ${bytes})
      on conflict (project_id, hour) do update set rows = export_usage.rows + excluded.rows, bytes = export_usage.bytes + excluded.bytes`,
  );
