/** Inserts a new export in its first status. */
import { sql } from "drizzle-orm";
import type { QuotaStatus } from "../../core/limits/quota-status.ts";
import { appendEvent } from "../../db/outbox/append-event.ts";
import type { Database } from "../../db/postgres/client.ts";
import { batchExports } from "../../db/postgres/schema/exports.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { type Admission, admitExport, countExport } from "../limits/admit-export.ts";

type NewExport = Pick<
  typeof batchExports.$inferInsert,
  "name" | "query" | "format" | "compression" | "options" | "expiresAfterHours" | "metadata" | "warnings"
>;

/**
 * Inserts the export, job, audit row and event, and counts it. The row is invisible before the commit, so its events are in order. Throws
 * what admitExport throws.
 */
export const insertExport = async (
  tx: Database,
  actor: Actor,
  request: NewExport,
  ids: { exportId: string; jobId: string },
  more: { action: string; admission: Admission; before?: unknown; maxAttempts?: number | undefined },
): Promise<QuotaStatus> => {
  const { admission } = more;
  const status = await admitExport(tx, actor.projectId, admission);
  const [row] = await tx
    .insert(batchExports)
    .values({
      ...request,
      id: ids.exportId,
      projectId: actor.projectId,
      userId: actor.userId,
      apiKeyId: actor.apiKeyId,
      jobId: ids.jobId,
      status: "QUEUED",
      cutoff: sql`now()`,
      estimatedRows: admission.estimate?.rows ?? null,
      estimatedBytes: admission.estimate?.bytes ?? null,
    })
    .returning();
  await enqueueJob(tx, {
    id: ids.jobId,
    kind: "export.run",
    projectId: actor.projectId,
    payload: { batchExportId: ids.exportId },
    cause: actor,
    dedupeKey: `export.run:${ids.exportId}`,
    ...(more.maxAttempts === undefined ? {} : { maxAttempts: more.maxAttempts }),
  });
  await writeAudit(tx, actor, {
    resourceType: "batchExport",
    resourceId: ids.exportId,
    action: more.action,
    before: more.before ?? null,
    after: row,
  });
  await appendEvent(tx, {
    type: "export.queued",
    projectId: actor.projectId,
    objectId: ids.exportId,
    payload: { batchExportId: ids.exportId, name: request.name, cause: "created", error: null },
  });
  await countExport(tx, actor.projectId);
  return status;
};
