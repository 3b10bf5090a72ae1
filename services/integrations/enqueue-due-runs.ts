/** Enqueues a job for each integration whose next window may have ended. */
import { sql } from "drizzle-orm";
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { enqueueRun } from "./enqueue-run.ts";

/**
 * Safe in many runners at once: rows are locked with SKIP LOCKED, and an integration has at most one unfinished job (`dedupe_key`). If the job
 * is lost in spite of all, the integration is due again ten minutes later. Returns how many were due; call again until none is.
 */
export const enqueueDueRuns = (db: Database): Promise<number> =>
  transaction(db, async (tx) => {
    const due = await execute<{ id: string; projectId: string; kind: IntegrationKind }>(
      tx,
      sql`with due as (
          select id from integrations where enabled and next_run_at <= now() order by next_run_at limit 100 for update skip locked
        )
        update integrations i set next_run_at = now() + interval '10 minutes' from due where i.id = due.id
        returning i.id, i.project_id as "projectId", i.kind`,
    );
    for (const { id, projectId, kind } of due) await enqueueRun(tx, { id, projectId, kind });
    return due.length;
  });
