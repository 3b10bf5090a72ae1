/**
 * export.run: plan, query, transform, upload, settle. Runs at least once; an attempt goes on behind the parts of the one before it where it can prove
 * that the bytes are the same, and the attempt that settles wins. Memory: the part buffers of one upload, whatever the size of the export.
 */
import { AppError } from "../../core/errors.ts";
import type { PhysicalTables } from "../../core/exports/build-query.ts";
import { type CompiledQuery, compileQuery } from "../../core/exports/compile-query.ts";
import { type ExportManifest, type ExportProgress, type ManifestFile, schemaVersion } from "../../core/exports/manifest.ts";
import { ExportOptions, ExportQuery } from "../../core/exports/request.ts";
import { formats } from "../../core/formats/index.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import type { PlanBounds } from "../../db/clickhouse/plan-export.ts";
import { listScoreNames } from "../../db/clickhouse/score-names.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import type { Database } from "../../db/postgres/client.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import { answerCommentFilters } from "../../db/queries/comments.ts";
import {
  discardObjects,
  type ExportToRun,
  type LeftObject,
  rememberPlan,
  saveProgress,
  settleExport,
  startExport,
  takeOverObjects,
} from "../../db/queries/export-outcomes.ts";
import { loadLookups } from "../../db/queries/lookups.ts";
import {
  type Clock,
  type ExportOutcome,
  type ExportReached,
  type Handler,
  JobCancelled,
  type JobContext,
  LeaseLost,
  type Log,
  RunnerStopping,
} from "../deps.ts";
import type { Events } from "../events.ts";
import { openClickHouseSource } from "../query/clickhouse-source.ts";
import { type ExportSource, RowsMoved, type SourcePlan, type SourceRequest } from "../query/export-source.ts";
import { openPostgresSource } from "../query/postgres-source.ts";
import type { Checksum } from "../upload/object-upload.ts";
import { createFileWriter, type FileWriter, ReplayDiffers } from "./export-file.ts";

export type ExportSettings = {
  prefix: string;
  physical: PhysicalTables;
  rowLimit: number;
  partSizeBytes: number;
  partsInFlightMax: number;
  slicesAhead: number;
  sliceThreads: number;
  progressSeconds: number;
  checksum: Checksum;
} & PlanBounds;

export type ExportHandlerDeps = {
  db: Database;
  clickhouse: ClickHouse;
  /** Null when batch exports are switched off or no bucket is configured. */
  s3: S3Client | null;
  settings: ExportSettings;
  clock: Clock;
  log: Log;
  emit: Events["emit"];
  crc32: (bytes: Uint8Array, seed?: number) => number;
  newAuditId: () => string;
  newJobId: () => string;
  sha256: (text: string) => string;
  /** Two halves of the key a project's values are hashed with; null without ENCRYPTION_KEY. */
  hashKeyOf: (projectId: string) => [string, string] | null;
};

/** An export that has waited longer is not what its owner expects any more. */
const waitDaysMax = 30;
/** A plan that would be larger is not kept: the next attempt then starts over. */
const checkpointBytesMax = 8 * 1024 * 1024;

export const createExportHandler = (deps: ExportHandlerDeps): Handler => ({
  run: (context) => runExport(deps, context),
  settle: (job, outcome) =>
    settleExport(deps.db, {
      lease: { id: job.id, leaseId: job.leaseId },
      exportId: jobKinds["export.run"].payload.parse(job.payload).batchExportId,
      outcome,
      auditId: deps.newAuditId(),
      mailJobId: deps.newJobId(),
    }),
});

