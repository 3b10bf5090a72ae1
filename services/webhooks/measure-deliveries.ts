/** Measures the webhooks that wait. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../../db/postgres/client.ts";
import { states } from "../../db/queue/state-sql.ts";

/** `lagSeconds`: age of the oldest head that was never tried. */
export type WaitingDeliveries = { waiting: number; lagSeconds: number };

/** Longer backlogs are reported as this. */
const countedMax = 10_000;

/**
 * One row. Locks nothing. Reads at most `countedMax` entries of webhook_deliveries_oldest_idx, and of the jobs that are due those in
 * jobs_concurrency_key_idx.
 */
export const measureDeliveries = (db: Database): Promise<WaitingDeliveries[]> =>
  execute<WaitingDeliveries>(
    db,
    sql`select (select count(*)::int from (select 1 from webhook_deliveries where state = 'waiting' limit ${countedMax}) as counted) as waiting,
        coalesce((select extract(epoch from now() - min(j.run_at)) from (
          select run_at from jobs where kind = 'webhook.deliver' and concurrency_key is not null and state = ${states.available} and run_at <= now() limit ${countedMax}
        ) j), 0)::double precision as "lagSeconds"`,
  );
