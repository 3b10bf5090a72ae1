/** Queue: settles a job, writing the outcome of an attempt. */

import { type SQL, sql } from "drizzle-orm";
import { type JobKind, jobKinds } from "../../core/jobs/kinds.ts";
import type { JobState, jobState } from "../../core/jobs/state.ts";
import { storableForm } from "../../core/storable.ts";
import { type Database, execute } from "../postgres/client.ts";
import type { Lease } from "./heartbeat-job.ts";
import { final, states } from "./state-sql.ts";

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

/** The states in which a running job can end. */
export type SettledState = Exclude<JobState, typeof jobState.running | typeof jobState.scheduled>;

/** How an attempt under this lease ended. */
export type Ended = Lease & { kind: JobKind; outcome: Outcome };

/**
 * Fenced: changes the job only while it runs under this lease, and decrements the project's counter in the same statement. Undefined means
 * the lease is lost and nothing was written.
 * A job whose cancellation was requested can no longer complete, so cancel and complete have one winner; whatever the outcome of its
 * attempt, it ends cancelled. Returns the state written. Locks the job row, then its job_slots row.
 */
export const settleJob = async (tx: Database, { id, leaseId }: Lease, outcome: Outcome): Promise<SettledState | undefined> =>
  (await settleEach(tx, [{ id, leaseId, outcome }], true)).get(leaseId);

/**
 * Settles many jobs in one statement, each as `settleJob` does. Returns the states written, by lease; a lease that is missing is lost, and
 * its job unchanged. Each lease may be named once. Locks the job rows, then their job_slots rows in the order of projects.
 */
export const settleJobs = (tx: Database, ended: readonly Ended[]): Promise<ReadonlyMap<string, SettledState>> =>
  settleEach(
    tx,
    ended,
    ended.some(({ kind }) => jobKinds[kind].claiming.how === "limitedPerProject"),
  );

/** `mayBeLimited`: whether any of the jobs may count toward a limit. Without, planning takes half as long. */
const settleEach = async (
  tx: Database,
  ended: readonly (Lease & { outcome: Outcome })[],
  mayBeLimited: boolean,
): Promise<ReadonlyMap<string, SettledState>> => {
  const rows = ended.map(({ id, leaseId, outcome }) => ({
    id,
    lease_id: leaseId,
    state: outcome.state,
    error: "error" in outcome ? storableError(outcome.error) : null,
    delay: "delaySeconds" in outcome ? outcome.delaySeconds : null,
  }));
  const settled = await settle(tx, {
    ended: sql`json_to_recordset(${JSON.stringify(rows)}::json) as e(id text, lease_id uuid, state text, error jsonb, delay double precision)`,
    where: sql`j.lease_id = e.lease_id and (e.state <> ${states.completed} or j.cancel_requested_at is null)`,
    set: sql`last_error = coalesce(e.error || jsonb_build_object('attempt', j.attempt, 'at', now()), j.last_error),
      run_at = case when e.delay is not null then now() + make_interval(secs => e.delay) when e.state = ${states.available} then now() else j.run_at end,
      attempt = case when e.state = ${states.available} then j.attempt - 1 else j.attempt end`,
    mayBeLimited,
  });
  return new Map(settled.map(({ leaseId, state }) => [leaseId, state]));
};

/**
 * The only place where a running job leaves its state: clears the lease, sets finished_at for final states, decrements the project's
 * counter. `ended`: a relation `e` of the columns id, lease_id and state, and of those that `set` reads. The rows of job_slots are locked in
 * one order, so that two settlements of many jobs cannot deadlock.
 */
export const settle = (
  tx: Database,
  { ended, where, set, mayBeLimited }: { ended: SQL; where: SQL; set: SQL; mayBeLimited: boolean },
): Promise<{ leaseId: string; state: SettledState }[]> => {
  const job = sql`update jobs j set state = case when j.cancel_requested_at is null then e.state else ${states.cancelled} end, lease_id = null, lease_until = null,
      finished_at = case when j.cancel_requested_at is not null or e.state in ${final} then now() end, ${set}
    from ${ended} where j.id = e.id and ${where} and j.state = ${states.running}
    returning e.lease_id as "leaseId", j.state`;
  if (!mayBeLimited) return execute(tx, job);
  return execute(
    tx,
    sql`with job as (
      ${job}, j.project_id, j.has_slot
    ), freed as materialized (
      select project_id, count(*)::int as jobs from job where has_slot group by project_id
    ), slot as materialized (
      select project_id from job_slots where project_id in (select project_id from freed) order by project_id for no key update
    ), given_back as (
      update job_slots s set running = greatest(0, s.running - f.jobs), updated_at = now()
      from freed f join slot on slot.project_id = f.project_id where s.project_id = f.project_id
    )
    select "leaseId", state from job`,
  );
};
