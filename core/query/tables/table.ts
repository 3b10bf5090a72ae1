/** Definition of an exportable table: where its rows are, its columns in the file, and how it can be filtered, searched and ordered. */
import type { Scope } from "../../auth/scopes.ts";
import type { Expression, RelationColumn, SqlLike } from "../sql.ts";

export type ColumnKind =
  | "string"
  | "text"
  /** Text that may be a JSON document; JSON files then embed it as JSON. */
  | "json"
  /** Text that is always a JSON document. */
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

/** One column of the filter language. `sql` is NULL or '' if the value is missing. */
export type FilterColumn = Expression & {
  type: FilterColumnType;
  /** Reads payloads (input, output, metadata), which is too expensive for counting. */
  readsContent?: boolean;
  /** Allows full-text `matches`. */
  canMatch?: boolean;
  /** Keys and values of a map stored as two arrays. */
  entries?: { names: string; values: string };
  /** Decimals of the number. Default: 0, a whole number. */
  scale?: number;
  /** The number is a double and is compared as one. */
  isFloat?: boolean;
  /** Resolved from the comments in Postgres before the query runs: their number, or the text of any of them. */
  comment?: "count" | "content";
};

export const commentObjects = ["TRACE", "OBSERVATION", "SESSION", "PROMPT"] as const;
export type CommentObject = (typeof commentObjects)[number];

/** Where the rows are. */
type TableSource =
  /** A ReplacingMergeTree: read with FINAL if versions have to be merged. */
  | { kind: "replacing"; table: string }
  /** A query that returns each id once. */
  | { kind: "derived"; sql: string }
  /** Rows in Postgres, passed to ClickHouse slice by slice as JSON. `structure` is their shape there. */
  | { kind: "postgres"; structure: string };

/**
 * The JOIN of a relation. `among` is FROM and WHERE of the rows it is joined to, with the alias `e`; a relation that supports it reads only
 * what belongs to them. Null reads the whole project.
 */
export type Relation = (among: string | null) => string;

/** Lists from Postgres that map ids to names, sent with the query. */
export type LookupName = "users" | "datasets";

export type ExportTable = {
  name: string;
  description: string;
  source: TableSource;
  columns: Record<string, ExportColumn>;
  filters: Record<string, FilterColumn>;
  /** Aliases of filter columns. */
  aliases: Record<string, string>;
  /** Expressions searched by search type `id`. */
  searchIds: readonly SqlLike[];
  /** Expressions searched by `input` and `output`. A table without them is searched by id only. */
  searchContent: { input: string; output: string } | null;
  /** Joins by alias, added to a query only if one of its expressions uses the alias. */
  relations: Record<string, Relation>;
  /** Returns the filters on the trace of a row, over another relation of traces. */
  traceFilters?: (trace: RelationColumn) => Record<string, FilterColumn>;
  /** The kind of object that comments of this table belong to, by the table's id. */
  commentObject: CommentObject | null;
  /**
   * Relations with the scores of a row, each with the columns `items`, `numbers` and `texts` (see relations.ts). If there are two, the first
   * has the scores of the row itself, the second those of its trace.
   */
  scoreLevels: readonly RelationColumn[] | null;
  /** Scope required besides batchExports:create and :read, also to see or download an export of this table. */
  requiredScope: Scope | null;
  time: string;
  timeColumn: string;
  id: string;
  version: string;
  /** When the id was first stored, which no later version of it changes. Absent if the column says something else. */
  createdAt?: string;
  isDeleted: string;
  /** Hash of the sort key besides project and id. FINAL merges rows of one id only if this is equal. */
  place: string;
  /** Hash that splits crowded instants, and the tie-breakers that make every order total. */
  hash: string;
  /** Estimates the uncompressed bytes of a row from stored lengths. */
  rowBytes: Expression;
};
