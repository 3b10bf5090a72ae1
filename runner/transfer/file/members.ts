/**
 * Stage 5, transform: compression in the runner instead of in ClickHouse. Compresses small files as one member, and in large files the few
 * bytes that ClickHouse does not write, such as the brackets of a JSON array, as members of their own.
 */
import { promisify } from "node:util";
import { gzip, gzipSync, zstdCompress, zstdCompressSync } from "node:zlib";
import type { CompressionName } from "../../../core/query/formats/index.ts";

const compressors: Record<CompressionName, (bytes: Uint8Array) => Uint8Array> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};

const offThread: Record<CompressionName, (bytes: Uint8Array) => Promise<Uint8Array>> = {
  none: (bytes) => Promise.resolve(bytes),
  gzip: promisify<Uint8Array, Uint8Array>(gzip),
  zstd: promisify<Uint8Array, Uint8Array>(zstdCompress),
};

/** Returns a complete member without content. ClickHouse sends no byte for an empty result, and an empty file is not valid gzip. */
export const emptyMember = (compression: CompressionName): Uint8Array => compressors[compression](new Uint8Array(0));

/** Compresses text as a complete member. Gzip members and zstd frames may follow one another in one file (RFC 1952, RFC 8878). */
export const createMember = (text: string, compression: CompressionName): Uint8Array =>
  text === "" ? new Uint8Array(0) : compressors[compression](new TextEncoder().encode(text));

/**
 * Largest planned size of a file that the runner compresses as one member, so that readers that stop after the first member
 * (DecompressionStream, zstandard.decompress) read it whole.
 * ClickHouse compresses larger files, one member per slice. Compressing them here would occupy a core of the runner, which otherwise only
 * moves bytes.
 */
export const oneMemberBytesMax = 16 * 1024 * 1024;

/** A file that turns out larger than planned gets another member after this many bytes. Memory: this, plus its compressed form. */
const heldBytesMax = 2 * oneMemberBytesMax;

/**
 * Collects bytes and writes them as one member, or several if they do not fit. Its zstd frames state their size, which one-shot readers
 * need.
 */
export const createMemberWriter = (compression: CompressionName, write: (bytes: Uint8Array) => Promise<void>) => {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let members = 0;
  const flush = async () => {
    const bytes = Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
    members++;
    await write(await offThread[compression](bytes));
  };
  return {
    /** The bytes may be reused when this resolves. */
    write: async (bytes: Uint8Array): Promise<void> => {
      if (heldBytes > 0 && heldBytes + bytes.byteLength > heldBytesMax) await flush();
      held.push(bytes.slice());
      heldBytes += bytes.byteLength;
    },
    /** Writes the rest. Resolves to the number of members, at least one. */
    finish: async (): Promise<number> => {
      if (heldBytes > 0 || members === 0) await flush();
      return members;
    },
  };
};
