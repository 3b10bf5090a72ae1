/** How far a deletion has got, kept with its job. */
import { sql } from "drizzle-orm";
import { z } from "zod";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { states } from "../../db/queue/state-sql.ts";

const Progress = z.object({ objects: z.number() }).catch({ objects: 0 });

/** Returns how many objects earlier attempts have removed. */
export const readProgress = (checkpoint: unknown): number => Progress.parse(checkpoint).objects;

export const noteProgress = (db: Database, lease: Lease, objects: number): Promise<unknown> =>
  execute(
    db,
    sql`update jobs set checkpoint = ${JSON.stringify({ objects })}::jsonb where id = ${lease.id} and lease_id = ${lease.leaseId} and state = ${states.running}`,
  );
