/** Lists the values of a column of texts with the number of rows that have them, as suggestions for a filter. */
import type { ExportQuery } from "../../core/query/export-query.ts";
import { foldCase } from "../../core/query/fold-case.ts";
import { type Expression, sql } from "../../core/query/sql.ts";
import type { FilterColumn } from "../../core/query/tables/table.ts";
import { parseCount } from "../../db/clickhouse/parse-count.ts";
import { type AggregateDeps, type AggregateScope, aggregateRows } from "./aggregate-rows.ts";

/** Longer values are no suggestions. */
export const suggestionBytesMax = 1000;

type Values = {
  /** Most frequent first. */
  values: { value: string; count: number }[];
  /** False if there are more values, or some that are too long or not UTF-8. */
  isComplete: boolean;
};

/**
 * Exact: each row counts once for a value, in its newest version. `prefix` is compared whatever its case. Throws COMMENT_FILTER_TOO_WIDE, and
 * what ClickHouse throws.
 */
export const listValues = async (
  deps: AggregateDeps,
  query: ExportQuery,
  scope: AggregateScope,
  { column, prefix, limit }: { column: FilterColumn; prefix: string; limit: number },
): Promise<Values> => {
  const rows = await aggregateRows<{ suggestion: string | null; rows: string }>(deps, query, scope, ({ table }) => ({
    // A name that no table has a column of: it would be meant where the alias is.
    list: sql`${suggestionOf(column)} AS suggestion, count() AS rows`,
    // What is no suggestion comes first, so that it is never cut off. A piece of a table of Postgres does not know which values are frequent.
    rest: `GROUP BY suggestion HAVING suggestion IS NULL
      OR (suggestion != '' AND startsWith(${foldCase("assumeNotNull(suggestion)", prefix)}, ${foldCase("{prefix:String}", prefix)}))
      ORDER BY isNull(suggestion) DESC, rows DESC, suggestion${table.source.kind === "postgres" ? "" : ` LIMIT ${limit + 2}`}`,
    params: { prefix },
  }));
  const counts = new Map<string | null, number>();
  for (const { suggestion, rows: found } of rows) counts.set(suggestion, (counts.get(suggestion) ?? 0) + parseCount(found));
  const isWhole = !counts.delete(null);
  const values = [...counts]
    .map(([value, count]) => ({ value: value ?? "", count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return { values: values.slice(0, limit), isComplete: isWhole && values.length <= limit };
};

/** Null for what is no suggestion, which a row may have beside others. */
const suggestionOf = ({ type, sql: text, uses }: FilterColumn): Expression => {
  const given = { sql: text, uses };
  const each = type === "arrayOptions" ? sql`arrayJoin(arrayDistinct(${given}))` : sql`ifNull(toString(${given}), '')`;
  return sql`arrayMap(v -> if(length(v) > ${String(suggestionBytesMax)} OR NOT isValidUTF8(v), NULL, v), [${each}])[1]`;
};
