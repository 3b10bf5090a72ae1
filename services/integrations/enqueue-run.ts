/** Enqueues the job that delivers the next window of an integration, unless it has an unfinished one. */
import { sql } from "drizzle-orm";
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";

/**
 * Returns false if the integration has an unfinished job, which will look for the next window itself. Call it under the lock of the
 * integration. It looks before it inserts: the insert would wait for the end of a transaction that is ending that job, and which waits for
 * this lock. Such a transaction looks for more to do once it has the lock.
 */
export const enqueueRun = async (
  tx: Database,
  { id, projectId, kind }: { id: string; projectId: string; kind: IntegrationKind },
  { cause }: { cause?: JobCause } = {},
): Promise<boolean> => {
  const dedupeKey = `integration:${id}`;
  const unfinished = await execute(tx, sql`select 1 from jobs where dedupe_key = ${dedupeKey} and finished_at is null`);
  return (
    unfinished.length === 0 && enqueueJob(tx, { kind: `integration.${kind}`, projectId, payload: { integrationId: id }, dedupeKey, cause })
  );
};
