/** Queue: heartbeat of a job, which extends its lease. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

export type Lease = { id: string; leaseId: string };
export type Heartbeat = "held" | "cancelRequested" | "lost";

/**
 * Extends the lease if it is still held (fenced by lease_id), and returns whether cancellation was requested. Locks one row; no index
 * changes, so the update stays on its page.
 */
export const heartbeatJob = async (db: Database, lease: Lease, leaseSeconds: number): Promise<Heartbeat> => {
  const [row] = await execute<{ cancel: boolean }>(
    db,
    sql`update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds}), heartbeat_at = now()
      where id = ${lease.id} and lease_id = ${lease.leaseId} and state = ${states.running}
      returning cancel_requested_at is not null as cancel`,
  );
  if (row === undefined) return "lost";
  return row.cancel ? "cancelRequested" : "held";
};
