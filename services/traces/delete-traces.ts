/** Asks for traces or scores to be deleted: the job and the audit row in one transaction; the runner does the rest. */
import type { JobPayload } from "../../core/jobs/kinds.ts";
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";

export const deleteTraces = (db: Database, actor: Actor, traceIds: readonly string[]): Promise<void> =>
  askToDelete(db, actor, { scope: "traces", traceIds: [...traceIds] }, { resourceType: "trace", resourceIds: traceIds });

export const deleteScores = (db: Database, actor: Actor, scoreIds: readonly string[]): Promise<void> =>
  askToDelete(db, actor, { scope: "scores", scoreIds: [...scoreIds] }, { resourceType: "score", resourceIds: scoreIds });

const askToDelete = (
  db: Database,
  actor: Actor,
  payload: Extract<JobPayload<"data.delete">, { scope: "traces" | "scores" }>,
  { resourceType, resourceIds }: { resourceType: "trace" | "score"; resourceIds: readonly string[] },
): Promise<void> =>
  transaction(db, async (tx) => {
    await enqueueJob(tx, { kind: "data.delete", projectId: actor.projectId, payload, cause: actor });
    await writeAudit(tx, actor, {
      resourceType,
      resourceId: resourceIds[0] ?? "",
      action: "delete",
      before: { [`${resourceType}Ids`]: resourceIds },
    });
  });
