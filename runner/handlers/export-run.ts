/**
 * export.run: plan, query, transform, upload, settle. Runs at least once; each attempt writes an object of its own, and the one that settles wins.
 * Memory: the part buffers of one upload, whatever the size of the export.
 */
import { AppError } from "../../core/errors.ts";
import { countPredicate, type ExportScope, exportPredicate, fromClause, isCountExact } from "../../core/exports/build-query.ts";
import { type CompiledQuery, compileQuery } from "../../core/exports/compile-query.ts";
import { type ExportManifest, type ExportProgress, schemaVersion } from "../../core/exports/manifest.ts";
import { downloadName, objectKey } from "../../core/exports/object-key.ts";
import { ExportQuery } from "../../core/exports/request.ts";
import { compressions, contentTypeOf, formats } from "../../core/formats/index.ts";
import { jobKinds } from "../../core/jobs/kinds.ts";
import type { ClickHouse } from "../../db/clickhouse/client.ts";
import { type ExportPlan, findMovedRows, type PlanBounds, planExport, sliceCondition } from "../../db/clickhouse/plan-export.ts";
import type { Database } from "../../db/postgres/client.ts";
import {
  type ExportToRun,
  markObjectRemoved,
  rememberObject,
  rememberUploadId,
  saveProgress,
  settleExport,
  startExport,
} from "../../db/queries/export-outcomes.ts";
import { type Clock, type Handler, type JobContext, LeaseLost, type Log } from "../deps.ts";
import { readSlice } from "../query/slice-reader.ts";
import { type PlannedSlice, writeFile } from "../transform/write-file.ts";
import { type Checksum, ObjectUpload } from "../upload/object-upload.ts";
import type { S3Client } from "../upload/s3-client.ts";

export type ExportSettings = {
  prefix: string;
  physicalTable: string;
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
  crc32: (bytes: Uint8Array, seed?: number) => number;
  newAuditId: () => string;
  sha256: (text: string) => string;
};

/** An export that has waited longer is not what its owner expects any more. */
const waitDaysMax = 30;

export const createExportHandler = (deps: ExportHandlerDeps): Handler => ({
  run: (context) => runExport(deps, context),
  settle: (job, outcome) =>
    settleExport(deps.db, {
      lease: { id: job.id, leaseId: job.leaseId },
      exportId: jobKinds["export.run"].payload.parse(job.payload).batchExportId,
      outcome,
      auditId: deps.newAuditId(),
    }),
});

