/** Reads what a run says of its tables: the document describes them as open objects. */

export type TableResult = { name: string; rows: number; bytes: number; files: string[]; sent: number; accepted: number; rejected: number };

export const tablesOf = (tables: Readonly<Record<string, unknown>>): TableResult[] =>
  Object.entries(tables).map(([name, result]) => {
    const given = isObject(result) ? result : {};
    const count = (field: string): number => (typeof given[field] === "number" ? given[field] : 0);
    const files = Array.isArray(given["files"]) ? given["files"] : [];
    return {
      name,
      rows: count("rows"),
      bytes: count("bytes"),
      files: files.flatMap((file) => (isObject(file) && typeof file["name"] === "string" ? [file["name"]] : [])),
      sent: count("sent"),
      accepted: count("accepted"),
      rejected: count("rejected"),
    };
  });

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
