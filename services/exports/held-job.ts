/** The job of an export, as long as a lease holds it. */
import { type SQL, sql } from "drizzle-orm";
import type { Lease } from "../../db/queue/heartbeat-job.ts";

/** Selects its id and attempt, locked: a rescue waits, or has been waited for and is seen. No row: the lease is lost. */
export const heldJob = (lease: Lease): SQL =>
  sql`select j.id, j.attempt from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = 'running' for share`;
