/** Cancels an export. */
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { requestCancel } from "../../db/queue/request-cancel.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { findJobOfExport } from "./find-export.ts";
import { transitionExport } from "./transition-export.ts";

/** Cancels a waiting export at once. For a running one, requests cancellation from its runner and records the request. */
export const cancelExport = (db: Database, actor: Actor, id: string): Promise<"cancelled" | "requested" | "finished" | "notFound"> =>
  transaction(db, async (tx) => {
    const before = await findJobOfExport(tx, actor.projectId, id);
    if (before === undefined) return "notFound";
    const outcome = await requestCancel(tx, { jobId: before.jobId, projectId: actor.projectId });
    if (outcome === "requested")
      await writeAudit(tx, actor, {
        resourceType: "batchExport",
        resourceId: id,
        action: "cancel",
        before: { status: before.status },
        after: { outcome },
      });
    if (outcome !== "cancelled") return outcome;
    const moved = await transitionExport(tx, id, "CANCELLED", { by: actor });
    return moved.outcome === "moved" ? "cancelled" : "finished";
  });
