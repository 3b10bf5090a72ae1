/** Queue: enqueues jobs with concurrency keys, hastens and deletes those of a key, in the transaction that causes it. */
import { sql } from "drizzle-orm";
import { type JobPayload, jobKinds, type PooledKind } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { claimable, states } from "./state-sql.ts";

export type KeyedJobInput<K extends PooledKind> = {
  projectId: string;
  concurrencyKey: string;
  payload: JobPayload<K>;
  /** Nothing is added while an unfinished job has it. */
  dedupeKey: string;
};

/** One insert; locks nothing but the new rows. These kinds have no limit per project, so they need no job_slots row. */
export const enqueueKeyedJobs = async <K extends PooledKind>(tx: Database, kind: K, jobs: readonly KeyedJobInput<K>[]): Promise<void> => {
  if (jobs.length === 0) return;
  const { maxAttempts, priority, payload: schema } = jobKinds[kind];
  const rows = jobs.map(({ projectId, concurrencyKey, payload, dedupeKey }) => ({
    project_id: projectId,
    concurrency_key: concurrencyKey,
    payload: schema.parse(payload),
    dedupe_key: dedupeKey,
  }));
  await execute(
    tx,
    sql`insert into jobs (kind, project_id, payload, state, priority, max_attempts, has_slot, concurrency_key, dedupe_key)
      select ${kind}, r.project_id, r.payload, ${states.available}, ${priority}, ${maxAttempts}, false, r.concurrency_key, r.dedupe_key
      from json_to_recordset(${JSON.stringify(rows)}::json) as r(project_id text, concurrency_key text, payload jsonb, dedupe_key text)
      on conflict (dedupe_key) where finished_at is null do nothing`,
  );
};

/** Makes the jobs of a key that wait between attempts due at once. Uses jobs_concurrency_key_idx. */
export const hastenKeyedJobs = (tx: Database, kind: PooledKind, concurrencyKey: string): Promise<unknown> =>
  execute(
    tx,
    sql`update jobs set run_at = now() where kind = ${kind} and concurrency_key = ${concurrencyKey} and state = ${states.retryable} and run_at > now()`,
  );

/** Deletes the jobs of a key that do not run. Uses jobs_concurrency_key_idx. */
export const deleteKeyedJobs = (tx: Database, kind: PooledKind, concurrencyKey: string): Promise<unknown> =>
  execute(tx, sql`delete from jobs where kind = ${kind} and concurrency_key = ${concurrencyKey} and state in ${claimable}`);
