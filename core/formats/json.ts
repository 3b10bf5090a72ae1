/** JSON: one array of row objects. Template puts the commas between the rows, so that no row is parsed here. */
import type { FileFormat } from "./file-format.ts";

export const json: FileFormat = {
  extension: "json",
  contentType: "application/json; charset=utf-8",
  slice: (columns) => ({
    select: columns,
    clickhouseFormat: "Template",
    settings: {
      format_template_row_format: `{${columns.map(({ id }) => `"${id}":\${${id}:JSON}`).join(",")}}`,
      format_template_resultset_format: "${data}",
      format_template_rows_between_delimiter: ",\n",
    },
  }),
  before: "[",
  between: ",\n",
  after: "]\n",
};
