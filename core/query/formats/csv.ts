/** CSV per RFC 4180: a header even if empty, text cells protected against spreadsheet formulas by default, nested values as JSON text. */

import { bindOnce } from "../bind-once.ts";
import type { SelectedColumn } from "../selected-column.ts";
import type { FileFormat } from "./file-format.ts";
import { jsonList } from "./json-rows.ts";

/**
 * Characters that spreadsheets read as the start of a formula (OWASP "CSV Injection", read 2026-08): = + - @ TAB CR LF, and the full-width
 * forms.
 */
const formulaStart = "'^[=+\\\\-@\\t\\r\\n＝＋－＠]'";
const isFormula = /^[=+\-@\t\r\n＝＋－＠]/;

/** Marks a file as UTF-8 for spreadsheets. */
export const byteOrderMark = "\ufeff";

const textKinds: ReadonlySet<SelectedColumn["kind"]> = new Set(["string", "text", "json", "document"]);

/** Non-finite numbers are `nan`, `inf` or `-inf`; inside a list they are written as in JSON. */
const cellOf = ({ kind, sql, nullable, jsonNumbers }: SelectedColumn, neutralizeFormulas: boolean): string =>
  bindOnce(jsonNumbers ?? sql, "x", (x) => {
    if (kind.includes("<")) {
      const json = kind === "array<number>" ? jsonList(x, jsonNumbers !== undefined) : `toJSONString(${x})`;
      return nullable ? `if(empty(${x}), '', ${json})` : json;
    }
    return neutralizeFormulas && textKinds.has(kind) ? `if(match(${x}, ${formulaStart}), concat('\\'', ${x}), ${x})` : x;
  });

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
      uses: column.uses,
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
