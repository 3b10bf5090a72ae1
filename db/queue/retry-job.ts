/** Queue: retries a discarded or cancelled job. */

import { sql } from "drizzle-orm";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

/** The job restarts with all its attempts, caused by the request that retries it. Returns false if it is in no such state. Locks the job row, then its job_slots row. */
export const retryJob = async (
  tx: Database,
  { jobId, projectId, cause }: { jobId: string; projectId: string; cause: JobCause },
): Promise<boolean> => {
  const rows = await execute<{ id: string }>(
    tx,
    sql`with job as (
      update jobs set state = ${states.available}, run_at = now(), attempt = 0, losses = 0, finished_at = null, cancel_requested_at = null, checkpoint = null,
        request_id = ${cause.requestId}, traceparent = ${cause.traceparent ?? null}
      where id = ${jobId} and project_id = ${projectId} and state in (${states.discarded}, ${states.cancelled})
      returning id, project_id
    ), slot as (
      insert into job_slots (project_id) select project_id from job
      on conflict (project_id) do update set updated_at = now()
    )
    select id from job`,
  );
  return rows.length === 1;
};
