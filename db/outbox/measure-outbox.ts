/** Measures the backlog of the outbox consumers. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";

export type WaitingEvents = { consumer: string; waiting: number; oldestSeconds: number };

/** Counting limit per consumer; longer backlogs are reported as this. */
const countedMax = 10_000;

/**
 * Lists every consumer ever registered, even if it runs nowhere. Locks nothing; reads at most `countedMax` entries of the primary key per
 * consumer.
 */
export const measureOutbox = (db: Database): Promise<WaitingEvents[]> =>
  execute<WaitingEvents>(
    db,
    sql`select c.name as consumer, (select count(*)::int from (select 1 from outbox_deliveries d where d.consumer = c.name limit ${countedMax}) as counted) as waiting,
        coalesce((select extract(epoch from now() - d.created_at) from outbox_deliveries d where d.consumer = c.name order by d.position limit 1), 0)::double precision as "oldestSeconds"
      from outbox_consumers c order by c.name`,
  );
