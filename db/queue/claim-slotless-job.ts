/** Takes a lease on the next job that needs no slot of its project. */
import { sql } from "drizzle-orm";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import type { ClaimedJob } from "./claim-job.ts";

/** One statement: locks one jobs row with SKIP LOCKED, waits for none. Uses jobs_slotless_idx. */
export const claimSlotlessJob = async (
  db: Database,
  { kinds, claimedBy, leaseSeconds }: { kinds: readonly JobKind[]; claimedBy: string; leaseSeconds: number },
): Promise<ClaimedJob | undefined> => {
  const kindList = sql.join(
    kinds.map((kind) => sql`${kind}`),
    sql`, `,
  );
  const [job] = await execute<ClaimedJob>(
    db,
    sql`with job as (
      select id from jobs
      where state in ('scheduled','available','retryable') and run_at <= now() and not has_slot and lane is null and kind in (${kindList})
      order by priority, run_at, id limit 1 for update skip locked
    )
    update jobs j
    set state = 'running', attempt = j.attempt + 1, lease_id = gen_random_uuid(), claimed_by = ${claimedBy},
      lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
    from job where j.id = job.id
    returning j.id, j.kind, j.project_id as "projectId", j.payload, j.attempt, j.max_attempts as "maxAttempts", j.lease_id as "leaseId", j.checkpoint`,
  );
  return job;
};
