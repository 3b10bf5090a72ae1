/** Writes the audit row of a transition. */
import type { ExportArrow } from "../../core/exports/transitions.ts";
import type { Database } from "../../db/postgres/client.ts";
import type { batchExports } from "../../db/postgres/schema/exports.ts";
import { writeAudit, writeRunnerAudit } from "../audit/write-audit.ts";
import { type Change, type LockedExport, personOf } from "./transition-facts.ts";

type Audited = {
  arrow: ExportArrow;
  change: Change;
  locked: LockedExport;
  written: Pick<typeof batchExports.$inferSelect, "status" | "rows" | "bytes" | "errorCode">;
};

/** Actions of people and final states are recorded; the start of an attempt, and its return to the queue, are not. */
export const auditTransition = async (tx: Database, { arrow, change, locked, written }: Audited): Promise<void> => {
  const about = { resourceType: "batchExport", resourceId: locked.id };
  const before = { status: locked.status };
  const person = personOf(change);
  const byRunner = (action: string) => {
    const { projectId, organizationId, userId, apiKeyId } = locked;
    const { status, rows, bytes, errorCode } = written;
    return writeRunnerAudit(
      tx,
      { projectId, organizationId, userId, apiKeyId },
      { ...about, action, after: { status, rows, bytes, errorCode } },
    );
  };
  switch (arrow) {
    case "retry":
      return person === undefined ? undefined : writeAudit(tx, person, { ...about, action: "retry", before });
    case "cancel":
      return person === undefined
        ? byRunner("cancelled")
        : writeAudit(tx, person, { ...about, action: "cancel", before, after: { outcome: "cancelled" } });
    case "complete":
      return byRunner("complete");
    case "fail":
      return byRunner("fail");
    case "requeue":
    case "start":
      return;
    default:
      return arrow satisfies never;
  }
};
