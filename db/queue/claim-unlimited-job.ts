/** Queue: claims the next job of a kind without a concurrency limit or ordering key. */

import { type SQL, sql } from "drizzle-orm";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import type { ClaimedJob } from "./claim-job.ts";
import { claimable, states } from "./state-sql.ts";

type UnlimitedClaim = {
  kind: JobKind;
  afterProjectId: string;
  exceptProjectIds?: readonly string[];
  claimedBy: string;
  leaseSeconds: number;
};

/**
 * Projects take turns: takes the oldest job of the next project after `afterProjectId` by id, or else of the first one, skipping the
 * exceptions. One statement: locks one jobs row with SKIP LOCKED, waits for none. Uses jobs_slotless_project_idx.
 */
export const claimUnlimitedJob = async (
  db: Database,
  { kind, afterProjectId, exceptProjectIds = [], claimedBy, leaseSeconds }: UnlimitedClaim,
): Promise<ClaimedJob | undefined> => {
  const oldest = (condition: SQL) => sql`select id from jobs
      where state in ${claimable} and run_at <= now() and not has_slot and lane is null and kind = ${kind} and ${condition}
        and project_id not in (select json_array_elements_text(${JSON.stringify(exceptProjectIds)}::json))
      order by project_id, run_at, id limit 1 for update skip locked`;
  const [job] = await execute<ClaimedJob>(
    db,
    sql`with following as materialized (${oldest(sql`project_id > ${afterProjectId}`)}),
    first as materialized (${oldest(sql`project_id <= ${afterProjectId} and not exists (select 1 from following)`)})
    update jobs j
    set state = ${states.running}, attempt = j.attempt + 1, lease_id = gen_random_uuid(), claimed_by = ${claimedBy},
      lease_until = now() + make_interval(secs => ${leaseSeconds}), started_at = now(), heartbeat_at = now()
    from (select id from following union all select id from first) next where j.id = next.id
    returning j.id, j.kind, j.project_id as "projectId", j.payload, j.attempt, j.max_attempts as "maxAttempts", j.lease_id as "leaseId", j.checkpoint,
      j.request_id as "requestId", j.traceparent`,
  );
  return job;
};