const runExport = async (deps: ExportHandlerDeps, context: JobContext): Promise<void> => {
  const { job } = context;
  const lease = { id: job.id, leaseId: job.leaseId };
  const { batchExportId } = jobKinds["export.run"].payload.parse(job.payload);
  const target = await startExport(deps.db, lease, batchExportId);
  if (target === undefined) throw new LeaseLost();
  if (deps.s3 === null) throw new AppError({ code: "EXPORTS_DISABLED" });
  const startedMs = deps.clock.nowMs();
  if (startedMs - Date.parse(target.createdAt) > waitDaysMax * 86_400_000) throw new AppError({ code: "EXPORT_TOO_OLD" });
  // What an attempt before this one may have left running would only be in the way.
  if (job.attempt > 1) await deps.clickhouse.kill(`${job.id}-`);

  const query = ExportQuery.parse(target.query);
  const compiled = compileQuery(query);
  const scope: ExportScope = { projectId: target.projectId, cutoff: target.cutoff, physicalTable: deps.settings.physicalTable };
  const progress: ExportProgress = { stage: "planning", rows: 0, rowsTotal: null, bytes: 0, slices: 0, slicesTotal: null };
  const queryId = `${job.id}-${job.leaseId.slice(0, 8)}`;
  const planned = await plan(deps, context, compiled, scope, queryId);
  const rowLimit = Math.min(deps.settings.rowLimit, query.limit ?? Number.POSITIVE_INFINITY);
  const slices = planSlices(deps, context, target, compiled, scope, planned, queryId);
  Object.assign(progress, { stage: "streaming", rowsTotal: Math.min(planned.plan.rows, rowLimit), slicesTotal: slices.length });

  const key = objectKey({
    ...target,
    prefix: deps.settings.prefix,
    exportId: target.id,
    attempt: job.attempt,
    leaseId: job.leaseId,
    tableName: query.tableName,
  });
  const objectId = await rememberObject(deps.db, lease, { batchExportId, projectId: target.projectId, bucket: deps.s3.bucket, key });
  if (objectId === undefined) throw new LeaseLost();
  const name = downloadName(target);
  const upload = new ObjectUpload({
    s3: deps.s3,
    key,
    contentType: contentTypeOf(target.format, target.compression),
    contentDisposition: `attachment; filename="${name}"`,
    partSizeBytes: deps.settings.partSizeBytes,
    partsInFlightMax: deps.settings.partsInFlightMax,
    checksum: deps.settings.checksum,
    crc32: deps.crc32,
    onStarted: async (uploadId) => {
      if (!(await rememberUploadId(deps.db, lease, objectId, uploadId))) throw new LeaseLost();
    },
    onCompleting: context.assertHeld,
    signal: context.signal,
  });
  const reporting = reportProgress(deps, context, batchExportId, () => ({ ...progress, bytes: upload.bytes }));
  try {
    const written = await writeFile(
      {
        readSlice: (request, first, take) =>
          readSlice(
            request,
            first,
            { crc32: deps.crc32, wait: deps.clock.wait, startTimer: deps.clock.startTimer, signal: context.signal },
            take,
          ),
        write: (bytes) => upload.write(bytes),
        onSlice: (done) => Object.assign(progress, done),
        slicesAhead: deps.settings.slicesAhead,
      },
      { format: target.format, compression: target.compression, slices, rowsPlanned: planned.isExact ? planned.plan.rows : null, rowLimit },
    );
    progress.stage = "finishing";
    const truncated = await assertCount(deps, compiled, scope, planned, written, rowLimit, context);
    const object = await upload.finish();
    const manifest: ExportManifest = {
      version: 1,
      schemaVersion,
      exportId: target.id,
      projectId: target.projectId,
      tableName: query.tableName,
      format: target.format,
      compression: target.compression,
      columns: compiled.select.map(({ id }) => id),
      window: { start: planned.plan.startUs === null ? null : isoOf(planned.plan.startUs), cutoff: target.cutoff },
      queryHash: deps.sha256(JSON.stringify(query)),
      files: [
        {
          key,
          name,
          rows: written.rows,
          bytes: object.bytes,
          contentType: contentTypeOf(target.format, target.compression),
          crc32: object.crc32,
        },
      ],
      rows: written.rows,
      bytes: object.bytes,
      matchedRows: planned.isExact ? planned.plan.rows : null,
      rowLimit,
      truncated,
      slices: written.slices,
      attempt: job.attempt,
      startedAt: new Date(startedMs).toISOString(),
      finishedAt: new Date(deps.clock.nowMs()).toISOString(),
      metadata: target.metadata,
    };
    context.signal.throwIfAborted();
    const settled = await settleExport(deps.db, {
      lease,
      exportId: batchExportId,
      outcome: { state: "completed" },
      manifest,
      objectId,
      auditId: deps.newAuditId(),
    });
    // Not ours any more, or to be cancelled: the next look at the lease says which.
    if (!settled) {
      await context.assertHeld();
      throw new LeaseLost();
    }
  } catch (error) {
    const isLost = context.signal.aborted ? context.signal.reason instanceof LeaseLost : error instanceof LeaseLost;
    if (!isLost) await takeBack(deps, upload, objectId, queryId);
    throw error;
  } finally {
    reporting.stop();
  }
};

type Planned = { plan: ExportPlan; isExact: boolean; moved: { id: string; timeUs: string }[]; needsFinal: boolean };

/** Counts with FINAL and without: when both agree, no row is replaced or deleted, and slices can be read without merging. */
const plan = async (
  deps: ExportHandlerDeps,
  context: JobContext,
  compiled: CompiledQuery,
  scope: ExportScope,
  queryId: string,
): Promise<Planned> => {
  const { table } = compiled;
  const predicate = countPredicate(compiled, scope);
  const from = fromClause(scope.physicalTable, { needsFinal: true });
  const at = { signal: context.signal, queryId };
  const [found, moved, raw] = await Promise.all([
    planExport(
      deps.clickhouse,
      { from, where: predicate.sql, params: predicate.params, time: table.time, hash: table.hash, rowBytes: table.rowBytes },
      deps.settings,
      at,
    ),
    findMovedRows(
      deps.clickhouse,
      {
        from,
        project: "e.project_id = {projectId:String}",
        id: table.id,
        time: table.time,
        version: table.version,
        params: { projectId: scope.projectId },
      },
      at,
    ),
    deps.clickhouse.queryRows<{ rows: string }>({
      sql: `SELECT count() AS rows FROM ${fromClause(scope.physicalTable, { needsFinal: false })} WHERE ${predicate.sql} AND ${table.isDeleted} = 0`,
      params: predicate.params,
      signal: context.signal,
      queryId: `${queryId}-raw`,
    }),
  ]);
  return { plan: found, moved, isExact: isCountExact(compiled) && moved.length === 0, needsFinal: Number(raw[0]?.rows) !== found.rows };
};

