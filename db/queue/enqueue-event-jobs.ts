/** Queue: enqueues many ingestion jobs at once, in the transaction that causes them. */

import { sql } from "drizzle-orm";
import type { JobCause } from "../../core/jobs/job-cause.ts";
import { type JobPayload, jobKinds } from "../../core/jobs/kinds.ts";
import { type Database, execute } from "../postgres/client.ts";
import { rowTexts } from "../postgres/row-texts.ts";
import { states } from "./state-sql.ts";

/**
 * An OpenTelemetry request has no ordering key: it writes nothing by itself. `dedupeKey`: no job is added while an unfinished one has it.
 */
export type EventJob = { dedupeKey?: string } & (
  | { id: string; kind: "ingestion.merge"; orderingKey: string; payload: JobPayload<"ingestion.merge"> }
  | { id: string; kind: "ingestion.otel"; orderingKey: null; payload: JobPayload<"ingestion.otel"> }
);

/**
 * One insert per two million characters; locks nothing but the new rows. These kinds have no concurrency limit, so they need no job_slots
 * row.
 */
export const enqueueEventJobs = async (
  tx: Database,
  projectId: string,
  jobs: readonly EventJob[],
  cause?: JobCause | undefined,
): Promise<void> => {
  if (jobs.length === 0) return;
  const rows = jobs.map(({ id, kind, orderingKey, payload, dedupeKey = null }) => {
    const { maxAttempts, priority, payload: schema } = jobKinds[kind];
    return { id, kind, lane: orderingKey, payload: schema.parse(payload), priority, attempts: maxAttempts, dedupe_key: dedupeKey };
  });
  for (const text of rowTexts(rows))
    await execute(
      tx,
      sql`insert into jobs (id, kind, project_id, payload, state, priority, max_attempts, has_slot, lane, dedupe_key, request_id, traceparent)
        select r.id, r.kind, ${projectId}, r.payload, ${states.available}, r.priority, r.attempts, false, r.lane, r.dedupe_key, ${cause?.requestId ?? null}::text, ${cause?.traceparent ?? null}::text
        from json_to_recordset(${text}::json) as r(id text, kind text, lane text, payload jsonb, priority int, attempts int, dedupe_key text)
        on conflict (dedupe_key) where finished_at is null do nothing`,
    );
};
