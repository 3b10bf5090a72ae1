/**
 * integration.*: delivers one window of an integration. Every table is tried, whatever became of the others; the window stays open until
 * all are delivered. The cursor moves with the transaction that completes the job, never before. Runs at least once: a later attempt writes
 * the same keys and sends the same ids.
 */
import { AppError } from "../../core/errors.ts";
import { isOwnersFault } from "../../core/integrations/faults.ts";
import type { IntegrationFault, TableResult } from "../../core/integrations/run-result.ts";
import { IntegrationRunPayload } from "../../core/jobs/kinds.ts";
import { inSpan } from "../../core/telemetry/tracer.ts";
import { describeFailure, failureOf } from "../../db/postgres/failure.ts";
import type { Outcome } from "../../db/queue/settle-job.ts";
import { openSecret } from "../../services/integrations/integration-row.ts";
import { completeRun, disableIntegration, failRun, keepTableResult } from "../../services/integrations/settle-run.ts";
import { type StartedRun, startRun } from "../../services/integrations/start-run.ts";
import { type Handler, type JobContext, LeaseLost } from "../deps.ts";
import type { Destination } from "../integrations/destination.ts";
import { findFirstRow } from "../integrations/find-first-row.ts";
import type { Delivery, IntegrationDeps } from "../integrations/integration-deps.ts";
import { openDestination } from "../integrations/open-destination.ts";
import { jobFields } from "../job-fields.ts";

export const createIntegrationHandler = (deps: IntegrationDeps): Handler => ({
  run: (context) => runIntegration(deps, context),
  settle: (job, outcome) =>
    failRun(
      deps.db,
      { id: job.id, leaseId: job.leaseId },
      { integrationId: IntegrationRunPayload.parse(job.payload).integrationId, outcome, fault: faultOf(deps, outcome) },
    ),
});

const faultOf = ({ clock }: IntegrationDeps, outcome: Outcome): IntegrationFault | null =>
  "error" in outcome
    ? {
        code: outcome.error.code,
        message: outcome.error.message,
        ...(outcome.error.detail === undefined ? {} : { detail: outcome.error.detail }),
        at: new Date(clock.nowMs()).toISOString(),
      }
    : null;

const runIntegration = async (deps: IntegrationDeps, context: JobContext): Promise<void> => {
  const { job, signal } = context;
  const lease = { id: job.id, leaseId: job.leaseId };
  const started = await start(deps, context);
  if (started.outcome === "nothing") return;
  if (started.outcome !== "started") throw new LeaseLost();
  const { integration, run } = started;
  deps.log("info", "window_started", {
    ...jobFields(job),
    ...{ integration_id: integration.id, kind: integration.kind, run_id: run.id, cause: run.cause, attempt: run.attempts },
    ...{ window_start: run.windowStart, window_end: run.windowEnd },
  });
  const queryId = `${job.id}-${job.leaseId.slice(0, 8)}`;
  try {
    const secret = await openSecret(deps, integration);
    const delivery: Delivery = { integration, run, secret, context, queryId };
    const destination = openDestination(deps, delivery);
    const tables = await deliverTables(deps, delivery, destination);
    const finished = await destination.finish(tables);
    signal.throwIfAborted();
    const isHeld = await inSpan(context.span, "settle", () => completeRun(deps.db, { lease, integration, run }, { tables, ...finished }));
    if (!isHeld) throw new LeaseLost();
    deps.emit("integration.delivered", { kind: integration.kind, tables });
  } catch (error) {
    if (signal.aborted || error instanceof LeaseLost) throw error;
    const failure = failureOf(error);
    deps.emit("integration.failed", { kind: integration.kind, code: failure.code });
    await deps.clickhouse
      .kill(`${queryId}-`)
      .catch((killing: unknown) => deps.log("warn", "kill_failed", { ...jobFields(job), detail: describeFailure(killing) }));
    if (!isOwnersFault(failure.code)) throw failure;
    const fault: IntegrationFault = {
      ...{ code: failure.code, message: failure.message, at: new Date(deps.clock.nowMs()).toISOString() },
      ...(failure.detail === undefined ? {} : { detail: failure.detail }),
    };
    deps.log("warn", "integration_disabled", { integration_id: integration.id, run_id: run.id, error_code: fault.code });
    if (!(await disableIntegration(deps.db, { lease, integration, run }, fault))) throw new LeaseLost();
  }
};

const start = async (deps: IntegrationDeps, { job, signal }: JobContext): Promise<StartedRun> => {
  const { integrationId } = IntegrationRunPayload.parse(job.payload);
  const lease = { id: job.id, leaseId: job.leaseId };
  const options = { lagSeconds: deps.integrations.lagSeconds };
  const started = await startRun(deps.db, lease, integrationId, options);
  if (started.outcome !== "needsFirstRow") return started;
  const { projectId } = started.integration;
  const at = await findFirstRow(deps.clickhouse, deps.settings.physical, projectId, signal);
  return startRun(deps.db, lease, integrationId, { ...options, firstRow: { at, closedUntil: started.closedUntil } });
};

/** Throws the first fault after every table was tried; an owner's fault before any other. */
const deliverTables = async (deps: IntegrationDeps, delivery: Delivery, destination: Destination): Promise<Record<string, TableResult>> => {
  const { integration, run, context } = delivery;
  const results: Record<string, TableResult> = { ...run.tables };
  const failures: AppError[] = [];
  for (const table of destination.tables) {
    if (results[table] !== undefined) continue;
    try {
      const result = await inSpan(context.span, "deliver", () => destination.deliverTable(table), { "spillway.table": table });
      results[table] = result;
      const lease = { id: context.job.id, leaseId: context.job.leaseId };
      if (!(await keepTableResult(deps.db, { lease, integration, run }, table, result))) throw new LeaseLost();
    } catch (error) {
      if (context.signal.aborted || error instanceof LeaseLost) throw error;
      const failure = failureOf(error);
      deps.log("warn", "table_not_delivered", { run_id: run.id, table, error_code: failure.code, error: failure.message });
      failures.push(
        new AppError({
          ...{ code: failure.code, message: `${table}: ${failure.message}`, cause: failure },
          ...(failure.detail === undefined ? {} : { detail: failure.detail }),
          retryAfterSeconds: failure.retryAfterSeconds,
        }),
      );
    }
  }
  const worst = failures.find(({ code }) => isOwnersFault(code)) ?? failures[0];
  if (worst !== undefined) throw worst;
  return Object.fromEntries(destination.tables.flatMap((table) => (results[table] === undefined ? [] : [[table, results[table]]])));
};
