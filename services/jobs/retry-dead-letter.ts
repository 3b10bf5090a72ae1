/** Retries one dead letter, for operators. */
import type { Database } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { findJob } from "../../db/queue/find-job.ts";
import { retryDeadLetters } from "../../db/queue/retry-dead-letters.ts";
import { writeAdminAudit } from "../audit/write-audit.ts";

/** The job restarts with all its attempts. Job and audit row in one transaction; of two calls at once, one retries it. */
export const retryDeadLetter = (
  db: Database,
  jobId: string,
  { requestId, operatorId }: { requestId: string; operatorId: string | null },
): Promise<"retried" | "notFound" | "notDead"> =>
  transaction(db, async (tx) => {
    const job = await findJob(tx, jobId);
    if (job === undefined) return "notFound";
    const isRetried = (await retryDeadLetters(tx, { projectId: job.projectId, code: undefined, before: null, id: jobId })) === 1;
    if (!isRetried) return "notDead";
    await writeAdminAudit(
      tx,
      { projectId: job.projectId, requestId, userId: operatorId },
      { resourceType: "job", resourceId: jobId, action: "retry", before: { kind: job.kind, state: job.state } },
    );
    return "retried";
  });
