/** Queue: claims the next job that counts toward its project's concurrency limit. */

import { sql } from "drizzle-orm";
import type { ClaimedCause } from "../../core/jobs/job-cause.ts";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, kindList, states } from "./state-sql.ts";

export type ClaimedJob = {
  id: string;
  kind: JobKind;
  projectId: string;
  payload: unknown;
  attempt: number;
  maxAttempts: number;
  leaseId: string;
  checkpoint: unknown;
} & ClaimedCause;

/**
 * One statement, so no transaction stays open. It takes the project's job_slots row with SKIP LOCKED and increments it with the claim: the
 * limit is exact (a count(*) in the claim let up to 12 run instead of 2, measured), and the project served longest ago comes first.
 * Locks one job_slots row, then one jobs row; waits for none. Uses jobs_claimable_idx. May return nothing although there is work, if
 * another runner took the same row; the caller polls again.
 */
export const claimJob = async (
  db: Database,
  {
    kinds,
    claimedBy,
    leaseSeconds,
    projectRunningMax,
  }: { kinds: readonly JobKind[]; claimedBy: string; leaseSeconds: number; projectRunningMax: number },
): Promise<ClaimedJob | undefined> => {
  const ofKinds = kindList(kinds);
  const [job] = await execute<ClaimedJob>(
    db,
    sql`with slot as (
      select s.project_id
      from job_slots s join projects p on p.id = s.project_id
      where s.running < coalesce(p.running_jobs_max, ${projectRunningMax}::int)
        and exists (
          select 1 from jobs j
          where j.project_id = s.project_id and j.state in ${claimable} and j.run_at <= now() and j.has_slot and j.kind in ${ofKinds}
        )
      order by s.last_claimed_at nulls first, s.project_id
      limit 1
      for no key update of s skip locked
    ), job as (
      select j.id, j.project_id
      from jobs j join slot on j.project_id = slot.project_id
      where j.state in ${claimable} and j.run_at <= now() and j.has_slot and j.kind in ${ofKinds}
      order by j.priority, j.run_at, j.id
      limit 1
      for update of j skip locked
    ), taken as (
      update job_slots s set running = s.running + 1, last_claimed_at = clock_timestamp(), updated_at = now()
      from job where s.project_id = job.project_id
    )
    update jobs j
    set state = ${states.running}, attempt = j.attempt + 1, lease_id = gen_random_uuid(), claimed_by = ${claimedBy},
      lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
    from job where j.id = job.id
    returning j.id, j.kind, j.project_id as "projectId", j.payload, j.attempt, j.max_attempts as "maxAttempts", j.lease_id as "leaseId", j.checkpoint,
      j.request_id as "requestId", j.traceparent`,
  );
  return job;
};
