/**
 * Deletion: enqueues the job and writes the audit row in one transaction; the runner does the rest. Also deletes what Postgres itself
 * stores.
 */

import { sql } from "drizzle-orm";
import { z } from "zod";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";

type Ids = { jobId: string; auditId: string };

export const deleteTraces = (db: Database, actor: Actor, traceIds: readonly string[], ids: Ids): Promise<void> =>
  askToDelete(db, actor, { scope: "traces", traceIds: [...traceIds] }, { resourceType: "trace", resourceIds: traceIds, ids });

export const deleteScores = (db: Database, actor: Actor, scoreIds: readonly string[], ids: Ids): Promise<void> =>
  askToDelete(db, actor, { scope: "scores", scoreIds: [...scoreIds] }, { resourceType: "score", resourceIds: scoreIds, ids });

const askToDelete = (
  db: Database,
  actor: Actor,
  payload: Extract<JobPayload<"data.delete">, { scope: "traces" | "scores" }>,
  { resourceType, resourceIds, ids }: { resourceType: "trace" | "score"; resourceIds: readonly string[]; ids: Ids },
): Promise<void> =>
  transaction(db, async (tx) => {
    await enqueueJob(tx, { id: ids.jobId, kind: "data.delete", projectId: actor.projectId, payload });
    await writeAudit(tx, actor, {
      id: ids.auditId,
      resourceType,
      resourceId: resourceIds[0] ?? "",
      action: "delete",
      before: { [`${resourceType}Ids`]: resourceIds },
    });
  });

/** Retention is counted in days. */
const retentionEveryHours = 24;

/** Enqueues one job a day for each project with a retention, at most one at a time per project. Returns the number enqueued. */
export const enforceRetention = async (db: Database, newJobId: () => string): Promise<number> => {
  const due = await execute<{ projectId: string; before: string }>(
    db,
    sql`select p.id as "projectId", to_char((now() - make_interval(days => p.retention_days)) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as before
      from projects p where p.retention_days is not null
        and not exists (select 1 from jobs j where j.finished_at > now() - make_interval(hours => ${retentionEveryHours})
          and j.kind = 'data.delete' and j.dedupe_key = 'retention:' || p.id)`,
  );
  let begun = 0;
  for (const { projectId, before } of due) if (await deleteData(db, projectId, { scope: "before", before }, newJobId())) begun++;
  return begun;
};

/**
 * Deletes everything older than an instant, or a whole project. Allows one such job at a time: returns false if one is already waiting or
 * running.
 */
export const deleteData = (db: Database, projectId: string, payload: JobPayload<"data.delete">, jobId: string): Promise<boolean> =>
  transaction(db, (tx) =>
    enqueueJob(tx, {
      id: jobId,
      kind: "data.delete",
      projectId,
      payload,
      ...dedupeKeyOf(projectId, payload),
    }),
  );

const dedupeKeyOf = (projectId: string, { scope }: JobPayload<"data.delete">): { dedupeKey?: string } => {
  if (scope === "before") return { dedupeKey: `retention:${projectId}` };
  return scope === "project" ? { dedupeKey: `delete:${projectId}` } : {};
};

/** Sets the number of days after which a project's data is deleted; null keeps it. Returns false if there is no such project. */
export const setRetention = async (db: Database, projectId: string, days: number | null): Promise<boolean> => {
  const rows = await execute(
    db,
    sql`update projects set retention_days = ${days}::int, updated_at = now() where id = ${projectId} returning id`,
  );
  return rows.length > 0;
};

/**
 * Deletes comments on the deleted data, and what users set on its sessions. For traces only the comments on the traces themselves:
 * ClickHouse alone knew their observations.
 */
export const deleteNotes = async (db: Database, projectId: string, what: JobPayload<"data.delete">): Promise<void> => {
  switch (what.scope) {
    case "traces":
      await execute(
        db,
        sql`delete from comments where project_id = ${projectId} and object_type = 'TRACE'
          and object_id in (select t.id from json_array_elements_text(${JSON.stringify(what.traceIds)}::json) as t(id))`,
      );
      return;
    case "project":
      await execute(db, sql`delete from comments where project_id = ${projectId} and object_type in ('TRACE', 'OBSERVATION', 'SESSION')`);
      await execute(db, sql`delete from trace_sessions where project_id = ${projectId}`);
      return;
    case "scores":
    case "before":
      return;
    default:
      return what satisfies never;
  }
};

const Progress = z.object({ objects: z.number() }).catch({ objects: 0 });

/** Returns how many objects earlier attempts have removed. */
export const readProgress = (checkpoint: unknown): number => Progress.parse(checkpoint).objects;

export const noteProgress = (db: Database, lease: Lease, objects: number): Promise<unknown> =>
  execute(
    db,
    sql`update jobs set checkpoint = ${JSON.stringify({ objects })}::jsonb where id = ${lease.id} and lease_id = ${lease.leaseId} and state = 'running'`,
  );
