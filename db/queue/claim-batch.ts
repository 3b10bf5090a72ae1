/** Queue: claims many jobs with ordering keys under one lease. */

import { type SQL, sql } from "drizzle-orm";
import type { ClaimedCause } from "../../core/jobs/job-cause.ts";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { projectsInTurn } from "./projects-in-turn.ts";
import { states } from "./state-sql.ts";
import { isWaitingWithOrderingKey } from "./waiting-projects.ts";

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

type BatchClaim = { kind: JobKind; jobsMax: number; claimedBy: string; leaseSeconds: number };

/** How often the jobs of a claim were lost, and the project after which it begins. */
type Level = { losses: number; afterProjectId: string };

/**
 * Claims up to `jobsMax` due jobs whose ordering key is not running. Projects take turns, each with its oldest jobs first, those of one
 * request sorted by ordering key, so that a trace is rarely split. A claim begins after the project at which the last one ended, so each of
 * n projects is served once in n / `jobsMax` claims.
 * Jobs of a lost runner are claimed together with others that were lost as often, in batches half as large each time, so that a job that
 * crashes its runner ends up alone. Claims alternate: the next one takes jobs that were lost more often than the last claim's, and then
 * jobs never lost.
 * Claims of one kind wait for each other (with 500,000 jobs of 5,000 projects, 10 ms of CPU for 100 jobs and 27 for 500), so that an ordering key is never
 * claimed twice. A separate statement takes the lock, so that the next one sees what the previous claim has written.
 */
export const claimBatch = (db: Database, claim: BatchClaim): Promise<JobBatch | undefined> =>
  db.transaction(async (tx) => {
    await execute(tx, sql`select pg_advisory_xact_lock(${claimLock})`);
    for (const level of await listLevels(tx, claim.kind)) {
      const batch = await claimAtLevel(tx, claim, level);
      if (batch !== undefined) return batch;
    }
    return undefined;
  });

/** In the order of turns. Steps from one number of losses to the next along jobs_lane_lost_idx. The jobs of a level need not be due. */
const listLevels = (tx: Database, kind: JobKind): Promise<Level[]> => {
  const next = (condition: SQL) =>
    sql`(select j.losses from jobs j where ${isWaitingWithOrderingKey} and j.losses > 0 and ${condition} order by j.losses limit 1)`;
  return execute<Level>(
    tx,
    sql`with recursive lost(losses) as (
        select ${next(sql`true`)} union all select ${next(sql`j.losses > l.losses`)} from lost l where l.losses is not null
      )
      select l.losses, coalesce(c.after_projects ->> l.losses::text, '') as "afterProjectId"
      from (select 0 as losses union all select losses from lost where losses is not null) l left join claim_clock c on c.kind = ${kind}
      order by l.losses <= coalesce(c.losses, -1), l.losses`,
  );
};

/**
 * Steps from project to project along jobs_lane_idx (or jobs_lane_lost_idx) until there are enough with a due job. If the projects fill the
 * batch, each gives its oldest job; otherwise about `5 * jobsMax` jobs are read. The ordering keys that run are read once, along
 * jobs_lane_running_idx: asked for each job, the planner chose to read them all each time (250 ms with 1,000 running).
 */
const claimAtLevel = async (
  tx: Database,
  { kind, jobsMax, claimedBy, leaseSeconds }: BatchClaim,
  { losses, afterProjectId }: Level,
): Promise<JobBatch | undefined> => {
  const levelMax = Math.max(1, jobsMax >> Math.min(losses, 30));
  // Literals, so that the planner can tell which partial index holds the level.
  const ofLevel = sql`${isWaitingWithOrderingKey} and j.losses = ${sql.raw(String(losses))} ${losses > 0 ? sql`and j.losses > 0` : sql``}`;
  const isDue = sql`${ofLevel} and j.kind = ${kind} and j.run_at <= now()
    and j.lane not in (select lane from busy)`;
  const rows = await execute<BatchJob & { leaseId: string; claimedAt: string }>(
    tx,
    sql`with recursive busy as materialized (
        select lane from jobs where state = ${states.running} and lane is not null
      ), ${projectsInTurn(ofLevel, afterProjectId)}, served as materialized (
        select t.project_id, (row_number() over ())::int as place, h.id from turn t cross join lateral (
          select j.id from jobs j where j.project_id = t.project_id and ${isDue} order by j.run_at, j.lane, j.id limit 1
        ) h
        limit ${levelMax}
      ), shape as materialized (
        select case when count(*) < ${levelMax} then greatest(1, ${levelMax * lookedAtFactor}::int / greatest(1, count(*)::int)) else 0 end as project_jobs_max from served
      ), due as materialized (
        select id, project_id, place, 1 as turn from served where (select project_jobs_max from shape) = 0
        union all
        (select d.id, s.project_id, s.place, d.turn from served s cross join lateral (
          select j.id, (row_number() over (order by j.run_at, j.lane, j.id))::int as turn from jobs j
          where j.project_id = s.project_id and ${isDue}
          order by j.run_at, j.lane, j.id limit least(${levelMax}, (select project_jobs_max from shape))
        ) d
        where (select project_jobs_max from shape) > 0
        order by d.turn, s.place limit ${levelMax})
      ), taken as materialized (
        select id from jobs where id in (select id from due) for update skip locked
      ), claim as (
        insert into claim_clock as c (kind, claimed_at, losses, after_projects)
        select ${kind}, clock_timestamp(), ${losses}::int, jsonb_build_object(${String(losses)}::text, last.project_id)
        from (select project_id from due order by turn desc, place desc limit 1) last, (select 1 from taken limit 1) any_job
        on conflict (kind) do update set claimed_at = greatest(clock_timestamp(), c.claimed_at + interval '1 millisecond'), losses = excluded.losses,
          after_projects = c.after_projects || excluded.after_projects
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
};

/** Extends the lease of all its jobs; returns how many are still held. */
export const heartbeatBatch = async (db: Database, leaseId: string, leaseSeconds: number): Promise<number> => {
  const rows = await execute(
    db,
    sql`update jobs set lease_until = now() + make_interval(secs => ${leaseSeconds}), heartbeat_at = now()
      where lease_id = ${leaseId}::uuid and state = ${states.running} returning id`,
  );
  return rows.length;
};
