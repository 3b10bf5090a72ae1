/** One try of an export: plan, query, transform, upload, settle. Throws ReplayDiffers and RowsMoved where the export is to start over. */

import { type ExportManifest, type ExportProgress, schemaVersion } from "../../core/exports/manifest.ts";
import { ExportOptions } from "../../core/exports/request.ts";
import { until } from "../../core/query/build-query.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import { storableJson } from "../../core/storable.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import { type LeftObject, rememberPlan } from "../../services/exports/export-journal.ts";
import { type ExportToRun, saveProgress, settleExport } from "../../services/exports/export-outcomes.ts";
import { type ExportReached, type JobContext, LeaseLost } from "../deps.ts";
import type { ExportHandlerDeps } from "./export-deps.ts";
import { createFileWriter, ReplayDiffers } from "./export-file.ts";
import { isTruncated, writeFiles } from "./export-files.ts";
import type { SourcePlan } from "./source/export-source.ts";
import { compileForRun, openSource } from "./source/open-source.ts";

/** Kept with the job: with these a try can go on where the one before was. */
export type Checkpoint = { plan: SourcePlan; columns: string[] };

/** What a try goes on with, and whether it reads with one query. */
export type Start = { objects: LeftObject[]; checkpoint: Checkpoint | null; isWhole: boolean };

export type Try = {
  target: ExportToRun;
  query: ExportQuery;
  start: Start;
  /** Of all queries of the try; others are not killed with it. */
  queryId: string;
  /** When the attempt began, in milliseconds since 1970. */
  startedMs: number;
  /** Told again as the try gets on. */
  onReached: (reached: () => ExportReached) => void;
};

/** A plan that would be larger is not kept: the next attempt then starts over. */
const checkpointBytesMax = 8 * 1024 * 1024;

export const tryExport = async (
  deps: ExportHandlerDeps & { s3: S3Client },
  context: JobContext,
  { target, query, start, queryId, startedMs, onReached }: Try,
): Promise<void> => {
  const { job } = context;
  const lease = { id: job.id, leaseId: job.leaseId };
  const options = ExportOptions.parse(target.options);
  const progress: ExportProgress = { stage: "planning", rows: 0, rowsTotal: null, bytes: 0, slices: 0, slicesTotal: null };
  const compiled = await compileForRun(deps, context.signal, query, target);
  const columns = compiled.selection.select.map(({ id }) => id);
  if (start.checkpoint !== null && storableJson(start.checkpoint.columns) !== storableJson(columns))
    throw new ReplayDiffers("the columns have changed");
  const known = start.checkpoint?.plan ?? null;
  const source = await openSource(deps, {
    ...target,
    window: until(target.cutoff),
    options,
    compiled,
    queryId,
    signal: context.signal,
    known,
    isWhole: start.isWhole,
  });
  const rowLimit = Math.min(deps.settings.rowLimit, query.limit ?? Number.POSITIVE_INFINITY);
  Object.assign(progress, { stage: "streaming", rowsTotal: Math.min(source.rows, rowLimit), slicesTotal: source.slices.length });
  deps.log("info", "export_planned", {
    job_id: job.id,
    attempt: job.attempt,
    rows: source.rows,
    slices: source.slices.length,
    merges: source.plan.needsFinal,
  });
  if (known === null) await keepPlan(deps, context, { plan: source.plan, columns });

  const writer = createFileWriter(deps, context, { target, query, progress });
  onReached(() => ({ rows: progress.rows, bytes: writer.bytes(), slices: progress.slices, slicesResumed: 0 }));
  const reporting = reportProgress(deps, context, target.id, () => ({ ...progress, bytes: writer.bytes() }));
  try {
    const written = await writeFiles(writer, source, start.objects, { rowLimit, targetFileMib: options.targetFileMib });
    progress.stage = "finishing";
    await source.proveUnmoved(written.rows >= rowLimit ? null : written.rows);
    const truncated = await isTruncated(source, written, rowLimit);
    const manifest: ExportManifest = {
      version: 1,
      schemaVersion,
      exportId: target.id,
      projectId: target.projectId,
      tableName: query.tableName,
      format: target.format,
      compression: target.compression,
      columns,
      scoreColumns: compiled.selection.scoreColumns,
      privacy: query.privacy,
      changes: await source.countChanges(written.rows),
      warnings: compiled.selection.warnings,
      window: { start: source.plan.startUs === null ? null : isoOf(source.plan.startUs), cutoff: target.cutoff },
      queryHash: deps.sha256(JSON.stringify(query)),
      files: written.files,
      rows: written.rows,
      bytes: written.files.reduce((sum, file) => sum + file.bytes, 0),
      matchedRows: source.isExact ? source.rows : null,
      rowLimit,
      truncated,
      slices: written.slices,
      slicesResumed: written.slicesResumed,
      attempt: job.attempt,
      startedAt: new Date(startedMs).toISOString(),
      finishedAt: new Date(deps.clock.nowMs()).toISOString(),
      metadata: target.metadata,
    };
    const { rows, bytes, slices, slicesResumed } = manifest;
    onReached(() => ({ rows, bytes, slices, slicesResumed }));
    context.signal.throwIfAborted();
    const settled = await settleExport(deps.db, {
      lease,
      exportId: target.id,
      outcome: { state: "completed" },
      manifest,
      objectIds: writer.objectIds(),
      auditId: deps.newAuditId(),
      mailJobId: deps.newJobId(),
    });
    // Not ours any more, or to be cancelled: the next look at the lease says which.
    if (!settled) {
      await context.assertHeld();
      throw new LeaseLost();
    }
  } catch (error) {
    await writer.giveUp(error, queryId);
    throw error;
  } finally {
    reporting.stop();
  }
};

const keepPlan = async (deps: ExportHandlerDeps, { job }: JobContext, checkpoint: Checkpoint): Promise<void> => {
  if (JSON.stringify(checkpoint).length <= checkpointBytesMax)
    await rememberPlan(deps.db, { id: job.id, leaseId: job.leaseId }, checkpoint);
};

/** A pulse of its own for what the owner sees. A lost write is not worth an attempt: the lease decides that. */
const reportProgress = (deps: ExportHandlerDeps, { job }: JobContext, exportId: string, progress: () => ExportProgress) => {
  let isSaving = false;
  const save = async () => {
    if (isSaving) return;
    isSaving = true;
    try {
      await saveProgress(deps.db, { id: job.id, leaseId: job.leaseId }, exportId, progress());
    } catch (error) {
      deps.log("warn", "progress_failed", { job_id: job.id, detail: describeFailure(error) });
    } finally {
      isSaving = false;
    }
  };
  void save();
  return deps.clock.startTimer(deps.settings.progressSeconds * 1000, () => void save());
};

/** Also before 1970, where microseconds are negative. */
const isoOf = (microseconds: number): string => {
  const milliseconds = Math.floor(microseconds / 1000);
  return new Date(milliseconds).toISOString().replace("Z", `${String(microseconds - milliseconds * 1000).padStart(3, "0")}Z`);
};
