/** Takes a job back whose runner stopped sending heartbeats. */
import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { settle } from "./settle-job.ts";

export type RescuedJob = { id: string; kind: string; state: "cancelled" | "discarded" | "retryable"; projectId: string };

/** An export waits this long after its runner was lost: the next one may start at once, but a job that kills its runner must not spin. */
const rescueDelaySeconds = 1;

/**
 * One job a call, so that two reapers cannot wait for each other: each holds one job and then one slot. Cancelled when that was asked for, discarded when no
 * attempt is left, else retryable. The domain rows are written by the caller in the same transaction. Uses jobs_running_idx.
 */
export const rescueJob = async (tx: Database): Promise<RescuedJob | undefined> => {
  const [expired] = await execute<{ id: string; kind: string; projectId: string; state: RescuedJob["state"] }>(
    tx,
    sql`select id, kind, project_id as "projectId",
        case when cancel_requested_at is not null then 'cancelled' when attempt >= max_attempts then 'discarded' else 'retryable' end as state
      from jobs where state = 'running' and lease_until < now()
      order by lease_until limit 1 for update skip locked`,
  );
  if (expired === undefined) return undefined;
  const error = { code: "RUNNER_LOST", message: "The runner of this job went away." };
  await settle(tx, {
    where: sql`id = ${expired.id}`,
    state: expired.state,
    set: sql`, last_error = ${JSON.stringify(error)}::jsonb || jsonb_build_object('attempt', attempt, 'at', now()), run_at = now() + make_interval(secs => ${rescueDelaySeconds})`,
  });
  return expired;
};
