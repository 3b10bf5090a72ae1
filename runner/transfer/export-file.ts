/** One file of an export: object, upload and slices put together, begun anew or gone on with behind the parts of an attempt before. */

import { AppError } from "../../core/errors.ts";
import type { ExportProgress, ManifestFile } from "../../core/exports/manifest.ts";
import { contentDisposition, downloadName, objectKey } from "../../core/exports/object-key.ts";
import { ExportOptions } from "../../core/exports/request.ts";
import type { ExportQuery } from "../../core/query/export-query.ts";
import { byteOrderMark } from "../../core/query/formats/csv.ts";
import { contentTypeOf } from "../../core/query/formats/index.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import { type LeftObject, rememberFile, rememberObject, rememberPart, rememberUploadId } from "../../services/exports/export-journal.ts";
import type { ExportToRun } from "../../services/exports/start-export.ts";
import { JobCancelled, type JobContext, LeaseLost, RunnerStopping } from "../deps.ts";
import type { ExportHandlerDeps } from "./export-deps.ts";
import { type PlannedSlice, writeFile } from "./file/write-file.ts";
import { ObjectUpload } from "./sinks/object-upload.ts";
import { RowsMoved } from "./source/export-source.ts";
import { readSlice } from "./source/slice-reader.ts";

/** The rows are not what an attempt before this one has uploaded: the export starts over. */
export class ReplayDiffers extends Error {
  override name = "ReplayDiffers";
}

export type FileToWrite = {
  index: number;
  filesTotal: number;
  slices: readonly PlannedSlice[];
  left: LeftObject | null;
  rowLimit: number;
  isBounded: boolean;
};

export type FileWriter = {
  write: (file: FileToWrite) => Promise<{ file: ManifestFile; slices: number; slicesResumed: number; isCut: boolean }>;
  /** Objects of the files written or taken over. */
  objectIds: () => string[];
  /** Bytes handed to the store, all files together. */
  bytes: () => number;
  /** After a failure: what cannot be gone on with is taken back. */
  giveUp: (error: unknown, queryId: string) => Promise<void>;
};

