/**
 * Load-and-merge SQL for Snowflake, from the stage `spillway` over the bucket. Instants are TIMESTAMP_NTZ in UTC: a cast to a type with a
 * zone would take those of Parquet for local time. Maps and lists are VARIANT.
 * COPY INTO and file formats: https://docs.snowflake.com/en/sql-reference/sql/copy-into-table (read 2026-11-28).
 */
import type { CompressionName } from "../../../query/formats/index.ts";
import {
  columnList,
  createLiveView,
  createTable,
  deletionColumns,
  type LoadColumn,
  type LoadEngine,
  type LoadStatement,
  mergeInto,
  quoteName,
  quoteTextWithBackslash as quoteText,
  selectTombstones,
  type TableLoad,
  valueClassOf,
} from "./load-engine.ts";

const typeOf = ({ kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  switch (value) {
    case "string":
      return "VARCHAR";
    case "timestamp":
      return "TIMESTAMP_NTZ(6)";
    case "integer":
      return "NUMBER(38, 0)";
    case "decimal":
      return "NUMBER(38, 12)";
    case "number":
      return "FLOAT";
    case "boolean":
      return "BOOLEAN";
    case "strings":
    case "numbers":
    case "map":
      return "VARIANT";
    default:
      return value satisfies never;
  }
};

/** A field of a staged file, cast to its type. Columns of CSV go by position. */
const fieldOf = (column: LoadColumn, index: number, format: TableLoad["format"]): string => {
  if (format !== "CSV") return `$1:${quoteName(column.name)}::${typeOf(column)}`;
  return typeOf(column) === "VARIANT" ? `PARSE_JSON($${index + 1})` : `$${index + 1}::${typeOf(column)}`;
};

/** A map of Parquet may arrive as a list of entries. */
const cellOf = (column: LoadColumn, format: TableLoad["format"]): string => {
  const name = quoteName(column.name);
  if (format !== "PARQUET" || valueClassOf(column.kind) !== "map") return name;
  return `IFF(IS_ARRAY(${name}:"key_value"), REDUCE(${name}:"key_value"::ARRAY, OBJECT_CONSTRUCT(), (entries, entry) -> OBJECT_INSERT(entries, entry:"key"::VARCHAR, entry:"value", TRUE))::VARIANT, ${name})`;
};

const compressionNames = { none: "NONE", gzip: "GZIP", zstd: "ZSTD" } as const satisfies Record<CompressionName, string>;

const fileFormat = ({ format, compression }: TableLoad): string => {
  switch (format) {
    case "CSV":
      return `TYPE = CSV COMPRESSION = ${compressionNames[compression]} SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '"' EMPTY_FIELD_AS_NULL = TRUE NULL_IF = () ESCAPE_UNENCLOSED_FIELD = NONE ENCODING = 'UTF8'`;
    case "JSON":
      return `TYPE = JSON COMPRESSION = ${compressionNames[compression]} STRIP_OUTER_ARRAY = TRUE`;
    case "JSONL":
      return `TYPE = JSON COMPRESSION = ${compressionNames[compression]}`;
    case "PARQUET":
      return "TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE";
    default:
      return format satisfies never;
  }
};

/** COPY INTO takes at most 1,000 names. */
const filesMax = 1000;

const stage = (name: string, load: TableLoad, files: readonly string[], columns: readonly LoadColumn[]) => {
  const table = quoteName(name);
  const create = `CREATE OR REPLACE TEMPORARY TABLE ${table} (${columns.map((column) => `${quoteName(column.name)} ${typeOf(column)}`).join(", ")})`;
  const copies: string[] = [];
  for (let at = 0; at < files.length; at += filesMax)
    copies.push(`COPY INTO ${table} (${columnList(columns, quoteName)})
FROM (SELECT ${columns.map((column, index) => fieldOf(column, index, load.format)).join(", ")} FROM @spillway)
FILES = (${files
      .slice(at, at + filesMax)
      .map(quoteText)
      .join(", ")})
FILE_FORMAT = (${fileFormat(load)}) ON_ERROR = ABORT_STATEMENT`);
  const rows = `SELECT ${columns.map((column) => `${cellOf(column, load.format)} AS ${quoteName(column.name)}`).join(", ")} FROM ${table}`;
  return { statements: [create, ...copies], rows };
};

export const snowflake: LoadEngine = {
  addressOf: (_store, key) => key,
  script: (load) => {
    const rows = load.files.length === 0 ? null : stage(`${load.table}_staging`, load, load.files, load.columns);
    const deletions = load.deletionFiles.length === 0 ? null : stage(`${load.table}_deletions`, load, load.deletionFiles, deletionColumns);
    const tombstones =
      deletions === null
        ? []
        : [
            selectTombstones(load, `(${deletions.rows}) AS deletions`, {
              quote: quoteName,
              typeOf,
              text: quoteText,
              later: (version) => `DATEADD(microsecond, 1, ${version})`,
            }),
          ];
    const sources = [...(rows === null ? [] : [rows.rows]), ...tombstones];
    const statements: LoadStatement[] = [
      createTable(load, quoteName, typeOf),
      createLiveView(load, quoteName),
      ...(rows?.statements ?? []),
      ...(deletions?.statements ?? []),
      ...(sources.length === 0 ? [] : [mergeInto(load, sources.join("\nUNION ALL\n"), quoteName)]),
    ].map((sql) => ({ sql }));
    return {
      statements,
      notes: [
        "Needs the stage `spillway` over the bucket: CREATE STAGE spillway URL = 's3://…/' STORAGE_INTEGRATION = …. Instants are in UTC.",
      ],
    };
  },
};
