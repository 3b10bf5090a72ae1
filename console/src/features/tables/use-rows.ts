/** The rows of the shown page of a table. What is less urgent waits until they are fetched: it would keep ClickHouse from them. */
import { useQuery } from "@tanstack/react-query";
import type { ExportTable } from "../../generated/types.gen.ts";
import { rowsOptions } from "./table-queries.ts";
import { orderOf } from "./table-search.ts";
import { rowFilterOf, shownColumns } from "./table-view.ts";
import type { TableView } from "./use-table-view.ts";

const pageSize = 50;
/** Characters of a cell in the table. The drawer shows more. */
const cellLengthMax = 200;

/** Several parts of the page may ask: it is one request. */
export const useRows = (table: ExportTable, { name, search, nowMs }: TableView) =>
  useQuery({
    ...rowsOptions(name, {
      ...rowFilterOf(table, search, nowMs),
      orderBy: orderOf(search),
      columns: shownColumns(table, name, search),
      limit: pageSize,
      textMax: cellLengthMax,
      ...(search.cursor !== undefined && { cursor: search.cursor }),
    }),
    placeholderData: (before) => before,
  });
