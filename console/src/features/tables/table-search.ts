/** State of a table page in its URL: which rows, which columns in which order, and what is open. */
import { oneOf, textOf } from "../../app/search-params.ts";
import type { FilterCondition } from "../../generated/types.gen.ts";
import { readConditions } from "./filter-language.ts";
import { isInstant, type RelativeRange, relativeRanges } from "./time-range.ts";

export const searchPlaces = ["id", "input", "output", "content"] as const;
export type SearchPlace = (typeof searchPlaces)[number];

export const rowTabs = ["details", "trace", "traces", "scores", "comments"] as const;
export type RowTab = (typeof rowTabs)[number];

export type TableSearch = {
  since?: RelativeRange;
  from?: string;
  to?: string;
  filter?: FilterCondition[];
  /** What is searched for, and where unless in ids. */
  q?: string;
  in?: SearchPlace;
  /** `column.asc` or `column.desc`; newest first without it. */
  sort?: string;
  /** Ids in order, separated by commas; those of the page's own choice without it. */
  columns?: string;
  cursor?: string;
  /** What "now" was when the first page was read: later pages are of the same rows. */
  at?: string;
  /** Row whose drawer is open, the part of it that is shown, and the span chosen in its trace. */
  row?: string;
  tab?: RowTab;
  span?: string;
  plot?: "off";
};

/** Cursors hold the place of a row, with up to 4 KiB of a text. */
const cursorLengthMax = 40_000;

export const tableSearch = (search: Record<string, unknown>): TableSearch => {
  const since = oneOf(search, "since", relativeRanges);
  const filter = readConditions(search["filter"]);
  const sort = textOf(search, "sort");
  const columns = textOf(search, "columns", 10_000);
  return compact({
    since,
    ...(since === undefined && { from: instantOf(search, "from"), to: instantOf(search, "to") }),
    filter: filter.length === 0 ? undefined : filter,
    q: textOf(search, "q"),
    in: oneOf(search, "in", searchPlaces),
    sort: sort !== undefined && /^[^.]+\.(?:asc|desc)$/.test(sort) ? sort : undefined,
    columns,
    cursor: textOf(search, "cursor", cursorLengthMax),
    at: instantOf(search, "at"),
    row: textOf(search, "row"),
    tab: oneOf(search, "tab", rowTabs),
    span: textOf(search, "span"),
    plot: oneOf(search, "plot", ["off"]),
  });
};

const instantOf = (search: Record<string, unknown>, name: string): string | undefined => {
  const text = textOf(search, name);
  return text !== undefined && isInstant(text) ? text : undefined;
};

const compact = <Value extends object>(value: { [Key in keyof Value]: Value[Key] | undefined }): Value =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Value;

export const columnsOf = ({ columns }: Pick<TableSearch, "columns">): string[] | undefined =>
  columns === undefined ? undefined : [...new Set(columns.split(",").filter((id) => id !== ""))];

export type Order = { column: string; order: "ASC" | "DESC" };

export const orderOf = ({ sort }: Pick<TableSearch, "sort">): Order | null => {
  const [column = "", direction] = sort?.split(".") ?? [];
  return column === "" ? null : { column, order: direction === "asc" ? "ASC" : "DESC" };
};

export const sortOf = (order: Order | null): string | undefined =>
  order === null ? undefined : `${order.column}.${order.order.toLowerCase()}`;
