/** Puts an export back into the queue. */
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { retryJob } from "../../db/queue/retry-job.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findBatchExport } from "./find-export.ts";

/** Puts a failed or cancelled export back into the queue, with a new cutoff. */
export const retryBatchExport = (
  db: Database,
  actor: Actor,
  id: string,
  auditId: string,
): Promise<"queued" | "notRetryable" | "notFound" | "tooOld"> =>
  transaction(db, async (tx) => {
    const before = await findBatchExport(tx, actor.projectId, id);
    if (before === undefined) return "notFound";
    if (before.job === null) return "tooOld";
    if (!(await retryJob(tx, { jobId: before.jobId, projectId: actor.projectId }))) return "notRetryable";
    await tx
      .update(batchExports)
      .set({
        status: "QUEUED",
        cutoff: sql`now()`,
        finishedAt: null,
        startedAt: null,
        errorCode: null,
        log: null,
        progress: null,
        updatedAt: sql`now()`,
      })
      .where(and(eq(batchExports.id, id), eq(batchExports.projectId, actor.projectId)));
    await writeAudit(tx, actor, {
      id: auditId,
      resourceType: "batchExport",
      resourceId: id,
      action: "retry",
      before: { status: before.status },
    });
    return "queued";
  });
