/** Text as ClickHouse's SQL spells it. Control characters are escaped as well: form bodies change line breaks (measured on Bun), and some proxies cut at NUL. */
const escaped = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped.
    .replaceAll(/[\u0000-\u001f\u007f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** A string literal that holds exactly this text. */
export const sqlText = (text: string): string => `'${escaped(text).replaceAll("'", "\\'")}'`;

/** A quoted name, such as an alias. */
export const sqlName = (name: string): string => `"${escaped(name).replaceAll('"', '\\"')}"`;

const quoted = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"|`[^`\\]*(?:\\[\s\S][^`\\]*)*`/g;

/** The SQL without what is quoted: names of scores are aliases, and may look like anything. */
export const withoutQuoted = (sql: string): string => sql.replaceAll(quoted, "''");

/** Changes the SQL outside of what is quoted. */
export const mapUnquoted = (sql: string, change: (part: string) => string): string => {
  let changed = "";
  let end = 0;
  for (const found of sql.matchAll(quoted)) {
    changed += change(sql.slice(end, found.index)) + found[0];
    end = found.index + found[0].length;
  }
  return changed + change(sql.slice(end));
};
