/** Search over a table: case-insensitive, with `%` and `_` as ordinary characters; also matches inside words. */
import type { Condition } from "./filters/compile-filter.ts";
import { casesOf, foldCase } from "./fold-case.ts";
import { joinSql, type Sql, type SqlLike, sql, toSql } from "./sql.ts";
import type { ExportTable } from "./tables/table.ts";

const contentColumns = { content: ["input", "output"], input: ["input"], output: ["output"] } as const;

const escapedCharacter = (c: string): string =>
  Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");

/** Python SDKs store JSON with escaped non-ASCII characters. Returns the text in that form. */
const escapedSpelling = (text: string): string => [...text].map((c) => (c.charCodeAt(0) < 128 ? c : escapedCharacter(c))).join("");

/** Pattern of RE2 for the escaped forms of a text in either case; undefined if no escaped letter has two. */
const escapedPattern = (text: string): string | undefined => {
  let hasCases = false;
  const pieces = [...text].map((c) => {
    if (c.charCodeAt(0) < 128) return /[A-Za-z0-9]/.test(c) ? c : `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`;
    const cases = casesOf(c);
    hasCases ||= cases.length > 1;
    return `(?:${cases.map((one) => escapedSpelling(one).replaceAll("\\", "\\\\")).join("|")})`;
  });
  return hasCases ? `(?i)${pieces.join("")}` : undefined;
};

/** Builds the condition of a search, or undefined without one. Types are combined by OR; without types, the id columns are searched. */
export const compileSearch = (
  query: string | undefined,
  types: readonly ("id" | "content" | "input" | "output")[] | undefined,
  table: ExportTable,
): Condition | undefined => {
  if (query === undefined || query === "") return undefined;
  const params: Record<string, unknown> = { search: query };
  const parts: Sql[] = [];
  let readsContent = false;
  const escaped = escapedSpelling(query);
  const pattern = escapedPattern(query);
  const find = (cell: SqlLike, parameter: string): Sql => {
    const { sql: text, ...rest } = toSql(cell);
    return { ...rest, sql: `position(${foldCase(text, query)}, ${foldCase(`{${parameter}:String}`, query)}) > 0` };
  };
  const findEscaped = (cell: SqlLike): Sql =>
    pattern === undefined ? find(cell, "searchEscaped") : sql`match(${cell}, {searchEscaped:String})`;
  for (const type of new Set(types ?? (["id"] as const))) {
    if (type === "id") parts.push(...table.searchIds.map((cell) => find(cell, "search")));
    else {
      readsContent = true;
      if (escaped !== query) params["searchEscaped"] = pattern ?? escaped;
      for (const side of contentColumns[type]) {
        const cell = table.searchContent?.[side] ?? "''";
        parts.push(find(cell, "search"));
        if (escaped !== query) parts.push(findEscaped(cell));
      }
    }
  }
  return { ...sql`(${joinSql(parts, " OR ")})`, params, readsContent };
};
