/** Builds the SELECT for the rows of a slice, or of all slices. Pure text and parameters; the runner adds formats and settings. */
import { fromClause, joinsFor, type PhysicalTables } from "./build-query.ts";
import type { CompiledQuery } from "./compile-query.ts";
import { type Slice, sliceCondition } from "./slice.ts";
import type { Expression, Sql } from "./sql.ts";

type SliceRead = {
  compiled: Pick<CompiledQuery, "table" | "orderBy">;
  physical: PhysicalTables;
  /** Everything the rows must satisfy, except the bounds of the slice. */
  where: Sql;
  /** True if row versions must be merged while reading (FINAL). */
  needsFinal: boolean;
  /** External table whose column `id` lists the only ids to read; other rows cost no more than their id. Not for derived tables. */
  onlyIds?: string;
};

/** Keeps rows ordered through a join: one thread, with the ordered rows on the left side. */
const joinedInOrder = { max_threads: "1", join_algorithm: "hash", query_plan_join_swap_table: "false" };

/** For relations that use the time of the slice: the whole range of DateTime64. */
const wholeTime: Sql = { sql: "1", uses: [], params: { sliceStart: Date.UTC(1900, 0, 1) * 1000, sliceEnd: Date.UTC(2262, 0, 1) * 1000 } };

/**
 * Selects `list` from at most `limitRows` rows of the slice, in the query's order, each id once. Relations used only by the list are joined
 * to the ordered rows: a join before ORDER BY makes the server sort whole rows instead of reading them in order, which takes twice as long
 * (docs/benchmarks.md). `settings` keep that order.
 */
export const selectSlice = (
  { compiled: { table, orderBy }, physical, where, needsFinal, onlyIds }: SliceRead,
  slice: Slice | undefined,
  { list, limitRows }: { list: Expression; limitRows: number },
): { sql: string; params: Record<string, unknown>; settings: Record<string, string> } => {
  const only = onlyIds === undefined ? "" : `${table.id} IN (SELECT id FROM ${onlyIds})`;
  const bounds = slice === undefined ? wholeTime : sliceCondition(table, slice);
  const among =
    slice === undefined
      ? null
      : `FROM ${fromClause(table, physical, { needsFinal: false, names: [] })} WHERE e.project_id = {projectId:String} AND ${bounds.sql}${only === "" ? "" : ` AND ${only}`}`;
  const rowsWith = (names: readonly Expression[]) => fromClause(table, physical, { needsFinal, names, among });
  // The id is part of every sort key, so all versions of a row pass or none, as FINAL needs.
  const within = `${only === "" ? "" : `PREWHERE ${only} `}WHERE ${where.sql} AND ${bounds.sql} ORDER BY ${orderBy.sql} LIMIT 1 BY ${table.id} LIMIT ${limitRows}`;
  const joins = joinsFor(table, [list], among);
  const isJoinedLater = slice !== undefined && joins.length > 0;
  return {
    sql: isJoinedLater
      ? `SELECT ${list.sql} FROM (SELECT e.* FROM ${rowsWith([where, orderBy])} ${within}) AS e ${joins.join(" ")}`
      : `SELECT ${list.sql} FROM ${rowsWith([list, where, orderBy])} ${within}`,
    params: { ...where.params, ...bounds.params },
    settings: isJoinedLater ? joinedInOrder : {},
  };
};
