/** Assembles a compiled query: the condition to count, and FROM and WHERE of a slice. Pure text and parameters. */

import type { CompiledQuery } from "./compile-query.ts";
import { commentRows } from "./select-columns.ts";
import { type Expression, joinSql, type Sql } from "./sql.ts";
import type { ExportTable } from "./tables/table.ts";

/** ClickHouse table names that an operator can change. */
export type PhysicalTables = { events: string };

/**
 * A half-open window `[start, end)`: on event time (when what the row describes happened) or on write time (when a version of the row was
 * written: the table's version column). ISO 8601 UTC with microseconds; a `start` of null means no lower bound. A row on the border of two
 * windows is only in the later one.
 * On event time, a window contains each row once, in its newest version, whenever that was written.
 * On write time, a window contains each row with a version written in it, in the newest of these versions. A row written again after `end`
 * is in the later window too, and stays in this one unless the engine has merged the older version away. Late rows are in the window in
 * which they were written. A row whose newest version in the window is a deletion is left out, or kept as a tombstone with `hasTombstones`.
 */
export type ExportWindow =
  | { axis: "eventTime"; start: string | null; end: string }
  | { axis: "writeTime"; start: string | null; end: string; hasTombstones?: boolean };

/** Returns the window of everything that happened before an instant. */
export const until = (end: string): ExportWindow => ({ axis: "eventTime", start: null, end });

export type ExportScope = {
  projectId: string;
  window: ExportWindow;
  physical: PhysicalTables;
  /** For a window on write time: condition for the newest version of each row in it. By default a subquery that reads the window again. */
  newest?: Sql;
};

const join = (conditions: readonly Sql[], { table }: Pick<CompiledQuery, "table">, scope: ExportScope): Sql =>
  joinSql(["e.project_id = {projectId:String}", ...windowConditions(table, scope), ...conditions], " AND ");

const instant = (name: string) => `parseDateTime64BestEffort({${name}:String}, 6, 'UTC')`;

const windowConditions = (table: ExportTable, { projectId, window, physical, newest }: ExportScope): Sql[] => {
  const { axis } = window;
  const bounds = windowBounds(table, { projectId, window });
  if (axis === "eventTime") return [bounds];
  // Without FINAL, which would merge versions of the window with later ones.
  const versions = `SELECT ${table.id} AS row_id, max(${versionTuple(table)}) AS newest FROM ${rowsOf(table, physical, false)} WHERE e.project_id = {projectId:String} AND ${bounds.sql} GROUP BY row_id`;
  return [bounds, newest ?? { sql: `(${table.id}, ${versionTuple(table)}) IN (${versions})`, uses: [], params: {} }];
};

/**
 * What a version of a row is compared by. Of equal versions the live one counts: a row that gets another sort key is marked as deleted under
 * its old key with the same version.
 */
export const versionTuple = ({ version, isDeleted }: ExportTable): string =>
  `(toUnixTimestamp64Micro(${version}), toUInt8(${isDeleted} = 0))`;

/** Condition for the rows between the bounds of the window, in all their versions. */
export const windowBounds = (table: ExportTable, { projectId, window }: Pick<ExportScope, "projectId" | "window">): Sql => {
  const { start, end, axis } = window;
  const column = axis === "eventTime" ? table.time : table.version;
  const within = [...(start === null ? [] : [`${column} >= ${instant("windowStart")}`]), `${column} < ${instant("cutoff")}`].join(" AND ");
  const params = { projectId, cutoff: end, ...(start === null ? {} : { windowStart: start }) };
  return { sql: within, uses: [], params };
};

/** Condition that leaves out deleted rows, unless the window keeps tombstones. */
export const notDeleted = ({ isDeleted }: ExportTable, window: ExportWindow): string =>
  window.axis === "writeTime" && window.hasTombstones === true ? "1" : `${isDeleted} = 0`;

/** Condition for the rows of an export. */
export const exportPredicate = (compiled: Pick<CompiledQuery, "table" | "conditions">, scope: ExportScope): Sql =>
  join(compiled.conditions, compiled, scope);

/** The part of the export condition that can be counted without reading payloads. */
export const countPredicate = (compiled: CompiledQuery, scope: ExportScope): Sql => join(compiled.cheapConditions, compiled, scope);

/** Returns whether the count is exact, because no condition had to be left out of it. */
export const isCountExact = (compiled: CompiledQuery): boolean => compiled.cheapConditions.length === compiled.conditions.length;

const plainName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;

type Uses = Pick<Expression, "uses">;

/**
 * FROM with the alias `e` and the relations that `names` use, limited to what belongs to the rows `among` (see Relation). FINAL returns
 * each id once in its newest version; it is omitted if the plan has shown that no versions need merging.
 */
export const fromClause = (
  table: ExportTable,
  physical: PhysicalTables,
  { needsFinal, names, among = null }: { needsFinal: boolean; names: readonly Uses[]; among?: string | null },
): string => [rowsOf(table, physical, needsFinal), ...joinsFor(table, names, among)].join(" ");

/** Returns the joins of the relations that the given SQL uses. */
export const joinsFor = (table: ExportTable, names: readonly Uses[], among: string | null): string[] => {
  const aliases = new Set(names.flatMap(({ uses }) => Object.keys(table.relations).filter((alias) => uses.includes(alias))));
  const joins = [...aliases].map((alias) => table.relations[alias]?.(among) ?? "");
  const comments = names.some(({ uses }) => uses.includes(commentRows))
    ? [`LEFT ANY JOIN comment_rows AS ${commentRows} ON ${commentRows}.id = ${table.id}`]
    : [];
  return [...joins, ...comments];
};

/** Name of the external table with a slice of Postgres rows. */
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
