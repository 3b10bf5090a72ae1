/**
 * Stage 4, query: reads one slice as verified chunks of ClickHouse's final bytes.
 * The server finishes the query before it sends the first byte, so the row count and query failures are known by then. Only the connection
 * can still fail: the slice is then read again, and the attempt fails unless the bytes already taken are the same. Memory: one chunk.
 */

import { AppError } from "../../../core/errors.ts";
import type { ByteAnswer } from "../../../db/clickhouse/client.ts";

type SliceReaderDeps = {
  crc32: (bytes: Uint8Array, seed?: number) => number;
  wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  signal: AbortSignal;
  /** Calls `onIdle` at each interval until stopped. */
  startTimer: (milliseconds: number, onIdle: () => void) => { stop: () => void };
};

type SliceRequest = {
  /** Opens the slice. `attempts` counts from 0 and is part of the query id. */
  open: (attempts: number) => Promise<ByteAnswer>;
  /** Shape of the bytes: `lines` has one line feed per row (counted), `text` ends in a line feed (checked), `binary` has neither. */
  ending: "lines" | "text" | "binary";
};

const attemptsMax = 4;
/** A connection that sends no byte for this long is treated as dead. */
const idleTimeoutMs = 60_000;
const lineFeed = 10;
/** Bytes checked at the end of a response. ClickHouse appends at most 16 KiB of exception text, with its tag last. */
const tailBytes = 8192;
const marker = new TextEncoder().encode("__exception__\r\n");

/**
 * Reads the slice and awaits `take` for each chunk, so a slow `take` slows the reader. A chunk is invalid once `take` resolves. Resolves to
 * the number of rows.
 */
export const readSlice = async (
  request: SliceRequest,
  first: Promise<ByteAnswer>,
  deps: SliceReaderDeps,
  take: (chunk: Uint8Array, rows: number) => Promise<void>,
): Promise<number> => {
  let taken = 0;
  let takenCrc = 0;
  let rowsBefore: number | undefined;
  for (let attempts = 0; ; attempts++) {
    try {
      const answer = await (attempts === 0 ? first : request.open(attempts));
      if (rowsBefore !== undefined && taken > 0 && answer.rows !== rowsBefore) throw changed();
      rowsBefore = answer.rows;
      await readOnce(answer);
      return answer.rows;
    } catch (error) {
      deps.signal.throwIfAborted();
      const again = error instanceof AppError && (error.code === "CLICKHOUSE_STREAM_CUT" || error.code === "CLICKHOUSE_UNAVAILABLE");
      if (!again || attempts + 1 >= attemptsMax) throw error;
      await deps.wait(250 * 2 ** attempts, deps.signal);
    }
  }

  async function readOnce(answer: ByteAnswer): Promise<void> {
    const reader = answer.body.getReader();
    let toSkip = taken;
    let skippedCrc = 0;
    let lines = 0;
    const tail = createTail(tailBytes);
    let isDone = false;
    let isReading = false;
    let idleTicks = 0;
    const watch = deps.startTimer(idleTimeoutMs / 4, () => {
      idleTicks = isReading ? idleTicks + 1 : 0;
      if (idleTicks === 4) void reader.cancel().then(nothing, nothing);
    });
    try {
      for (;;) {
        isReading = true;
        const { value, done } = await reader.read().catch((cause: unknown) => {
          throw new AppError({ code: "CLICKHOUSE_STREAM_CUT", detail: cause instanceof Error ? cause.message : String(cause), cause });
        });
        isReading = false;
        if (idleTicks >= 4) throw new AppError({ code: "CLICKHOUSE_STREAM_CUT", detail: "no byte for 60 s" });
        idleTicks = 0;
        if (done) break;
        if (request.ending === "lines") lines += countLines(value);
        tail.add(value);
        let fresh = value;
        if (toSkip > 0) {
          const skipped = Math.min(toSkip, value.byteLength);
          skippedCrc = deps.crc32(value.subarray(0, skipped), skippedCrc);
          toSkip -= skipped;
          if (toSkip === 0 && skippedCrc !== takenCrc) throw changed();
          fresh = value.subarray(skipped);
        }
        if (fresh.byteLength === 0) continue;
        taken += fresh.byteLength;
        takenCrc = deps.crc32(fresh, takenCrc);
        await take(fresh, answer.rows);
        free(value);
      }
      isDone = true;
    } finally {
      watch.stop();
      if (!isDone) await reader.cancel().then(nothing, nothing);
    }
    if (toSkip > 0) throw changed();
    verifyEnd(answer, tail.bytes(), lines);
  }

  function verifyEnd(answer: ByteAnswer, tail: Uint8Array, lines: number): void {
    const cut = (detail: string) => new AppError({ code: "CLICKHOUSE_STREAM_CUT", detail });
    if (answer.exceptionTag !== null && endsWith(tail, marker) && new TextDecoder().decode(tail).includes(answer.exceptionTag))
      throw cut("the answer ends in an exception");
    if (request.ending === "binary" || answer.rows === 0) return;
    if (tail.at(-1) !== lineFeed) throw cut("the answer does not end in a line feed");
    if (request.ending === "lines" && lines !== answer.rows) throw cut(`${lines} lines for ${answer.rows} rows`);
  }
};

const changed = () =>
  new AppError({
    code: "CLICKHOUSE_QUERY_FAILED",
    message: "The data changed before an interrupted read was repeated.",
    detail: "replayed bytes differ",
  });

/** Ignores the result of cancelling a stream that is no longer needed. */
const nothing = () => {};

/** Frees a chunk now. Waiting for the garbage collector leaves some 40 MB of them in memory (measured). */
const free = (chunk: Uint8Array): void => {
  if (chunk.buffer instanceof ArrayBuffer && chunk.buffer.byteLength === chunk.byteLength) chunk.buffer.transfer(0);
};

/** Keeps the last bytes of a stream, across its chunks, in one buffer. */
const createTail = (bytesMax: number) => {
  const kept = new Uint8Array(bytesMax);
  let length = 0;
  return {
    add: (chunk: Uint8Array): void => {
      const fresh = chunk.subarray(-bytesMax);
      const old = Math.min(length, bytesMax - fresh.byteLength);
      kept.copyWithin(0, length - old, length);
      kept.set(fresh, old);
      length = old + fresh.byteLength;
    },
    bytes: () => kept.subarray(0, length),
  };
};

const endsWith = (bytes: Uint8Array, end: Uint8Array): boolean =>
  bytes.byteLength >= end.byteLength && end.every((byte, i) => bytes[bytes.byteLength - end.byteLength + i] === byte);

const countLines = (bytes: Uint8Array): number => {
  let count = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) count++;
  return count;
};
