/** Load-and-merge SQL for DuckDB 1.4 and later, which has MERGE. Reads the files where they are. */
import {
  createLiveView,
  createTable,
  deletionColumns,
  type LoadColumn,
  type LoadEngine,
  mergeInto,
  quoteName,
  quoteText,
  selectTombstones,
  type TableLoad,
  valueClassOf,
} from "./load-engine.ts";

const numberTypes = { "map<integer>": "UBIGINT", "map<decimal>": "DECIMAL(38, 12)", "map<string>": "VARCHAR" } as const;

const mapType = (kind: LoadColumn["kind"]) =>
  `MAP(VARCHAR, ${kind === "map<integer>" || kind === "map<decimal>" ? numberTypes[kind] : numberTypes["map<string>"]})`;

const typeOf = ({ kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  switch (value) {
    case "string":
      return "VARCHAR";
    case "timestamp":
      return "TIMESTAMPTZ";
    case "integer":
      return "HUGEINT";
    case "decimal":
      return "DECIMAL(38, 12)";
    case "number":
      return "DOUBLE";
    case "boolean":
      return "BOOLEAN";
    case "strings":
      return "VARCHAR[]";
    case "numbers":
      return "DOUBLE[]";
    case "map":
      return mapType(kind);
    default:
      return value satisfies never;
  }
};

/** A text file is read as text first, because it has numbers of more than 53 bits as strings. */
const jsonTypeOf = ({ kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  if (value === "map") return "MAP(VARCHAR, VARCHAR)";
  return value === "strings" || value === "numbers" ? "VARCHAR[]" : "VARCHAR";
};

/** Bytes of the longest row that is read: DuckDB's own limits are 2 MiB (CSV) and 16 MiB (JSON). It holds two for each thread. */
const rowBytesMax = 64 * 1024 * 1024;

const compressionNames = { none: "none", gzip: "gzip", zstd: "zstd" } as const;

const readFiles = (
  { format, compression }: TableLoad,
  files: readonly string[],
  columns: readonly LoadColumn[],
): { from: string; value: (column: LoadColumn) => string } => {
  const list = `[${files.map(quoteText).join(", ")}]`;
  const structure = (type: (column: LoadColumn) => string) =>
    `{${columns.map((column) => `${quoteText(column.name)}: ${quoteText(type(column))}`).join(", ")}}`;
  const cast = (column: LoadColumn) => `CAST(${quoteName(column.name)} AS ${typeOf(column)})`;
  switch (format) {
    case "PARQUET":
      return { from: `read_parquet(${list})`, value: cast };
    case "JSON":
    case "JSONL":
      return {
        from: `read_json(${list}, format = '${format === "JSON" ? "array" : "newline_delimited"}', columns = ${structure(jsonTypeOf)}, compression = '${compression === "none" ? "uncompressed" : compression}', maximum_object_size = ${rowBytesMax})`,
        value: cast,
      };
    case "CSV":
      return {
        from: `read_csv(${list}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, new_line = '\\r\\n', columns = ${structure(() => "VARCHAR")}, compression = '${compressionNames[compression]}', max_line_size = ${rowBytesMax}, buffer_size = ${2 * rowBytesMax})`,
        value: (column) =>
          jsonTypeOf(column) === "VARCHAR"
            ? cast(column)
            : `CAST(CAST(CAST(${quoteName(column.name)} AS JSON) AS ${jsonTypeOf(column)}) AS ${typeOf(column)})`,
      };
    default:
      return format satisfies never;
  }
};

const selectRows = (load: TableLoad, files: readonly string[], columns: readonly LoadColumn[]): string => {
  const { from, value } = readFiles(load, files, columns);
  return `SELECT ${columns.map((column) => `${value(column)} AS ${quoteName(column.name)}`).join(", ")} FROM ${from}`;
};

export const duckdb: LoadEngine = {
  addressOf: ({ scheme, bucket }, key) => `${scheme}://${bucket}/${key}`,
  script: (load) => {
    const sources = [
      ...(load.files.length === 0 ? [] : [selectRows(load, load.files, load.columns)]),
      ...(load.deletionFiles.length === 0
        ? []
        : [
            selectTombstones(load, `(${selectRows(load, load.deletionFiles, deletionColumns)}) AS deletions`, {
              quote: quoteName,
              typeOf,
              later: (version) => `${version} + INTERVAL 1 MICROSECOND`,
            }),
          ]),
    ];
    return {
      statements: [
        { sql: createTable(load, quoteName, typeOf) },
        { sql: createLiveView(load, quoteName) },
        ...(sources.length === 0 ? [] : [{ sql: mergeInto(load, sources.join("\nUNION ALL\n"), quoteName) }]),
      ],
      notes: ["Needs DuckDB 1.4 or later, and a secret for the store: CREATE SECRET (TYPE s3, …)."],
    };
  },
};
