/** JSON: one array of row objects. Template writes the commas between rows, so that no row has to be parsed. */
import type { FileFormat } from "./file-format.ts";
import { jsonRows } from "./json-rows.ts";

export const json: FileFormat = {
  extension: "json",
  contentType: "application/json; charset=utf-8",
  joining: "slices",
  ending: "binary",
  canCompress: true,
  slice: (columns, options) => jsonRows(columns, options, { between: ",\n", after: "" }),
  before: "[",
  between: ",\n",
  after: "]\n",
};
