/** Columns and expressions that several tables share. */
import { type Sql, type SqlLike, sql, toSql } from "../sql.ts";
import type { ExportColumn, FilterColumn } from "./table.ts";

type Make = (value: SqlLike, description: string, nullable?: boolean) => ExportColumn;

const make =
  (kind: ExportColumn["kind"], nullableByDefault: boolean, unit?: string): Make =>
  (value, description, nullable = nullableByDefault) => ({
    kind,
    nullable,
    ...expression(value),
    description,
    ...(unit === undefined ? {} : { unit }),
  });

const expression = (value: SqlLike) => {
  const { sql: text, uses } = toSql(value);
  return { sql: text, uses };
};

export const string = make("string", false);
export const text = make("text", false);
export const json = make("json", false);
export const document = make("document", false);
export const timestamp = make("timestamp", true);
export const integer = make("integer", true);
export const number = make("number", true);
export const boolean = make("boolean", false);
export const strings = make("array<string>", false);
export const milliseconds = make("integer", true, "ms");
export const usd = make("decimal", true, "USD");
export const tokens = make("map<integer>", false, "tokens");
export const costs = make("map<decimal>", false, "USD");
export const texts = make("map<string>", false);

export const is = (type: FilterColumn["type"], value: SqlLike, more: Partial<FilterColumn> = {}): FilterColumn => ({
  type,
  ...expression(value),
  ...more,
});

export const total = (map: string) => `if(mapContains(${map}, 'total'), ${map}['total'], NULL)`;

/** Sums as decimals of 38 digits, because 64-bit sums would overflow. */
export const sumOf = (map: string, part: string, scale: number) =>
  `arraySum(arrayMap((k, v) -> if(positionCaseInsensitive(k, '${part}') > 0, toDecimal128(v, ${scale}), toDecimal128(0, ${scale})), mapKeys(${map}), mapValues(${map})))`;

/** The value of a key of a map in two arrays, empty without it. Of a key that is there twice, the last counts, as in the file. */
export const valueOfKey = (names: string, values: string, key: string) => `${values}[arrayLastIndex(k -> k = ${key}, ${names})]`;

export const millisBetween = (start: string, end: string) =>
  `if(isNull(${end}), NULL, date_diff('millisecond', ${start}, assumeNotNull(${end})))`;
export const seconds = (milliseconds: SqlLike): Sql => sql`(toDecimal64(${milliseconds}, 3) / 1000)`;

/** The score filters over an array of score items. `prefix` is `trace_` for those that only use scores of the trace. */
export const scoreFilters = (items: SqlLike, prefix = ""): Record<string, FilterColumn> => ({
  [`${prefix}scores_avg`]: is("numberObject", sql`arrayMap(s -> (s.1, s.3), arrayFilter(s -> s.2 IN ('NUMERIC', 'BOOLEAN'), ${items}))`),
  [`${prefix}score_categories`]: is(
    "categoryOptions",
    sql`arrayMap(s -> (s.1, s.4), arrayFilter(s -> s.2 IN ('CATEGORICAL', 'TEXT'), ${items}))`,
  ),
  [`${prefix}score_booleans`]: is("booleanObject", sql`arrayMap(s -> (s.1, s.3 != 0), arrayFilter(s -> s.2 = 'BOOLEAN', ${items}))`),
});

export const commentFilters: Record<string, FilterColumn> = {
  commentCount: is("number", "0", { comment: "count" }),
  commentContent: is("string", "''", { comment: "content" }),
};
