/** Queue: rescues a job whose runner stopped sending heartbeats. */

import { sql } from "drizzle-orm";
import { kindsWhere } from "../../core/jobs/kinds.ts";
import type { jobState } from "../../core/jobs/state.ts";
import { type Database, execute } from "../postgres/client.ts";
import { settle } from "./settle-job.ts";
import { kindList, states } from "./state-sql.ts";

type RescuedState = typeof jobState.cancelled | typeof jobState.discarded | typeof jobState.retryable;
type RescuedJob = { id: string; kind: string; state: RescuedState; projectId: string };

/**
 * Delay of an export after its runner was lost: another runner may start at once, but a job that crashes its runner must not spin. For
 * accepted jobs it doubles with each loss.
 */
const delaySeconds = 1;
const delaySecondsMax = 30;

/** Losses after which an accepted job becomes a dead letter. By then, one with an ordering key has been alone in its batch for a while. */
export const lossesMax = 20;

const isLossCounted = sql`kind in ${kindList(kindsWhere(({ onExpiredLease }) => onExpiredLease === "countLoss"))}`;

/**
 * Rescues one job per call, so that two rescues cannot deadlock: each locks one job, then one job_slots row. The job ends cancelled if that
 * was requested, discarded if no attempt is left, else retryable.
 * An accepted job ran with many others, and which of them crashed the runner is unknown, so the loss is counted and the attempt not spent.
 * The caller writes the domain rows in the same transaction. Uses jobs_running_idx.
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
  const error = { code: "RUNNER_LOST", message: "The runner of this job was lost." };
  await settle(tx, {
    ended: sql`(select ${expired.id}::text as id, ${expired.state}::text as state, null::uuid as lease_id) e`,
    where: sql`true`,
    mayBeLimited: true,
    set: sql`last_error = ${JSON.stringify(error)}::jsonb || jsonb_build_object('attempt', attempt, 'at', now()),
      losses = losses + 1, attempt = case when ${isLossCounted} then attempt - 1 else attempt end,
      run_at = now() + make_interval(secs => case when ${isLossCounted} then least(${delaySecondsMax}, ${delaySeconds} * 2 ^ losses) else ${delaySeconds} end)`,
  });
  return expired;
};
