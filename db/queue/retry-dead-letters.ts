/** Queue: retries dead letters, accepted jobs that have used up their attempts. */

import { sql } from "drizzle-orm";
import { kindsWhere } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { kindList, states } from "./state-sql.ts";

const batchRows = 1000;

const accepted = kindList(kindsWhere(({ durability }) => durability === "accepted"));

/**
 * Retries one batch of those discarded before `before`; call again until it returns 0. The instant keeps a job that fails again from being
 * retried forever. Fenced by the state, with SKIP LOCKED: concurrent retries share the work.
 * Jobs restart with all attempts and their ordering keys; one loss marks that they were started before. The dedupe key is dropped: another
 * job may hold it by now, and running one of these twice is harmless. Uses jobs_finished_idx.
 */
export const retryDeadLetters = async (
  db: Database,
  {
    projectId,
    code,
    before,
    id,
  }: {
    projectId: string | undefined;
    code: string | undefined;
    /** Null for no bound, which is for a single job. */
    before: string | null;
    id?: string;
  },
): Promise<number> => {
  const rows = await execute(
    db,
    sql`update jobs j set state = ${states.available}, run_at = now(), attempt = 0, losses = 1, finished_at = null, cancel_requested_at = null, checkpoint = null, dedupe_key = null
      from (
        select id from jobs where ${before === null ? sql`finished_at is not null` : sql`finished_at < ${before}::timestamptz`} and state = ${states.discarded} and kind in ${accepted}
          ${projectId === undefined ? sql`` : sql`and project_id = ${projectId}`}
          ${code === undefined ? sql`` : sql`and last_error ->> 'code' = ${code}`}
          ${id === undefined ? sql`` : sql`and id = ${id}`}
        order by finished_at limit ${batchRows} for update skip locked
      ) d where j.id = d.id and j.state = ${states.discarded} returning j.id`,
  );
  return rows.length;
};
