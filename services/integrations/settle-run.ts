/** Ends the delivery of a window: completed, to be tried again, given up, or stopped by a fault of the owner. */
import { type SQL, sql } from "drizzle-orm";
import { failuresBeforeAlert } from "../../core/integrations/faults.ts";
import type { IntegrationFault, TableResult } from "../../core/integrations/run-result.ts";
import { jobState } from "../../core/jobs/state.ts";
import { storableJson } from "../../core/storable.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { type Outcome, settleJob } from "../../db/queue/settle-job.ts";
import { writeRunnerAudit } from "../audit/write-audit.ts";
import { announce } from "./announce.ts";
import { enqueueRun } from "./enqueue-run.ts";
import { type IntegrationToRun, isoMs } from "./integration-columns.ts";
import type { Run } from "./start-run.ts";

type Delivery = { lease: Lease; integration: IntegrationToRun; run: Run };

export type Delivered = {
  tables: Record<string, TableResult>;
  manifestKey: string | null;
  contentHash: string | null;
};

/**
 * Records a delivered window and moves the cursor to its end, by compare-and-set: a run that is not the next in line moves nothing, nor one
 * whose settings were changed meanwhile, so that its window is delivered again with the new ones. The next
 * window is looked for at once, by a new job, so that other projects have their turn in between. Returns false, and writes nothing, if the
 * lease is lost.
 */
export const completeRun = (db: Database, { lease, integration, run }: Delivery, delivered: Delivered): Promise<boolean> =>
  transaction(db, async (tx) => {
    if ((await settleJob(tx, lease, { state: jobState.completed })) === undefined) return false;
    const sums = sumsOf(Object.values(delivered.tables));
    await execute(
      tx,
      sql`update integration_runs set state = 'completed', deliveries = deliveries + 1, rows = ${sums.rows}, bytes = ${sums.bytes}, sent = ${sums.sent},
          accepted = ${sums.accepted}, rejected = ${sums.rejected}, tables = ${storableJson(delivered.tables)}::jsonb, manifest_key = ${delivered.manifestKey},
          content_hash = ${delivered.contentHash}, error = null, finished_at = now(), updated_at = now()
        where id = ${run.id}`,
    );
    // What was told of it is read here: the watchdog may have told of it since this attempt began.
    const [told] = await execute<{ isRecovered: boolean; isOutdated: boolean }>(
      tx,
      sql`with before as (
          select id, alerted_at, overdue_at, is_next, is_next and ${isUnchanged(integration)} as moves
          from integrations, lateral (select coalesce(cursor = ${run.windowStart}::timestamptz, false) as is_next) position
          where id = ${integration.id} for no key update of integrations
        )
        update integrations i set failures = 0, last_error = null, alerted_at = null, last_run_at = now(), next_run_at = now() + interval '10 minutes',
          overdue_at = case when moves then null else i.overdue_at end,
          cursor = case when moves then ${run.windowEnd}::timestamptz else cursor end
        from before b where i.id = b.id
        returning b.alerted_at is not null or b.overdue_at is not null and b.moves as "isRecovered", b.is_next and not b.moves as "isOutdated"`,
    );
    // Taken up again with the same bounds: cut anew, the window might overlap with this one.
    if (told?.isOutdated === true) await execute(tx, sql`update integration_runs set state = 'pending' where id = ${run.id}`);
    const { id: runId, windowStart, windowEnd } = run;
    await announce(tx, integration, "integration.run_completed", {
      ...{ runId, cause: run.cause, windowStart, windowEnd, ...sums },
      manifestKey: delivered.manifestKey,
    });
    if (told?.isRecovered === true) await announce(tx, integration, "integration.recovered", { deliveredThrough: windowEnd });
    await enqueueRun(tx, integration);
    return true;
  });

/** Whether a row of `integrations` still has the settings and credentials that the attempt began with. */
const isUnchanged = ({ settings, sealedSecret }: IntegrationToRun): SQL =>
  sql`(settings = ${JSON.stringify(settings)}::jsonb and sealed_secret is not distinct from ${sealedSecret}::text)`;

const sumsOf = (results: readonly TableResult[]) => {
  const sum = (key: "rows" | "bytes" | "sent" | "accepted" | "rejected") => results.reduce((total, result) => total + result[key], 0);
  return { rows: sum("rows"), bytes: sum("bytes"), sent: sum("sent"), accepted: sum("accepted"), rejected: sum("rejected") };
};

/**
 * Keeps what a table came to, so that a later attempt does not deliver it again; not if the settings were changed since the attempt began.
 * Locks the integration, so that a change comes before or after. Returns false if the lease is lost.
 */
export const keepTableResult = async (
  db: Database,
  { lease, integration, run }: Delivery,
  table: string,
  result: TableResult,
): Promise<boolean> => {
  const kept = await execute(
    db,
    sql`with i as materialized (
        select ${isUnchanged(integration)} as "isSame" from integrations where id = ${integration.id} for share
      )
      update integration_runs r set tables = case when i."isSame" then r.tables || ${storableJson({ [table]: result })}::jsonb else r.tables end, updated_at = now()
      from i, jobs j where r.id = ${run.id} and r.job_id = j.id and j.id = ${lease.id} and j.lease_id = ${lease.leaseId}::uuid returning r.id`,
  );
  return kept.length === 1;
};

