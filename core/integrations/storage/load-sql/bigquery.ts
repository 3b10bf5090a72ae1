/**
 * Load-and-merge SQL for BigQuery, which loads from Google Cloud Storage only. Maps and lists of unknown shape are JSON in the target.
 * LOAD DATA and its options: https://cloud.google.com/bigquery/docs/reference/standard-sql/load-statements (read 2026-11-28).
 */
import {
  createLiveView,
  createTable,
  deletionColumns,
  type LoadColumn,
  type LoadEngine,
  type LoadStatement,
  mergeInto,
  quoteWithBackticks as quoteName,
  quoteTextWithBackslash as quoteText,
  selectTombstones,
  type TableLoad,
  valueClassOf,
} from "./load-engine.ts";

const typeOf = ({ kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  switch (value) {
    case "string":
      return "STRING";
    case "timestamp":
      return "TIMESTAMP";
    case "integer":
    case "decimal":
      return "BIGNUMERIC";
    case "number":
      return "FLOAT64";
    case "boolean":
      return "BOOL";
    case "strings":
      return "ARRAY<STRING>";
    case "numbers":
      return "ARRAY<FLOAT64>";
    case "map":
      return "JSON";
    default:
      return value satisfies never;
  }
};

/** Type of a column as LOAD DATA reads it. Null: as the Parquet file says. */
const stagedTypeOf = (column: LoadColumn, format: TableLoad["format"]): string | null => {
  const value = valueClassOf(column.kind);
  if (format === "PARQUET") return null;
  if (format === "CSV") return value === "map" || value === "strings" || value === "numbers" ? "STRING" : typeOf(column);
  return column.kind === "json" || column.kind === "document" ? "JSON" : typeOf(column);
};

const cellOf = (column: LoadColumn, format: TableLoad["format"]): string => {
  const name = quoteName(column.name);
  const value = valueClassOf(column.kind);
  if (format === "PARQUET" && value === "map") {
    const part = (field: string) => `ARRAY(SELECT entry.${field} FROM UNNEST(${name}.key_value) AS entry ORDER BY entry.key)`;
    return `JSON_OBJECT(${part("key")}, ${part("value")})`;
  }
  if (format === "PARQUET" && value !== "strings" && value !== "numbers") return `CAST(${name} AS ${typeOf(column)})`;
  if (format === "CSV" && value === "map") return `PARSE_JSON(${name}, wide_number_mode => 'round')`;
  if (format === "CSV" && value === "strings") return `JSON_VALUE_ARRAY(${name})`;
  if (format === "CSV" && value === "numbers") return `ARRAY(SELECT CAST(n AS FLOAT64) FROM UNNEST(JSON_VALUE_ARRAY(${name})) AS n)`;
  if (format === "JSONL" && (column.kind === "json" || column.kind === "document"))
    return `CASE JSON_TYPE(${name}) WHEN 'string' THEN JSON_VALUE(${name}) WHEN 'null' THEN NULL ELSE TO_JSON_STRING(${name}) END`;
  return name;
};

const formatOptions = {
  CSV: "format = 'CSV', skip_leading_rows = 1, allow_quoted_newlines = true, null_marker = ''",
  JSONL: "format = 'JSON'",
  PARQUET: "format = 'PARQUET', enable_list_inference = true, decimal_target_types = ['NUMERIC', 'BIGNUMERIC']",
} as const;

type ReadFormat = keyof typeof formatOptions;

const stage = (name: string, format: ReadFormat, load: TableLoad, files: readonly string[], columns: readonly LoadColumn[]) => {
  const types = columns.flatMap((column) => {
    const type = stagedTypeOf(column, format);
    return type === null ? [] : [`${quoteName(column.name)} ${type}`];
  });
  const compression = load.compression === "gzip" ? ", compression = 'GZIP'" : "";
  const statement = `LOAD DATA OVERWRITE TEMP TABLE ${quoteName(name)}${types.length === 0 ? "" : ` (${types.join(", ")})`}
FROM FILES (${formatOptions[format]}${compression}, uris = [${files.map(quoteText).join(", ")}])`;
  const rows = `SELECT ${columns.map((column) => `${cellOf(column, format)} AS ${quoteName(column.name)}`).join(", ")} FROM ${quoteName(name)}`;
  return { statement, rows };
};

/** What BigQuery cannot read, and what to choose instead. */
const whyUnreadable = ({ format, compression }: TableLoad): string | null => {
  if (format === "JSON") return "BigQuery reads JSON by lines, not as one array: deliver JSONL or Parquet.";
  if (compression === "zstd") return "BigQuery does not read text compressed by zstd: deliver gzip, no compression, or Parquet.";
  return null;
};

export const bigquery: LoadEngine = {
  addressOf: ({ bucket }, key) => `gs://${bucket}/${key}`,
  script: (load) => {
    const { format } = load;
    const why = whyUnreadable(load);
    if (why !== null || format === "JSON") return { statements: [], notes: [why ?? ""] };
    const rows = load.files.length === 0 ? null : stage(`${load.table}_staging`, format, load, load.files, load.columns);
    const deletions =
      load.deletionFiles.length === 0 ? null : stage(`${load.table}_deletions`, format, load, load.deletionFiles, deletionColumns);
    const tombstones =
      deletions === null
        ? []
        : [
            selectTombstones(load, `(${deletions.rows}) AS deletions`, {
              quote: quoteName,
              typeOf,
              text: quoteText,
              later: (version) => `TIMESTAMP_ADD(${version}, INTERVAL 1 MICROSECOND)`,
            }),
          ];
    const sources = [...(rows === null ? [] : [rows.rows]), ...tombstones];
    const statements: LoadStatement[] = [
      createTable(load, quoteName, typeOf),
      createLiveView(load, quoteName),
      ...(rows === null ? [] : [rows.statement]),
      ...(deletions === null ? [] : [deletions.statement]),
      ...(sources.length === 0 ? [] : [mergeInto(load, sources.join("\nUNION ALL\n"), quoteName)]),
    ].map((sql) => ({ sql }));
    return {
      statements,
      notes: [
        "Run as one script with a default dataset. BigQuery reads gs:// addresses: from another store, copy the objects to a bucket of the same name first.",
      ],
    };
  },
};
