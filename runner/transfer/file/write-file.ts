/**
 * Stages 4 to 6 in one line: slices out of ClickHouse, in order, into one object.
 * While one slice is read the next ones already run on the server, which holds their bytes; here nothing is held but the upload's part buffers.
 */
import { AppError } from "../../../core/errors.ts";
import { type CompressionName, compressions, type FormatName, formats } from "../../../core/query/formats/index.ts";
import type { ByteAnswer } from "../../../db/clickhouse/client.ts";
import { createMember, createMemberWriter, emptyMember, oneMemberBytesMax } from "./members.ts";
import { createParquetJoiner } from "./parquet-joiner.ts";

/** One slice to write: `rows` is what the plan counted, `bytes` an estimate of them, uncompressed. */
export type PlannedSlice = {
  rows: number;
  bytes: number;
  open: (ask: { tries: number; limitRows: number; isFirst: boolean; isCompressed: boolean }) => Promise<ByteAnswer>;
};

export type WriteFileDeps = {
  /** Reads one slice to its verified end; see runner/transfer/source/slice-reader.ts. */
  readSlice: (
    request: { open: (tries: number) => Promise<ByteAnswer>; ending: "lines" | "text" | "binary" },
    first: Promise<ByteAnswer>,
    take: (chunk: Uint8Array, rows: number) => Promise<void>,
  ) => Promise<number>;
  write: (bytes: Uint8Array) => Promise<void>;
  /** Called before the first byte of each slice. */
  onSliceStart: (start: { slice: number; rows: number }) => void;
  onSlice: (done: { rows: number; slices: number }) => void;
  /** Slices asked for ahead of the one being read. */
  slicesAhead: number;
};

export type WriteFileRequest = {
  format: FormatName;
  compression: CompressionName;
  /** Begins the file, before anything the format begins with. */
  firstText: string;
  slices: readonly PlannedSlice[];
  /** Where to begin: slices and rows that are in the file already. */
  from: { slice: number; rows: number };
  /** Rows this file may hold; one more is looked for. */
  rowLimit: number;
  /** The limit may be reached, so each slice has to know how many rows came before it. */
  isBounded: boolean;
};

/**
 * Writes all slices. Resolves to the rows of the file, those before `from` included; `isCut` tells that the limit ended the file before the data did, `isOneMember` that a
 * compressed file is surely one member. Which way a file is compressed is decided by the plan, so that a later attempt decides the same.
 */
export const writeFile = async (
  deps: WriteFileDeps,
  request: WriteFileRequest,
): Promise<{ rows: number; slices: number; isCut: boolean; isOneMember: boolean }> => {
  const { format, firstText, slices, rowLimit, isBounded, from } = request;
  const small =
    request.compression !== "none" && slices.reduce((sum, { bytes }) => sum + bytes, 0) <= oneMemberBytesMax
      ? createMemberWriter(request.compression, deps.write)
      : null;
  // What the slices and the bytes between them are compressed with, one by one.
  const compression = small === null ? request.compression : "none";
  const isCompressed = compression !== "none";
  const { before, between, after, joining } = formats[format];
  const ahead = isBounded ? 0 : deps.slicesAhead;
  const opened = new Map<number, Promise<ByteAnswer>>();
  let { rows } = from;
  let done = from.slice;
  let isCut = false;
  let isEmpty = from.slice === 0;
  let members = 0;
  const write = (bytes: Uint8Array) => {
    if (bytes.byteLength > 0) isEmpty = false;
    return small === null ? deps.write(bytes) : small.write(bytes);
  };
  const writeMember = (text: string) => {
    if (text !== "") members++;
    return write(createMember(text, compression));
  };
  const joiner = joining === "footer" ? createParquetJoiner(write) : null;

  // One row more than allowed tells a file that is exactly full from one that is cut.
  const limitNow = () => (isBounded ? rowLimit - rows : rowLimit + 1);
  const openAt = (index: number): Promise<ByteAnswer> | undefined => {
    const slice = slices[index];
    if (slice === undefined) return undefined;
    let answer = opened.get(index);
    if (answer === undefined) {
      answer = slice.open({ tries: 0, limitRows: limitNow(), isFirst: index === 0, isCompressed });
      // Held until its turn comes; a failure is thrown there.
      answer.catch(() => {});
      opened.set(index, answer);
    }
    return answer;
  };

  try {
    for (let index = from.slice; index < slices.length; index++) {
      const slice = slices[index];
      if (slice === undefined) break;
      if (rows >= rowLimit) {
        isCut = true;
        break;
      }
      const first = openAt(index);
      if (first === undefined) break;
      for (let next = index + 1; next <= index + ahead; next++) void openAt(next);
      // A small file begins as a whole, or not at all.
      if (small === null || index === from.slice) deps.onSliceStart({ slice: index, rows });
      if (index === 0) await writeMember(`${firstText}${before}`);
      const limitRows = limitNow();
      let needsBetween = between !== "" && rows > 0;
      const found = await deps.readSlice(
        { open: (tries) => slice.open({ tries, limitRows, isFirst: index === 0, isCompressed }), ending: endingOf(format, compression) },
        first,
        async (chunk, sliceRows) => {
          if (joiner !== null) return joiner.chunk(chunk);
          // An empty slice still has the header of its compression; without rows there is nothing to separate.
          if (between !== "" && sliceRows === 0) return;
          if (needsBetween) {
            needsBetween = false;
            await writeMember(between);
          }
          await write(chunk);
        },
      );
      await joiner?.endSlice();
      opened.delete(index);
      rows += found;
      done++;
      members++;
      if (!isBounded && rows > rowLimit)
        throw new AppError({
          code: "EXPORT_COUNT_MISMATCH",
          message: "More rows arrived during the export than its row limit allows; it is planned anew.",
        });
      deps.onSlice({ rows, slices: done });
    }
  } finally {
    // What was asked for ahead is given up; whether that works changes nothing any more.
    for (const answer of opened.values()) void answer.then(({ body }) => body.cancel()).catch(() => {});
  }
  if (joiner !== null) {
    await joiner.finish();
    if (joiner.rows() !== rows)
      throw new AppError({ code: "EXPORT_COUNT_MISMATCH", detail: `${joiner.rows()} rows in the footers, ${rows} announced` });
  }
  await writeMember(after);
  if (small !== null) {
    const written = await small.finish();
    return { rows, slices: done, isCut, isOneMember: from.slice === 0 && written === 1 };
  }
  if (isEmpty) await write(emptyMember(compression));
  return { rows, slices: done, isCut, isOneMember: from.slice === 0 && members <= 1 };
};

const endingOf = (format: FormatName, compression: CompressionName): "lines" | "text" | "binary" =>
  compressions[compression].contentEncoding !== null ? "binary" : formats[format].ending;
