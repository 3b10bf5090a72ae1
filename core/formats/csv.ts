/** CSV per RFC 4180: header even when empty, text cells guarded against spreadsheet formulas unless switched off, nested values as JSON text. */
import type { SelectedColumn } from "../exports/select-columns.ts";
import type { FileFormat } from "./file-format.ts";

/** Characters a spreadsheet reads as the start of a formula (OWASP "CSV Injection", read 2026-08): = + - @ TAB CR LF, and the full-width forms. */
const formulaStart = "'^[=+\\\\-@\\t\\r\\n＝＋－＠]'";
const isFormula = /^[=+\-@\t\r\n＝＋－＠]/;

const textKinds: ReadonlySet<SelectedColumn["kind"]> = new Set(["string", "text", "json", "document"]);

const cellOf = ({ kind, sql, nullable }: SelectedColumn, neutralizeFormulas: boolean): string => {
  if (kind.includes("<")) return nullable ? `if(empty(${sql}), '', toJSONString(${sql}))` : `toJSONString(${sql})`;
  return neutralizeFormulas && textKinds.has(kind) ? `if(match(${sql}, ${formulaStart}), concat('\\'', ${sql}), ${sql})` : sql;
};

export const csv: FileFormat = {
  extension: "csv",
  contentType: "text/csv; charset=utf-8",
  joining: "slices",
  ending: "text",
  canCompress: true,
  slice: (columns, { isFirst, neutralizeFormulas }) => ({
    select: columns.map((column) => ({
      alias: neutralizeFormulas && isFormula.test(column.id) ? `'${column.id}` : column.id,
      sql: cellOf(column, neutralizeFormulas),
    })),
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
