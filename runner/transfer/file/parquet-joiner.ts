/**
 * Stage 5, transform: joins Parquet files, one per slice from ClickHouse, into one file as they stream through.
 * Memory: the tail of the current file, which contains its footer, and all footers.
 */

import { AppError } from "../../../core/errors.ts";
import { createFooterMerge, footerLength, parquetMagic, trailerBytes } from "../../../core/query/formats/parquet-footer.ts";

/**
 * Largest footer of one slice. A footer has about 100 bytes per column and row group, so a thousand score columns in ten row groups fit.
 * This many bytes are held in memory.
 */
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
        // Frees our own copy now. Waiting for the garbage collector leaves about 100 MB of them in memory (measured).
        first.buffer.transfer(0);
      }
    },
    /** Ends the current file: writes its remaining row groups and keeps its footer for the joined one. */
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
    /** Returns the sum of the rows in the footers. */
    rows: merge.rows,
  };
};