const runExport = async (deps: ExportHandlerDeps, context: JobContext): Promise<void> => {
  const { job } = context;
  const lease = { id: job.id, leaseId: job.leaseId };
  const { batchExportId } = jobKinds["export.run"].payload.parse(job.payload);
  const target = await startExport(deps.db, lease, batchExportId);
  if (target === undefined) throw new LeaseLost();
  const { s3 } = deps;
  if (s3 === null) throw new AppError({ code: "EXPORTS_DISABLED" });
  const startedMs = deps.clock.nowMs();
  if (startedMs - Date.parse(target.cutoff) > waitDaysMax * 86_400_000) throw new AppError({ code: "EXPORT_TOO_OLD" });
  // What an attempt before this one may have left running would only be in the way; a server that does not answer now fails the plan, with a better reason.
  if (job.attempt > 1)
    await deps.clickhouse
      .kill(`${job.id}-`)
      .catch((error: unknown) => deps.log("warn", "kill_failed", { job_id: job.id, detail: String(error) }));

  const query = ExportQuery.parse(target.query);
  const options = ExportOptions.parse(target.options);
  let reached = nothing;
  const attempt = async ({ objects, checkpoint, isWhole }: Start, tries: number): Promise<void> => {
    const queryId = `${job.id}-${job.leaseId.slice(0, 8)}-${tries}`;
    const progress: ExportProgress = { stage: "planning", rows: 0, rowsTotal: null, bytes: 0, slices: 0, slicesTotal: null };
    const compiled = await compile(deps, context, query, target);
    const columns = compiled.selection.select.map(({ id }) => id);
    if (checkpoint !== null && JSON.stringify(checkpoint.columns) !== JSON.stringify(columns))
      throw new ReplayDiffers("the columns have changed");
    const known = checkpoint?.plan ?? null;
    const source = await openSource(deps, { ...target, options, compiled, queryId, signal: context.signal, known, isWhole });
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

    const writer = createFileWriter({ ...deps, s3 }, context, { target, query, progress });
    reached = () => ({ rows: progress.rows, bytes: writer.bytes(), slices: progress.slices, slicesResumed: 0 });
    const reporting = reportProgress(deps, context, batchExportId, () => ({ ...progress, bytes: writer.bytes() }));
    try {
      const written = await writeFiles(writer, source, objects, { target, rowLimit, targetFileMib: options.targetFileMib });
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
      reached = () => ({ rows, bytes, slices, slicesResumed });
      context.signal.throwIfAborted();
      const settled = await settleExport(deps.db, {
        lease,
        exportId: batchExportId,
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

  const what = { table: query.tableName, format: target.format };
  let start: Start = { ...(await listLeft(deps, context, target)), isWhole: false };
  for (let tries = 1; ; tries++) {
    const begunMs = deps.clock.steadyMs();
    reached = nothing;
    const end = (outcome: ExportOutcome) =>
      deps.emit("export.ended", { ...what, outcome, reached: reached(), seconds: (deps.clock.steadyMs() - begunMs) / 1000 });
    try {
      await attempt(start, tries);
      return end("completed");
    } catch (error) {
      const startsOver = tries < startsMax && (error instanceof ReplayDiffers || error instanceof RowsMoved);
      end(startsOver ? "started_over" : outcomeOf(context.signal.aborted ? context.signal.reason : error));
      if (!startsOver) throw error;
      deps.emit("export.startedOver", { ...what, reason: error instanceof RowsMoved ? "rows_moved" : "replay_differs" });
      deps.log("warn", "export_starts_over", { job_id: job.id, attempt: job.attempt, reason: error.name, detail: error.message });
      await discardObjects(deps.db, lease, batchExportId);
      start = { objects: [], checkpoint: null, isWhole: start.isWhole || error instanceof RowsMoved };
    }
  }
};

const nothing = (): ExportReached => ({ rows: 0, bytes: 0, slices: 0, slicesResumed: 0 });

/** Of an attempt that did not complete, by what ended it. */
const outcomeOf = (reason: unknown): ExportOutcome => {
  if (reason instanceof LeaseLost) return "lease_lost";
  if (reason instanceof JobCancelled) return "cancelled";
  return reason instanceof RunnerStopping ? "released" : "failed";
};

/** What an attempt goes on with, and whether it reads with one query. */
type Start = { objects: LeftObject[]; checkpoint: Checkpoint | null; isWhole: boolean };

/** Goes on, starts over because the bytes differ, starts over because rows moved: after that something else is wrong. */
const startsMax = 3;

/** Kept with the job: with these an attempt can go on where the one before was. */
type Checkpoint = { plan: SourcePlan; columns: string[] };

/** What attempts before this one have left, as far as it can be gone on with. Parquet starts over: its footers went with the process. */
const listLeft = async (
  deps: ExportHandlerDeps,
  { job }: JobContext,
  target: ExportToRun,
): Promise<{ objects: LeftObject[]; checkpoint: Checkpoint | null }> => {
  const none = { objects: [], checkpoint: null };
  if (job.checkpoint === null || deps.s3 === null) return none;
  const objects = await takeOverObjects(deps.db, { id: job.id, leaseId: job.leaseId }, target.id, deps.s3.bucket);
  const usable = formats[target.format].joining === "footer" ? objects.filter(({ file }) => file !== null) : objects;
  return usable.length === 0 ? none : { objects: usable, checkpoint: job.checkpoint as Checkpoint };
};

const keepPlan = async (deps: ExportHandlerDeps, { job }: JobContext, checkpoint: Checkpoint): Promise<void> => {
  if (JSON.stringify(checkpoint).length <= checkpointBytesMax)
    await rememberPlan(deps.db, { id: job.id, leaseId: job.leaseId }, checkpoint);
};

/** The query with all that is only known when it runs: names of scores, ids of comment filters, the hash key. */
const compile = async (
  deps: ExportHandlerDeps,
  { signal }: JobContext,
  query: ExportQuery,
  target: ExportToRun,
): Promise<CompiledQuery> => {
  const first = compileQuery(query);
  const names = first.selection.hasScores ? await listScoreNames(deps.clickhouse, first.table, target.projectId, signal) : [];
  const compiled = await answerCommentFilters(deps.db, compileQuery(query, names), target);
  if (!compiled.selection.hashes) return compiled;
  const key = deps.hashKeyOf(target.projectId);
  if (key === null) throw new AppError({ code: "HASHING_DISABLED" });
  const [hashKey0, hashKey1] = key;
  return { ...compiled, selection: { ...compiled.selection, params: { ...compiled.selection.params, hashKey0, hashKey1 } } };
};

const openSource = async (deps: ExportHandlerDeps, request: SourceRequest): Promise<ExportSource> => {
  const { settings, db, clickhouse } = deps;
  if (request.compiled.table.source.kind === "postgres")
    return openPostgresSource({ db, clickhouse, physical: settings.physical }, request);
  const text = [...request.compiled.selection.select.map(({ sql }) => sql), ...request.compiled.conditions.map(({ sql }) => sql)].join(" ");
  return openClickHouseSource(
    {
      db,
      clickhouse,
      physical: settings.physical,
      bounds: boundsFor(settings, request.options.targetFileMib),
      sliceThreads: settings.sliceThreads,
    },
    request,
    await loadLookups(db, request.projectId, text),
  );
};

/** A slice is never larger than a file is meant to be. */
const boundsFor = ({ sliceBytes, sliceBytesMin, sliceRowsMax }: PlanBounds, targetFileMib: number | null): PlanBounds => {
  const bytesMax = Math.min(sliceBytes, (targetFileMib ?? Number.POSITIVE_INFINITY) * 1024 * 1024);
  return { sliceBytes: bytesMax, sliceBytesMin: Math.min(bytesMax, sliceBytesMin), sliceRowsMax };
};

type Written = { files: ManifestFile[]; rows: number; slices: number; slicesResumed: number; isCut: boolean };

/** The files one after the other. Which slices belong to which file is decided by the plan alone, so that a later attempt decides the same. */
const writeFiles = async (
  writer: FileWriter,
  source: ExportSource,
  left: readonly LeftObject[],
  { rowLimit, targetFileMib }: { target: ExportToRun; rowLimit: number; targetFileMib: number | null },
): Promise<Written> => {
  const written: Written = { files: [], rows: 0, slices: 0, slicesResumed: 0, isCut: false };
  const isBounded = !source.isExact || source.rows > rowLimit;
  const groups = groupSlices(source.slices, targetFileMib === null ? Number.POSITIVE_INFINITY : targetFileMib * 1024 * 1024);
  for (const [index, slices] of groups.entries()) {
    if (index > 0 && written.rows >= rowLimit) {
      written.isCut = true;
      break;
    }
    const before = left.find(({ fileIndex }) => fileIndex === index) ?? null;
    const done = await writer.write({
      index,
      filesTotal: groups.length,
      slices,
      left: before,
      rowLimit: rowLimit - written.rows,
      isBounded,
    });
    // A limit that was reached exactly at the end of the file before leaves an empty one.
    written.files.push(done.file);
    written.rows += done.file.rows;
    written.slices += done.slices;
    written.slicesResumed += done.slicesResumed;
    written.isCut ||= done.isCut;
  }
  return written;
};

const groupSlices = <S extends { bytes: number }>(slices: readonly S[], bytesMax: number): S[][] => {
  const groups: S[][] = [];
  let bytes = 0;
  for (const slice of slices) {
    if (groups.length === 0 || bytes + slice.bytes > bytesMax) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(slice);
    bytes += slice.bytes;
  }
  return groups;
};

/** Whether the row limit left rows out; where the plan could not count, one more row than the limit is looked for. */
const isTruncated = async (source: ExportSource, written: Written, rowLimit: number): Promise<boolean> =>
  written.rows >= rowLimit && ((written.isCut && source.isExact) || (await source.hasMoreThan(rowLimit)));

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
