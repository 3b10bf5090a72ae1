/** Puts the pieces of a compiled query together: what is counted, what a slice is asked with. Pure text and parameters. */

import type { CompiledQuery } from "./compile-query.ts";
import type { Condition } from "./filters/compile-filter.ts";
import { withoutQuoted } from "./sql-text.ts";
import { type ExportTable, relationsIn } from "./tables/table.ts";

/** Names of tables in ClickHouse that an operator can change. */
export type PhysicalTables = { events: string };

export type ExportScope = {
  projectId: string;
  /** Rows at or after this instant are left out; ISO 8601 UTC with microseconds. */
  cutoff: string;
  physical: PhysicalTables;
};

export type Predicate = { sql: string; params: Record<string, unknown> };

const join = (conditions: readonly Condition[], compiled: CompiledQuery, scope: ExportScope): Predicate => ({
  sql: [
    "e.project_id = {projectId:String}",
    `${compiled.table.time} < parseDateTime64BestEffort({cutoff:String}, 6, 'UTC')`,
    ...conditions.map(({ sql }) => sql),
  ].join(" AND "),
  params: Object.assign({ projectId: scope.projectId, cutoff: scope.cutoff }, ...conditions.map(({ params }) => params)) as Record<
    string,
    unknown
  >,
});

/** The condition rows are exported by. */
export const exportPredicate = (compiled: CompiledQuery, scope: ExportScope): Predicate => join(compiled.conditions, compiled, scope);

/** The part of it that can be counted without reading payloads. */
export const countPredicate = (compiled: CompiledQuery, scope: ExportScope): Predicate => join(compiled.cheapConditions, compiled, scope);

/** Counting is exact when no condition had to be left out. */
export const isCountExact = (compiled: CompiledQuery): boolean => compiled.cheapConditions.length === compiled.conditions.length;

const plainName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;

/**
 * FROM with the alias `e` and the relations that the given SQL names. FINAL gives each id once in its newest version;
 * without it where the plan has shown that there is nothing to merge.
 */
export const fromClause = (
  table: ExportTable,
  physical: PhysicalTables,
  { needsFinal, names }: { needsFinal: boolean; names: readonly string[] },
): string => [rowsOf(table, physical, needsFinal), ...joinsFor(table, names)].join(" ");

/** The joins of the relations that the given SQL names. */
export const joinsFor = (table: ExportTable, names: readonly string[]): string[] => {
  const joins = [...new Set(names.flatMap((sql) => relationsIn(table, sql)))].map((alias) => table.relations[alias] ?? "");
  const comments = names.some((sql) => withoutQuoted(sql).includes("commentRows."))
    ? [`LEFT ANY JOIN comment_rows AS commentRows ON commentRows.id = ${table.id}`]
    : [];
  return [...joins, ...comments];
};

const rowsOf = ({ source }: ExportTable, physical: PhysicalTables, needsFinal: boolean): string => {
  switch (source.kind) {
    case "derived":
      return `${source.sql} AS e`;
    case "postgres":
      return "handed_rows AS e";
    case "replacing": {
      const name = source.table === "events" ? physical.events : source.table;
      if (!plainName.test(name)) throw new Error(`${JSON.stringify(name)} is not the name of a ClickHouse table.`);
      return `${name} AS e${needsFinal ? " FINAL" : ""}`;
    }
    default:
      return source satisfies never;
  }
};
