/** Queue: settles a job, writing the outcome of an attempt. */

import { type SQL, sql } from "drizzle-orm";
import { isFinalState, type JobState, jobState } from "../../core/jobs/state.ts";
import { storableForm } from "../../core/storable.ts";
import { type Database, execute } from "../postgres/client.ts";
import type { Lease } from "./heartbeat-job.ts";
import { states } from "./state-sql.ts";

export type JobError = { code: string; message: string; detail?: string | undefined };

/** An error quotes foreign text, cut anywhere: jsonb would refuse some of it, and with it every outcome in the statement. */
export const storableError = ({ code, message, detail }: JobError): JobError => ({
  code,
  message: storableForm(message),
  ...(detail === undefined ? {} : { detail: storableForm(detail) }),
});

export type Outcome =
  | { state: typeof jobState.completed }
  | { state: typeof jobState.cancelled }
  | { state: typeof jobState.discarded; error: JobError }
  | { state: typeof jobState.retryable; error: JobError; delaySeconds: number }
  /** Released unstarted, at a shutdown: the attempt is not spent. */
  | { state: typeof jobState.available };

/**
 * Fenced: changes the job only while it runs under this lease, and decrements the project's counter in the same statement. Undefined means
 * the lease is lost and nothing was written.
 * A job whose cancellation was requested can no longer complete, so cancel and complete have one winner; whatever the outcome of its
 * attempt, it ends cancelled. Returns the state written. Locks the job row, then its job_slots row.
 */
export const settleJob = async (tx: Database, lease: Lease, outcome: Outcome): Promise<SettledState | undefined> => {
  const error =
    "error" in outcome
      ? sql`${JSON.stringify(storableError(outcome.error))}::jsonb || jsonb_build_object('attempt', attempt, 'at', now())`
      : sql`last_error`;
  const runAt =
    outcome.state === jobState.retryable
      ? sql`now() + make_interval(secs => ${outcome.delaySeconds})`
      : outcome.state === jobState.available
        ? sql`now()`
        : sql`run_at`;
  const [row] = await settle(tx, {
    where: sql`id = ${lease.id} and lease_id = ${lease.leaseId} ${outcome.state === jobState.completed ? sql`and cancel_requested_at is null` : sql``}`,
    state: outcome.state,
    set: sql`, last_error = ${error}, run_at = ${runAt}, attempt = ${outcome.state === jobState.available ? sql`attempt - 1` : sql`attempt`}`,
  });
  return row?.state;
};

/** The states in which a running job can end. */
export type SettledState = Exclude<JobState, typeof jobState.running | typeof jobState.scheduled>;

/**
 * The only place where a running job leaves its state: clears the lease, sets finished_at for final states, decrements the project's
 * counter.
 */
export const settle = (
  tx: Database,
  { where, state, set }: { where: SQL; state: SettledState; set: SQL },
): Promise<{ state: SettledState }[]> => {
  const isFinal = isFinalState(state);
  return execute<{ state: SettledState }>(
    tx,
    sql`with job as (
      update jobs set state = case when cancel_requested_at is null then ${state} else ${states.cancelled} end, lease_id = null, lease_until = null,
        finished_at = case when cancel_requested_at is not null then now() else ${isFinal ? sql`now()` : sql`null::timestamptz`} end ${set}
      where ${where} and state = ${states.running}
      returning project_id, has_slot, state
    ), slot as (
      update job_slots s set running = greatest(0, s.running - 1), updated_at = now()
      from job where s.project_id = job.project_id and job.has_slot
    )
    select state from job`,
  );
};
