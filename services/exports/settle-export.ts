/** Settles an attempt of an export. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { type Outcome, settleJob } from "../../db/queue/settle-job.ts";
import { followJob } from "./follow-job.ts";

type Settled = {
  lease: Lease;
  exportId: string;
  outcome: Outcome;
  /** For a completion: its receipt, and the ids of the objects that are its files. */
  manifest?: ExportManifest;
  objectIds?: string[];
};

/**
 * Writes the job, export, objects, audit row and event in one transaction. Returns false and writes nothing if the lease is lost or the job
 * is to be cancelled.
 */
export const settleExport = (db: Database, { lease, exportId, outcome, manifest, objectIds = [] }: Settled): Promise<boolean> =>
  transaction(db, async (tx) => {
    const state = await settleJob(tx, lease, outcome);
    if (state === undefined) return false;
    for (const id of objectIds) await keepObject(tx, id);
    await followJob(tx, exportId, { state, error: "error" in outcome ? outcome.error : undefined, manifest });
    return true;
  });

const keepObject = async (tx: Database, id: string): Promise<void> => {
  const kept = await execute(
    tx,
    sql`update export_objects set state = 'kept', updated_at = now() where id = ${id}::uuid and state = 'open' returning id`,
  );
  if (kept.length === 0) throw new AppError({ code: "INTERNAL", detail: `the object ${id} to keep does not exist` });
};
