/** Cancels an export. */
import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { requestCancel } from "../../db/queue/request-cancel.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findBatchExport } from "./find-export.ts";

/** Cancels a waiting export at once; asks the runner of a running one. */
export const cancelBatchExport = (
  db: Database,
  actor: Actor,
  id: string,
  auditId: string,
): Promise<"cancelled" | "requested" | "finished" | "notFound"> =>
  transaction(db, async (tx) => {
    const before = await findBatchExport(tx, actor.projectId, id);
    if (before === undefined) return "notFound";
    const outcome = await requestCancel(tx, { jobId: before.jobId, projectId: actor.projectId });
    if (outcome === "finished") return outcome;
    if (outcome === "cancelled")
      await tx
        .update(batchExports)
        .set({ status: "CANCELLED", finishedAt: sql`now()`, updatedAt: sql`now()` })
        .where(and(eq(batchExports.id, id), eq(batchExports.projectId, actor.projectId)));
    await writeAudit(tx, actor, {
      id: auditId,
      resourceType: "batchExport",
      resourceId: id,
      action: "cancel",
      before: { status: before.status },
      after: { outcome },
    });
    return outcome;
  });
