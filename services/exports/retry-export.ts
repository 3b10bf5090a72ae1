/** Retries a failed or cancelled export. */
import { AppError } from "../../core/errors.ts";
import { exportArrow } from "../../core/exports/transitions.ts";
import type { PlanName } from "../../core/limits/plans.ts";
import type { QuotaStatus } from "../../core/limits/quota-status.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { retryJob } from "../../db/queue/retry-job.ts";
import type { Actor } from "../audit/write-audit.ts";
import { admitExport, countExport } from "../limits/admit-export.ts";
import { findJobOfExport } from "./find-export.ts";
import { transitionExport } from "./transition-export.ts";

type Retried = { outcome: "queued"; quotas: QuotaStatus } | { outcome: "notRetryable" | "notFound" | "tooOld" };

/**
 * Returns the export to the queue with all its attempts and a new cutoff. It counts like a new export, with the estimate it had. `tooOld`:
 * its job has been pruned. Throws what admitExport throws.
 */
export const retryExport = (db: Database, actor: Actor, id: string, defaultPlan: PlanName): Promise<Retried> =>
  transaction(db, async (tx) => {
    const before = await findJobOfExport(tx, actor.projectId, id);
    if (before === undefined) return { outcome: "notFound" };
    if (!before.hasJob) return { outcome: "tooOld" };
    if (exportArrow(before.status, "QUEUED") !== "retry") return { outcome: "notRetryable" };
    const status = await admitExport(tx, actor.projectId, { defaultPlan, estimate: before.estimate });
    if (!(await retryJob(tx, { jobId: before.jobId, projectId: actor.projectId, cause: actor }))) return { outcome: "notRetryable" };
    const moved = await transitionExport(tx, id, "QUEUED", { by: actor });
    // Rolls back the transaction, so that the job is not queued without its export.
    if (moved.outcome !== "moved") throw new AppError({ code: "EXPORT_NOT_RETRYABLE" });
    await countExport(tx, actor.projectId);
    return { outcome: "queued", quotas: status };
  });
