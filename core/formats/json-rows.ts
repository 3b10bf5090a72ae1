/**
 * Rows as JSON objects, for JSON and JSONL alike. Template puts the pieces together, so that documents stored as text can be embedded as they are:
 * objects and arrays only, since a text such as `1.10` or `true` may have been meant as text. Line breaks of a document become spaces; inside its strings there are none.
 */
import type { SelectedColumn } from "../exports/select-columns.ts";
import type { FormatOptions, SliceFormat } from "./file-format.ts";

const oneLine = (sql: string) => `translate(${sql}, '\\n\\r', '  ')`;

/** JSON text of a cell that may hold a document. simdjson decides: more than 1,024 levels, numbers beyond 64 bits and broken surrogates stay text. */
const embedded = (sql: string) =>
  `if(match(${sql}, '^[ \\\\t\\\\r\\\\n]*[{\\\\[]') AND isValidJSON(${sql}), ${oneLine(sql)}, toJSONString(${sql}))`;

const rawOf = ({ kind, sql, nullable }: SelectedColumn, embedJson: boolean): string | undefined => {
  const orNull = (raw: string) => (nullable ? `if(isNull(${sql}), 'null', ${raw})` : raw);
  const present = nullable ? `assumeNotNull(${sql})` : sql;
  if (kind === "document") return orNull(oneLine(present));
  if (kind.startsWith("array<") && nullable) return `if(empty(${sql}), 'null', toJSONString(${sql}))`;
  if (!embedJson) return undefined;
  if (kind === "json") return orNull(embedded(present));
  if (kind === "map<string>")
    return `concat('{', arrayStringConcat(arrayMap((k, v) -> concat(toJSONString(toString(k)), ':', ${embedded("v")}), mapKeys(${sql}), mapValues(${sql})), ','), '}')`;
  return undefined;
};

/** A row as the SQL of one JSON object, for rows that are nested in others. */
export const jsonObject = (columns: readonly SelectedColumn[]): string =>
  `concat('{', ${columns
    .map(
      (column, i) =>
        `'${i === 0 ? "" : ","}${JSON.stringify(column.id)}:', ${rawOf(column, true) ?? `ifNull(toJSONString(${column.sql}), 'null')`}`,
    )
    .join(", ")}, '}')`;

/** One row and what comes after it, with aliases of our own: names of columns are text in the template, where `$` is special. */
export const jsonRows = (
  columns: SelectedColumn[],
  { embedJson }: FormatOptions,
  { between, after }: { between: string; after: string },
): SliceFormat => {
  const cells = columns.map((column, i) => {
    const raw = rawOf(column, embedJson);
    return {
      alias: `c${i}`,
      sql: raw ?? column.sql,
      text: `${JSON.stringify(column.id).replaceAll("$", "$$$$")}:\${c${i}:${raw === undefined ? "JSON" : "Raw"}}`,
    };
  });
  return {
    select: cells.map(({ alias, sql }) => ({ alias, sql })),
    clickhouseFormat: "Template",
    settings: {
      format_template_row_format: `{${cells.map(({ text }) => text).join(",")}}${after}`,
      format_template_resultset_format: "${data}",
      format_template_rows_between_delimiter: between,
    },
  };
};
