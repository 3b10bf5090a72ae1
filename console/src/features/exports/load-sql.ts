/** Statements that read the downloaded files of an export. */
import type { BatchExport } from "../../generated/types.gen.ts";

type Loaded = Pick<BatchExport, "tableName" | "format" | "compression"> & { files: readonly { name: string }[] };
type Statement = { id: string; title: string; code: string };

/** A text in SQL. Names of files hold no quotes by themselves, but the name of an export may. */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An export without a file has nothing to read. */
export const loadStatements = ({ tableName, format, compression, files }: Loaded): Statement[] => {
  const [first] = files;
  if (first === undefined) return [];
  const duckFiles = files.length === 1 ? quoted(first.name) : `[${files.map(({ name }) => quoted(name)).join(", ")}]`;
  const duckReader = { PARQUET: "read_parquet", CSV: "read_csv", JSON: "read_json", JSONL: "read_ndjson" }[format];
  const clickhouseFormat = { PARQUET: "Parquet", CSV: "CSVWithNames", JSON: "JSONEachRow", JSONL: "JSONEachRow" }[format];
  const clickhouseFiles = files.length === 1 ? first.name : `{${files.map(({ name }) => name).join(",")}}`;
  const pandasReader = {
    PARQUET: "read_parquet(name)",
    CSV: "read_csv(name)",
    JSON: "read_json(name)",
    JSONL: "read_json(name, lines=True)",
  }[format];
  return [
    { id: "duckdb", title: "DuckDB", code: `CREATE TABLE ${tableName} AS\nSELECT * FROM ${duckReader}(${duckFiles});` },
    {
      id: "clickhouse",
      title: "ClickHouse",
      code: `CREATE TABLE ${tableName} ENGINE = MergeTree ORDER BY tuple() AS\nSELECT * FROM file(${quoted(clickhouseFiles)}, ${quoted(clickhouseFormat)}${
        compression === "none" ? "" : `, 'auto', ${quoted(compression === "gzip" ? "gzip" : "zstd")}`
      });`,
    },
    {
      id: "pandas",
      title: "pandas",
      code: `import pandas as pd\n\nnames = ${JSON.stringify(files.map(({ name }) => name))}\n${tableName} = pd.concat(pd.${pandasReader} for name in names)`,
    },
  ];
};
