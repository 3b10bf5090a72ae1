/** Names of the objects of an export: under the tenant, scoped to the attempt, safe in a URL and in a file system. */
import { type CompressionName, extensionOf, type FormatName } from "../formats/index.ts";

/** Keeps letters, digits, dot, hyphen and underscore; a segment can never be `.` or `..`. */
export const safeSegment = (text: string, charactersMax = 100): string => {
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

/** Name a browser saves the file under: readable, ASCII, with the right ending. */
export const downloadName = (of: { name: string; format: FormatName; compression: CompressionName; file: number | null }): string => {
  const ending = `.${extensionOf(of.format, of.compression)}`;
  const safe = safeSegment(of.name, 120);
  const base = safe.endsWith(ending) ? safe.slice(0, -ending.length) : safe;
  return `${base}${numbered(of.file)}${ending}`;
};

const numbered = (file: number | null): string => (file === null ? "" : `-${String(file + 1).padStart(4, "0")}`);
