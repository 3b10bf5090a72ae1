/** Saves the progress of an export. */
import { sql } from "drizzle-orm";
import type { ExportProgress } from "../../core/exports/manifest.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { heldJob } from "./held-job.ts";

/** Returns false if the lease is lost. */
export const saveProgress = async (db: Database, lease: Lease, exportId: string, progress: ExportProgress): Promise<boolean> => {
  const rows = await execute(
    db,
    sql`with held as (${heldJob(lease)})
      update batch_exports set progress = ${JSON.stringify(progress)}::jsonb, updated_at = now() from held where batch_exports.id = ${exportId} returning batch_exports.id`,
  );
  return rows.length === 1;
};
