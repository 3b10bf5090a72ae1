/** The files of an export, one after the other. */

import type { ManifestFile } from "../../core/exports/manifest.ts";
import type { LeftObject } from "../../services/exports/export-journal.ts";
import type { ExportSource } from "./source/export-source.ts";
import type { FileWriter } from "./write-export-file.ts";

export type Written = { files: ManifestFile[]; rows: number; slices: number; slicesResumed: number; isCut: boolean };

/** Which slices belong to which file is decided by the plan alone, so that a later attempt decides the same. */
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
export const isTruncated = async (source: ExportSource, written: Written, rowLimit: number): Promise<boolean> =>
  written.rows >= rowLimit && ((written.isCut && source.isExact) || (await source.hasMoreThan(rowLimit)));
