/**
 * SQL that loads the files of a window into a target table and merges them, for one engine. All engines share one design:
 *
 * The target holds one row for each key, in its newest version, deleted ones too: a tombstone stays, so that an older window that is
 * delivered again cannot bring its row back. The view `<table>_live` leaves tombstones out. Of two versions the later wins; of two from the
 * same instant the one that is not deleted. A row of the file `deletions` becomes a tombstone without content, one microsecond later than
 * the deletion: everything written up to the deletion loses to it, and what is written after wins. So the result is the greatest of a total
 * order, and neither the order of windows nor repetition changes it.
 */
import type { CompressionName, FormatName } from "../../../query/formats/index.ts";
import type { ColumnKind } from "../../../query/tables/table.ts";
import { deletedColumn, keyColumns, versionColumn } from "../delivered-tables.ts";

export type LoadColumn = { name: string; kind: ColumnKind };

export type TableLoad = {
  /** Delivered table, which is also the name of the target. */
  table: string;
  columns: readonly LoadColumn[];
  format: FormatName;
  compression: CompressionName;
  /** Addresses of the table's files, as the engine reads them. */
  files: readonly string[];
  /** Addresses of the window's files of deletions, in the same format. */
  deletionFiles: readonly string[];
};

/** A statement. `stdin`: address of the file whose decompressed bytes are sent with it (COPY FROM STDIN). */
export type LoadStatement = { sql: string; stdin?: string };

/** Without statements if the engine cannot read the format; `notes` then say what to choose instead. */
export type LoadScript = { statements: LoadStatement[]; notes: string[] };

export type FileStore = {
  bucket: string;
  /** Address of the bucket over HTTPS, ending in a slash. */
  url: string;
  /** Scheme of the store's own addresses. */
  scheme: "s3" | "gs";
};

export type LoadEngine = {
  /** The address of an object, as the engine reads it. */
  addressOf: (store: FileStore, key: string) => string;
  script: (load: TableLoad) => LoadScript;
};

/** Columns of a file of deletions. */
export const deletionColumns: readonly LoadColumn[] = [
  { name: "table_name", kind: "string" },
  { name: "project_id", kind: "string" },
  { name: "id", kind: "string" },
  { name: versionColumn, kind: "timestamp" },
];

/** `string` for text that is kept as it is. */
export type ValueClass = "string" | "timestamp" | "integer" | "decimal" | "number" | "boolean" | "strings" | "numbers" | "map";

/** Reduces the kinds of columns to those that engines treat differently. */
export const valueClassOf = (kind: ColumnKind): ValueClass => {
  switch (kind) {
    case "string":
    case "text":
    case "json":
    case "document":
      return "string";
    case "array<string>":
      return "strings";
    case "array<number>":
      return "numbers";
    case "map<integer>":
    case "map<decimal>":
    case "map<string>":
      return "map";
    default:
      return kind;
  }
};

/** Quotes a text literal as standard SQL does. */
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** Quotes a text literal for engines in which a backslash escapes. */
export const quoteTextWithBackslash = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
/** Quotes a name as standard SQL does. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** Quotes a name for engines that use backticks. */
export const quoteWithBackticks = (name: string): string => `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;

type Quote = (name: string) => string;

export const liveViewOf = (table: string): string => `${table}_live`;

/** Creates the view of the rows that are not deleted. */
export const createLiveView = ({ table, columns }: TableLoad, quote: Quote): string =>
  `CREATE OR REPLACE VIEW ${quote(liveViewOf(table))} AS SELECT ${columnList(
    columns.filter(({ name }) => name !== deletedColumn),
    quote,
  )} FROM ${quote(table)} WHERE NOT ${quote(deletedColumn)}`;

export const columnList = (columns: readonly LoadColumn[], quote: Quote, alias?: string): string =>
  columns.map(({ name }) => (alias === undefined ? quote(name) : `${alias}.${quote(name)}`)).join(", ");

/** Selects tombstones for the deletions of the table, with the columns of its rows. `later` adds a microsecond. */
export const selectTombstones = (
  { table, columns }: TableLoad,
  from: string,
  { quote, later, typeOf, text = quoteText }: { quote: Quote; later: (version: string) => string; typeOf: TypeOf; text?: Quote },
): string => {
  const values = columns.map((column) => {
    const name = quote(column.name);
    if (isKey(column.name)) return name;
    if (column.name === versionColumn) return `${later(name)} AS ${name}`;
    if (column.name === deletedColumn) return `true AS ${name}`;
    return `CAST(NULL AS ${typeOf(column)}) AS ${name}`;
  });
  return `SELECT ${values.join(", ")} FROM ${from} WHERE ${quote("table_name")} = ${text(table)}`;
};

type TypeOf = (column: LoadColumn) => string;

const isKey = (name: string): boolean => keyColumns.some((key) => key === name);

/** Selects the newest version of each key from `source`, a query, with its rank in a column of its own unless `list` leaves it out. */
export const selectNewest = (source: string, quote: Quote, list = "*"): string =>
  `SELECT ${list} FROM (
  SELECT delivered.*, ROW_NUMBER() OVER (PARTITION BY ${keyColumns.map(quote).join(", ")} ORDER BY ${quote(versionColumn)} DESC, ${quote(deletedColumn)}) AS ${quote("_rank")}
  FROM (
${source}
  ) AS delivered
) AS ranked WHERE ${quote("_rank")} = 1`;

/** Condition that the version of `s` replaces that of `t`. */
export const isNewer = (quote: Quote, s = "s", t = "t"): string => {
  const [version, deleted] = [quote(versionColumn), quote(deletedColumn)];
  return `(${s}.${version} > ${t}.${version} OR (${s}.${version} = ${t}.${version} AND ${t}.${deleted} AND NOT ${s}.${deleted}))`;
};

/** Merges the newest versions of `source` into the target by the standard MERGE. */
export const mergeInto = (load: TableLoad, source: string, quote: Quote): string => {
  const { table, columns } = load;
  const assignments = columns
    .filter(({ name }) => !isKey(name))
    .map(({ name }) => `${quote(name)} = s.${quote(name)}`)
    .join(", ");
  return `MERGE INTO ${quote(table)} AS t USING (
${selectNewest(source, quote)}
) AS s ON ${keyColumns.map((key) => `t.${quote(key)} = s.${quote(key)}`).join(" AND ")}
WHEN MATCHED AND ${isNewer(quote)} THEN UPDATE SET ${assignments}
WHEN NOT MATCHED THEN INSERT (${columnList(columns, quote)}) VALUES (${columnList(columns, quote, "s")})`;
};

export const createTable = (load: TableLoad, quote: Quote, typeOf: TypeOf): string =>
  `CREATE TABLE IF NOT EXISTS ${quote(load.table)} (${load.columns.map((column) => `${quote(column.name)} ${typeOf(column)}`).join(", ")})`;