/** The slices in the order of the file. At least one, so that an empty export still has the header of its format. */
const planSlices = (
  deps: ExportHandlerDeps,
  context: JobContext,
  target: ExportToRun,
  compiled: CompiledQuery,
  scope: ExportScope,
  { plan: { slices }, moved, needsFinal }: Planned,
  queryId: string,
): PlannedSlice[] => {
  const { table } = compiled;
  const base = exportPredicate(compiled, scope);
  const params: Record<string, unknown> = { ...base.params };
  let where = `${base.sql} AND ${table.isDeleted} = 0`;
  if (moved.length > 0) {
    where += ` AND (${table.id}, toUnixTimestamp64Micro(${table.time})) NOT IN (SELECT arrayJoin(arrayZip({movedIds:Array(String)}, {movedTimes:Array(Int64)})) AS place)`;
    Object.assign(params, { movedIds: moved.map(({ id }) => id), movedTimes: moved.map(({ timeUs }) => Number(timeUs)) });
  }
  const ordered = compiled.followsSortingKey && slices.length > 0 ? (compiled.isDescending ? slices.toReversed() : slices) : [undefined];
  return ordered.map((slice, index) => {
    const bounds = slice === undefined ? { sql: "1", params: {} } : sliceCondition(table, slice);
    const format = formats[target.format].slice(compiled.select, {
      isFirst: index === 0,
      neutralizeFormulas: target.options.neutralizeFormulas,
    });
    const columns = format.select.map(({ id, sql }) => `${sql} AS "${id}"`).join(", ");
    return {
      rows: slice?.rows ?? 0,
      open: (tries, limitRows) =>
        deps.clickhouse.openBytes({
          sql: `SELECT ${columns} FROM ${fromClause(scope.physicalTable, { needsFinal })} WHERE ${where} AND ${bounds.sql} ORDER BY ${compiled.orderBy} LIMIT 1 BY ${table.id} LIMIT ${limitRows} FORMAT ${format.clickhouseFormat}`,
          params: { ...params, ...bounds.params },
          settings: {
            ...format.settings,
            prefer_column_name_to_alias: "1",
            // The one query of an order that does not follow the sorting key has nothing running beside it.
            ...(slice === undefined ? {} : { max_threads: String(deps.settings.sliceThreads) }),
          },
          contentEncoding: compressions[target.compression].contentEncoding,
          queryId: `${queryId}-${index}-${tries}`,
          signal: context.signal,
        }),
    };
  });
};

/**
 * What was written must be what is there: the count of the plan, or a fresh one when rows came or went meanwhile.
 * Answers whether the row limit left rows out; where the plan could not count, one more row than the limit is looked for.
 */
const assertCount = async (
  deps: ExportHandlerDeps,
  compiled: CompiledQuery,
  scope: ExportScope,
  { plan: { rows }, isExact }: Planned,
  written: { rows: number; isCut: boolean },
  rowLimit: number,
  context: JobContext,
): Promise<boolean> => {
  const count = async (predicate: { sql: string; params: Record<string, unknown> }, limitRows?: number) => {
    const from = `${fromClause(scope.physicalTable, { needsFinal: true })} WHERE ${predicate.sql}`;
    const [found] = await deps.clickhouse.queryRows<{ rows: string }>({
      sql:
        limitRows === undefined
          ? `SELECT count() AS rows FROM ${from}`
          : `SELECT count() AS rows FROM (SELECT 1 FROM ${from} LIMIT ${limitRows})`,
      params: predicate.params,
      signal: context.signal,
    });
    return Number(found?.rows);
  };
  if (written.rows >= rowLimit) {
    if (written.isCut) return true;
    return isExact ? rows > rowLimit : (await count(exportPredicate(compiled, scope), rowLimit + 1)) > rowLimit;
  }
  if (!isExact || written.rows === rows) return false;
  const now = await count(countPredicate(compiled, scope));
  if (written.rows < Math.min(rows, now) || written.rows > Math.max(rows, now))
    throw new AppError({ code: "EXPORT_COUNT_MISMATCH", detail: `planned ${rows}, written ${written.rows}, counted after ${now}` });
  return false;
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
      deps.log("warn", "progress_failed", { job_id: job.id, detail: String(error) });
    } finally {
      isSaving = false;
    }
  };
  void save();
  return deps.clock.startTimer(deps.settings.progressSeconds * 1000, () => void save());
};

/** Nothing of a failed attempt stays: queries stopped, upload aborted, object deleted. What cannot be removed now is left to the sweep. */
const takeBack = async (deps: ExportHandlerDeps, upload: ObjectUpload, objectId: string, queryId: string): Promise<void> => {
  const [killed, aborted] = await Promise.allSettled([
    deps.clickhouse.kill(`${queryId}-`),
    upload.abort().then(() => markObjectRemoved(deps.db, objectId)),
  ]);
  for (const result of [killed, aborted])
    if (result.status === "rejected") deps.log("warn", "take_back_failed", { detail: String(result.reason) });
};

const isoOf = (microseconds: number): string =>
  new Date(Math.floor(microseconds / 1000)).toISOString().replace("Z", `${String(microseconds % 1000).padStart(3, "0")}Z`);
