/**
 * Load-and-merge SQL for Postgres 14 and later. Postgres cannot reach a bucket: a client sends each file, decompressed, with COPY FROM STDIN.
 * The statements belong in one transaction, which the script opens and ends.
 */
import { keyColumns } from "../delivered-tables.ts";
import {
  columnList,
  createLiveView,
  createTable,
  deletionColumns,
  isNewer,
  type LoadColumn,
  type LoadEngine,
  type LoadStatement,
  quoteName,
  selectNewest,
  selectTombstones,
  type TableLoad,
  valueClassOf,
} from "./load-engine.ts";

const typeOf = ({ kind }: LoadColumn): string => {
  const value = valueClassOf(kind);
  switch (value) {
    case "string":
      return "text";
    case "timestamp":
      return "timestamptz";
    case "integer":
    case "decimal":
      return "numeric";
    case "number":
      return "double precision";
    case "boolean":
      return "boolean";
    case "strings":
    case "numbers":
    case "map":
      return "jsonb";
    default:
      return value satisfies never;
  }
};

/** Neither text nor jsonb holds NUL. An escaped one, not an escaped backslash before `u0000`, becomes U+FFFD. */
const withoutNul = (line: string): string => String.raw`regexp_replace(${line}, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')`;

/** A row of a JSON array is on a line of its own, between brackets and commas that can be taken off. */
const documentOf = (format: TableLoad["format"]): string =>
  `CAST(${withoutNul(format === "JSON" ? `ltrim(rtrim("line", '],'), '[')` : `"line"`)} AS json)`;

const cellOf = (column: LoadColumn, format: TableLoad["format"]): string => {
  const type = typeOf(column);
  const text = format === "CSV" ? quoteName(column.name) : `("document" ->> '${column.name.replaceAll("'", "''")}')`;
  return type === "text" ? text : `CAST(${text} AS ${type})`;
};

type Staging = { statements: LoadStatement[]; rows: string };

const stage = (name: string, { format }: TableLoad, files: readonly string[], columns: readonly LoadColumn[]): Staging => {
  const table = quoteName(name);
  const isCsv = format === "CSV";
  const create = `CREATE TEMP TABLE ${table} (${isCsv ? columns.map((column) => `${quoteName(column.name)} text`).join(", ") : '"line" text'}) ON COMMIT DROP`;
  const copy = isCsv
    ? `COPY ${table} (${columnList(columns, quoteName)}) FROM STDIN WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')`
    : // JSON has no control characters outside of escapes, so a line is one value.
      `COPY ${table} ("line") FROM STDIN WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02', ENCODING 'UTF8')`;
  const from = isCsv
    ? table
    : `(SELECT ${documentOf(format)} AS "document" FROM ${table} WHERE ltrim(rtrim("line", '],'), '[') <> '') AS documents`;
  return {
    statements: [{ sql: create }, ...files.map((file) => ({ sql: copy, stdin: file }))],
    rows: `SELECT ${columns.map((column) => `${cellOf(column, format)} AS ${quoteName(column.name)}`).join(", ")} FROM ${from}`,
  };
};

const merge = (load: TableLoad, source: string): string => {
  const names = load.columns.map(({ name }) => name).filter((name) => !keyColumns.some((key) => key === name));
  return `INSERT INTO ${quoteName(load.table)} AS t (${columnList(load.columns, quoteName)})
${selectNewest(source, quoteName, columnList(load.columns, quoteName))}
ON CONFLICT (${keyColumns.map(quoteName).join(", ")}) DO UPDATE SET ${names.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(", ")}
WHERE ${isNewer(quoteName, "excluded")}`;
};

export const postgres: LoadEngine = {
  addressOf: ({ scheme, bucket }, key) => `${scheme}://${bucket}/${key}`,
  script: (load) => {
    if (load.format === "PARQUET")
      return {
        statements: [],
        notes: ["Postgres cannot read Parquet without an extension: deliver CSV or JSONL, or load through DuckDB."],
      };
    const rows = load.files.length === 0 ? null : stage(`${load.table}_staging`, load, load.files, load.columns);
    const deletions = load.deletionFiles.length === 0 ? null : stage(`${load.table}_deletions`, load, load.deletionFiles, deletionColumns);
    const sources = [
      ...(rows === null ? [] : [rows.rows]),
      ...(deletions === null
        ? []
        : [
            selectTombstones(load, `(${deletions.rows}) AS deletions`, {
              quote: quoteName,
              typeOf,
              later: (version) => `${version} + INTERVAL '1 microsecond'`,
            }),
          ]),
    ];
    const create = createTable(load, quoteName, typeOf).replace(/\)$/, `, PRIMARY KEY (${keyColumns.map(quoteName).join(", ")}))`);
    return {
      statements: [
        { sql: "BEGIN" },
        { sql: create },
        { sql: createLiveView(load, quoteName) },
        ...(rows?.statements ?? []),
        ...(deletions?.statements ?? []),
        ...(sources.length === 0 ? [] : [{ sql: merge(load, sources.join("\nUNION ALL\n")) }]),
        { sql: "COMMIT" },
      ],
      notes: ["Send each file decompressed with its COPY. The statements are one transaction."],
    };
  },
};
