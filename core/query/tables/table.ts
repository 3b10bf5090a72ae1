/** What an exportable table is: where its rows are, its columns in the file, and what it can be filtered, searched and ordered by. */
import type { Scope } from "../../auth/scopes.ts";
import type { Expression, RelationColumn, SqlLike } from "../sql.ts";

export type ColumnKind =
  | "string"
  | "text"
  /** Text that may hold a JSON document: embedded as JSON in JSON files where it does. */
  | "json"
  /** Text that always holds a JSON document. */
  | "document"
  | "timestamp"
  | "integer"
  | "decimal"
  | "number"
  | "boolean"
  | "array<string>"
  | "array<number>"
  | "map<integer>"
  | "map<decimal>"
  | "map<string>";

/** One column of the file. `sql` is a ClickHouse expression over the alias `e` and the relations it uses. */
export type ExportColumn = Expression & {
  kind: ColumnKind;
  nullable: boolean;
  description: string;
  /** Unit of the values, such as `ms` or `USD`. */
  unit?: string;
};

export const filterColumnTypes = [
  "string",
  "stringOptions",
  "arrayOptions",
  "categoryOptions",
  "datetime",
  "number",
  "boolean",
  "stringObject",
  "numberObject",
  "booleanObject",
] as const;
export type FilterColumnType = (typeof filterColumnTypes)[number];

/** One column of the filter language. `sql` yields NULL or '' where the value is absent. */
export type FilterColumn = Expression & {
  type: FilterColumnType;
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
  /** Answered from the comments in Postgres before the query runs: their number, or the text of any of them. */
  comment?: "count" | "content";
};

export const commentObjects = ["TRACE", "OBSERVATION", "SESSION", "PROMPT"] as const;
export type CommentObject = (typeof commentObjects)[number];

/** Where the rows are. */
type TableSource =
  /** A ReplacingMergeTree: FINAL where versions have to be merged. */
  | { kind: "replacing"; table: string }
  /** A query that gives each id once. */
  | { kind: "derived"; sql: string }
  /** Rows in Postgres, handed to ClickHouse slice by slice as JSON: `structure` is their shape there. */
  | { kind: "postgres"; structure: string };

/**
 * The JOIN of a relation. `among` is FROM and WHERE of the rows it is joined to, with the alias `e`: a relation that can reads only what belongs to them; null reads the
 * whole project.
 */
export type Relation = (among: string | null) => string;

/** Lists of Postgres that give an id its words, handed over with the query. */
export type LookupName = "users" | "datasets";

export type ExportTable = {
  name: string;
  description: string;
  source: TableSource;
  columns: Record<string, ExportColumn>;
  filters: Record<string, FilterColumn>;
  /** Other names a filter column is known by. */
  aliases: Record<string, string>;
  /** Expressions searched by search type `id`. */
  searchIds: readonly SqlLike[];
  /** Expressions searched by `input` and `output`; a table without them is searched by id only. */
  searchContent: { input: string; output: string } | null;
  /** Joins by their alias: added to a query only where an expression of it uses the alias. */
  relations: Record<string, Relation>;
  /** The filters that look at the trace of a row, over another relation of traces. */
  traceFilters?: (trace: RelationColumn) => Record<string, FilterColumn>;
  /** What comments of this table are attached to, by the table's id. */
  commentObject: CommentObject | null;
  /** All scores of a row, as Array(Tuple(name String, type String, value Float64, text String)). */
  scoreItems: Expression | null;
  /** Needed beside batchExports:create and :read, also to see or download an export of this table. */
  requiredScope: Scope | null;
  time: string;
  timeColumn: string;
  id: string;
  version: string;
  isDeleted: string;
  /** Hash of the sorting key beside project and id: rows of one id with the same place are versions that FINAL merges, with another they are not. */
  place: string;
  /** Hash that cuts crowded instants, and the tie-breakers that make every order total. */
  hash: string;
  /** Estimate of the uncompressed bytes of a row, from stored lengths. */
  rowBytes: Expression;
};