export const createFileWriter = (
  deps: ExportHandlerDeps & { s3: S3Client },
  context: JobContext,
  { target, query, progress }: { target: ExportToRun; query: ExportQuery; progress: ExportProgress },
): FileWriter => {
  const { job } = context;
  const lease = { id: job.id, leaseId: job.leaseId };
  const objectIds: string[] = [];
  let finishedBytes = 0;
  let finishedRows = 0;
  let finishedSlices = 0;
  const remembering = new Set<Promise<unknown>>();
  let current: { upload: ObjectUpload } | undefined;
  const contentType = contentTypeOf(target.format, target.compression);
  const firstText = target.format === "CSV" && ExportOptions.parse(target.options).bom ? byteOrderMark : "";

  /** Parts of one upload have one size, whatever the settings say by now: R2 refuses others. The first part of an upload is never its last, so it is full. */
  const partSizeOf = (left: LeftObject | null): number => left?.parts[0]?.endByte ?? deps.settings.partSizeBytes;

  const openObject = async ({ index, filesTotal, left }: FileToWrite) => {
    const name = downloadName({ ...target, file: filesTotal === 1 ? null : index });
    const key =
      left?.key ??
      objectKey({
        ...target,
        prefix: deps.settings.prefix,
        exportId: target.id,
        attempt: job.attempt,
        leaseId: job.leaseId,
        tableName: query.tableName,
        file: filesTotal === 1 ? null : index,
      });
    const objectId =
      left?.id ??
      (await rememberObject(deps.db, lease, {
        batchExportId: target.id,
        projectId: target.projectId,
        bucket: deps.s3.bucket,
        key,
        fileIndex: index,
      }));
    if (objectId === undefined) throw new LeaseLost();
    const upload = new ObjectUpload({
      s3: deps.s3,
      key,
      contentType,
      contentDisposition: contentDisposition(name),
      partSizeBytes: partSizeOf(left),
      partsInFlightMax: deps.settings.partsInFlightMax,
      checksum: deps.settings.checksum,
      crc32: deps.crc32,
      onStarted: async (uploadId) => {
        if (!(await rememberUploadId(deps.db, lease, objectId, uploadId))) throw new LeaseLost();
      },
      onPart: (part) => {
        const remembered: Promise<unknown> = rememberPart(deps.db, lease, objectId, part)
          .catch((error: unknown) => deps.log("warn", "part_not_remembered", { job_id: job.id, detail: describeFailure(error) }))
          .finally(() => remembering.delete(remembered));
        remembering.add(remembered);
      },
      resumed: left?.uploadId == null ? null : { uploadId: left.uploadId, parts: left.parts },
      onCompleting: async () => {
        // A completed upload takes no part again: an attempt after a crash right behind it must know them all.
        await Promise.all(remembering);
        await context.assertHeld();
      },
      signal: context.signal,
    });
    return { name, key, objectId, upload };
  };

  const writer: FileWriter = {
    objectIds: () => objectIds,
    bytes: () => finishedBytes + (current?.upload.bytes ?? 0),
    write: async (file) => {
      const { left, slices, rowLimit, isBounded } = file;
      if (left?.file != null) {
        objectIds.push(left.id);
        finishedBytes += left.file.bytes;
        finishedRows += left.file.rows;
        finishedSlices += slices.length;
        return { file: left.file, slices: slices.length, slicesResumed: slices.length, isCut: left.file.rows >= rowLimit };
      }
      const last = left?.parts.at(-1);
      const { name, key, objectId, upload } = await openObject(file);
      current = { upload };
      const replay = last === undefined ? null : afterReplay(deps, upload, last);
      const from = last === undefined ? { slice: 0, rows: 0 } : { slice: last.mark.slice, rows: last.mark.startRows };
      // The marks of the slice that is replayed are those of the attempt before.
      let isReplaying = last !== undefined;
      let sliceStart = last?.mark.startByte ?? 0;
      let isStartSafe = true;
      const written = await writeFile(
        {
          readSlice: (request, first, take) =>
            readSlice(
              request,
              first,
              { crc32: deps.crc32, wait: deps.clock.wait, startTimer: deps.clock.startTimer, signal: context.signal },
              take,
            ),
          write: async (bytes) => {
            await (replay === null ? upload.write(bytes) : replay.write(bytes));
            if (isStartSafe || upload.bytes - sliceStart < upload.partSizeBytes) return;
            // No slice is read to its end before all that came before it is safe: a crash costs at most one slice that was read to its end.
            isStartSafe = true;
            await upload.reached(sliceStart);
            await Promise.all(remembering);
          },
          onSliceStart: (mark) => {
            if (!isReplaying) {
              upload.markSlice(mark);
              sliceStart = upload.bytes;
              isStartSafe = false;
            }
            isReplaying = false;
          },
          onSlice: ({ rows, slices: done }) => {
            Object.assign(progress, { rows: finishedRows + rows, slices: finishedSlices + done });
            deps.log("info", "slice_written", { job_id: job.id, attempt: job.attempt, file: file.index, slice: done - 1, rows });
          },
          slicesAhead: deps.settings.slicesAhead,
        },
        { format: target.format, compression: target.compression, firstText, slices, from, rowLimit, isBounded },
      );
      replay?.assertProven();
      const object = await upload.finish();
      const line: ManifestFile = {
        key,
        name,
        rows: written.rows,
        bytes: object.bytes,
        contentType,
        crc32: object.crc32,
        ...(target.compression === "none" ? {} : { isOneMember: written.isOneMember }),
      };
      await rememberFile(deps.db, lease, objectId, line);
      current = undefined;
      objectIds.push(objectId);
      finishedBytes += object.bytes;
      finishedRows += written.rows;
      finishedSlices += written.slices;
      return { file: line, slices: written.slices, slicesResumed: from.slice, isCut: written.isCut };
    },
    giveUp: async (error, queryId) => {
      const reason: unknown = context.signal.aborted ? context.signal.reason : error;
      if (reason instanceof LeaseLost) return;
      const killed = deps.clickhouse.kill(`${queryId}-`);
      const canGoOn =
        reason instanceof RunnerStopping ||
        (!(reason instanceof JobCancelled || reason instanceof ReplayDiffers || reason instanceof RowsMoved) &&
          job.attempt < job.maxAttempts);
      const settled = await Promise.allSettled([killed, canGoOn ? current?.upload.settle() : takeBack()]);
      for (const result of settled)
        if (result.status === "rejected") deps.log("warn", "take_back_failed", { job_id: job.id, detail: String(result.reason) });
      await Promise.all(remembering);
    },
  };

  return {
    ...writer,
    write: async (file) => {
      try {
        return await writer.write(file);
      } catch (error) {
        // The store has forgotten the upload or one of its parts.
        if (file.left !== null && error instanceof AppError && error.code === "S3_REJECTED") throw new ReplayDiffers(error.message);
        throw error;
      }
    },
  };

  /** Frees the space of the current file at once. Its row stays open: the sweep looks again, for what was still on its way, and at the files before it. */
  async function takeBack(): Promise<void> {
    await current?.upload.abort();
  }
};

/**
 * Writes what comes after the parts that are there. The bytes between the start of the slice and the end of the parts are read again and must be the
 * same: the CRC-32 of the file up to there decides.
 */
const afterReplay = (
  { crc32 }: Pick<ExportHandlerDeps, "crc32">,
  upload: ObjectUpload,
  { endByte, crc, mark }: { endByte: number; crc: number; mark: { startByte: number; startCrc: number } },
) => {
  let at = mark.startByte;
  let replayedCrc = mark.startCrc;
  const assertProven = () => {
    if (at < endByte || replayedCrc !== crc) throw new ReplayDiffers(`the first ${endByte} bytes are not what was uploaded`);
  };
  if (at === endByte) assertProven();
  return {
    assertProven,
    write: async (bytes: Uint8Array): Promise<void> => {
      const known = Math.min(bytes.byteLength, Math.max(0, endByte - at));
      if (known > 0) {
        replayedCrc = crc32(bytes.subarray(0, known), replayedCrc);
        at += known;
        if (at === endByte) assertProven();
      }
      if (known < bytes.byteLength) await upload.write(bytes.subarray(known));
    },
  };
};
