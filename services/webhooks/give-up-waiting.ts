/** Gives up what waits for an endpoint that is switched off. */
import { sql } from "drizzle-orm";
import { errorTable } from "../../core/errors.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { deleteKeyedJobs } from "../../db/queue/enqueue-keyed-jobs.ts";

/** The error of deliveries that an endpoint misses while it is switched off. */
export const disabledError = { code: "WEBHOOK_ENDPOINT_DISABLED", message: errorTable.WEBHOOK_ENDPOINT_DISABLED.title } as const;

/**
 * The deliveries end as failed and can be redelivered. Their jobs are deleted; one that runs ends by itself. The caller holds the lock of
 * the endpoint.
 */
export const giveUpWaiting = async (tx: Database, endpointId: string): Promise<void> => {
  await execute(
    tx,
    sql`update webhook_deliveries set state = 'failed', finished_at = now(), last_error = ${JSON.stringify(disabledError)}::jsonb
      where endpoint_id = ${endpointId} and state = 'waiting'`,
  );
  await deleteKeyedJobs(tx, "webhook.deliver", endpointId);
};
