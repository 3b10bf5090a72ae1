/** Queue: enqueues a job, in the transaction that causes it. */

import { sql } from "drizzle-orm";
import { idPrefixes } from "../../core/ids.ts";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import { type JobKind, type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { states } from "./state-sql.ts";

/**
 * Inserts one available job, and its project's job_slots row if missing. A key-share lock keeps pruning from deleting the row before commit
 * without blocking claims: creating under an update lock left a busy project without a claim for four seconds (measured). Without an id the
 * database makes one. Inserts nothing and returns false if an unfinished job holds the dedupe key (unique index jobs_dedupe_key).
 */
export const enqueueJob = async <K extends JobKind>(
  tx: Database,
  job: {
    id?: string;
    kind: K;
    projectId: string;
    payload: JobPayload<K>;
    dedupeKey?: string;
    maxAttempts?: number;
    cause?: JobCause | undefined;
  },
): Promise<boolean> => {
  const { maxAttempts, priority, claiming } = jobKinds[job.kind];
  const rows = await execute<{ id: string }>(
    tx,
    sql`with slot as (
      insert into job_slots (project_id) values (${job.projectId}) on conflict (project_id) do nothing
    ), kept as (
      select project_id from job_slots where project_id = ${job.projectId} for key share
    )
    insert into jobs (id, kind, project_id, payload, state, priority, max_attempts, dedupe_key, has_slot, request_id, traceparent)
    values (${job.id === undefined ? sql`new_id(${idPrefixes.job})` : job.id}, ${job.kind}, ${job.projectId}, ${JSON.stringify(jobKinds[job.kind].payload.parse(job.payload))}::jsonb, ${states.available}, ${priority}, ${job.maxAttempts ?? maxAttempts}, ${job.dedupeKey ?? null}, ${claiming.how === "limitedPerProject"},
      ${job.cause?.requestId ?? null}, ${job.cause?.traceparent ?? null})
    on conflict (dedupe_key) where finished_at is null do nothing
    returning id`,
  );
  return rows.length === 1;
};
