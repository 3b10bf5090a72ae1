/** Search over a table: case-insensitive, with `%` and `_` as ordinary characters; also matches inside words. */
import type { Condition } from "./filters/compile-filter.ts";
import { joinSql, type Sql, type SqlLike, sql } from "./sql.ts";
import type { ExportTable } from "./tables/table.ts";

const contentColumns = { content: ["input", "output"], input: ["input"], output: ["output"] } as const;

/** Python SDKs store JSON with escaped non-ASCII characters. Returns the text in that form. */
const escapedSpelling = (text: string): string =>
  [...text]
    .map((c) =>
      c.charCodeAt(0) < 128
        ? c
        : Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
    )
    .join("");

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
  const find = (cell: SqlLike, parameter: string) => sql`position(lowerUTF8(${cell}), lowerUTF8({${parameter}:String})) > 0`;
  for (const type of new Set(types ?? (["id"] as const))) {
    if (type === "id") parts.push(...table.searchIds.map((cell) => find(cell, "search")));
    else {
      readsContent = true;
      const escaped = escapedSpelling(query);
      if (escaped !== query) params["searchEscaped"] = escaped;
      for (const side of contentColumns[type]) {
        const cell = table.searchContent?.[side] ?? "''";
        parts.push(find(cell, "search"));
        if (escaped !== query) parts.push(find(cell, "searchEscaped"));
      }
    }
  }
  return { ...sql`(${joinSql(parts, " OR ")})`, params, readsContent };
};
