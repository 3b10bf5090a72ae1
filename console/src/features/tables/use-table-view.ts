/** What a table page shows and how it changes: all of it is in the URL but the instant that relative times count from. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { getExportTableOptions } from "../../generated/@tanstack/react-query.gen.ts";
import type { TableName } from "./table-pages.ts";
import { type TableSearch, tableSearch } from "./table-search.ts";

export type TableView = {
  name: TableName;
  search: TableSearch;
  /** What relative times count from: the same for all pages of a list. */
  nowMs: number;
  /** Changes which rows are shown: begins at the first page, and now. */
  filterBy: (change: Partial<Record<keyof TableSearch, unknown>>) => void;
  /** Changes how they are shown, or what is open. */
  show: (change: Partial<Record<keyof TableSearch, unknown>>, options?: { replace?: boolean }) => void;
  refresh: () => void;
};

export const useTableView = (name: TableName): TableView => {
  const search = tableSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const [openedMs, setOpenedMs] = useState(() => Date.now());
  const go = (change: object, replace: boolean) =>
    // The search of the page's own route, whichever of the tables it is.
    void navigate({ to: ".", search: ((before: object) => ({ ...before, ...change })) as never, replace, resetScroll: false });
  return {
    name,
    search,
    nowMs: search.at === undefined ? openedMs : Date.parse(search.at),
    filterBy: (change) => {
      setOpenedMs(Date.now());
      go({ ...change, cursor: undefined, at: undefined }, false);
    },
    show: (change, { replace = false } = {}) => go(change, replace),
    refresh: () => {
      setOpenedMs(Date.now());
      if (search.cursor !== undefined) go({ cursor: undefined, at: undefined }, false);
    },
  };
};

/** Columns, filters and operators of the table, which change only with the server. */
export const useTable = (name: TableName) =>
  useQuery({ ...getExportTableOptions({ path: { table: name } }), staleTime: Number.POSITIVE_INFINITY });
