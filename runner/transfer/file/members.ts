/**
 * Stage 5, transform: what is compressed here instead of by ClickHouse. The few bytes that are not its own, such as the brackets of a JSON array, as members of their own; and
 * small files as a whole, as one member.
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

/** A complete member without content: ClickHouse sends no byte at all for an empty result, and no byte is no gzip file. */
export const emptyMember = (compression: CompressionName): Uint8Array => compressors[compression](new Uint8Array(0));

/** Text as a complete member: gzip members and zstd frames may follow one another in one file (RFC 1952, RFC 8878). */
export const createMember = (text: string, compression: CompressionName): Uint8Array =>
  text === "" ? new Uint8Array(0) : compressors[compression](new TextEncoder().encode(text));

/**
 * Files that are planned up to here are compressed by the runner, as one member: readers that know of one alone (DecompressionStream, zstandard.decompress) read them whole.
 * Larger ones leave ClickHouse compressed, a member for each slice: compressing in one place would be the work of one core of the runner, which otherwise only moves bytes.
 */
export const oneMemberBytesMax = 16 * 1024 * 1024;

/** Where a plan was wrong about the size, another member begins after so much. Memory: this, and what it is compressed to. */
const heldBytesMax = 2 * oneMemberBytesMax;

/** Collects bytes and writes them as members, one where they fit. Its frames of zstd tell their size, which one-shot readers ask for. */
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
