/** Starts an attempt of an export. */
import { sql } from "drizzle-orm";
import type { CompressionName, FormatName } from "../../core/query/formats/index.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { heldJob } from "./held-job.ts";
import { transitionExport } from "./transition-export.ts";

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

/**
 * Marks the export as being processed and loads it. Returns undefined if the lease is lost or the export is gone or final. Instants are ISO
 * text with microseconds.
 */
export const startExport = (db: Database, lease: Lease, exportId: string): Promise<ExportToRun | undefined> =>
  transaction(db, async (tx) => {
    const [job] = await execute<{ attempt: number }>(tx, heldJob(lease));
    if (job === undefined) return undefined;
    const { outcome } = await transitionExport(tx, exportId, "PROCESSING", { attempt: job.attempt });
    return outcome === "moved" ? findExportToRun(tx, exportId) : undefined;
  });

const findExportToRun = async (tx: Database, exportId: string): Promise<ExportToRun | undefined> => {
  const iso = (column: string) => sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
  const [row] = await execute<ExportToRun>(
    tx,
    sql`select id, project_id as "projectId", name, query, format, compression, options, metadata, ${iso("created_at")} as "createdAt", ${iso("cutoff")} as cutoff
      from batch_exports where id = ${exportId}`,
  );
  return row;
};
