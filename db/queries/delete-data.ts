/** Asks for data to be deleted: the job and the audit row in one transaction; the runner does the rest. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { enqueueJob } from "../queue/enqueue-job.ts";
import { type Actor, transaction, writeAudit } from "./batch-exports.ts";

export const deleteTraces = (
  db: Database,
  actor: Actor,
  traceIds: readonly string[],
  ids: { jobId: string; auditId: string },
): Promise<void> =>
  transaction(db, async (tx) => {
    await enqueueJob(tx, {
      id: ids.jobId,
      kind: "data.delete",
      projectId: actor.projectId,
      payload: { scope: "traces", traceIds: [...traceIds] },
    });
    await writeAudit(tx, actor, {
      id: ids.auditId,
      resourceType: "trace",
      resourceId: traceIds[0] ?? "",
      action: "delete",
      before: { traceIds },
    });
  });

/** One job for each project with a retention and something older; at most one at a time for each. Returns how many were begun. */
export const enforceRetention = async (db: Database, newJobId: () => string): Promise<number> => {
  const due = await execute<{ projectId: string; before: string }>(
    db,
    sql`select p.id as "projectId", to_char((now() - make_interval(days => p.retention_days)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as before
      from projects p where p.retention_days is not null
        and exists (select 1 from event_log e where e.project_id = p.id and e.created_at < now() - make_interval(days => p.retention_days))`,
  );
  let begun = 0;
  for (const { projectId, before } of due) {
    const isBegun = await transaction(db, (tx) =>
      enqueueJob(tx, {
        id: newJobId(),
        kind: "data.delete",
        projectId,
        payload: { scope: "before", before },
        dedupeKey: `retention:${projectId}`,
      }),
    );
    if (isBegun) begun++;
  }
  return begun;
};
