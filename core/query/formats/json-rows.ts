/**
 * Rows as JSON objects, for JSON and JSONL. The format Template joins the parts, so that documents stored as text can be embedded
 * unchanged. Only objects and arrays are embedded, since `1.10` or `true` may be meant as text. Line breaks of a document become spaces;
 * JSON strings contain none.
 */

import { bindOnce } from "../bind-once.ts";
import type { SelectedColumn } from "../selected-column.ts";
import type { FormatOptions, SliceFormat } from "./file-format.ts";

/**
 * Escapes U+2028 and U+2029, which end a line in JavaScript and many editors, as ClickHouse does in plain text. In JSON they occur only
 * inside strings.
 */
const oneLine = (sql: string) =>
  `replaceAll(replaceAll(translate(${sql}, '\\n\\r', '  '), '\\xE2\\x80\\xA8', '\\\\u2028'), '\\xE2\\x80\\xA9', '\\\\u2029')`;

/**
 * Default limit of levels in an embedded document. jq before 1.8 reads 256 (github.com/jqlang/jq/pull/3328, read 2026-11), and the file
 * adds up to five levels: file, row, list of observations, observation, metadata.
 */
export const embedLevelsDefault = 250;
/** Largest number of levels that simdjson parses. */
export const embedLevelsMax = 1024;

/** Tests whether a document has more levels. Removes strings first, and only if there are enough brackets at all. */
const isDeeper = (sql: string, levels: number): string => {
  const outside = `arrayMap(pieces -> arrayStringConcat(arrayFilter((piece, i) -> i % 2 = 1, pieces, arrayEnumerate(pieces))), [splitByChar('"', replaceAll(replaceAll(${sql}, '\\\\\\\\', ''), '\\\\"', ''))])[1]`;
  const steps = `arrayMap(bracket -> if(bracket IN ('{', '['), 1, -1), extractAll(${outside}, '[{}\\\\[\\\\]]'))`;
  return `if(countSubstrings(${sql}, '{') + countSubstrings(${sql}, '[') > ${levels}, arrayMax(arrayCumSum(${steps})) > ${levels}, 0)`;
};

/**
 * JSON text of a cell that may hold a document. simdjson decides: documents with more than 1,024 levels, numbers beyond 64 bits or lone
 * surrogates stay text.
 */
const embedded = (sql: string, levels: number) =>
  `if(match(${sql}, '^[ \\\\t\\\\r\\\\n]*[{\\\\[]') AND isValidJSON(${sql})${levels >= embedLevelsMax ? "" : ` AND NOT ${isDeeper(sql, levels)}`}, ${oneLine(sql)}, toJSONString(${sql}))`;

/** Formats a number as text. JSON has no NaN and infinity, so these get the names that JavaScript, Python and Java parse. */
export const numberText = (sql: string): string =>
  `if(isFinite(${sql}), toString(${sql}), if(isNaN(${sql}), 'NaN', if(${sql} > 0, 'Infinity', '-Infinity')))`;

/** Formats a number as JSON: a string if it is not finite. */
export const jsonNumber = (sql: string): string =>
  `if(isFinite(${sql}), toString(${sql}), if(isNaN(${sql}), '"NaN"', if(${sql} > 0, '"Infinity"', '"-Infinity"')))`;

/** Formats a list of numbers as JSON. `isJson`: they are JSON texts already. */
export const jsonList = (sql: string, isJson: boolean): string =>
  `concat('[', arrayStringConcat(${isJson ? sql : `arrayMap(n -> ${jsonNumber("n")}, ${sql})`}, ','), ']')`;

const rawOf = ({ kind, sql, nullable, jsonNumbers }: SelectedColumn, { embedJson, embedLevels }: JsonOptions): string | undefined => {
  const orNull = (value: string, raw: (value: string) => string) =>
    bindOnce(value, "x", (x) => (nullable ? `if(isNull(${x}), 'null', ${raw(`assumeNotNull(${x})`)})` : raw(x)));
  if (kind === "document") return orNull(sql, oneLine);
  if (kind === "number") return orNull(sql, jsonNumber);
  if (kind.startsWith("array<") && (nullable || kind === "array<number>")) {
    const list = (x: string) => (kind === "array<number>" ? jsonList(x, jsonNumbers !== undefined) : `toJSONString(${x})`);
    return bindOnce(jsonNumbers ?? sql, "x", (x) => (nullable ? `if(empty(${x}), 'null', ${list(x)})` : list(x)));
  }
  if (!embedJson) return undefined;
  if (kind === "json") return orNull(sql, (x) => embedded(x, embedLevels));
  if (kind === "map<string>")
    return bindOnce(
      sql,
      "x",
      (x) =>
        `concat('{', arrayStringConcat(arrayMap((k, v) -> concat(toJSONString(toString(k)), ':', ${embedded("v", embedLevels)}), mapKeys(${x}), mapValues(${x})), ','), '}')`,
    );
  return undefined;
};

type JsonOptions = Pick<FormatOptions, "embedJson" | "embedLevels">;

/** Builds one JSON object per row as SQL, for rows nested in others. */
export const jsonObject = (columns: readonly SelectedColumn[]): string =>
  `concat('{', ${columns
    .map(
      (column, i) =>
        `'${i === 0 ? "" : ","}${JSON.stringify(column.id)}:', ${rawOf(column, { embedJson: true, embedLevels: embedLevelsDefault }) ?? `ifNull(toJSONString(${column.sql}), 'null')`}`,
    )
    .join(", ")}, '}')`;

/** Builds one row and what follows it. Uses aliases of its own, because `$` in column names has a meaning in the template. */
export const jsonRows = (
  columns: SelectedColumn[],
  options: FormatOptions,
  { between, after }: { between: string; after: string },
): SliceFormat => {
  const cells = columns.map((column, i) => {
    const raw = rawOf(column, options);
    return {
      alias: `c${i}`,
      sql: raw ?? column.sql,
      uses: column.uses,
      text: `${JSON.stringify(column.id).replaceAll("$", "$$$$")}:\${c${i}:${raw === undefined ? "JSON" : "Raw"}}`,
    };
  });
  return {
    select: cells.map(({ alias, sql, uses }) => ({ alias, sql, uses })),
    clickhouseFormat: "Template",
    settings: {
      format_template_row_format: `{${cells.map(({ text }) => text).join(",")}}${after}`,
      format_template_resultset_format: "${data}",
      format_template_rows_between_delimiter: between,
    },
  };
};
