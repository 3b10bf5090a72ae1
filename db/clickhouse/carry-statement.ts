/**
 * How a statement travels: parameters and settings in the URL while they are short, else inside the SQL.
 * ClickHouse bounds the URL (1 MiB), each form field (128 KiB) and their number (1,000), none of which a query can raise (measured on 26.7); the SQL in the body is bounded by
 * `max_query_size` alone, which it can.
 */
import { type ExternalTable, isExternalTable } from "../../core/query/external-table.ts";
import { sqlText } from "../../core/query/sql-text.ts";

/** Beyond this many characters, parameters and settings travel in the body: proxies bound the length of a URL, too. */
const urlLengthMax = 6000;
/** A setting that is longer leaves the URL with the parameters. */
const settingLengthMax = 200;
/** ClickHouse parses SQL up to 256 KiB and 50,000 elements by default: only what is longer asks for more, since a profile may forbid it. In characters, of three bytes at most. */
const plainSqlMax = 80_000;

/** Of a query with a thousand columns of scores some 120 thousand elements are counted, and 1 MB (measured). */
const boundsOfLongSql = { max_query_size: String(64 * 1024 * 1024), max_ast_elements: "2000000", max_expanded_ast_elements: "5000000" };

export type Carried = {
  sql: string;
  params: Record<string, unknown>;
  settings: Record<string, string | number>;
  tables: [string, ExternalTable][];
};

/** `sql` ends in FORMAT where settings are to be long: they follow it as a SETTINGS clause. */
export const carryStatement = (
  sql: string,
  params: Record<string, unknown>,
  settings: Record<string, string | number | undefined>,
): Carried => {
  const tables = Object.entries(params).flatMap(([name, value]): [string, ExternalTable][] =>
    isExternalTable(value) ? [[name, value]] : [],
  );
  const plain = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined && !isExternalTable(value)));
  const given = Object.entries(settings).flatMap(([name, value]): [string, string | number][] =>
    value === undefined ? [] : [[name, value]],
  );
  const urlLength = [...Object.entries(plain), ...given].reduce((sum, [name, value]) => sum + name.length + lengthInUrl(value), 0);
  const isInUrl = tables.length === 0 && urlLength <= urlLengthMax;
  const long = isInUrl ? [] : given.filter(([, value]) => String(value).length > settingLengthMax);
  const clause = long.map(([name, value]) => `${name} = ${sqlText(String(value))}`).join(", ");
  const text = `${isInUrl ? sql : inlineParameters(sql, plain)}${clause === "" ? "" : ` SETTINGS ${clause}`}`;
  return {
    sql: text,
    params: isInUrl ? plain : {},
    settings: {
      ...(text.length > plainSqlMax ? boundsOfLongSql : {}),
      ...Object.fromEntries(given.filter((entry) => !long.includes(entry))),
    },
    tables,
  };
};

/** About: enough to decide by. */
const lengthInUrl = (value: unknown): number => {
  if (typeof value !== "string")
    return Array.isArray(value) ? value.reduce<number>((sum, item) => sum + 3 + lengthInUrl(item), 2) : String(value).length;
  return value.length > urlLengthMax ? value.length : encodeURIComponent(value.toWellFormed()).length;
};

/**
 * Quoted text, comments, and placeholders such as `{name:Array(String)}`: only the last are replaced. A name of a score that looks like a placeholder stands within quotes.
 * Runs of plain characters are matched at once, so that long texts cost no stack.
 */
const tokens =
  /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|`[^`\\]*(?:\\[\s\S][^`\\]*)*`|--[^\n]*|\/\*[\s\S]*?\*\/|\{([A-Za-z_]\w*):([^{}'"`]+)\}/g;

/** The SQL with its parameters as literals of the same type: what the server makes of them itself (ReplaceQueryParameterVisitor). */
export const inlineParameters = (sql: string, params: Record<string, unknown>): string =>
  sql.replaceAll(tokens, (token, name: string | undefined, type: string) => {
    if (name === undefined || !Object.hasOwn(params, name)) return token;
    const value = params[name];
    if (value === null) return "NULL";
    const text = sqlText(parameterText(value));
    return type === "String" ? text : `_CAST(${text}, ${sqlText(type)})`;
  });

/** A value as ClickHouse reads it from text. */
const parameterText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item) => (typeof item === "string" ? sqlText(item) : parameterText(item))).join(",")}]`;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TypeError(`a parameter cannot be a ${typeof value}`);
};

/** One form field; ClickHouse puts fields named `query` together in their order (HTTPHandler.cpp, read 2026-11). Bytes are at most three times this. */
const fieldLengthMax = 32_000;

/** The body of a statement with external tables. */
export const formOf = (sql: string, tables: readonly [string, ExternalTable][]): FormData => {
  const form = new FormData();
  for (let at = 0; at < sql.length; ) {
    // A pair of surrogates stays together.
    const end = at + fieldLengthMax - (/[\uD800-\uDBFF]/.test(sql.charAt(at + fieldLengthMax - 1)) ? 1 : 0);
    form.append("query", sql.slice(at, end));
    at = end;
  }
  for (const [name, { structure, lines }] of tables) {
    form.set(`${name}_structure`, structure);
    form.set(`${name}_format`, "JSONEachRow");
    form.set(name, new Blob([lines]), name);
  }
  return form;
};
