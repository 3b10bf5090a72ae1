/** The job of an export while a lease holds it. */
import { type SQL, sql } from "drizzle-orm";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { states } from "../../db/queue/state-sql.ts";

/**
 * Selects and locks the id and attempt of the job. The lock orders it with a rescue: one waits for the other and sees its result. No row
 * means that the lease is lost.
 */
export const heldJob = (lease: Lease): SQL =>
  sql`select j.id, j.attempt from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = ${states.running} for share`;
