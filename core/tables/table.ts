/** What an exportable table is: its columns in the file, and what it can be filtered, searched and ordered by. */

export type ColumnKind =
  | "string"
  | "text"
  | "timestamp"
  | "integer"
  | "decimal"
  | "array<string>"
  | "map<integer>"
  | "map<decimal>"
  | "map<string>";

/** One column of the file. `sql` is a ClickHouse expression over the alias `e`. */
export type ExportColumn = {
  kind: ColumnKind;
  nullable: boolean;
  sql: string;
  description: string;
  /** Unit of the values, such as `ms` or `USD`. */
  unit?: string;
};

export const filterColumnTypes = ["string", "stringOptions", "arrayOptions", "datetime", "number", "boolean", "stringObject"] as const;
export type FilterColumnType = (typeof filterColumnTypes)[number];

/** One column of the filter language. `sql` yields NULL or '' where the value is absent. */
export type FilterColumn = {
  type: FilterColumnType;
  sql: string;
  /** Reads payloads (input, output, metadata): too dear for counting ahead. */
  readsContent?: boolean;
  /** Full-text `matches` is allowed. */
  canMatch?: boolean;
  /** Keys and values of a map kept as two arrays. */
  entries?: { names: string; values: string };
  /** Decimals of the number; the default is 0, a whole number. */
  scale?: number;
  /** The number is a double, compared as one. */
  isFloat?: boolean;
};

export type ExportTable = {
  name: string;
  description: string;
  columns: Record<string, ExportColumn>;
  filters: Record<string, FilterColumn>;
  /** Other names a filter column is known by. */
  aliases: Record<string, string>;
  /** Expressions searched by search type `id`. */
  searchIds: readonly string[];
  time: string;
  timeColumn: string;
  id: string;
  version: string;
  isDeleted: string;
  /** Hash that cuts crowded instants, and the tie-breakers that make every order total. */
  hash: string;
  /** Estimate of the uncompressed bytes of a row, from stored lengths. */
  rowBytes: string;
};
