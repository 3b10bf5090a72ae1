/**
 * Stages 4 to 6: writes slices from ClickHouse, in order, into one object.
 * The next slices already run on the server, which holds their bytes, while one is read. Memory: the part buffers of the upload.
 */
import { AppError } from "../../../core/errors.ts";
import { type CompressionName, compressions, type FormatName, formats } from "../../../core/query/formats/index.ts";
import type { ByteAnswer } from "../../../db/clickhouse/client.ts";
import { openAhead } from "../source/open-ahead.ts";
import { createMember, createMemberWriter, emptyMember, oneMemberBytesMax } from "./members.ts";
import { createParquetJoiner } from "./parquet-joiner.ts";

/** One slice to write. `rows` is counted by the plan; `bytes` is its estimate, uncompressed. */
export type PlannedSlice = {
  rows: number;
  bytes: number;
  open: (ask: { attempts: number; limitRows: number; isFirst: boolean; isCompressed: boolean }) => Promise<ByteAnswer>;
};

export type WriteFileDeps = {
  /** Reads one slice to its verified end; see runner/transfer/source/slice-reader.ts. */
  readSlice: (
    request: { open: (attempts: number) => Promise<ByteAnswer>; ending: "lines" | "text" | "binary" },
    first: Promise<ByteAnswer>,
    take: (chunk: Uint8Array, rows: number) => Promise<void>,
  ) => Promise<number>;
  write: (bytes: Uint8Array) => Promise<void>;
  /** Called before the first byte of each slice. */
  onSliceStart: (start: { slice: number; rows: number }) => void;
  onSlice: (done: { rows: number; slices: number }) => void;
  /** How many slices are opened ahead of the one being read. */
  slicesAhead: number;
};

type WriteFileRequest = {
  format: FormatName;
  compression: CompressionName;
  /** Text before everything else in the file, such as a byte order mark. */
  firstText: string;
  slices: readonly PlannedSlice[];
  /** Where to begin: the slices and rows that are already in the file. */
  from: { slice: number; rows: number };
  /** Rows this file may hold. */
  rowLimit: number;
  /** True if the limit may be reached. Each slice then waits for the row count of those before it. */
  isBounded: boolean;
};

/**
 * Writes all slices. Resolves to the rows and slices of the file, including those before `from`. `isCut`: the limit ended the file before
 * the data did. `isOneMember`: a compressed file is known to be one member.
 */
export const writeFile = async (
  deps: WriteFileDeps,
  request: WriteFileRequest,
): Promise<{ rows: number; slices: number; isCut: boolean; isOneMember: boolean }> => {
  const { format, firstText, slices, rowLimit, isBounded, from } = request;
  const { before, between, after } = formats[format];
  const output = createFileOutput(request, deps.write);
  let { rows } = from;
  let done = from.slice;
  let isCut = false;

  // Without a bound, one row more than the limit shows that rows arrived after the count.
  const limitNow = () => (isBounded ? rowLimit - rows : rowLimit + 1);
  const openings = openAhead(slices, isBounded ? 0 : deps.slicesAhead, (slice, index) =>
    slice.open({ attempts: 0, limitRows: limitNow(), isFirst: index === 0, isCompressed: output.isCompressed }),
  );
  try {
    for (const [index, slice] of slices.entries()) {
      if (index < from.slice) continue;
      if (rows >= rowLimit) {
        isCut = true;
        break;
      }
      const first = openings.take(index, slice);
      // A file compressed as one member resumes from its beginning only, so one mark is enough.
      if (!output.isOneWhole || index === from.slice) deps.onSliceStart({ slice: index, rows });
      if (index === 0) await output.writeText(`${firstText}${before}`);
      const limitRows = limitNow();
      let needsBetween = between !== "" && rows > 0;
      const found = await deps.readSlice(
        {
          open: (attempts) => slice.open({ attempts, limitRows, isFirst: index === 0, isCompressed: output.isCompressed }),
          ending: endingOf(format, output.compression),
        },
        first,
        async (chunk, sliceRows) => {
          // An empty slice still has a compression header. Without rows there is nothing to separate.
          if (between !== "" && sliceRows === 0) return;
          if (needsBetween) {
            needsBetween = false;
            await output.writeText(between);
          }
          await output.writeChunk(chunk);
        },
      );
      await output.endSlice();
      openings.forget(index);
      rows += found;
      done++;
      if (!isBounded && rows > rowLimit)
        throw new AppError({
          code: "EXPORT_COUNT_MISMATCH",
          message: "More rows arrived during the export than its row limit allows; it is planned again.",
        });
      deps.onSlice({ rows, slices: done });
    }
  } finally {
    openings.close();
  }
  return { rows, slices: done, isCut, isOneMember: await output.finish(after, rows) };
};

/**
 * Joins the bytes of slices and compresses what ClickHouse does not. The plan alone decides how a file is compressed, so that a later
 * attempt decides the same. Memory: a small file is held whole, a large one not at all.
 */
const createFileOutput = ({ format, compression: asked, slices, from }: WriteFileRequest, toSink: WriteFileDeps["write"]) => {
  const isSmall = asked !== "none" && slices.reduce((sum, { bytes }) => sum + bytes, 0) <= oneMemberBytesMax;
  const small = isSmall ? createMemberWriter(asked, toSink) : null;
  // Compression of the slices and of the bytes between them, each on its own.
  const compression = small === null ? asked : "none";
  let isEmpty = from.slice === 0;
  let members = 0;
  const write = (bytes: Uint8Array) => {
    if (bytes.byteLength > 0) isEmpty = false;
    return small === null ? toSink(bytes) : small.write(bytes);
  };
  const writeText = (text: string) => {
    if (text !== "") members++;
    return write(createMember(text, compression));
  };
  const joiner = formats[format].joining === "footer" ? createParquetJoiner(write) : null;
  return {
    compression,
    isCompressed: compression !== "none",
    /** True if the file is collected and written as one member. */
    isOneWhole: small !== null,
    writeText,
    writeChunk: async (chunk: Uint8Array): Promise<void> => (joiner === null ? write(chunk) : joiner.chunk(chunk)),
    endSlice: async () => {
      await joiner?.endSlice();
      members++;
    },
    /** Resolves to true if the file is known to be one member. */
    finish: async (after: string, rows: number): Promise<boolean> => {
      if (joiner !== null) {
        await joiner.finish();
        if (joiner.rows() !== rows)
          throw new AppError({ code: "EXPORT_COUNT_MISMATCH", detail: `${joiner.rows()} rows in the footers, ${rows} announced` });
      }
      await writeText(after);
      if (small !== null) return (await small.finish()) === 1 && from.slice === 0;
      if (isEmpty) await write(emptyMember(compression));
      return from.slice === 0 && members <= 1;
    },
  };
};

const endingOf = (format: FormatName, compression: CompressionName): "lines" | "text" | "binary" =>
  compressions[compression].contentEncoding !== null ? "binary" : formats[format].ending;
