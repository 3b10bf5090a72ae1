/** CSV per RFC 4180: header even when empty, text cells guarded against spreadsheet formulas unless switched off. */
import type { FileFormat, SliceColumn } from "./file-format.ts";

/** Characters a spreadsheet reads as the start of a formula (OWASP "CSV Injection", read 2026-08): = + - @ TAB CR LF, and the full-width forms. */
const formulaStart = "'^[=+\\\\-@\\t\\r\\n＝＋－＠]'";

const guard = (column: SliceColumn): SliceColumn =>
  column.isText ? { ...column, sql: `if(match(${column.sql}, ${formulaStart}), concat('\\'', ${column.sql}), ${column.sql})` } : column;

const flatten = (column: SliceColumn): SliceColumn => (column.isNested ? { ...column, sql: `toJSONString(${column.sql})` } : column);

export const csv: FileFormat = {
  extension: "csv",
  contentType: "text/csv; charset=utf-8",
  slice: (columns, { isFirst, neutralizeFormulas }) => ({
    select: columns.map(flatten).map((column) => (neutralizeFormulas ? guard(column) : column)),
    clickhouseFormat: isFirst ? "CSVWithNames" : "CSV",
    settings: {
      format_csv_null_representation: "",
      output_format_csv_crlf_end_of_line: "1",
    },
  }),
  before: "",
  between: "",
  after: "",
};
