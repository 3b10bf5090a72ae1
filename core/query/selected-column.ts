/** A column of an export: its expression, its name in the file, and what a privacy rule did to it. */
import type { Withheld } from "./privacy/hide-paths.ts";
import type { ExportColumn } from "./tables/table.ts";

export type SelectedColumn = ExportColumn & {
  id: string;
  /** Whether a privacy rule replaced a field of the row as a whole. */
  withheld?: Withheld;
};
