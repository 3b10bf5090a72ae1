/** Queue: cancels a job, or asks its runner to. */

import { sql } from "drizzle-orm";
import { jobState } from "../../core/jobs/state.ts";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

/**
 * Cancels a waiting job at once; marks a running one, whose runner sees the mark with its next heartbeat; leaves a finished one alone.
 * Locks the job row: a claim of the same job waits or is waited for, so exactly one of the answers is true.
 */
export const requestCancel = async (
  tx: Database,
  { jobId, projectId }: { jobId: string; projectId: string },
): Promise<"cancelled" | "requested" | "finished"> => {
  const [row] = await execute<{ state: string }>(
    tx,
    sql`update jobs set
        cancel_requested_at = coalesce(cancel_requested_at, now()),
        finished_at = case when state = ${states.running} then null else now() end,
        state = case when state = ${states.running} then ${states.running} else ${states.cancelled} end
      where id = ${jobId} and project_id = ${projectId} and finished_at is null
      returning state`,
  );
  if (row === undefined) return "finished";
  return row.state === jobState.running ? "requested" : "cancelled";
};
