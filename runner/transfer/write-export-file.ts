/** Writes one file of an export: slices through the encoder into an upload, new or resumed behind the parts of an earlier attempt. */

import { AppError } from "../../core/errors.ts";
import type { ExportProgress, ManifestFile } from "../../core/exports/manifest.ts";
import { contentDisposition } from "../../core/exports/object-key.ts";
import { ExportOptions } from "../../core/exports/request.ts";
import type { UploadedPart } from "../../core/exports/uploaded-part.ts";
import { byteOrderMark } from "../../core/query/formats/csv.ts";
import { contentTypeOf } from "../../core/query/formats/index.ts";
import { inSpan } from "../../core/telemetry/tracer.ts";
import type { LeftObject } from "../../services/exports/export-journal.ts";
import type { ExportToRun } from "../../services/exports/start-export.ts";
import { JobCancelled, type JobContext, LeaseLost, RunnerStopping } from "../deps.ts";
import { jobFields } from "../job-fields.ts";
import type { ExportHandlerDeps } from "./export-deps.ts";
import { type PlannedSlice, type WriteFileDeps, writeFile } from "./file/write-file.ts";
import { ReplayDiffers, writeBehind } from "./prove-replay.ts";
import type { RunJournal } from "./run-journal.ts";
import type { FileSink, FileUpload } from "./sinks/file-sink.ts";
import { RowsRekeyed } from "./source/export-source.ts";
import { readSlice } from "./source/slice-reader.ts";

type FileToWrite = {
  index: number;
  filesTotal: number;
  slices: readonly PlannedSlice[];
  left: LeftObject | null;
  rowLimit: number;
  isBounded: boolean;
};

type WrittenFile = { file: ManifestFile; slices: number; slicesResumed: number; isCut: boolean };

export type FileWriter = {
  write: (file: FileToWrite) => Promise<WrittenFile>;
  /** Journal ids of the files written or taken over. */
  fileIds: () => string[];
  /** Bytes passed to the sink, in all files. */
  bytes: () => number;
  /** Cleans up after a failure: kills the queries and aborts the upload unless a later attempt can resume it. */
  giveUp: (error: unknown, queryId: string) => Promise<void>;
};

type FileWriterDeps = Pick<ExportHandlerDeps, "clickhouse" | "clock" | "log" | "crc32" | "settings"> & {
  sink: FileSink;
  journal: RunJournal;
};

/** What is written: in which form, and under which keys. */
export type FileRun = {
  target: Pick<ExportToRun, "format" | "compression" | "options">;
  /** Key in the sink and name for browsers, by the index among several files; null for a single one. */
  placeOf: (file: number | null) => { key: string; name: string };
  progress: ExportProgress;
};

/** What is finished so far, in all files. */
type Done = { fileIds: string[]; bytes: number; rows: number; slices: number };

export const createFileWriter = (deps: FileWriterDeps, context: JobContext, run: FileRun): FileWriter => {
  const done: Done = { fileIds: [], bytes: 0, rows: 0, slices: 0 };
  let current: FileUpload | undefined;
  const finishFile = (id: string, { file, slices }: WrittenFile) => {
    done.fileIds.push(id);
    done.bytes += file.bytes;
    done.rows += file.rows;
    done.slices += slices;
  };
  const write = async (file: FileToWrite): Promise<WrittenFile> => {
    const { left, slices, rowLimit } = file;
    if (left?.file != null) {
      const kept = { file: left.file, slices: slices.length, slicesResumed: slices.length, isCut: left.file.rows >= rowLimit };
      finishFile(left.id, kept);
      return kept;
    }
    const open = await openUpload(deps, context, run, file);
    current = open.upload;
    const written = await inSpan(context.span, "upload", async (span) => {
      const filled = await fillUpload(deps, context, run, { file, open, done });
      span.set({ "spillway.rows": filled.file.rows, "spillway.bytes": filled.file.bytes });
      return filled;
    });
    await deps.journal.keepFile(open.fileId, written.file);
    current = undefined;
    finishFile(open.fileId, written);
    return written;
  };
  return {
    fileIds: () => done.fileIds,
    bytes: () => done.bytes + (current?.bytes ?? 0),
    write: async (file) => {
      try {
        return await write(file);
      } catch (error) {
        // The store no longer knows the upload or one of its parts.
        if (file.left !== null && error instanceof AppError && error.code === "S3_REJECTED") throw new ReplayDiffers(error.message);
        throw error;
      }
    },
    giveUp: async (error, queryId) => {
      const reason: unknown = context.signal.aborted ? context.signal.reason : error;
      if (reason instanceof LeaseLost) return;
      const killed = deps.clickhouse.kill(`${queryId}-`);
      // Aborting frees the space of the current file at once. Its journal row stays open, so that the sweep also removes parts that were
      // still in flight and the earlier files.
      const settled = await Promise.allSettled([killed, canResume(context, reason) ? current?.settle() : current?.abort()]);
      for (const result of settled)
        if (result.status === "rejected")
          deps.log("warn", "take_back_failed", { ...jobFields(context.job), detail: String(result.reason) });
      await deps.journal.partsKept();
    },
  };
};

