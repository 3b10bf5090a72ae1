/** Runs one pass of an export: plan, query, transform, upload, settle. Throws ReplayDiffers or RowsRekeyed if the export must restart. */

import type { ExportManifest, ExportProgress } from "../../core/exports/manifest.ts";
import { downloadName, objectKey } from "../../core/exports/object-key.ts";
import { ExportOptions } from "../../core/exports/request.ts";
import { jobState } from "../../core/jobs/state.ts";
import { until } from "../../core/query/build-query.ts";
import type { CompiledQuery } from "../../core/query/compile-query.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import { storableJson } from "../../core/storable.ts";
import { inSpan } from "../../core/telemetry/tracer.ts";
import { compileForRun } from "../../services/exports/compile-for-run.ts";
import type { LeftObject } from "../../services/exports/export-journal.ts";
import { settleExport } from "../../services/exports/settle-export.ts";
import type { ExportToRun } from "../../services/exports/start-export.ts";
import { type ExportReached, type JobContext, LeaseLost } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import { buildManifest } from "./build-manifest.ts";
import type { ExportHandlerDeps } from "./export-deps.ts";
import { ReplayDiffers } from "./prove-replay.ts";
import { reportProgress } from "./report-progress.ts";
import type { RunJournal } from "./run-journal.ts";
import type { FileSink } from "./sinks/file-sink.ts";
import type { ExportSource, SourcePlan } from "./source/export-source.ts";
import { openSource } from "./source/open-source.ts";
import { createFileWriter, type FileWriter } from "./write-export-file.ts";
import { isTruncated, writeFiles } from "./write-files.ts";

/** Stored with the job. A later pass needs it to resume. */
export type Checkpoint = { plan: SourcePlan; columns: string[] };

/** What a pass resumes from, and whether it reads with one query (`isWhole`). */
export type Start = { objects: LeftObject[]; checkpoint: Checkpoint | null; isWhole: boolean };

type Attempt = {
  target: ExportToRun;
  query: ExportQuery;
  start: Start;
  /** Prefix of the ids of this pass's queries. `giveUp` kills the queries with this prefix and no others. */
  queryId: string;
  /** When the attempt began, in milliseconds since 1970. */
  startedMs: number;
  /** Replaces the function that reports how far the pass has got. */
  onReached: (reached: () => ExportReached) => void;
};

export type AttemptDeps = Omit<ExportHandlerDeps, "sink"> & { sink: FileSink; journal: RunJournal };

/** A larger plan is not stored, and the next attempt starts over. */
const checkpointBytesMax = 8 * 1024 * 1024;

export const attemptExport = async (deps: AttemptDeps, context: JobContext, attempt: Attempt): Promise<void> => {
  const { target, query, start, queryId, onReached } = attempt;
  const progress: ExportProgress = { stage: "planning", rows: 0, rowsTotal: null, bytes: 0, slices: 0, slicesTotal: null };
  const { compiled, source } = await inSpan(context.span, "plan", async () => {
    const compiled = await compileForRun(deps, context.signal, query, target);
    return { compiled, source: await planPass(deps, context, attempt, compiled) };
  });
  const rowLimit = Math.min(deps.settings.rowLimit, query.limit ?? Number.POSITIVE_INFINITY);
  Object.assign(progress, { stage: "streaming", rowsTotal: Math.min(source.rows, rowLimit), slicesTotal: source.slices.length });

  const writer = createFileWriter(deps, context, { target, placeOf: placeIn(deps, context, { target, query }), progress });
  onReached(() => ({ rows: progress.rows, bytes: writer.bytes(), slices: progress.slices, slicesResumed: 0 }));
  const reporting = reportProgress(deps, context, target.id, () => ({ ...progress, bytes: writer.bytes() }));
  try {
    const { targetFileMib } = ExportOptions.parse(target.options);
    const written = await writeFiles(writer, source, start.objects, { rowLimit, targetFileMib });
    progress.stage = "finishing";
    await source.proveNothingRekeyed(written.rows >= rowLimit ? null : written.rows);
    const truncated = await isTruncated(source, written, rowLimit);
    const manifest = buildManifest({
      ...attempt,
      selection: compiled.selection,
      source,
      written,
      changes: await source.countChanges(written.rows),
      rowLimit,
      truncated,
      attempt: context.job.attempt,
      finishedMs: deps.clock.nowMs(),
      queryHash: deps.sha256(JSON.stringify(query)),
    });
    const { rows, bytes, slices, slicesResumed } = manifest;
    onReached(() => ({ rows, bytes, slices, slicesResumed }));
    await inSpan(context.span, "settle", () => settle(deps, context, target.id, manifest, writer));
  } catch (error) {
    await writer.giveUp(error, queryId);
    throw error;
  } finally {
    reporting.stop();
  }
};

/** Each attempt writes objects of its own. */
const placeIn =
  (
    { settings: { prefix } }: AttemptDeps,
    { job: { attempt, leaseId } }: JobContext,
    { target, query }: Pick<Attempt, "target" | "query">,
  ) =>
  (file: number | null) => ({
    key: objectKey({ ...target, prefix, exportId: target.id, attempt, leaseId, tableName: query.tableName, file }),
    name: downloadName({ ...target, file }),
  });

/** Opens the source with the stored plan of an earlier attempt if there is one, else with a new plan, which it stores. */
const planPass = async (
  deps: AttemptDeps,
  { job, signal }: JobContext,
  { target, start, queryId }: Attempt,
  compiled: CompiledQuery,
): Promise<ExportSource> => {
  const columns = compiled.selection.select.map(({ id }) => id);
  if (start.checkpoint !== null && storableJson(start.checkpoint.columns) !== storableJson(columns))
    throw new ReplayDiffers("the columns have changed");
  const known = start.checkpoint?.plan ?? null;
  const { isWhole } = start;
  const window = until(target.cutoff);
  const options = ExportOptions.parse(target.options);
  const source = await openSource(deps, { ...target, window, options, compiled, queryId, signal, known, isWhole });
  deps.log("info", "export_planned", {
    ...jobFields(job),
    rows: source.rows,
    slices: source.slices.length,
    merges: source.plan.needsFinal,
  });
  const checkpoint: Checkpoint = { plan: source.plan, columns };
  if (known === null && JSON.stringify(checkpoint).length <= checkpointBytesMax) await deps.journal.keepPlan(checkpoint);
  return source;
};

const settle = async (
  deps: AttemptDeps,
  { job, signal, assertHeld }: JobContext,
  exportId: string,
  manifest: ExportManifest,
  writer: FileWriter,
): Promise<void> => {
  signal.throwIfAborted();
  const settled = await settleExport(deps.db, {
    lease: { id: job.id, leaseId: job.leaseId },
    exportId,
    outcome: { state: jobState.completed },
    manifest,
    objectIds: writer.fileIds(),
  });
  if (settled) return;
  // The lease is lost or the job is to be cancelled. `assertHeld` throws the one that applies.
  await assertHeld();
  throw new LeaseLost();
};
