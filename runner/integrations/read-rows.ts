/** Reads a source as parsed rows, for destinations that take rows instead of files. The next slice is queried while one is read. */
import type { ByteAnswer } from "../../db/clickhouse/client.ts";
import type { JobContext } from "../deps.ts";
import type { ExportSource, SourceSlice } from "../transfer/source/export-source.ts";
import { readSlice } from "../transfer/source/slice-reader.ts";
import type { IntegrationDeps } from "./integration-deps.ts";

/** No slice has as many rows. */
const limitRows = 1_000_000_000_000;

/** Calls `take` with up to `rowsAtOnce` rows of a JSONL source, in order, and awaits it. Memory: these rows and one chunk of bytes. */
export const readRows = async (
  { crc32, clock }: Pick<IntegrationDeps, "crc32" | "clock">,
  { signal }: JobContext,
  source: ExportSource,
  rowsAtOnce: number,
  take: (rows: readonly unknown[]) => Promise<void>,
): Promise<void> => {
  let rows: unknown[] = [];
  const flush = async () => {
    if (rows.length === 0) return;
    const full = rows;
    rows = [];
    await take(full);
  };
  const open = (slice: SourceSlice, attempts: number): Promise<ByteAnswer> =>
    slice.open({ attempts, limitRows, isFirst: false, isCompressed: false });
  for (const slice of source.slices) {
    signal.throwIfAborted();
    const lines = createLineSplitter();
    await readSlice(
      { open: (attempts) => open(slice, attempts), ending: "lines" },
      open(slice, 0),
      { crc32, wait: clock.wait, startTimer: clock.startTimer, signal },
      async (chunk) => {
        for (const line of lines(chunk)) {
          rows.push(JSON.parse(line));
          if (rows.length >= rowsAtOnce) await flush();
        }
      },
    );
    await flush();
  }
};

/** Returns the lines that end in a chunk. The beginning of the next line is kept, as bytes: a chunk may end within a character. */
const createLineSplitter = (): ((chunk: Uint8Array) => string[]) => {
  const decoder = new TextDecoder();
  let kept = "";
  return (chunk) => {
    const lines = `${kept}${decoder.decode(chunk, { stream: true })}`.split("\n");
    kept = lines.pop() ?? "";
    return lines.filter((line) => line !== "");
  };
};
