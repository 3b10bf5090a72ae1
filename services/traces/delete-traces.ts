/** Asks for traces or scores to be deleted: the job and the audit row in one transaction; the runner does the rest. */
import type { JobPayload } from "../../core/jobs/kinds.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
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
