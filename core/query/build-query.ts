/** Puts the pieces of a compiled query together: what is counted, what a slice is asked with. Pure text and parameters. */

import type { CompiledQuery } from "./compile-query.ts";
import { commentRows } from "./select-columns.ts";
import { type Expression, joinSql, type Sql } from "./sql.ts";
import type { ExportTable } from "./tables/table.ts";

/** Names of tables in ClickHouse that an operator can change. */
export type PhysicalTables = { events: string };

/**
 * A half-open window `[start, end)` on event time (when what a row tells of happened) or on write time (when a version of the row was written: the table's version column); ISO 8601 UTC with microseconds, `start` null for no bound. A row on the border of two windows is in the later one only.
 *
 * On event time, a window gives each row once in its newest version, whenever that was written.
 * On write time, a window gives each row of which some version was written in it, in the newest of these versions. A row that is written again after `end` is given again by
 * the window of the later version, and does not vanish from this one, unless the engine has merged the older version away by then. Late rows come in the window in which they
 * were written. A row whose newest version in the window is a deletion is left out, or given as it was deleted (a tombstone) with `hasTombstones`.
 */
export type ExportWindow =
  | { axis: "eventTime"; start: string | null; end: string }
  | { axis: "writeTime"; start: string | null; end: string; hasTombstones?: boolean };

/** Everything that happened before an instant. */
export const until = (end: string): ExportWindow => ({ axis: "eventTime", start: null, end });

export type ExportScope = { projectId: string; window: ExportWindow; physical: PhysicalTables };

const join = (conditions: readonly Sql[], { table }: CompiledQuery, scope: ExportScope): Sql =>
  joinSql(["e.project_id = {projectId:String}", ...windowConditions(table, scope), ...conditions], " AND ");

const instant = (name: string) => `parseDateTime64BestEffort({${name}:String}, 6, 'UTC')`;

const windowConditions = (table: ExportTable, { projectId, window, physical }: ExportScope): Sql[] => {
  const { start, end, axis } = window;
  const column = axis === "eventTime" ? table.time : table.version;
  const within = [...(start === null ? [] : [`${column} >= ${instant("windowStart")}`]), `${column} < ${instant("cutoff")}`].join(" AND ");
  const params = { projectId, cutoff: end, ...(start === null ? {} : { windowStart: start }) };
  const bounds: Sql = { sql: within, uses: [], params };
  // Without FINAL, which would merge the versions of the window with later ones.
  const newest = `(${table.id}, ${column}) IN (SELECT ${table.id}, max(${column}) FROM ${rowsOf(table, physical, false)} WHERE e.project_id = {projectId:String} AND ${within} GROUP BY ${table.id})`;
  return axis === "eventTime" ? [bounds] : [bounds, { sql: newest, uses: [], params: {} }];
};

/** The condition that leaves deleted rows out, where they are to be. */
export const notDeleted = ({ isDeleted }: ExportTable, window: ExportWindow): string =>
  window.axis === "writeTime" && window.hasTombstones === true ? "1" : `${isDeleted} = 0`;

/** The condition rows are exported by. */
export const exportPredicate = (compiled: CompiledQuery, scope: ExportScope): Sql => join(compiled.conditions, compiled, scope);

/** The part of it that can be counted without reading payloads. */
export const countPredicate = (compiled: CompiledQuery, scope: ExportScope): Sql => join(compiled.cheapConditions, compiled, scope);

/** Counting is exact when no condition had to be left out. */
export const isCountExact = (compiled: CompiledQuery): boolean => compiled.cheapConditions.length === compiled.conditions.length;

const plainName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;

type Uses = Pick<Expression, "uses">;

/**
 * FROM with the alias `e` and the relations that `names` use, narrowed to the rows `among` (see Relation). FINAL gives each id once in its newest version;
 * without it where the plan has shown that there is nothing to merge.
 */
export const fromClause = (
  table: ExportTable,
  physical: PhysicalTables,
  { needsFinal, names, among = null }: { needsFinal: boolean; names: readonly Uses[]; among?: string | null },
): string => [rowsOf(table, physical, needsFinal), ...joinsFor(table, names, among)].join(" ");

/** The joins of the relations that the given SQL uses. */
export const joinsFor = (table: ExportTable, names: readonly Uses[], among: string | null): string[] => {
  const aliases = new Set(names.flatMap(({ uses }) => Object.keys(table.relations).filter((alias) => uses.includes(alias))));
  const joins = [...aliases].map((alias) => table.relations[alias]?.(among) ?? "");
  const comments = names.some(({ uses }) => uses.includes(commentRows))
    ? [`LEFT ANY JOIN comment_rows AS ${commentRows} ON ${commentRows}.id = ${table.id}`]
    : [];
  return [...joins, ...comments];
};

/** The external table that holds a slice of rows from Postgres. */
export const postgresRows = "postgres_rows";

const rowsOf = ({ source }: ExportTable, physical: PhysicalTables, needsFinal: boolean): string => {
  switch (source.kind) {
    case "derived":
      return `${source.sql} AS e`;
    case "postgres":
      return `${postgresRows} AS e`;
    case "replacing": {
      const name = source.table === "events" ? physical.events : source.table;
      if (!plainName.test(name)) throw new Error(`${JSON.stringify(name)} is not the name of a ClickHouse table.`);
      return `${name} AS e${needsFinal ? " FINAL" : ""}`;
    }
    default:
      return source satisfies never;
  }
};
