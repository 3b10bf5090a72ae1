/**
 * Stage 5, transform: several Parquet files, as ClickHouse writes one for each slice, become one while they pass through.
 * Memory: the end of the current file, where its footer is, and the footers.
 */

import { AppError } from "../../../core/errors.ts";
import { createFooterMerge, footerLength, parquetMagic, trailerBytes } from "../../../core/query/formats/parquet-footer.ts";

/** A footer is about 100 bytes for each column of each row group; slices have few row groups: a thousand columns of scores in ten of them fit. What is held back costs memory. */
const footerBytesMax = 2 * 1024 * 1024;

export const createParquetJoiner = (write: (bytes: Uint8Array) => Promise<void>) => {
  const merge = createFooterMerge();
  let written = 0;
  let held: Uint8Array<ArrayBuffer>[] = [];
  let heldBytes = 0;
  let toDrop = 0;
  let start = 0;
  let isOpen = false;

  const put = async (bytes: Uint8Array) => {
    written += bytes.byteLength;
    await write(bytes);
  };

  return {
    /** Takes a chunk of the current file; the chunk may be reused when this resolves. */
    chunk: async (bytes: Uint8Array): Promise<void> => {
      if (!isOpen) {
        isOpen = true;
        if (written === 0) await put(parquetMagic);
        start = written;
        toDrop = parquetMagic.byteLength;
      }
      const fresh = new Uint8Array(bytes.subarray(Math.min(toDrop, bytes.byteLength)));
      toDrop -= bytes.byteLength - fresh.byteLength;
      held.push(fresh);
      heldBytes += fresh.byteLength;
      for (let first = held[0]; first !== undefined && heldBytes - first.byteLength >= footerBytesMax; first = held[0]) {
        held.shift();
        heldBytes -= first.byteLength;
        await put(first);
        // Our own copy, which nobody holds any more: left to the collector, a hundred MB of them wait for it (measured).
        first.buffer.transfer(0);
      }
    },
    /** The current file is complete: its row groups leave, its footer stays here. */
    endSlice: async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      const tail = new Uint8Array(heldBytes);
      let at = 0;
      for (const bytes of held) {
        tail.set(bytes, at);
        at += bytes.byteLength;
        bytes.buffer.transfer(0);
      }
      held = [];
      heldBytes = 0;
      const length = footerLength(tail.subarray(-trailerBytes));
      if (length > tail.byteLength)
        throw new AppError({
          code: "EXPORT_TOO_LARGE",
          message: "The Parquet footer of one slice is too large.",
          detail: `${length} bytes`,
        });
      await put(tail.subarray(0, tail.byteLength - length));
      merge.add(tail.subarray(tail.byteLength - length), start);
    },
    finish: (): Promise<void> => put(merge.finish()),
    /** Rows the footers add up to. */
    rows: merge.rows,
  };
};
