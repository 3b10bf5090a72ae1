/** JSONL: one JSON object and a line feed for each row. */
import type { FileFormat } from "./file-format.ts";

export const jsonl: FileFormat = {
  extension: "jsonl",
  contentType: "application/x-ndjson; charset=utf-8",
  slice: (columns) => ({ select: columns, clickhouseFormat: "JSONEachRow", settings: {} }),
  before: "",
  between: "",
  after: "",
};
