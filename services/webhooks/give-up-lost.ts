/** Gives up a delivery whose job was lost with its runner too often. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { type DeliveryLine, enqueueHeads } from "./enqueue-heads.ts";

const lostError = { code: "RUNNER_LOST", message: "The runner of this delivery was lost, several times." };

/**
 * The next delivery of its object follows. The caller holds the lock of the job; the lock of the endpoint is taken after it, against the
 * order of settling. If both meet, Postgres ends one, and it is repeated.
 */
export const giveUpLost = async (tx: Database, jobId: string): Promise<void> => {
  const [line] = await execute<DeliveryLine & { deliveryId: string }>(
    tx,
    sql`select d.id as "deliveryId", d.endpoint_id as "endpointId", d.object_id as "objectId"
      from jobs j join webhook_deliveries d on d.id = j.payload ->> 'deliveryId' where j.id = ${jobId}`,
  );
  if (line === undefined) return;
  await execute(tx, sql`select id from webhook_endpoints where id = ${line.endpointId} for no key update`);
  await execute(
    tx,
    sql`update webhook_deliveries set state = 'failed', finished_at = now(), last_error = ${JSON.stringify(lostError)}::jsonb
      where id = ${line.deliveryId} and state = 'waiting'`,
  );
  await enqueueHeads(tx, [line]);
};
