/** Queue: claims many jobs with ordering keys under one lease. */

import { sql } from "drizzle-orm";
import type { ClaimedCause } from "../../core/jobs/job-cause.ts";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";
import { isWaitingWithOrderingKey, waitingProjects } from "./waiting-projects.ts";

export type BatchJob = {
  id: string;
  projectId: string;
  payload: unknown;
  attempt: number;
  maxAttempts: number;
  losses: number;
  orderingKey: string;
} & ClaimedCause;

export type JobBatch = {
  leaseId: string;
  /**
   * Instant of the claim, ISO 8601 UTC with microseconds. It is the database's clock if that is ahead of every earlier claim, else a
   * millisecond after the latest: every claim is later than all before it, even if the clock steps back.
   */
  claimedAt: string;
  jobs: BatchJob[];
};

/** An arbitrary constant; all runners must use the same. */
const claimLock = 727_002;

/** Jobs examined per claim, as a multiple of its size. */
const lookedAtFactor = 5;

/**
 * Claims up to `jobsMax` due jobs whose ordering key is not running. Projects take turns, each with its oldest jobs first, those of one
 * request sorted by ordering key, so that a trace is rarely split. If there are more projects than a batch holds, they are chosen at
 * random.
 * Jobs of a lost runner are claimed together with others that were lost as often, in batches half as large each time, so that a job that
 * crashes its runner ends up alone. Claims alternate: the next one takes jobs that were lost more often than the last claim's, and then
 * jobs never lost.
 * Claims of one kind wait for each other (a few milliseconds each; 0.3 s with 500,000 jobs of 5,000 projects), so that an ordering key is
 * never claimed twice. A separate statement takes the lock, so that the next one sees what the previous claim has written. Reads the
 * projects one by one in jobs_lane_idx, about `5 * jobsMax` jobs, and jobs_lane_running_idx.
 */
export const claimBatch = (
  db: Database,
  { kind, jobsMax, claimedBy, leaseSeconds }: { kind: JobKind; jobsMax: number; claimedBy: string; leaseSeconds: number },
): Promise<JobBatch | undefined> =>
  db.transaction(async (tx) => {
    await execute(tx, sql`select pg_advisory_xact_lock(${claimLock})`);
    const isDue = sql`${isWaitingWithOrderingKey} and j.kind = ${kind} and j.run_at <= now()
      and not exists (select 1 from jobs r where r.lane = j.lane and r.state = ${states.running})`;
    const rows = await execute<BatchJob & { leaseId: string; claimedAt: string }>(
      tx,
      sql`with recursive ${waitingProjects}, head as materialized (
          select w.project_id, w.losses from waiting w cross join lateral (
            select from jobs j where j.project_id = w.project_id and j.losses = w.losses and ${isDue} order by j.run_at, j.id limit 1
          ) h
        ), shape as materialized (
          select losses, greatest(1, ${jobsMax}::int >> least(losses, 30)) as jobs_max, greatest(1, ${jobsMax * lookedAtFactor}::int / count(*)::int) as project_jobs_max
          from head group by losses
          order by losses <= coalesce((select c.losses from claim_clock c where c.kind = ${kind}), -1), losses limit 1
        ), served as materialized (
          select h.project_id, s.* from head h join shape s on s.losses = h.losses order by random() limit (select jobs_max from shape)
        ), due as materialized (
          select d.id from served s cross join lateral (
            select j.id, row_number() over (order by j.run_at, j.lane, j.id) as turn from jobs j
            where j.project_id = s.project_id and j.losses = s.losses and ${isDue}
            order by j.run_at, j.lane, j.id limit least(s.jobs_max, s.project_jobs_max)
          ) d
          order by d.turn, random() limit (select jobs_max from shape)
        ), taken as materialized (
          select id from jobs where id in (select id from due) for update skip locked
        ), claim as (
          insert into claim_clock as c (kind, claimed_at, losses) select ${kind}, clock_timestamp(), s.losses from shape s, (select 1 from taken limit 1) any_job
          on conflict (kind) do update set claimed_at = greatest(clock_timestamp(), c.claimed_at + interval '1 millisecond'), losses = excluded.losses
          returning claimed_at, gen_random_uuid() as lease_id
        )
        update jobs j
        set state = ${states.running}, attempt = j.attempt + 1, lease_id = claim.lease_id, claimed_by = ${claimedBy},
          lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
        from taken, claim where j.id = taken.id
        returning j.id, j.project_id as "projectId", j.payload, j.attempt, j.max_attempts as "maxAttempts", j.losses, j.lane as "orderingKey", j.lease_id as "leaseId",
          j.request_id as "requestId", j.traceparent,
          to_char(claim.claimed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "claimedAt"`,
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      leaseId: first.leaseId,
      claimedAt: first.claimedAt,
      jobs: rows.map(({ leaseId, claimedAt, ...job }) => job),
    };
  });

/** Extends the lease of all its jobs; returns how many are still held. */
export const heartbeatBatch = async (db: Database, leaseId: string, leaseSeconds: number): Promise<number> => {
  const rows = await execute(
    db,
    sql`update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds}), heartbeat_at = now()
      where lease_id = ${leaseId}::uuid and state = ${states.running} returning id`,
  );
  return rows.length;
};
