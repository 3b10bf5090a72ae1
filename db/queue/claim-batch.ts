/** Takes one lease on many jobs that have a lane. */
import { sql } from "drizzle-orm";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";

export type BatchJob = { id: string; projectId: string; payload: unknown; attempt: number; maxAttempts: number; lane: string };

export type JobBatch = {
  leaseId: string;
  /** The moment of the claim by the clock of the database, ISO 8601 UTC with microseconds: every claim of a lane has a later one than the claim before. */
  claimedAt: string;
  jobs: BatchJob[];
};

/** Any constant will do; all runners must use the same. */
const claimLock = 727_002;

/**
 * The oldest jobs whose lane runs nowhere, and with each the others of its lane that are due, up to `jobsMax`. Claims of one kind wait for one another (a few
 * milliseconds each), so that a lane is never given out twice; the lock is taken by a statement of its own, for the next one to see what the claim before has
 * written. Uses jobs_lane_idx and jobs_lane_running_idx.
 */
export const claimBatch = (
  db: Database,
  { kind, jobsMax, claimedBy, leaseSeconds }: { kind: JobKind; jobsMax: number; claimedBy: string; leaseSeconds: number },
): Promise<JobBatch | undefined> =>
  db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    await execute(tx, sql`select pg_advisory_xact_lock(${claimLock})`);
    const rows = await execute<BatchJob & { leaseId: string; claimedAt: string }>(
      tx,
      sql`with lease as materialized (select gen_random_uuid() as id, clock_timestamp() as at), due as (
          select j.id from jobs j
          where j.state in ('scheduled','available','retryable') and j.lane is not null and j.kind = ${kind} and j.run_at <= now()
            and not exists (select 1 from jobs r where r.lane = j.lane and r.state = 'running')
          order by j.run_at, j.id limit ${jobsMax} for update skip locked
        )
        update jobs j
        set state = 'running', attempt = j.attempt + 1, lease_id = lease.id, claimed_by = ${claimedBy},
          lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
        from due, lease where j.id = due.id
        returning j.id, j.project_id as "projectId", j.payload, j.attempt, j.max_attempts as "maxAttempts", j.lane, j.lease_id as "leaseId",
          to_char(lease.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "claimedAt"`,
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      leaseId: first.leaseId,
      claimedAt: first.claimedAt,
      jobs: rows.map(({ id, projectId, payload, attempt, maxAttempts, lane }) => ({ id, projectId, payload, attempt, maxAttempts, lane })),
    };
  });

/** Extends the lease of all its jobs; how many are still held. */
export const heartbeatBatch = async (db: Database, leaseId: string, leaseSeconds: number): Promise<number> => {
  const rows = await execute(
    db,
    sql`update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds}), heartbeat_at = now()
      where lease_id = ${leaseId}::uuid and state = 'running' returning id`,
  );
  return rows.length;
};
