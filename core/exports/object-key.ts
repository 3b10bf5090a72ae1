/** Object names of an export: under the tenant, scoped to the attempt, safe in a URL and in a file system. */
import { type CompressionName, extensionOf, type FormatName } from "../query/formats/index.ts";

/** Keeps letters, digits, dot, hyphen and underscore. A segment is never `.` or `..`. */
const safeSegment = (text: string, charactersMax = 100): string => {
  const safe = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
    .slice(0, charactersMax);
  return safe === "" ? "export" : safe;
};

/** Each attempt writes its own object, so that a runner that lost its lease cannot damage another's file. */
export const objectKey = (key: {
  prefix: string;
  projectId: string;
  exportId: string;
  attempt: number;
  leaseId: string;
  tableName: string;
  format: FormatName;
  compression: CompressionName;
  /** Index among several files, from 0; null for a single file. */
  file: number | null;
}): string =>
  `${key.prefix}exports/${safeSegment(key.projectId)}/${safeSegment(key.exportId)}/${key.attempt}-${key.leaseId.slice(0, 8)}/${safeSegment(key.tableName)}${numbered(key.file)}.${extensionOf(key.format, key.compression)}`;

/** Keeps letters and digits of every script with their marks, and dot, hyphen and underscore. Never splits a character. */
const readableSegment = (text: string, charactersMax: number): string => {
  const safe = [
    ...text
      .toWellFormed()
      .normalize("NFC")
      .replaceAll(/[^\p{L}\p{N}\p{M}._-]+/gu, "-"),
  ]
    .slice(0, charactersMax)
    .join("");
  const trimmed = safe.replaceAll(/^[.-]+|[.-]+$/g, "");
  return trimmed === "" ? "export" : trimmed;
};

/** File name for browsers: readable, safe in every file system, with the right extension. */
export const downloadName = (of: { name: string; format: FormatName; compression: CompressionName; file: number | null }): string => {
  const ending = `.${extensionOf(of.format, of.compression)}`;
  const safe = readableSegment(of.name, 120);
  const base = safe.endsWith(ending) ? safe.slice(0, -ending.length) : safe;
  return `${base}${numbered(of.file)}${ending}`;
};

/**
 * Returns the header with a download's file name. A non-ASCII name is sent percent-encoded as `filename*` (RFC 6266, RFC 8187), beside its
 * ASCII characters for clients that do not support it.
 */
export const contentDisposition = (fileName: string): string => {
  const [, base = "", ending = ""] = /^([^.]*)(.*)$/s.exec(fileName) ?? [];
  const ascii = `${safeSegment(base, 200)}${ending.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}`;
  const plain = `attachment; filename="${ascii}"`;
  if (ascii === fileName) return plain;
  const encoded = encodeURIComponent(fileName).replaceAll(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `${plain}; filename*=UTF-8''${encoded}`;
};

const numbered = (file: number | null): string => (file === null ? "" : `-${String(file + 1).padStart(4, "0")}`);
