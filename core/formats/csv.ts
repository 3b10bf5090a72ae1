/** CSV per RFC 4180: header even when empty, text cells guarded against spreadsheet formulas unless switched off. */
import type { FileFormat, SliceColumn } from "./file-format.ts";

/** Characters a spreadsheet reads as the start of a formula (OWASP "CSV Injection", read 2026-08): = + - @ TAB CR LF, and the full-width forms. */
const guard = ({ id, sql, isText }: SliceColumn): SliceColumn => ({
  id,
  isText,
  sql: isText ? `if(match(${sql}, '^[=+\\\\-@\\t\\r\\n＝＋－＠]'), concat('\\'', ${sql}), ${sql})` : sql,
});

export const csv: FileFormat = {
  extension: "csv",
  contentType: "text/csv; charset=utf-8",
  slice: (columns, { isFirst, neutralizeFormulas }) => ({
    select: neutralizeFormulas ? columns.map(guard) : columns,
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
