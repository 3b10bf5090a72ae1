/** Puts the pieces of a compiled query together: what is counted, what a slice is asked with. Pure text and parameters. */
import type { Condition } from "../filters/compile-filter.ts";
import type { CompiledQuery } from "./compile-query.ts";

export type ExportScope = {
  projectId: string;
  /** Rows at or after this instant are left out; ISO 8601 UTC with microseconds. */
  cutoff: string;
  /** Table in ClickHouse; an operator's setting, checked to be a plain name. */
  physicalTable: string;
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

/** `table e FINAL`, each id once in its newest version; without FINAL where the plan has shown that there is nothing to merge. */
export const fromClause = (physicalTable: string, { needsFinal }: { needsFinal: boolean }): string => {
  if (!plainName.test(physicalTable)) throw new Error(`${JSON.stringify(physicalTable)} is not the name of a ClickHouse table.`);
  return `${physicalTable} AS e${needsFinal ? " FINAL" : ""}`;
};
