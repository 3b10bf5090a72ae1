/** Names of the objects of an export: under the tenant, scoped to the attempt, safe in a URL and in a file system. */
import { type CompressionName, extensionOf, type FormatName } from "../query/formats/index.ts";

/** Keeps letters, digits, dot, hyphen and underscore; a segment can never be `.` or `..`. */
const safeSegment = (text: string, charactersMax = 100): string => {
  const safe = text
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
    .slice(0, charactersMax);
  return safe === "" ? "export" : safe;
};

/** Each attempt writes its own object: a runner that lost its lease can never damage the file of another. */
export const objectKey = (key: {
  prefix: string;
  projectId: string;
  exportId: string;
  attempt: number;
  leaseId: string;
  tableName: string;
  format: FormatName;
  compression: CompressionName;
  /** Its number among several files, from 0. */
  file: number | null;
}): string =>
  `${key.prefix}exports/${safeSegment(key.projectId)}/${safeSegment(key.exportId)}/${key.attempt}-${key.leaseId.slice(0, 8)}/${safeSegment(key.tableName)}${numbered(key.file)}.${extensionOf(key.format, key.compression)}`;

/** Keeps letters and digits of every script, with their marks, beside dot, hyphen and underscore; whole characters. */
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

/** Name a browser saves the file under: readable, safe in every file system, with the right ending. */
export const downloadName = (of: { name: string; format: FormatName; compression: CompressionName; file: number | null }): string => {
  const ending = `.${extensionOf(of.format, of.compression)}`;
  const safe = readableSegment(of.name, 120);
  const base = safe.endsWith(ending) ? safe.slice(0, -ending.length) : safe;
  return `${base}${numbered(of.file)}${ending}`;
};

/**
 * The header that gives a download its name, in ASCII. Names in other letters travel percent-encoded as `filename*` (RFC 6266, RFC 8187), beside what is left of them in ASCII for clients
 * that do not know it.
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
