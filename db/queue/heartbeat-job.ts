/** Queue: heartbeat of a job, which extends its lease. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

export type Lease = { id: string; leaseId: string };
/** `completed`: this very attempt has settled the job as completed. */
export type Heartbeat = "held" | "cancelRequested" | "completed" | "lost";

/**
 * Extends the lease if it is still held (fenced by lease_id), and returns whether cancellation was requested. Locks one row; no index
 * changes, so the update stays on its page.
 * A heartbeat may follow the commit of a completion before the handler has returned. The lease is then gone but not lost: only the attempt
 * of this number can have completed the job.
 */
export const heartbeatJob = async (db: Database, lease: Lease & { attempt: number }, leaseSeconds: number): Promise<Heartbeat> => {
  const [row] = await execute<{ cancel: boolean }>(
    db,
    sql`update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds}), heartbeat_at = now()
      where id = ${lease.id} and lease_id = ${lease.leaseId} and state = ${states.running}
      returning cancel_requested_at is not null as cancel`,
  );
  if (row === undefined) return (await isCompletedBy(db, lease)) ? "completed" : "lost";
  return row.cancel ? "cancelRequested" : "held";
};

const isCompletedBy = async (db: Database, { id, attempt }: { id: string; attempt: number }): Promise<boolean> => {
  const found = await execute(db, sql`select 1 from jobs where id = ${id} and state = ${states.completed} and attempt = ${attempt}`);
  return found.length > 0;
};
