/** Retries a failed or cancelled export. */
import { AppError } from "../../core/errors.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { retryJob } from "../../db/queue/retry-job.ts";
import type { Actor } from "../audit/write-audit.ts";
import { findJobOfExport } from "./find-export.ts";
import { transitionExport } from "./transition-export.ts";

/** Returns the export to the queue with all its attempts and a new cutoff. `tooOld`: its job has been pruned. */
export const retryExport = (db: Database, actor: Actor, id: string): Promise<"queued" | "notRetryable" | "notFound" | "tooOld"> =>
  transaction(db, async (tx) => {
    const before = await findJobOfExport(tx, actor.projectId, id);
    if (before === undefined) return "notFound";
    if (!before.hasJob) return "tooOld";
    if (!(await retryJob(tx, { jobId: before.jobId, projectId: actor.projectId }))) return "notRetryable";
    const moved = await transitionExport(tx, id, "QUEUED", { by: actor });
    // Rolls back the transaction, so that the job is not queued without its export.
    if (moved.outcome !== "moved") throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
    return "queued";
  });
