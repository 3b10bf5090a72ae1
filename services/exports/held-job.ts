/** The job of an export, as long as a lease holds it. */
import { sql } from "drizzle-orm";
import type { Lease } from "../../db/queue/heartbeat-job.ts";

/** The job while this lease holds it, locked: a rescue waits, or has been waited for and is seen. */
export const held = (lease: Lease) =>
  sql`select j.id from jobs j where j.id = ${lease.id} and j.lease_id = ${lease.leaseId} and j.state = 'running' for share`;
