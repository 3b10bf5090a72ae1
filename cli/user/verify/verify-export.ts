/** Compares the files of a downloaded export with its manifest, without a network: size, CRC-32, rows, and the sums of all files. */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import zlib, { crc32 } from "node:zlib";
import { Decompress } from "fzstd";
import { parquetMetadataAsync } from "hyparquet";
import type { Manifest, ManifestFile } from "./manifest.ts";
import { csvRows, jsonlRows, jsonRows, type RowCounter } from "./row-counters.ts";

export type FileVerdict = {
  name: string;
  bytes: number;
  /** Null if the rows could not be counted. */
  rows: number | null;
  /** One sentence for each fault; none if the file is what the manifest says. */
  faults: string[];
};
export type Verdict = { exportId: string; isWhole: boolean; files: FileVerdict[]; faults: string[] };

const chunkBytes = 1024 * 1024;
const counters: Record<string, () => RowCounter> = { JSONL: jsonlRows, CSV: csvRows, JSON: jsonRows };

/** `onBytes` hears of the bytes read. */
export const verifyExport = async (
  directory: string,
  manifest: Manifest,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<Verdict> => {
  const files: FileVerdict[] = [];
  for (const file of manifest.files) files.push(await verifyFile(join(directory, file.name), file, manifest, { signal, onBytes }));
  const sum = (of: (file: ManifestFile) => number) => manifest.files.reduce((total, file) => total + of(file), 0);
  const faults: string[] = [];
  if (sum(({ rows }) => rows) !== manifest.rows)
    faults.push(`The files have ${sum(({ rows }) => rows)} rows together, not ${manifest.rows}.`);
  if (sum(({ bytes }) => bytes) !== manifest.bytes)
    faults.push(`The files have ${sum(({ bytes }) => bytes)} bytes together, not ${manifest.bytes}.`);
  const names = manifest.files.map(({ name }) => name);
  if (new Set(names).size !== names.length) faults.push("The manifest names a file twice.");
  return { exportId: manifest.exportId, isWhole: faults.length === 0 && files.every((file) => file.faults.length === 0), files, faults };
};

const verifyFile = async (
  path: string,
  expected: ManifestFile,
  { format, compression }: Pick<Manifest, "format" | "compression">,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<FileVerdict> => {
  const { name } = expected;
  let bytes: number;
  try {
    const found = await stat(path);
    if (!found.isFile()) return { name, bytes: 0, rows: null, faults: ["It is no file."] };
    bytes = found.size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { name, bytes: 0, rows: null, faults: ["The file is missing."] };
    throw error;
  }
  const faults: string[] = [];
  if (bytes !== expected.bytes) faults.push(`It has ${bytes} bytes, not ${expected.bytes}.`);
  const counter = counters[format]?.();
  let checksum = 0;
  const counted = counter === undefined ? undefined : openCounter(counter, compression);
  const read = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      checksum = crc32(chunk, checksum);
      await counted?.add(chunk);
      onBytes(chunk.byteLength);
    }
  };
  await pipeline(createReadStream(path, { highWaterMark: chunkBytes }), read, { signal });
  const hex = checksum.toString(16).padStart(8, "0");
  if (hex !== expected.crc32) faults.push(`Its CRC-32 is ${hex}, not ${expected.crc32}.`);
  const rows = format === "PARQUET" ? await parquetRows(path, bytes) : ((await counted?.end()) ?? "Rows of this format cannot be counted.");
  if (typeof rows === "string") {
    // Rows are counted to say more about a damaged file. The checksum alone proves an intact one.
    if (faults.length > 0 || counted !== undefined || format === "PARQUET") faults.push(rows);
    return { name, bytes, rows: null, faults };
  }
  if (rows !== expected.rows) faults.push(`It has ${rows} rows, not ${expected.rows}.`);
  return { name, bytes, rows, faults };
};

/** Feeds a counter with decompressed bytes. A fault of the compression ends as a sentence. */
const openCounter = (
  counter: RowCounter,
  compression: string,
): { add: (bytes: Uint8Array) => Promise<void>; end: () => Promise<number | string> } => {
  if (compression === "none") return { add: async (bytes) => counter.add(bytes), end: async () => counter.end() };
  const decompressor = compression === "gzip" ? openGunzip(counter) : openUnzstd(counter);
  let fault: string | undefined;
  const guarded = async (work: () => void | Promise<void>): Promise<void> => {
    if (fault !== undefined) return;
    try {
      await work();
    } catch {
      fault = `It cannot be decompressed (${compression}).`;
    }
  };
  return {
    add: (bytes) => guarded(() => decompressor.add(bytes)),
    end: async () => {
      await guarded(() => decompressor.end());
      return fault ?? counter.end();
    },
  };
};

type Decompressor = { add: (bytes: Uint8Array) => Promise<void> | void; end: () => Promise<void> | void };

const openGunzip = (counter: RowCounter): Decompressor => {
  const gunzip = zlib.createGunzip({ chunkSize: chunkBytes });
  gunzip.on("data", (bytes: Uint8Array) => counter.add(bytes));
  const over = new Promise<void>((resolve, reject) => {
    gunzip.once("end", resolve);
    gunzip.once("error", reject);
  });
  // Awaited by every call; a fault between two calls waits for the next.
  over.catch(() => undefined);
  return {
    add: (bytes) =>
      Promise.race([
        over,
        new Promise<void>((resolve, reject) => gunzip.write(bytes, (error) => (error == null ? resolve() : reject(error)))),
      ]),
    end: () => {
      gunzip.end();
      return over;
    },
  };
};

/** fzstd reads all frames, and throws if the last one is cut. node:zlib has zstd from Node 22 on only. */
const openUnzstd = (counter: RowCounter): Decompressor => {
  const stream = new Decompress((bytes) => counter.add(bytes));
  return {
    add: (bytes) => stream.push(bytes),
    end: () => stream.push(new Uint8Array(0), true),
  };
};

const parquetRows = async (path: string, byteLength: number): Promise<number | string> => {
  const handle = await open(path);
  const slice = async (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(new ArrayBuffer(end - start));
    const { bytesRead } = await handle.read(bytes, 0, bytes.byteLength, start);
    return bytes.buffer.slice(0, bytesRead);
  };
  try {
    return Number((await parquetMetadataAsync({ byteLength, slice })).num_rows);
  } catch {
    return "Its Parquet footer cannot be read.";
  } finally {
    await handle.close();
  }
};
