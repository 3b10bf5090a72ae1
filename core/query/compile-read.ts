/**
 * Compiles the request of a listing to conditions and a total order. Parameters such as `userId` are filters in the same language as
 * `filter`; all are combined by AND.
 */
import { AppError, type FieldError } from "../errors.ts";
import { type CompiledQuery, compileOrder, type OrderedRows } from "./compile-query.ts";
import { earliest } from "./earliest.ts";
import { type Condition, compileFilter } from "./filters/compile-filter.ts";
import { relation, sql } from "./sql.ts";
import type { ExportTable } from "./tables/table.ts";

/** One parameter as a filter. Faults are reported under its name. */
export type ReadParameter = {
  name: string;
  filter: Record<string, unknown>;
  isNegated?: boolean;
  /** True only if the row has a trace that matches. Ids can then be narrowed to traces with some matching version. */
  isOfTrace?: boolean;
};

export type ReadOrder = { column: string; order: "ASC" | "DESC" } | null;

export type ReadQuery = OrderedRows & Pick<CompiledQuery, "cheapConditions" | "commentFilters">;

/** Compiles the request, or throws one AppError (INVALID_FILTER, INVALID_ORDER_BY) that names every fault. */
export const compileRead = (
  table: ExportTable,
  { filter, parameters, orderBy }: { filter: readonly unknown[]; parameters: readonly ReadParameter[]; orderBy: ReadOrder },
): ReadQuery => {
  const filters = [...filter, ...parameters.map((parameter) => parameter.filter)];
  const compiled = compileFilter(filters, table, "filter");
  const order = compileOrder(orderBy, table, "orderBy");
  const faults = [...compiled.faults.map((fault) => namedByParameter(fault, filter.length, parameters)), ...order.faults];
  if (faults.length > 0) throw new AppError({ code: compiled.faults.length > 0 ? "INVALID_FILTER" : "INVALID_ORDER_BY", fields: faults });
  const ofSomeTrace = compileFilter(filters, overSomeTrace(table), "filter").conditions;
  const conditions = asMeant(compiled.conditions, ofSomeTrace, parameters);
  return {
    table,
    conditions,
    cheapConditions: conditions.filter(({ readsContent }) => !readsContent),
    commentFilters: compiled.commentFilters,
    orderBy: { sql: order.sql, uses: order.uses },
    orderOfVersions: { sql: order.ofVersions, uses: order.uses },
    followsSortingKey: order.followsSortingKey,
    isDescending: order.isDescending,
    from: earliest(filters, table),
  };
};

/** Without faults, the last conditions belong to the parameters, one each. */
const asMeant = (conditions: readonly Condition[], ofSomeTrace: readonly Condition[], parameters: readonly ReadParameter[]): Condition[] =>
  conditions.flatMap((condition, index) => {
    const parameter = parameters[index - (conditions.length - parameters.length)];
    if (parameter?.isNegated === true) return [{ ...condition, sql: `(NOT ${condition.sql})` }];
    const inTrace = ofSomeTrace[index];
    return parameter?.isOfTrace === true && inTrace?.uses.includes(someTrace) === true ? [condition, hasSomeTrace(inTrace)] : [condition];
  });

const someTrace = "some_trace";

/** Returns the table with its trace filters applied to any version of a trace. */
const overSomeTrace = (table: ExportTable): ExportTable => ({
  ...table,
  filters: { ...table.filters, ...table.traceFilters?.(relation(someTrace)) },
});

const hasSomeTrace = ({ readsContent, ...condition }: Condition): Condition => ({
  ...sql`e.trace_id IN (SELECT ${relation(someTrace)("id")} FROM traces AS some_trace WHERE ${relation(someTrace)("project_id")} = {projectId:String} AND ${condition})`,
  // The subquery names its own relation, so the outer query joins none for it.
  uses: [],
  readsContent,
});

const namedByParameter = (fault: FieldError, filters: number, parameters: readonly ReadParameter[]): FieldError => {
  const index = Number(/^filter\[(\d+)\]/.exec(fault.path)?.[1] ?? Number.NaN);
  const parameter = parameters[index - filters];
  return parameter === undefined ? fault : { path: parameter.name, message: fault.message };
};
