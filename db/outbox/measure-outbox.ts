/** How far the consumers of the outbox are behind. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

export type WaitingEvents = { consumer: string; waiting: number; oldestSeconds: number };

/** Counted so far for each consumer: one this long is long. */
const countedMax = 10_000;

/** Every consumer that was ever registered, also one that runs nowhere. Locks nothing; reads at most `countedMax` entries of the primary key for each consumer. */
export const measureOutbox = (db: Database): Promise<WaitingEvents[]> =>
  execute<WaitingEvents>(
    db,
    sql`select c.name as consumer, (select count(*)::int from (select 1 from outbox_deliveries d where d.consumer = c.name limit ${countedMax}) as counted) as waiting,
        coalesce((select extract(epoch from now() - d.created_at) from outbox_deliveries d where d.consumer = c.name order by d.position limit 1), 0)::double precision as "oldestSeconds"
      from outbox_consumers c order by c.name`,
  );
