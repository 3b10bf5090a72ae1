/**
 * Load-and-merge SQL for Databricks (Runtime 13.3 and later), into a Delta table. Reads the files where they are.
 * read_files: https://docs.databricks.com/aws/en/sql/language-manual/functions/read_files (read 2026-11-28).
 */
import {
  createLiveView,
  createTable,
  deletionColumns,
  type LoadColumn,
  type LoadEngine,
  mergeInto,
  quoteTextWithBackslash as quoteText,
  selectTombstones,
  type TableLoad,
  valueClassOf,
} from "./load-engine.ts";

const quoteName = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

const typeOf = ({ kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  switch (value) {
    case "string":
      return "STRING";
    case "timestamp":
      return "TIMESTAMP";
    case "integer":
      return "DECIMAL(38, 0)";
    case "decimal":
      return "DECIMAL(38, 12)";
    case "number":
      return "DOUBLE";
    case "boolean":
      return "BOOLEAN";
    case "strings":
      return "ARRAY<STRING>";
    case "numbers":
      return "ARRAY<DOUBLE>";
    case "map":
      return `MAP<STRING, ${kind === "map<integer>" ? "DECIMAL(20, 0)" : kind === "map<decimal>" ? "DECIMAL(38, 12)" : "STRING"}>`;
    default:
      return value satisfies never;
  }
};

/** Text files are read as text first: they have numbers of 64 bits and more as strings. */
const textTypeOf = (column: LoadColumn): string => {
  const value = valueClassOf(column.kind);
  if (value === "map") return "MAP<STRING, STRING>";
  return value === "strings" || value === "numbers" ? "ARRAY<STRING>" : "STRING";
};

const cellOf = (column: LoadColumn, format: TableLoad["format"]): string => {
  const name = quoteName(column.name);
  const text = format === "CSV" && textTypeOf(column) !== "STRING" ? `from_json(${name}, ${quoteText(textTypeOf(column))})` : name;
  return `CAST(${text} AS ${typeOf(column)})`;
};

const optionsOf = (format: TableLoad["format"], columns: readonly LoadColumn[]): string => {
  const schema = (type: (column: LoadColumn) => string) =>
    `schema => ${quoteText(columns.map((column) => `${quoteName(column.name)} ${type(column)}`).join(", "))}, mode => 'FAILFAST'`;
  switch (format) {
    case "PARQUET":
      return "format => 'parquet', schemaEvolutionMode => 'none'";
    case "JSONL":
      return `format => 'json', ${schema(textTypeOf)}`;
    case "JSON":
      return `format => 'json', multiLine => true, ${schema(textTypeOf)}`;
    case "CSV":
      return `format => 'csv', header => true, multiLine => true, quote => '"', escape => '"', nullValue => '', emptyValue => '', ${schema(() => "STRING")}`;
    default:
      return format satisfies never;
  }
};

const selectRows = ({ format }: TableLoad, files: readonly string[], columns: readonly LoadColumn[]): string =>
  files
    .map(
      (file) =>
        `SELECT ${columns.map((column) => `${cellOf(column, format)} AS ${quoteName(column.name)}`).join(", ")} FROM read_files(${quoteText(file)}, ${optionsOf(format, columns)})`,
    )
    .join("\nUNION ALL\n");

export const databricks: LoadEngine = {
  addressOf: ({ scheme, bucket }, key) => `${scheme}://${bucket}/${key}`,
  script: (load) => {
    if (load.compression === "zstd")
      return {
        statements: [],
        notes: ["Spark reads text compressed by gzip, not in every build by zstd: deliver gzip, no compression, or Parquet."],
      };
    const tombstones =
      load.deletionFiles.length === 0
        ? []
        : [
            selectTombstones(load, `(${selectRows(load, load.deletionFiles, deletionColumns)}) AS deletions`, {
              quote: quoteName,
              typeOf,
              text: quoteText,
              later: (version) => `${version} + INTERVAL 1 MICROSECOND`,
            }),
          ];
    const sources = [...(load.files.length === 0 ? [] : [selectRows(load, load.files, load.columns)]), ...tombstones];
    return {
      statements: [
        { sql: createTable(load, quoteName, typeOf) },
        { sql: createLiveView(load, quoteName) },
        ...(sources.length === 0 ? [] : [{ sql: mergeInto(load, sources.join("\nUNION ALL\n"), quoteName) }]),
      ],
      notes: ["Needs an external location for the bucket in Unity Catalog."],
    };
  },
};
