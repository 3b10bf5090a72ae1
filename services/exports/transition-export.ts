/** The only way an export changes its status. */
import { eq, sql } from "drizzle-orm";
import { exportArrow } from "../../core/exports/transitions.ts";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import { appendEvent } from "../../db/outbox/append-event.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import { chargeExport } from "../limits/charge-export.ts";
import { auditTransition } from "./audit-transition.ts";
import { transitionColumns } from "./transition-columns.ts";
import { transitionEvent } from "./transition-event.ts";
import { changeOf, type LockedExport, personOf, type TransitionFacts } from "./transition-facts.ts";

export type Transition =
  | { outcome: "moved"; from: BatchExportStatus; eventId: string }
  /** The transition is not allowed, and nothing was written. */
  | { outcome: "refused"; from: BatchExportStatus }
  | { outcome: "absent" };

/**
 * Locks the export, checks the transition (core/exports/transitions.ts), and writes the status with its columns, the audit row, the
 * outbox event and what a completion takes of the quotas, all in the caller's transaction.
 * A caller that also changes the job must lock the job first; everyone who locks both uses this order.
 */
export const transitionExport = async <To extends BatchExportStatus>(
  tx: Database,
  id: string,
  to: To,
  facts: TransitionFacts[To],
): Promise<Transition> => {
  const change = changeOf(to, facts);
  const locked = await lockExport(tx, id);
  if (locked === undefined) return { outcome: "absent" };
  const from = locked.status;
  const arrow = exportArrow(from, to);
  // A runner does not retry a final export, and a person does not end an attempt.
  const isOthers = change.to === "QUEUED" && (arrow === "retry") !== (personOf(change) !== undefined);
  if (arrow === undefined || isOthers) return { outcome: "refused", from };
  const [written] = await tx
    .update(batchExports)
    .set({ status: change.to, updatedAt: sql`now()`, ...transitionColumns(arrow, change) })
    .where(eq(batchExports.id, id))
    .returning({
      status: batchExports.status,
      rows: batchExports.rows,
      bytes: batchExports.bytes,
      errorCode: batchExports.errorCode,
      expiresAt: batchExports.expiresAt,
    });
  if (written === undefined) throw new Error(`the export ${id} is locked and gone`);
  await auditTransition(tx, { arrow, change, locked, written });
  if (change.to === "COMPLETED") await chargeExport(tx, locked.projectId, change.manifest);
  const eventId = await appendEvent(tx, {
    projectId: locked.projectId,
    objectId: id,
    ...transitionEvent(change, { id, name: locked.name, expiresAt: written.expiresAt }),
  });
  return { outcome: "moved", from, eventId };
};

const lockExport = async (tx: Database, id: string): Promise<LockedExport | undefined> => {
  const [row] = await execute<LockedExport>(
    tx,
    sql`select b.id, b.name, b.status, b.project_id as "projectId", p.org_id as "organizationId", b.user_id as "userId", b.api_key_id as "apiKeyId"
      from batch_exports b join projects p on p.id = b.project_id where b.id = ${id} for no key update of b`,
  );
  return row;
};