/** Records an attempt that failed. The window stays open: the job is tried again, or a later tick takes it up. */
export const failRun = (
  db: Database,
  lease: Lease,
  { integrationId, outcome, fault }: { integrationId: string; outcome: Outcome; fault: IntegrationFault | null },
): Promise<boolean> =>
  transaction(db, async (tx) => {
    const state = await settleJob(tx, lease, outcome);
    if (state === undefined) return false;
    await recordFailure(tx, { integrationId, isOver: state === jobState.discarded || state === jobState.cancelled, fault });
    return true;
  });

/** Writes what a failed attempt means for run and integration, and alerts once. `isOver`: the job is given up. */
export const recordFailure = async (
  tx: Database,
  { integrationId, isOver, fault }: { integrationId: string; isOver: boolean; fault: IntegrationFault | null },
): Promise<void> => {
  const [run] = await execute<EndedRun>(
    tx,
    sql`update integration_runs set state = ${isOver ? "failed" : "queued"}, error = coalesce(${jsonOrNull(fault)}::jsonb, error), updated_at = now(),
          finished_at = case when ${isOver} then now() end
        where integration_id = ${integrationId} and state = 'running'
        returning id, cause, ${isoMs(sql`window_start`)} as "windowStart", ${isoMs(sql`window_end`)} as "windowEnd"`,
  );
  if (fault === null) return;
  const [row] = await execute<{
    id: string;
    projectId: string;
    name: string;
    kind: IntegrationToRun["kind"];
    failures: number;
    isAlerted: boolean;
    cursor: string | null;
  }>(
    tx,
    sql`update integrations set failures = failures + 1, last_error = ${jsonOrNull(fault)}::jsonb,
          next_run_at = now() + interval '10 minutes'
        where id = ${integrationId}
        returning id, project_id as "projectId", name, kind, failures, alerted_at is not null as "isAlerted", ${isoMs(sql`cursor`)} as cursor`,
  );
  if (row !== undefined && run !== undefined && isOver) await announceFailure(tx, row, run, fault);
  if (row === undefined || row.isAlerted || row.failures < failuresBeforeAlert) return;
  await execute(tx, sql`update integrations set alerted_at = now() where id = ${integrationId}`);
  await announce(tx, row, "integration.failing", {
    error: { code: fault.code, message: fault.message },
    failures: row.failures,
    deliveredThrough: row.cursor,
  });
};

type EndedRun = Pick<Run, "id" | "cause" | "windowStart" | "windowEnd">;

/** Tells that the delivery of a window was given up. The caller holds the lock of the integration. */
const announceFailure = (
  tx: Database,
  integration: Pick<IntegrationToRun, "id" | "projectId" | "name" | "kind">,
  { id: runId, cause, windowStart, windowEnd }: EndedRun,
  { code, message }: IntegrationFault,
): Promise<string> =>
  announce(tx, integration, "integration.run_failed", { runId, cause, windowStart, windowEnd, error: { code, message } });

/**
 * Switches the integration off once, with audit row and event; the cursor stays, so that it goes on without a gap once it is switched on
 * again. The job is completed: trying again would not help. A fault of settings or credentials that were changed meanwhile switches nothing
 * off: the window is tried with the new ones.
 */
export const disableIntegration = (db: Database, { lease, integration, run }: Delivery, fault: IntegrationFault): Promise<boolean> =>
  transaction(db, async (tx) => {
    if ((await settleJob(tx, lease, { state: jobState.completed })) === undefined) return false;
    const [present] = await execute<{ isRepaired: boolean }>(
      tx,
      sql`select enabled and not ${isUnchanged(integration)} as "isRepaired" from integrations where id = ${integration.id} for no key update`,
    );
    const isRepaired = present?.isRepaired === true;
    await execute(
      tx,
      sql`update integration_runs set state = ${isRepaired ? "queued" : "failed"}, error = ${jsonOrNull(fault)}::jsonb, finished_at = case when ${isRepaired} then null else now() end, updated_at = now()
        where id = ${run.id}`,
    );
    if (isRepaired) return enqueueRun(tx, integration).then(() => true);
    const switched = await execute(
      tx,
      sql`update integrations set enabled = false, disabled_code = ${fault.code}, last_error = ${jsonOrNull(fault)}::jsonb, failures = failures + 1,
          next_run_at = null, updated_at = now()
        where id = ${integration.id} and enabled returning id`,
    );
    if (switched.length === 0) return true;
    await announceFailure(tx, integration, run, fault);
    await writeRunnerAudit(
      tx,
      { projectId: integration.projectId, organizationId: integration.organizationId, userId: integration.createdBy, apiKeyId: null },
      { resourceType: "integration", resourceId: integration.id, action: "disable", after: { code: fault.code, message: fault.message } },
    );
    await announce(tx, integration, "integration.disabled", {
      error: { code: fault.code, message: fault.message },
      deliveredThrough: integration.cursor,
    });
    return true;
  });

const jsonOrNull = (fault: IntegrationFault | null): string | null => (fault === null ? null : storableJson(fault));
