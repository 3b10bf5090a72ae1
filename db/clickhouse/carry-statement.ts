/**
 * ClickHouse: decides how a statement is sent: parameters and settings in the URL while short, else inside the SQL.
 * ClickHouse limits the URL (1 MiB), each form field (128 KiB) and their number (1,000), which no query can raise (measured on 26.7). SQL
 * in the body is limited only by `max_query_size`, which a query can raise.
 */
import { type ExternalTable, isExternalTable } from "../../core/query/external-table.ts";
import { sqlText } from "../../core/query/sql-text.ts";

/** Characters beyond which parameters and settings move to the body: proxies limit the length of a URL, too. */
const urlLengthMax = 6000;
/** A longer setting moves out of the URL with the parameters. */
const settingLengthMax = 200;
/**
 * ClickHouse parses SQL up to 256 KiB and 50,000 elements by default. Only longer SQL asks for more, since a profile may forbid it. In
 * characters, each at most three bytes.
 */
const plainSqlMax = 80_000;

/** A query with a thousand score columns counts some 120 thousand elements and 1 MB (measured). */
const boundsOfLongSql = { max_query_size: String(64 * 1024 * 1024), max_ast_elements: "2000000", max_expanded_ast_elements: "5000000" };

type Carried = {
  sql: string;
  params: Record<string, unknown>;
  settings: Record<string, string | number>;
  tables: [string, ExternalTable][];
};

/** `sql` must end in FORMAT if settings may be long: they follow it as a SETTINGS clause. */
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

/** An estimate, good enough to decide by. */
const lengthInUrl = (value: unknown): number => {
  if (typeof value !== "string")
    return Array.isArray(value) ? value.reduce<number>((sum, item) => sum + 3 + lengthInUrl(item), 2) : String(value).length;
  return value.length > urlLengthMax ? value.length : encodeURIComponent(value.toWellFormed()).length;
};

/**
 * Matches quoted text, comments, and placeholders such as `{name:Array(String)}`; only the last are replaced, so a score name that looks
 * like one is safe in its quotes. Runs of plain characters match at once, so long texts use no stack.
 */
const tokens =
  /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|`[^`\\]*(?:\\[\s\S][^`\\]*)*`|--[^\n]*|\/\*[\s\S]*?\*\/|\{([A-Za-z_]\w*):([^{}'"`]+)\}/g;

/** Replaces parameters by literals of the same type, exactly as the server does (ReplaceQueryParameterVisitor). */
export const inlineParameters = (sql: string, params: Record<string, unknown>): string =>
  sql.replaceAll(tokens, (token, name: string | undefined, type: string) => {
    if (name === undefined || !Object.hasOwn(params, name)) return token;
    const value = params[name];
    if (value === null) return "NULL";
    const text = sqlText(parameterText(value));
    return type === "String" ? text : `_CAST(${text}, ${sqlText(type)})`;
  });

/** Formats a value the way ClickHouse parses it from text. */
const parameterText = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item) => (typeof item === "string" ? sqlText(item) : parameterText(item))).join(",")}]`;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TypeError(`a parameter cannot be a ${typeof value}`);
};

/**
 * Maximum characters per form field; ClickHouse concatenates fields named `query` in order (HTTPHandler.cpp, read 2026-11). Bytes are at
 * most three times this.
 */
const fieldLengthMax = 32_000;

/** Builds the body of a statement with external tables. */
export const formOf = (sql: string, tables: readonly [string, ExternalTable][]): FormData => {
  const form = new FormData();
  for (let at = 0; at < sql.length; ) {
    // Keeps surrogate pairs together.
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
