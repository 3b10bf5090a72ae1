/** Statements that read the downloaded files of an export. */
import type { BatchExport } from "../../generated/types.gen.ts";

type Loaded = Pick<BatchExport, "tableName" | "format" | "compression"> & { files: readonly { name: string }[] };
type Statement = { id: string; title: string; code: string };

/** A text in SQL. Names of files hold no quotes by themselves, but the name of an export may. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * DuckDB guesses types from the first 20,480 rows. A later row that does not fit fails, and an id such as 007 would lose its zeros: texts stay
 * texts, and JSON is read to its end first.
 */
const duckReaders = {
  PARQUET: (files: string) => `read_parquet(${files})`,
  CSV: (files: string) => `read_csv(${files}, all_varchar = true)`,
  JSON: (files: string) => `read_json(${files}, sample_size = -1)`,
  JSONL: (files: string) => `read_ndjson(${files}, sample_size = -1)`,
} as const;

const jsonAsTexts = ["objects", "arrays", "numbers", "bools"].map((kind) => `input_format_json_read_${kind}_as_strings = 1`).join(", ");
const jsonSettings = `\nSETTINGS ${jsonAsTexts}, input_format_json_try_infer_named_tuples_from_objects = 0,
  input_format_try_infer_dates = 0, input_format_try_infer_datetimes = 0`;
/** ClickHouse guesses from the first 25,000 rows: documents and numbers stay texts, whose digits nothing changes. */
const clickhouseSettings = {
  PARQUET: "",
  CSV: "\nSETTINGS input_format_csv_use_best_effort_in_schema_inference = 0",
  JSON: jsonSettings,
  JSONL: jsonSettings,
} as const;

/** An export without a file has nothing to read. */
export const loadStatements = ({ tableName, format, compression, files }: Loaded): Statement[] => {
  const [first] = files;
  if (first === undefined) return [];
  const duckFiles = files.length === 1 ? quoted(first.name) : `[${files.map(({ name }) => quoted(name)).join(", ")}]`;
  const duckReader = duckReaders[format];
  const clickhouseFormat = { PARQUET: "Parquet", CSV: "CSVWithNames", JSON: "JSONEachRow", JSONL: "JSONEachRow" }[format];
  const clickhouseFiles = files.length === 1 ? first.name : `{${files.map(({ name }) => name).join(",")}}`;
  const pandasReader = {
    PARQUET: "read_parquet(name)",
    CSV: "read_csv(name, dtype=str)",
    JSON: "read_json(name, dtype=False, convert_dates=False)",
    JSONL: "read_json(name, lines=True, dtype=False, convert_dates=False)",
  }[format];
  return [
    { id: "duckdb", title: "DuckDB", code: `CREATE TABLE ${tableName} AS\nSELECT * FROM ${duckReader(duckFiles)};` },
    {
      id: "clickhouse",
      title: "ClickHouse",
      code: `CREATE TABLE ${tableName} ENGINE = MergeTree ORDER BY tuple() AS\nSELECT * FROM file(${quoted(clickhouseFiles)}, ${quoted(clickhouseFormat)}${
        compression === "none" ? "" : `, 'auto', ${quoted(compression === "gzip" ? "gzip" : "zstd")}`
      })${clickhouseSettings[format]};`,
    },
    {
      id: "pandas",
      title: "pandas",
      code: `import pandas as pd\n\nnames = ${JSON.stringify(files.map(({ name }) => name))}\n${tableName} = pd.concat(pd.${pandasReader} for name in names)`,
    },
  ];
};
