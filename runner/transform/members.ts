/** Stage 5, transform: the few bytes that are not ClickHouse's own, such as the brackets of a JSON array, compressed as a member of their own. */
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { CompressionName } from "../../core/formats/index.ts";

const compressors: Record<CompressionName, (bytes: Uint8Array) => Uint8Array> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
};

/** A complete member without content: ClickHouse sends no byte at all for an empty result, and no byte is no gzip file. */
export const emptyMember = (compression: CompressionName): Uint8Array => compressors[compression](new Uint8Array(0));

/** Text as a complete member: gzip members and zstd frames may follow one another in one file (RFC 1952, RFC 8878). */
export const createMember = (text: string, compression: CompressionName): Uint8Array =>
  text === "" ? new Uint8Array(0) : compressors[compression](new TextEncoder().encode(text));
