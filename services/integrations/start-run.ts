/** Begins the next run of an integration: the delivery of one window. */
import { sql } from "drizzle-orm";
import { earlier, type NextWindow, nextWindow } from "../../core/integrations/next-window.ts";
import type { TableResult } from "../../core/integrations/run-result.ts";
import type { RunCause, RunState } from "../../core/integrations/run-state.ts";
import { jobState } from "../../core/jobs/state.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { heldJob } from "../exports/held-job.ts";
import { closeWindow, findHorizon } from "./close-window.ts";
import { type IntegrationToRun, integrationColumns, isoMs } from "./integration-columns.ts";

export type Run = {
  id: string;
  cause: RunCause;
  windowStart: string;
  windowEnd: string;
  /** When the window was first taken up. */
  createdAt: string;
  attempts: number;
  deliveries: number;
  /** An earlier attempt or delivery may have left files and uploads under the keys of the window. */
  mayHaveWritten: boolean;
  /** Tables that an earlier attempt has delivered. */
  tables: Record<string, TableResult>;
};

export type StartedRun =
  | { outcome: "started"; integration: IntegrationToRun; run: Run }
  /** There is no window to deliver now. The job is completed and the integration knows when to look again. */
  | { outcome: "nothing" }
  /** FULL_HISTORY, before the first row is known: look it up, and call again with it and with `closedUntil`. Nothing was written. */
  | { outcome: "needsFirstRow"; integration: IntegrationToRun; closedUntil: string }
  | { outcome: "leaseLost" };

type StartOptions = {
  lagSeconds: number;
  /**
   * Instant of the first row of the project's tables; null: it has none. `closedUntil`: what was closed before it was looked up, because an
   * older row may have appeared since. Undefined: not looked up.
   */
  firstRow?: { at: string | null; closedUntil: string };
};

/**
 * Takes up, in this order, a window that an earlier attempt or job left undelivered, the next window of the schedule, or one that a backfill
 * wants again. One transaction decides it under the lock of the integration, so two runners never cut the same stretch differently.
 */
export const startRun = (db: Database, lease: Lease, integrationId: string, options: StartOptions): Promise<StartedRun> =>
  transaction(db, async (tx) => {
    const [job] = await execute<{ attempt: number }>(tx, heldJob(lease));
    if (job === undefined) return { outcome: "leaseLost" };
    const integration = await lockIntegration(tx, integrationId);
    if (integration === undefined || !integration.enabled) return endWithNothing(tx, lease);
    const left = await findRun(tx, integration, "left");
    if (left !== undefined) {
      const run = await beginRun(tx, left.id, lease.id, { isFresh: left.state === "pending" });
      return { outcome: "started", integration, run };
    }

    const horizon = await findHorizon(tx, integration.projectId, options.lagSeconds);
    const { firstRow } = options;
    if (needsFirstRow(integration) && firstRow === undefined)
      return { outcome: "needsFirstRow", integration, closedUntil: horizon.closedUntil };
    const next = nextWindow(integration, { ...horizon, firstRowAt: firstRowAtOf(firstRow), isManual: integration.isRunRequested });
    if (integration.isRunRequested && (next.outcome === "none" || next.end === horizon.closedUntil))
      await execute(tx, sql`update integrations set is_run_requested = false where id = ${integrationId}`);
    if (next.outcome === "window") {
      await closeWindow(tx, next.end);
      const id = await insertRun(tx, integration, next);
      return { outcome: "started", integration, run: await beginRun(tx, id, lease.id, { isFresh: true }) };
    }
    const pending = await findRun(tx, integration, "pending");
    if (pending !== undefined) return { outcome: "started", integration, run: await beginRun(tx, pending.id, lease.id, { isFresh: true }) };
    return endWithNothing(tx, lease, { integrationId, lookAt: next.lookAt });
  });

const needsFirstRow = ({ mode, cursor, startsAt }: IntegrationToRun) => mode === "FULL_HISTORY" && cursor === null && startsAt === null;

const firstRowAtOf = (firstRow: StartOptions["firstRow"]): string | null =>
  firstRow === undefined || firstRow.at === null ? null : earlier(firstRow.at, firstRow.closedUntil);

const lockIntegration = async (tx: Database, id: string): Promise<IntegrationToRun | undefined> => {
  const [row] = await execute<IntegrationToRun>(
    tx,
    sql`select ${integrationColumns} from integrations i join projects p on p.id = i.project_id where i.id = ${id} for no key update of i`,
  );
  return row;
};

/** A window that begins at the cursor is the next in line, whatever its run was for: cut anew, it would overlap with that run. */
const findRun = async (
  tx: Database,
  { id, cursor }: Pick<IntegrationToRun, "id" | "cursor">,
  which: "left" | "pending",
): Promise<{ id: string; state: RunState } | undefined> => {
  const states =
    which === "pending"
      ? sql`state = 'pending'`
      : sql`(state in ('queued', 'running') or state = 'failed' and cause <> 'backfill' or state in ('failed', 'pending') and window_start >= ${cursor}::timestamptz)`;
  const [row] = await execute<{ id: string; state: RunState }>(
    tx,
    sql`select id, state from integration_runs where integration_id = ${id} and ${states} order by window_start limit 1`,
  );
  return row;
};

const insertRun = async (
  tx: Database,
  integration: IntegrationToRun,
  { start, end, cause }: NextWindow & { outcome: "window" },
): Promise<string> => {
  await execute(tx, sql`update integrations set cursor = coalesce(cursor, ${start}::timestamptz) where id = ${integration.id}`);
  const [row] = await execute<{ id: string }>(
    tx,
    sql`insert into integration_runs as r (integration_id, project_id, cause, state, window_start, window_end)
      values (${integration.id}, ${integration.projectId}, ${cause}, 'queued', ${start}::timestamptz, ${end}::timestamptz)
      on conflict (integration_id, window_start, window_end) do update set cause = excluded.cause, state = excluded.state
      returning id`,
  );
  if (row === undefined) throw new Error("an upsert returns its row");
  return row.id;
};

/** `isFresh`: nothing of this delivery has been done. */
const beginRun = async (tx: Database, id: string, jobId: string, { isFresh }: { isFresh: boolean }): Promise<Run> => {
  const [row] = await execute<Run>(
    tx,
    sql`update integration_runs r set state = 'running', job_id = ${jobId}, attempts = ${isFresh ? sql`1` : sql`r.attempts + 1`},
        tables = ${isFresh ? sql`'{}'::jsonb` : sql`r.tables`}, error = ${isFresh ? sql`null` : sql`r.error`}, started_at = now(), finished_at = null, updated_at = now()
      from (select id as before_id, attempts + deliveries > 0 as "mayHaveWritten" from integration_runs where id = ${id}) before
      where r.id = before.before_id
      returning id, cause, ${isoMs(sql`window_start`)} as "windowStart", ${isoMs(sql`window_end`)} as "windowEnd", ${isoMs(sql`created_at`)} as "createdAt", attempts, deliveries, "mayHaveWritten", tables`,
  );
  if (row === undefined) throw new Error(`the run ${id} is locked and gone`);
  return row;
};

const endWithNothing = async (tx: Database, lease: Lease, next?: { integrationId: string; lookAt: string | null }): Promise<StartedRun> => {
  if ((await settleJob(tx, lease, { state: jobState.completed })) === undefined) return { outcome: "leaseLost" };
  if (next !== undefined)
    await execute(tx, sql`update integrations set next_run_at = ${next.lookAt}::timestamptz where id = ${next.integrationId}`);
  return { outcome: "nothing" };
};
