/**
 * Load-and-merge SQL for ClickHouse. The target is a ReplacingMergeTree, which merges by itself: loading is inserting. The view reads it
 * with FINAL. Credentials are in the named collection `spillway`.
 */
import { deletedColumn, keyColumns, versionColumn } from "../delivered-tables.ts";
import {
  columnList,
  deletionColumns,
  type LoadColumn,
  type LoadEngine,
  liveViewOf,
  quoteWithBackticks as quoteName,
  quoteTextWithBackslash as quoteText,
  type TableLoad,
  valueClassOf,
} from "./load-engine.ts";

/** Version for the engine: of two versions of one instant, the one that is not deleted is greater. */
const orderColumn = "_order";

const scalarTypes = {
  string: "String",
  timestamp: "DateTime64(6, 'UTC')",
  integer: "Int128",
  decimal: "Decimal(38, 12)",
  number: "Float64",
  boolean: "Bool",
} as const;

const isRequired = (name: string): boolean => name === versionColumn || name === deletedColumn || keyColumns.some((key) => key === name);

const typeOf = ({ name, kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  if (value === "strings") return "Array(String)";
  if (value === "numbers") return "Array(Float64)";
  if (value === "map")
    return `Map(String, ${kind === "map<integer>" ? "UInt64" : kind === "map<decimal>" ? scalarTypes.decimal : scalarTypes.string})`;
  return isRequired(name) ? scalarTypes[value] : `Nullable(${scalarTypes[value]})`;
};

/** Text files are read as text first: they have numbers of 64 bits and more as strings. */
const fileTypeOf = (column: LoadColumn, format: TableLoad["format"]): string => {
  const value = valueClassOf(column.kind);
  if (format === "PARQUET") return typeOf(column);
  if (value === "map" && format !== "CSV") return "Map(String, String)";
  if ((value === "strings" || value === "numbers") && format !== "CSV") return "Array(String)";
  return isRequired(column.name) ? "String" : "Nullable(String)";
};

const cellOf = (column: LoadColumn, format: TableLoad["format"]): string => {
  const name = quoteName(column.name);
  const value = valueClassOf(column.kind);
  if (format === "PARQUET" || value === "string") return name;
  if (value === "timestamp") return parseInstant(name, !isRequired(column.name));
  if (format === "CSV" && (value === "map" || value === "strings" || value === "numbers"))
    return `JSONExtract(assumeNotNull(${name}), ${quoteText(typeOf(column))})`;
  return `CAST(${name}, ${quoteText(typeOf(column))})`;
};

/** The function reads the text beneath a NULL too, and refuses it. */
const parseInstant = (text: string, isNullable: boolean): string =>
  isNullable
    ? `if(isNull(${text}), NULL, ${parseInstant(`ifNull(${text}, '1970-01-01T00:00:00Z')`, false)})`
    : `parseDateTime64BestEffort(${text}, 6, 'UTC')`;

const formatNames = { CSV: "CSVWithNames", JSON: "JSONEachRow", JSONL: "JSONEachRow", PARQUET: "Parquet" } as const;

const readFile = ({ format, compression }: TableLoad, file: string, columns: readonly LoadColumn[]): string => {
  const structure = columns.map((column) => `${quoteName(column.name)} ${fileTypeOf(column, format)}`).join(", ");
  return `s3(spillway, url = ${quoteText(file)}, format = '${formatNames[format]}', structure = ${quoteText(structure)}, compression_method = '${compression}')`;
};

/** The settings that the meaning of a file depends on, whatever the profile says. */
const settings =
  "SETTINGS format_csv_null_representation = '', format_csv_allow_double_quotes = 1, input_format_csv_empty_as_default = 0, input_format_json_read_objects_as_strings = 1, input_format_json_read_arrays_as_strings = 1, input_format_json_read_numbers_as_strings = 1, input_format_json_read_bools_as_strings = 1, input_format_null_as_default = 1, session_timezone = 'UTC'";

export const clickhouse: LoadEngine = {
  addressOf: ({ url }, key) => `${url}${key.split("/").map(encodeURIComponent).join("/")}`,
  script: (load) => {
    const { table, columns, format } = load;
    const visible = columns.filter(({ name }) => name !== deletedColumn);
    const stored = columns.map((column) => `${quoteName(column.name)} ${typeOf(column)}`);
    const [version, deleted] = [quoteName(versionColumn), quoteName(deletedColumn)];
    const order = `${quoteName(orderColumn)} UInt64 MATERIALIZED toUInt64(toUnixTimestamp64Micro(${version})) * 2 + if(${deleted}, 0, 1)`;
    const inserts = load.files.map(
      (file) =>
        `INSERT INTO ${quoteName(table)} (${columnList(columns, quoteName)}) SELECT ${columns
          .map((column) => `${cellOf(column, format)} AS ${quoteName(`to ${column.name}`)}`)
          .join(", ")} FROM ${readFile(load, file, columns)} ${settings}`,
    );
    const tombstones = load.deletionFiles.map(
      (file) =>
        `INSERT INTO ${quoteName(table)} (${[...keyColumns, versionColumn, deletedColumn].map(quoteName).join(", ")}) SELECT ${keyColumns
          .map(quoteName)
          .join(", ")}, ${cellOf({ name: versionColumn, kind: "timestamp" }, format)} + toIntervalMicrosecond(1), true FROM ${readFile(
          load,
          file,
          deletionColumns,
        )} WHERE ${quoteName("table_name")} = ${quoteText(table)} ${settings}`,
    );
    return {
      statements: [
        `CREATE TABLE IF NOT EXISTS ${quoteName(table)} (${[...stored, order].join(", ")}) ENGINE = ReplacingMergeTree(${quoteName(orderColumn)}) ORDER BY (${keyColumns.map(quoteName).join(", ")})`,
        `CREATE OR REPLACE VIEW ${quoteName(liveViewOf(table))} AS SELECT ${columnList(visible, quoteName)} FROM ${quoteName(table)} FINAL WHERE NOT ${deleted}`,
        ...inserts,
        ...tombstones,
      ].map((sql) => ({ sql })),
      notes: [
        "Needs the named collection `spillway` with the store's credentials: CREATE NAMED COLLECTION spillway AS access_key_id = '…', secret_access_key = '…'.",
        "What a deletion overrides leaves the disk when ClickHouse merges the parts: at once with OPTIMIZE TABLE … FINAL.",
      ],
    };
  },
};
