/** JSONL: one JSON object and a line feed per row. */
import type { FileFormat } from "./file-format.ts";
import { jsonRows } from "./json-rows.ts";

export const jsonl: FileFormat = {
  extension: "jsonl",
  contentType: "application/x-ndjson; charset=utf-8",
  joining: "slices",
  ending: "lines",
  canCompress: true,
  slice: (columns, options) => jsonRows(columns, options, { between: "", after: "\n" }),
  before: "",
  between: "",
  after: "",
};
