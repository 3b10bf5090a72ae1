/** Completes a validation with its result, unless its lease is lost. */
import { sql } from "drizzle-orm";
import type { ValidationResult } from "../../core/integrations/validation.ts";
import { jobState } from "../../core/jobs/state.ts";
import { storableJson } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { states } from "../../db/queue/state-sql.ts";

/** Returns false if the lease is lost. */
export const settleValidation = (db: Database, lease: Lease, result: ValidationResult): Promise<boolean> =>
  transaction(db, async (tx) => {
    await execute(
      tx,
      sql`update jobs set checkpoint = ${storableJson(result)}::jsonb where id = ${lease.id} and lease_id = ${lease.leaseId} and state = ${states.running}`,
    );
    return (await settleJob(tx, lease, { state: jobState.completed })) !== undefined;
  });
