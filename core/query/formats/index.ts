/**
 * Registry of file formats and compressions: extension, content type and how ClickHouse produces them. ClickHouse writes the final bytes;
 * an entry says how those of several slices become one file.
 */
import { csv } from "./csv.ts";
import type { FileFormat } from "./file-format.ts";
import { json } from "./json.ts";
import { jsonl } from "./jsonl.ts";
import { parquet } from "./parquet.ts";

export const formats = { CSV: csv, JSON: json, JSONL: jsonl, PARQUET: parquet } as const satisfies Record<string, FileFormat>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as [FormatName, ...FormatName[]];

/** `contentEncoding` is the HTTP name that ClickHouse is asked for. Members can be concatenated (RFC 1952, RFC 8878). */
export const compressions = {
  none: { contentEncoding: null, extension: "", contentType: null },
  gzip: { contentEncoding: "gzip", extension: ".gz", contentType: "application/gzip" },
  zstd: { contentEncoding: "zstd", extension: ".zst", contentType: "application/zstd" },
} as const;
export type CompressionName = keyof typeof compressions;
export const compressionNames = Object.keys(compressions) as [CompressionName, ...CompressionName[]];

export const contentTypeOf = (format: FormatName, compression: CompressionName): string =>
  compressions[compression].contentType ?? formats[format].contentType;

export const extensionOf = (format: FormatName, compression: CompressionName): string =>
  `${formats[format].extension}${compressions[compression].extension}`;
