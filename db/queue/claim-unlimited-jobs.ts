/** Queue: claims jobs of a kind without a concurrency limit or ordering key. */

import { sql } from "drizzle-orm";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import type { ClaimedJob } from "./claimed-job.ts";
import { projectsInTurn } from "./projects-in-turn.ts";
import { claimable, states } from "./state-sql.ts";

type UnlimitedClaim = {
  kind: JobKind;
  /** Most jobs to claim. */
  jobsMax: number;
  /** Projects after this one by id come first, so that projects take turns from claim to claim. */
  afterProjectId: string;
  /** Most jobs to claim of one project. */
  projectJobsMax: number;
  /** The same for single projects; 0 leaves a project out. */
  allowances?: Readonly<Record<string, number>>;
  claimedBy: string;
  leaseSeconds: number;
};

export type UnlimitedJobs = {
  /** In the order of the turns: the project of the last one is the `afterProjectId` of the next claim. */
  jobs: ClaimedJob[];
  /** False if the same claim again would find nothing more. */
  mayBeMore: boolean;
};

/**
 * Claims up to `jobsMax` due jobs, each under a lease of its own. Projects take turns: the next ones after `afterProjectId` by id, and then
 * the first ones. If fewer than `jobsMax` projects wait, each gets an equal share, its oldest jobs first.
 * One statement: steps from project to project along jobs_slotless_project_idx until the claim is full (3 ms of CPU with 500,000 jobs of 5,000
 * projects; one step for each project whose jobs are not due), locks jobs rows with SKIP LOCKED, waits for none. Rows that another runner
 * has locked are passed over while the index is read, so two claims at once take different jobs.
 */
export const claimUnlimitedJobs = async (
  db: Database,
  { kind, jobsMax, afterProjectId, projectJobsMax, allowances = {}, claimedBy, leaseSeconds }: UnlimitedClaim,
): Promise<UnlimitedJobs> => {
  const isWaiting = sql`j.state in ${claimable} and not j.has_slot and j.lane is null and j.kind = ${kind}`;
  const rows = await execute<ClaimedJob & { place: number; shareMax: number | null }>(
    db,
    sql`with recursive ${projectsInTurn(isWaiting, afterProjectId)}, allowed as (
      select project_id, coalesce((${JSON.stringify(allowances)}::jsonb ->> project_id)::int, ${projectJobsMax}::int) as jobs_max from turn
    ), share as materialized (
      select ceil(${jobsMax}::numeric / greatest(1, count(*)))::int as jobs_max from (select from allowed where jobs_max > 0 limit ${jobsMax}) a
    ), job as materialized (
      select j.id, (row_number() over ())::int as place, case when s.jobs_max < a.jobs_max then s.jobs_max end as share_max
      from allowed a cross join share s cross join lateral (
        select j.id from jobs j where ${isWaiting} and j.project_id = a.project_id and j.run_at <= now()
        order by j.run_at, j.id
        limit least(a.jobs_max, s.jobs_max)
        for update of j skip locked
      ) j
      where a.jobs_max > 0
      limit ${jobsMax}
    )
    update jobs j
    set state = ${states.running}, attempt = j.attempt + 1, lease_id = gen_random_uuid(), claimed_by = ${claimedBy},
      lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
    from job where j.id = job.id
    returning j.id, j.kind, j.project_id as "projectId", j.payload, j.attempt, j.max_attempts as "maxAttempts", j.lease_id as "leaseId", j.checkpoint,
      j.request_id as "requestId", j.traceparent, job.place, job.share_max as "shareMax"`,
  );
  return {
    jobs: rows.toSorted((a, b) => a.place - b.place).map(({ place, shareMax, ...job }) => job),
    mayBeMore: rows.length === jobsMax || rows.some(({ projectId, shareMax }) => shareMax === countOf(rows, projectId)),
  };
};

const countOf = (rows: readonly ClaimedJob[], projectId: string): number => rows.filter((row) => row.projectId === projectId).length;
