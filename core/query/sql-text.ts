/**
 * Text in ClickHouse SQL syntax. Control characters are escaped too: form bodies change line breaks (measured on Bun), and some proxies cut
 * at NUL.
 */
const escaped = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped.
    .replaceAll(/[\u0000-\u001f\u007f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** Quotes a string literal. */
export const sqlText = (text: string): string => `'${escaped(text).replaceAll("'", "\\'")}'`;

/** Quotes a name, such as an alias. */
export const sqlName = (name: string): string => `"${escaped(name).replaceAll('"', '\\"')}"`;
