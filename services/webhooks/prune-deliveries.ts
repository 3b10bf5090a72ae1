/** Removes what is no longer needed of webhooks: old deliveries with their attempts, and former secrets. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";

const batchRows = 1000;

/**
 * Deletes up to 1,000 deliveries that ended more than `keepDays` ago or whose endpoint is gone, and forgets secrets whose overlap is over.
 * Returns the number of deliveries; call again while a batch was full. Uses webhook_deliveries_finished_idx and
 * webhook_deliveries_oldest_idx.
 */
export const pruneDeliveries = async (db: Database, { keepDays }: { keepDays: number }): Promise<number> => {
  await execute(
    db,
    sql`update webhook_endpoints set sealed_previous_secret = null, previous_public_key = null, previous_secret_until = null
      where previous_secret_until < now()`,
  );
  const rows = await execute(
    db,
    sql`delete from webhook_deliveries where id in (
        (select id from webhook_deliveries where finished_at < now() - make_interval(days => ${keepDays}) order by finished_at limit ${batchRows} for update skip locked)
      ) or id in (
        select d.id from webhook_deliveries d where d.state = 'waiting' and not exists (select 1 from webhook_endpoints e where e.id = d.endpoint_id)
        limit ${batchRows}
      ) returning id`,
  );
  return rows.length;
};
