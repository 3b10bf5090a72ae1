/** What a table page shows, as queries of the API: the same for its rows, its count, its plot and its export. */
import type { CreateBatchExport, ExportTable, FilterCondition } from "../../generated/types.gen.ts";
import { pageOf, type TableName } from "./table-pages.ts";
import { columnsOf, orderOf, type TableSearch } from "./table-search.ts";
import { boundsOf, rangeConditions } from "./time-range.ts";

export type RowFilter = {
  filter: FilterCondition[];
  searchQuery?: string;
  searchType?: NonNullable<CreateBatchExport["query"]["searchType"]>;
};

/** Which rows. `nowMs` is what relative ranges count from. */
export const rowFilterOf = (table: Pick<ExportTable, "timeColumn">, search: TableSearch, nowMs: number): RowFilter => ({
  filter: [...rangeConditions(table.timeColumn, boundsOf(search, nowMs)), ...(search.filter ?? [])],
  ...(search.q !== undefined && { searchQuery: search.q, ...(search.in !== undefined && { searchType: [search.in] }) }),
});

/** Columns in the order they are shown. Ids of the URL that the table does not have are left out. */
export const shownColumns = (table: ExportTable, name: TableName, search: Pick<TableSearch, "columns">): string[] => {
  const known = (columnsOf(search) ?? pageOf(name).columns).filter((id) => table.columns.some((column) => column.id === id));
  return known.length > 0 ? known : table.columns.slice(0, 1).map(({ id }) => id);
};

/** The query of an export of what is shown. */
export const exportQueryOf = (table: ExportTable, name: TableName, search: TableSearch, nowMs: number): CreateBatchExport["query"] => ({
  tableName: name,
  ...rowFilterOf(table, search, nowMs),
  orderBy: orderOf(search),
  columns: shownColumns(table, name, search),
});

/**
 * Filter column by which a column of the file is sorted; undefined if it is not sortable. They share their name or an alias; times in
 * milliseconds are filtered in seconds under the name without the unit.
 */
export const sortIdOf = (table: ExportTable, columnId: string): string | undefined => {
  const names = [columnId, columnId.replace(/Ms$/, "")];
  return table.filters.find(({ id, aliases, isSortable }) => isSortable && names.some((name) => name === id || aliases.includes(name)))?.id;
};
