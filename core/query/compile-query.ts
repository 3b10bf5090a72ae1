/** Compiles a validated request to the parts of its SQL. The runner adds slices, limits and formats. */

import { AppError, type FieldError } from "../errors.ts";
import { earliest } from "./earliest.ts";
import type { ExportQuery } from "./export-query.ts";
import { type CommentFilter, type Condition, compileFilter, findFilterColumn } from "./filters/compile-filter.ts";
import { compileSearch } from "./search.ts";
import { type ScoreNames, type Selection, selectColumns } from "./select-columns.ts";
import type { Expression } from "./sql.ts";
import { findTable, tables } from "./tables/index.ts";
import { nestedTraces } from "./tables/nested-traces.ts";
import type { ExportTable, FilterColumn, FilterColumnType } from "./tables/table.ts";

export type CompiledQuery = {
  table: ExportTable;
  selection: Omit<Selection, "faults">;
  /** Filters on comments, combined by AND; resolved before the query runs. */
  commentFilters: CommentFilter[];
  /** All conditions except project, cutoff and slice. */
  conditions: Condition[];
  /** Conditions that can be counted without reading payloads. */
  cheapConditions: Condition[];
  /** A total order, with tie-breakers. */
  orderBy: Expression;
  /** The same order of rows whose versions are not merged. It ends before the version, so that it can follow the table's sort key. */
  orderOfVersions: Expression;
  /** The column that the request orders by; null for the table's time. */
  orderColumn: FilterColumn | null;
  /** True if slices along the sorting key can be read one after the other; otherwise the export is one query. */
  followsSortingKey: boolean;
  isDescending: boolean;
  /** Earliest time a matching row may have; null for no bound. */
  from: Date | null;
};

/** Which rows of a table, in which order. */
export type OrderedRows = Pick<
  CompiledQuery,
  "table" | "conditions" | "orderBy" | "orderOfVersions" | "followsSortingKey" | "isDescending" | "from"
>;

/** Returns the requested table in the requested shape. Throws UNKNOWN_TABLE or INVALID_REQUEST. */
export const findQueryTable = (query: Pick<ExportQuery, "shape" | "tableName">): ExportTable => {
  if (query.shape === "trace" && query.tableName !== "traces")
    throw new AppError({
      code: "INVALID_REQUEST",
      fields: [{ path: "query.shape", message: "Only traces have the shape `trace`." }],
    });
  const table = query.shape === "trace" ? nestedTraces : findTable(query.tableName);
  if (table === undefined)
    throw new AppError({
      code: "UNKNOWN_TABLE",
      fields: [{ path: "query.tableName", message: `Known tables: ${Object.keys(tables).join(", ")}.` }],
    });
  return table;
};

/** Compiles the query, or throws one AppError that names every fault. `scoreNames` are the project's, known when the export runs. */
export const compileQuery = (query: ExportQuery, scoreNames?: ScoreNames): CompiledQuery =>
  compileTableQuery(findQueryTable(query), query, scoreNames);

/** Compiles the query over a table that need not be in the registry. */
export const compileTableQuery = (
  table: ExportTable,
  query: ExportQuery,
  scoreNames: ScoreNames = { columns: [], nested: 0 },
): CompiledQuery => {
  const { conditions, commentFilters, faults } = compileFilter(query.filter ?? [], table);
  if (query.searchQuery !== undefined && query.searchQuery !== "" && query.searchType?.length === 0)
    faults.push({ path: "query.searchType", message: "At least one search type is required when searching tracing data" });
  if (query.searchQuery?.isWellFormed() === false)
    faults.push({ path: "query.searchQuery", message: "must be well-formed Unicode, without lone surrogates" });
  for (const [index, type] of (query.searchType ?? []).entries())
    if (type !== "id" && table.searchContent === null)
      faults.push({ path: `query.searchType[${index}]`, message: `Table ${table.name} has no ${type} to search.` });
  const search = compileSearch(query.searchQuery, query.searchType, table);
  const order = compileOrder(query.orderBy ?? null, table, "query.orderBy.column");
  const { faults: columnFaults, ...selection } = selectColumns(query, table, scoreNames);
  const problems: [FieldError[], "INVALID_FILTER" | "INVALID_ORDER_BY" | "INVALID_COLUMNS"][] = [
    [faults, "INVALID_FILTER"],
    [order.faults, "INVALID_ORDER_BY"],
    [columnFaults, "INVALID_COLUMNS"],
  ];
  const first = problems.find(([list]) => list.length > 0);
  if (first !== undefined) throw new AppError({ code: first[1], fields: problems.flatMap(([list]) => list) });

  const all = search === undefined ? conditions : [...conditions, search];
  return {
    table,
    selection,
    commentFilters,
    conditions: all,
    cheapConditions: all.filter((condition) => !condition.readsContent),
    orderBy: { sql: order.sql, uses: order.uses },
    orderOfVersions: { sql: order.ofVersions, uses: order.uses },
    orderColumn: order.column,
    followsSortingKey: order.followsSortingKey,
    isDescending: order.isDescending,
    from: earliest(query.filter ?? [], table),
  };
};

const sortableTypes: ReadonlySet<FilterColumnType> = new Set(["string", "stringOptions", "number", "datetime", "boolean"]);

/** Returns whether rows can be ordered by this column. Postgres tables can only be ordered by time. */
export const isSortable = (table: ExportTable, column: FilterColumn): boolean =>
  column.sql === table.time || (sortableTypes.has(column.type) && column.comment === undefined && table.source.kind !== "postgres");

/**
 * Newest first by default. Equal values are ordered by time, trace hash, id and version, so that every order is total. Missing values come
 * last.
 */
export const compileOrder = (orderBy: { column: string; order: "ASC" | "DESC" } | null, table: ExportTable, path: string) => {
  const direction = orderBy?.order ?? "DESC";
  const keys = `${table.time} ${direction}, ${table.hash} ${direction}, ${table.id} ${direction}`;
  const ties = `${keys}, ${table.version} DESC`;
  const requested = orderBy?.column;
  const column = requested === undefined ? undefined : findFilterColumn(table, requested);
  const base = { faults: [] as FieldError[], uses: [] as readonly string[], column: null, isDescending: direction === "DESC" };
  if (requested === undefined || column?.sql === table.time) return { ...base, sql: ties, ofVersions: keys, followsSortingKey: true };
  if (column === undefined || !isSortable(table, column))
    return {
      ...base,
      faults: [{ path, message: `Table ${table.name} cannot be ordered by ${JSON.stringify(requested)}.` }],
      sql: ties,
      ofVersions: keys,
      followsSortingKey: true,
    };
  const first = `${column.sql} ${direction} NULLS LAST`;
  return { ...base, uses: column.uses, column, sql: `${first}, ${ties}`, ofVersions: `${first}, ${keys}`, followsSortingKey: false };
};
