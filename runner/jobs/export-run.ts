/**
 * export.run: runs passes of an export until it is complete or fails. Runs at least once. An attempt resumes behind the parts of an earlier
 * one if it can prove that the bytes are the same. The attempt that settles wins. Memory: the part buffers of one upload, whatever the size
 * of the export.
 */

import { AppError } from "../../core/errors.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { formats } from "../../core/query/formats/index.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import { settleExport } from "../../services/exports/settle-export.ts";
import { type ExportToRun, startExport } from "../../services/exports/start-export.ts";
import { type ExportOutcome, type ExportReached, type Handler, JobCancelled, type JobContext, LeaseLost, RunnerStopping } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import { type AttemptDeps, attemptExport, type Checkpoint, type Start } from "../transfer/attempt-export.ts";
import type { ExportHandlerDeps } from "../transfer/export-deps.ts";
import { ReplayDiffers } from "../transfer/prove-replay.ts";
import { openRunJournal } from "../transfer/run-journal.ts";
import { RowsRekeyed } from "../transfer/source/export-source.ts";

/** An export that has waited longer is no longer what its owner expects. */
const waitDaysMax = 30;

export const createExportHandler = (deps: ExportHandlerDeps): Handler => ({
  run: (context) => runExport(deps, context),
  settle: (job, outcome) =>
    settleExport(deps.db, {
      lease: { id: job.id, leaseId: job.leaseId },
      exportId: jobKinds["export.run"].payload.parse(job.payload).batchExportId,
      outcome,
    }),
});

const runExport = async (deps: ExportHandlerDeps, context: JobContext): Promise<void> => {
  const { job } = context;
  const lease = { id: job.id, leaseId: job.leaseId };
  const { batchExportId } = jobKinds["export.run"].payload.parse(job.payload);
  const target = await startExport(deps.db, lease, batchExportId);
  if (target === undefined) throw new LeaseLost();
  const { sink } = deps;
  if (sink === null) throw new AppError({ code: "EXPORTS_DISABLED" });
  const startedMs = deps.clock.nowMs();
  if (startedMs - Date.parse(target.cutoff) > waitDaysMax * 86_400_000) throw new AppError({ code: "EXPORT_TOO_OLD" });
  // Queries of an earlier attempt may still run and would slow this one down. If the server does not respond, planning fails with a better
  // reason.
  if (job.attempt > 1)
    await deps.clickhouse
      .kill(`${job.id}-`)
      .catch((error: unknown) => deps.log("warn", "kill_failed", { ...jobFields(job), detail: describeFailure(error) }));

  const journal = openRunJournal(deps, lease, { exportId: target.id, projectId: target.projectId, bucket: sink.bucket });
  await attemptUntilDone({ ...deps, sink, journal }, context, target, startedMs);
};

/** Restarts the export if the bytes differ from what was uploaded, or if rows were re-keyed meanwhile. */
const attemptUntilDone = async (deps: AttemptDeps, context: JobContext, target: ExportToRun, startedMs: number): Promise<void> => {
  const { job } = context;
  const query = ExportQuery.parse(target.query);
  const what = { table: query.tableName, format: target.format };
  let start: Start = { ...(await findStart(deps, context, target)), isWhole: false };
  for (let pass = 1; ; pass++) {
    const startedAtMs = deps.clock.steadyMs();
    let reached = reachedNothing;
    const end = (outcome: ExportOutcome) =>
      deps.emit("export.ended", { ...what, outcome, reached: reached(), seconds: (deps.clock.steadyMs() - startedAtMs) / 1000 });
    try {
      const queryId = `${job.id}-${job.leaseId.slice(0, 8)}-${pass}`;
      const onReached = (report: () => ExportReached) => {
        reached = report;
      };
      await attemptExport(deps, context, { target, query, start, queryId, startedMs, onReached });
      return end("completed");
    } catch (error) {
      const restarts = pass < passesMax && (error instanceof ReplayDiffers || error instanceof RowsRekeyed);
      end(restarts ? "restarted" : outcomeOf(context.signal.aborted ? context.signal.reason : error));
      if (!restarts) throw error;
      deps.emit("export.restarted", { ...what, reason: error instanceof RowsRekeyed ? "rows_rekeyed" : "replay_differs" });
      deps.log("warn", "export_restarts", { ...jobFields(job), reason: error.name, detail: error.message });
      await deps.journal.discard();
      start = { objects: [], checkpoint: null, isWhole: start.isWhole || error instanceof RowsRekeyed };
    }
  }
};

const reachedNothing = (): ExportReached => ({ rows: 0, bytes: 0, slices: 0, slicesResumed: 0 });

/** Maps what ended a pass to its outcome. */
const outcomeOf = (reason: unknown): ExportOutcome => {
  if (reason instanceof LeaseLost) return "lease_lost";
  if (reason instanceof JobCancelled) return "cancelled";
  return reason instanceof RunnerStopping ? "released" : "failed";
};

/** One pass to resume, one restart for differing bytes, one for re-keyed rows. A further restart would point to another fault. */
const passesMax = 3;

/**
 * Takes over what earlier attempts left and can be resumed. An unfinished Parquet file restarts, because its footers were in the lost
 * process.
 */
const findStart = async ({ journal }: AttemptDeps, { job }: JobContext, target: ExportToRun): Promise<Omit<Start, "isWhole">> => {
  const none = { objects: [], checkpoint: null };
  if (job.checkpoint === null) return none;
  const objects = await journal.takeOver();
  const usable = formats[target.format].joining === "footer" ? objects.filter(({ file }) => file !== null) : objects;
  return usable.length === 0 ? none : { objects: usable, checkpoint: job.checkpoint as Checkpoint };
};
