/** Writes the files of an export, one after the other. */

import type { ManifestFile } from "../../core/exports/manifest.ts";
import type { LeftObject } from "../../services/exports/export-journal.ts";
import type { ExportSource } from "./source/export-source.ts";
import type { FileWriter } from "./write-export-file.ts";

export type Written = { files: ManifestFile[]; rows: number; slices: number; slicesResumed: number; isCut: boolean };

/** The plan alone decides which slices belong to which file, so that a later attempt decides the same. */
export const writeFiles = async (
  writer: FileWriter,
  source: ExportSource,
  left: readonly LeftObject[],
  { rowLimit, targetFileMib }: { rowLimit: number; targetFileMib: number | null },
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

/** Returns whether the row limit left rows out. If the plan's count is not exact, looks for one row beyond the limit. */
export const isTruncated = async (source: ExportSource, written: Written, rowLimit: number): Promise<boolean> =>
  written.rows >= rowLimit && ((written.isCut && source.isExact) || (await source.hasMoreThan(rowLimit)));
