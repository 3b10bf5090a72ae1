/** Asks for everything of a project, or all that is older than an instant, to be deleted. */
import type { JobPayload } from "../../core/jobs/kinds.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";

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
