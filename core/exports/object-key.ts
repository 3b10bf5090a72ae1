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
}): string =>
  `${key.prefix}exports/${safeSegment(key.projectId)}/${safeSegment(key.exportId)}/${key.attempt}-${key.leaseId.slice(0, 8)}/${safeSegment(key.tableName)}.${extensionOf(key.format, key.compression)}`;

/** Name a browser saves the file under: readable, ASCII, with the right ending. */
export const downloadName = (file: { name: string; createdAt: string; format: FormatName; compression: CompressionName }): string => {
  const ending = `.${extensionOf(file.format, file.compression)}`;
  const base = safeSegment(file.name, 120);
  return base.endsWith(ending) ? base : `${base}${ending}`;
};
