/** Starts an attempt of an export. */
import { sql } from "drizzle-orm";
import type { CompressionName, FormatName } from "../../core/query/formats/index.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { held } from "./held-job.ts";

export type ExportToRun = {
  id: string;
  projectId: string;
  name: string;
  query: unknown;
  format: FormatName;
  compression: CompressionName;
  options: unknown;
  metadata: Record<string, string> | null;
  createdAt: string;
  cutoff: string;
};

/** Marks the export as being processed and loads it. Undefined when the lease is lost or the export is gone. Instants are ISO text with microseconds. */
export const startExport = async (db: Database, lease: Lease, exportId: string): Promise<ExportToRun | undefined> => {
  const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
  const [row] = await execute<ExportToRun>(
    db,
    sql`with held as (${held(lease)})
      update batch_exports set status = 'PROCESSING', started_at = coalesce(started_at, now()), progress = null, error_code = null, log = null, updated_at = now()
      from held where batch_exports.id = ${exportId} and finished_at is null
      returning batch_exports.id, project_id as "projectId", name, query, format, compression, options, metadata, ${iso("created_at")} as "createdAt", ${iso("cutoff")} as cutoff`,
  );
  return row;
};
