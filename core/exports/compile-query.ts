/** From a validated request to the pieces of its SQL. Slices, limits and formats are put around them by the runner. */
import { AppError, type FieldError } from "../errors.ts";
import { type Condition, compileFilter, findFilterColumn } from "../filters/compile-filter.ts";
import type { SliceColumn } from "../formats/file-format.ts";
import { compileSearch } from "../search.ts";
import { findTable, tables } from "../tables/index.ts";
import type { ExportTable } from "../tables/table.ts";
import type { ExportQuery } from "./request.ts";

export type CompiledQuery = {
  table: ExportTable;
  select: SliceColumn[];
  /** All conditions but project, cutoff and slice. */
  conditions: Condition[];
  /** The conditions that can be counted without reading payloads. */
  cheapConditions: Condition[];
  /** Total order, with tie-breakers. */
  orderBy: string;
  /** Slices along the sorting key can be read one after the other; otherwise the export is one query. */
  followsSortingKey: boolean;
  isDescending: boolean;
};

/** Compiles, or throws one AppError that names every fault. */
export const compileQuery = (query: ExportQuery): CompiledQuery => {
  const table = findTable(query.tableName);
  if (table === undefined)
    throw new AppError({
      code: "UNKNOWN_TABLE",
      fields: [{ path: "query.tableName", message: `Known tables: ${Object.keys(tables).join(", ")}.` }],
    });

  const { conditions, faults } = compileFilter(query.filter ?? [], table);
  if (query.searchQuery !== undefined && query.searchQuery !== "" && query.searchType?.length === 0)
    faults.push({ path: "query.searchType", message: "At least one search type is required when searching tracing data" });
  if (query.searchQuery?.isWellFormed() === false)
    faults.push({ path: "query.searchQuery", message: "well-formed Unicode, without lone surrogates" });
  const search = compileSearch(query.searchQuery, query.searchType, table);
  const order = compileOrder(query, table);
  const columns = selectColumns(query, table);
  const problems: [FieldError[], "INVALID_FILTER" | "INVALID_ORDER_BY" | "INVALID_COLUMNS"][] = [
    [faults, "INVALID_FILTER"],
    [order.faults, "INVALID_ORDER_BY"],
    [columns.faults, "INVALID_COLUMNS"],
  ];
  const first = problems.find(([list]) => list.length > 0);
  if (first !== undefined) throw new AppError({ code: first[1], fields: problems.flatMap(([list]) => list) });

  const all = search === undefined ? conditions : [...conditions, search];
  return {
    table,
    select: columns.select,
    conditions: all,
    cheapConditions: all.filter((condition) => !condition.readsContent),
    orderBy: order.sql,
    followsSortingKey: order.followsSortingKey,
    isDescending: order.isDescending,
  };
};

const selectColumns = (query: ExportQuery, table: ExportTable): { select: SliceColumn[]; faults: FieldError[] } => {
  const faults: FieldError[] = [];
  const ids = query.columns ?? Object.keys(table.columns);
  const select = ids.flatMap((id, index) => {
    const column = Object.hasOwn(table.columns, id) ? table.columns[id] : undefined;
    if (column === undefined)
      faults.push({ path: `query.columns[${index}]`, message: `Table ${table.name} has no column ${JSON.stringify(id)}.` });
    if (ids.indexOf(id) !== index) faults.push({ path: `query.columns[${index}]`, message: `Column ${id} is named twice.` });
    return column === undefined
      ? []
      : [{ id, sql: column.sql, isText: column.kind === "text" || column.kind === "string", isNested: column.kind.includes("<") }];
  });
  return { select, faults };
};

/** Newest first by default. Equal values are ordered by time, trace hash, id and version, so that every order is total; absent values come last. */
const compileOrder = (query: ExportQuery, table: ExportTable) => {
  const direction = query.orderBy?.order ?? "DESC";
  const ties = `${table.time} ${direction}, ${table.hash} ${direction}, ${table.id} ${direction}, ${table.version} DESC`;
  const asked = query.orderBy?.column;
  const column = asked === undefined ? undefined : findFilterColumn(table, asked);
  const base = { faults: [] as FieldError[], isDescending: direction === "DESC" };
  if (asked === undefined || column?.sql === table.time) return { ...base, sql: ties, followsSortingKey: true };
  if (column === undefined || column.type === "arrayOptions" || column.type === "stringObject")
    return {
      ...base,
      faults: [{ path: "query.orderBy.column", message: `Table ${table.name} cannot be ordered by ${JSON.stringify(asked)}.` }],
      sql: ties,
      followsSortingKey: true,
    };
  return { ...base, sql: `${column.sql} ${direction} NULLS LAST, ${ties}`, followsSortingKey: false };
};
