/** Takes a job back whose runner stopped sending heartbeats. */

import { sql } from "drizzle-orm";
import { kindsWhere } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { settle } from "./settle-job.ts";
import { kindList, states } from "./state-sql.ts";

export type RescuedJob = { id: string; kind: string; state: "cancelled" | "discarded" | "retryable"; projectId: string };

/** An export waits this long after its runner was lost: the next one may start at once, but a job that ends its runner must not spin. Of what was accepted, it doubles with each loss. */
const delaySeconds = 1;
const delaySecondsMax = 30;

/** An accepted job that has taken so many runners with it is kept as a dead letter. By then one in a lane has been alone in its batch for a while. */
export const lossesMax = 20;

const isLossCounted = sql`kind in ${kindList(kindsWhere(({ onExpiredLease }) => onExpiredLease === "countLoss"))}`;

/**
 * One job a call, so that two reapers cannot wait for each other: each holds one job and then one slot. Cancelled when that was asked for, discarded when no
 * attempt is left, else retryable. An accepted job ran with many others, and it is unknown which of them ended the runner, if any: the loss is counted and the attempt is
 * not spent. The domain rows are written by the caller in the same transaction. Uses jobs_running_idx.
 */
export const rescueJob = async (tx: Database): Promise<RescuedJob | undefined> => {
  const [expired] = await execute<{ id: string; kind: string; projectId: string; state: RescuedJob["state"] }>(
    tx,
    sql`select id, kind, project_id as "projectId",
        case when cancel_requested_at is not null then ${states.cancelled}
          when case when ${isLossCounted} then losses + 1 >= ${lossesMax} else attempt >= max_attempts end then ${states.discarded} else ${states.retryable} end as state
      from jobs where state = ${states.running} and lease_until < now()
      order by lease_until limit 1 for update skip locked`,
  );
  if (expired === undefined) return undefined;
  const error = { code: "RUNNER_LOST", message: "The runner of this job went away." };
  await settle(tx, {
    where: sql`id = ${expired.id}`,
    state: expired.state,
    set: sql`, last_error = ${JSON.stringify(error)}::jsonb || jsonb_build_object('attempt', attempt, 'at', now()),
      losses = losses + 1, attempt = case when ${isLossCounted} then attempt - 1 else attempt end,
      run_at = now() + make_interval(secs => case when ${isLossCounted} then least(${delaySecondsMax}, ${delaySeconds} * 2 ^ losses) else ${delaySeconds} end)`,
  });
  return expired;
};
