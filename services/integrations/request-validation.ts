/** Asks a runner to try an integration's address and credentials. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { lockIntegration } from "./integration-row.ts";

/** Returns the id of the validation: the one under way if there is one. Undefined if the project has no such integration. */
export const requestValidation = (
  db: Database,
  actor: Actor,
  { integrationId, jobId }: { integrationId: string; jobId: string },
): Promise<string | undefined> =>
  transaction(db, async (tx) => {
    if ((await lockIntegration(tx, actor.projectId, integrationId)) === undefined) return undefined;
    const dedupeKey = `integration.validate:${integrationId}`;
    const isNew = await enqueueJob(tx, {
      id: jobId,
      kind: "integration.validate",
      projectId: actor.projectId,
      payload: { integrationId },
      dedupeKey,
      cause: actor,
    });
    const [job] = isNew
      ? []
      : await execute<{ id: string }>(tx, sql`select id from jobs where dedupe_key = ${dedupeKey} and finished_at is null`);
    if (isNew) await writeAudit(tx, actor, { resourceType: "integration", resourceId: integrationId, action: "validate" });
    return job?.id ?? jobId;
  });
