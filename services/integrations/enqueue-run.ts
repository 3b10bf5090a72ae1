/** Enqueues the job that delivers the next window of an integration, unless it has an unfinished one. */
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import type { Database } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";

/** Returns false if the integration has an unfinished job, which will look for the next window itself. */
export const enqueueRun = (
  tx: Database,
  { id, projectId, kind }: { id: string; projectId: string; kind: IntegrationKind },
  { cause }: { cause?: JobCause } = {},
): Promise<boolean> =>
  enqueueJob(tx, {
    kind: `integration.${kind}`,
    projectId,
    payload: { integrationId: id },
    dedupeKey: `integration:${id}`,
    cause,
  });
