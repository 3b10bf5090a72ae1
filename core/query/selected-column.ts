/** A column of an export: its expression, its name in the file, and what a privacy rule did to it. */
import type { Withheld } from "./privacy/hide-paths.ts";
import type { ExportColumn } from "./tables/table.ts";

export type SelectedColumn = ExportColumn & {
  id: string;
  /** Whether a privacy rule replaced a field of the row as a whole. */
  withheld?: Withheld;
  /** Of a list of numbers: SQL for the list of their JSON texts, if there is a cheaper way than to make them of `sql`. */
  jsonNumbers?: string;
  /** SQL that is 0 where all texts are valid UTF-8, if there is a cheaper way than to look at each. It may count other texts of the row. */
  invalidTexts?: string;
};
