/** Queue: settles jobs that were claimed together. Fenced: a job changes only while it runs under the lease. */

import { sql } from "drizzle-orm";
import { type Database, execute } from "../postgres/client.ts";
import { type JobError, storableError } from "./settle-job.ts";
import { states } from "./state-sql.ts";

export type BatchOutcome = {
  /** Completed: their rows are deleted; the files and the log are the record. */
  doneIds: readonly string[];
  /** Retried after the delay, or kept as dead letters once the attempts are spent. */
  failed: readonly { id: string; error: JobError; delaySeconds: number; isFinal: boolean }[];
  /**
   * Released at once without spending the attempt, with another ordering key if one is named. A job interrupted during its work counts as
   * lost: what it has sent may still be written.
   */
  released: readonly { id: string; orderingKey: string | null; isInterrupted?: boolean }[];
};

/** Runs in one transaction. Returns the number of jobs that were still held. */
export const settleBatch = (db: Database, leaseId: string, outcome: BatchOutcome): Promise<number> =>
  db.transaction(async (tx) => (await settleHeld(tx, outcome, () => leaseId)).length);

/** Settles jobs of several leases in the caller's transaction. Returns the ids of those that were still held; the others are unchanged. */
export const settleHeld = async (
  tx: Database,
  { doneIds, failed, released }: BatchOutcome,
  leaseOf: (id: string) => string,
): Promise<string[]> => {
  const withLeases = (rows: readonly { id: string }[]) => JSON.stringify(rows.map((row) => ({ ...row, lease_id: leaseOf(row.id) })));
  const held: { id: string }[] = [];
  if (doneIds.length > 0)
    held.push(
      ...(await execute<{ id: string }>(
        tx,
        sql`delete from jobs j using json_to_recordset(${withLeases(doneIds.map((id) => ({ id })))}::json) as d(id text, lease_id uuid)
          where j.id = d.id and j.lease_id = d.lease_id and j.state = ${states.running} returning j.id`,
      )),
    );
  if (failed.length > 0)
    held.push(
      ...(await execute<{ id: string }>(
        tx,
        sql`update jobs j set state = case when f.is_final then ${states.discarded} else ${states.retryable} end, lease_id = null, lease_until = null,
            finished_at = case when f.is_final then now() end, run_at = now() + make_interval(secs => f.delay),
            last_error = f.error || jsonb_build_object('attempt', j.attempt, 'at', now())
          from json_to_recordset(${withLeases(failed.map(({ id, error, delaySeconds, isFinal }) => ({ id, error: storableError(error), delay: delaySeconds, is_final: isFinal })))}::json)
            as f(id text, lease_id uuid, error jsonb, delay double precision, is_final boolean)
          where j.id = f.id and j.lease_id = f.lease_id and j.state = ${states.running} returning j.id`,
      )),
    );
  if (released.length > 0)
    held.push(
      ...(await execute<{ id: string }>(
        tx,
        sql`update jobs j set state = ${states.available}, lease_id = null, lease_until = null, attempt = j.attempt - 1, run_at = now(), lane = coalesce(r."orderingKey", j.lane),
            losses = j.losses + case when r."isInterrupted" then 1 else 0 end
          from json_to_recordset(${withLeases(released)}::json) as r(id text, lease_id uuid, "orderingKey" text, "isInterrupted" boolean)
          where j.id = r.id and j.lease_id = r.lease_id and j.state = ${states.running} returning j.id`,
      )),
    );
  return held.map(({ id }) => id);
};
