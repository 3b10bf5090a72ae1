/** Writes the outcome of an attempt. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { type Outcome, settleJob } from "../../db/queue/settle-job.ts";
import { enqueueExportMail } from "./enqueue-export-mail.ts";
import { writeAudit, writeExport } from "./write-outcome.ts";

type Settled = {
  lease: Lease;
  exportId: string;
  outcome: Outcome;
  manifest?: ExportManifest;
  objectIds?: string[];
  auditId: string;
  mailJobId: string;
};

/** Job, export, object and audit row in one transaction. False: the lease is lost, or the job is to be cancelled, and nothing was written. */
export const settleExport = (
  db: Database,
  { lease, exportId, outcome, manifest, objectIds, auditId, mailJobId }: Settled,
): Promise<boolean> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    const state = await settleJob(tx, lease, outcome);
    if (state === undefined) return false;
    for (const id of objectIds ?? []) {
      const kept = await execute(
        tx,
        sql`update export_objects set state = 'kept', updated_at = now() where id = ${id}::uuid and state = 'open' returning id`,
      );
      if (kept.length === 0) throw new AppError({ code: "INTERNAL", detail: `the object ${id} is not there to be kept` });
    }
    await writeExport(tx, exportId, state, "error" in outcome && state !== "cancelled" ? outcome.error : undefined, manifest);
    if (state !== "completed" && state !== "cancelled" && state !== "discarded") return true;
    await writeAudit(tx, exportId, state, auditId);
    if (state !== "cancelled")
      await enqueueExportMail(tx, { jobId: mailJobId, exportId, event: state === "completed" ? "completed" : "failed" });
    return true;
  });