/** Returns whether a later attempt may resume behind the uploaded parts. */
const canResume = ({ job }: JobContext, reason: unknown): boolean =>
  reason instanceof RunnerStopping ||
  (!(reason instanceof JobCancelled || reason instanceof ReplayDiffers || reason instanceof RowsRekeyed) && job.attempt < job.maxAttempts);

type OpenFile = { name: string; key: string; fileId: string; upload: FileUpload };

const openUpload = async (
  { sink, journal }: FileWriterDeps,
  { signal, assertHeld }: JobContext,
  { target, placeOf }: FileRun,
  { index, filesTotal, left }: FileToWrite,
): Promise<OpenFile> => {
  const place = placeOf(filesTotal === 1 ? null : index);
  const { name } = place;
  const key = left?.key ?? place.key;
  const fileId = left?.id ?? (await journal.addFile({ key, fileIndex: index }));
  const upload = sink.open({
    key,
    contentType: contentTypeOf(target.format, target.compression),
    contentDisposition: contentDisposition(name),
    resumed: left?.uploadId == null ? null : { uploadId: left.uploadId, parts: left.parts },
    onStarted: (uploadId) => journal.keepUploadId(fileId, uploadId),
    onPart: (part) => journal.keepPart(fileId, part),
    onCompleting: async () => {
      // A completed upload accepts no further part. An attempt after a crash right here needs the record of every part.
      await journal.partsKept();
      await assertHeld();
    },
    signal,
  });
  return { name, key, fileId, upload };
};

const fillUpload = async (
  deps: FileWriterDeps,
  { job, signal, span }: JobContext,
  { target: { format, compression, options }, progress }: FileRun,
  { file: { index, left, slices, rowLimit, isBounded }, open, done }: { file: FileToWrite; open: OpenFile; done: Done },
): Promise<WrittenFile> => {
  const { upload, key, name } = open;
  const last = left?.parts.at(-1);
  const output = createOrderedOutput(deps, upload, last);
  const from = last === undefined ? { slice: 0, rows: 0 } : { slice: last.mark.slice, rows: last.mark.startRows };
  const { crc32, clock } = deps;
  const written = await writeFile(
    {
      readSlice: (request, first, take) =>
        readSlice(request, first, { crc32, wait: clock.wait, startTimer: clock.startTimer, signal }, take),
      write: output.write,
      onSliceStart: output.onSliceStart,
      onSlice: (reached) => {
        Object.assign(progress, { rows: done.rows + reached.rows, slices: done.slices + reached.slices });
        deps.log("info", "slice_written", {
          ...jobFields(job),
          file: index,
          slice: reached.slices - 1,
          rows: reached.rows,
        });
      },
      slicesAhead: deps.settings.slicesAhead,
    },
    {
      format,
      compression,
      firstText: format === "CSV" && ExportOptions.parse(options).bom ? byteOrderMark : "",
      slices: slices.map((slice) => ({ ...slice, open: (ask) => inSpan(span, "query", () => slice.open(ask)) })),
      from,
      rowLimit,
      isBounded,
    },
  );
  output.assertProven();
  const stored = await upload.finish();
  const file: ManifestFile = {
    key,
    name,
    rows: written.rows,
    bytes: stored.bytes,
    contentType: contentTypeOf(format, compression),
    crc32: stored.crc32,
    ...(compression === "none" ? {} : { isOneMember: written.isOneMember }),
  };
  return { file, slices: written.slices, slicesResumed: from.slice, isCut: written.isCut };
};

type OrderedOutput = Pick<WriteFileDeps, "write" | "onSliceStart"> & { assertProven: () => void };

/**
 * Writes into the upload. Before a slice is read to its end, everything before it is stored, so a crash costs at most one fully read slice.
 */
const createOrderedOutput = (
  { crc32, journal }: Pick<FileWriterDeps, "crc32" | "journal">,
  upload: FileUpload,
  last: UploadedPart | undefined,
): OrderedOutput => {
  const writeUpload = (bytes: Uint8Array) => upload.write(bytes);
  const replay = last === undefined ? null : writeBehind(last, crc32, writeUpload);
  // The marks of the replayed slice are already recorded by the earlier attempt.
  let isReplaying = last !== undefined;
  let sliceStart = last?.mark.startByte ?? 0;
  let isStartSafe = true;
  return {
    assertProven: () => replay?.assertProven(),
    write: async (bytes) => {
      await (replay === null ? writeUpload(bytes) : replay.write(bytes));
      if (isStartSafe || upload.bytes - sliceStart < upload.partSizeBytes) return;
      isStartSafe = true;
      await upload.reached(sliceStart);
      await journal.partsKept();
    },
    onSliceStart: (mark) => {
      if (!isReplaying) {
        upload.markSlice(mark);
        sliceStart = upload.bytes;
        isStartSafe = false;
      }
      isReplaying = false;
    },
  };
};
