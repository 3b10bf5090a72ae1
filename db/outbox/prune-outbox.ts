/** Removes events that every consumer has consumed. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

const batchRows = 1000;

/**
 * Deletes up to 1,000 events older than `keepDays` that no consumer waits for. Returns the number of rows; call again while a batch was
 * full.
 */
export const pruneOutbox = async (db: Database, { keepDays }: { keepDays: number }): Promise<number> => {
  const rows = await execute(
    db,
    sql`delete from outbox where id in (
      select o.id from outbox o where o.created_at < now() - make_interval(days => ${keepDays})
        and not exists (select 1 from outbox_deliveries d where d.position = o.position)
      order by o.created_at limit ${batchRows} for update skip locked) returning id`,
  );
  return rows.length;
};
