/** The text of the load-and-merge SQL. tests/integration/load-and-merge.test.ts runs that of DuckDB, ClickHouse and Postgres. */
import { Dialect, validate } from "@polyglot-sql/sdk";
import { describe, expect, it } from "vitest";
import { type DeliveredTableName, deliveredTableNames, deliveredTables } from "../../../core/integrations/storage/delivered-tables.ts";
import { type LoadEngineName, loadEngineNames, loadEngines } from "../../../core/integrations/storage/load-sql/index.ts";
import type { LoadColumn, TableLoad } from "../../../core/integrations/storage/load-sql/load-engine.ts";
import { compressionNames, formatNames, formats } from "../../../core/query/formats/index.ts";

const columnsOf = (name: DeliveredTableName): LoadColumn[] =>
  Object.entries(deliveredTables[name].table.columns).map(([column, { kind }]) => ({ name: column, kind }));

const combinations = formatNames.flatMap((format) =>
  compressionNames
    .filter((compression) => compression === "none" || formats[format].canCompress)
    .map((compression) => ({ format, compression })),
);

const load = (more: Partial<TableLoad>): TableLoad => ({
  table: "events",
  columns: columnsOf("events"),
  format: "PARQUET",
  compression: "none",
  files: ["p/events/1.x", "p/events/2.x"],
  deletionFiles: ["p/deletions/1.x"],
  ...more,
});

/** What each engine is known not to read. */
const unreadable: Partial<Record<LoadEngineName, (of: Pick<TableLoad, "format" | "compression">) => boolean>> = {
  bigquery: ({ format, compression }) => format === "JSON" || compression === "zstd",
  databricks: ({ compression }) => compression === "zstd",
  postgres: ({ format }) => format === "PARQUET",
};

describe.each(loadEngineNames)("%s", (engine) => {
  it("has statements for what the engine reads, and says what to choose instead of the rest", () => {
    for (const combination of combinations) {
      const { statements, notes } = loadEngines[engine].script(load(combination));
      const isUnreadable = unreadable[engine]?.(combination) ?? false;
      expect({ ...combination, isEmpty: statements.length === 0 }).toEqual({ ...combination, isEmpty: isUnreadable });
      if (isUnreadable) expect(notes.join(" ")).toContain("deliver");
    }
  });

  it("creates the table and reads nothing when a window has no files", () => {
    const { statements } = loadEngines[engine].script(load({ format: "JSONL", files: [], deletionFiles: [] }));
    const text = statements.map(({ sql }) => sql).join(";\n");
    expect(text).toContain("CREATE TABLE IF NOT EXISTS");
    expect(text).not.toMatch(/MERGE|INSERT|COPY|LOAD/);
  });

  it("names every file", () => {
    for (const combination of combinations.filter((one) => !(unreadable[engine]?.(one) ?? false))) {
      const { statements } = loadEngines[engine].script(load(combination));
      for (const file of ["p/events/1.x", "p/events/2.x", "p/deletions/1.x"])
        expect(statements.some(({ sql, stdin }) => stdin === file || sql.includes(file))).toBe(true);
    }
  });
});

describe.each([
  ["bigquery", Dialect.BigQuery],
  ["snowflake", Dialect.Snowflake],
  ["databricks", Dialect.Databricks],
] as const)("%s", (engine, dialect) => {
  it("is given statements that a parser of its dialect accepts", () => {
    for (const table of deliveredTableNames)
      for (const combination of combinations)
        for (const { sql } of loadEngines[engine].script(load({ ...combination, table, columns: columnsOf(table) })).statements) {
          // The parser knows only Hive's LOAD DATA; the golden files show BigQuery's.
          if (sql.startsWith("LOAD DATA")) continue;
          expect({ sql, ...validate(sql, dialect) }).toMatchObject({ valid: true });
        }
  });

  it.each([
    ["WHEN MATCHED AND", "WHEN MATCHED END"],
    ["OVER (PARTITION BY", "OVER PARTITION BY ("],
    ["UNION ALL\nSELECT", "UNION ALL\nSELEKT"],
    [") AS delivered", " AS delivered"],
  ])("would be refused %j as %j", (right, wrong) => {
    const sql = loadEngines[engine].script(load({ format: "CSV" })).statements.at(-1)?.sql ?? "";
    expect(sql).toContain(right);
    expect(validate(sql.replace(right, wrong), dialect).valid).toBe(false);
  });
});

/** One column of each kind that engines treat differently. */
const goldenColumns: LoadColumn[] = [
  { name: "id", kind: "string" },
  { name: "project_id", kind: "string" },
  { name: "timestamp", kind: "timestamp" },
  { name: "input", kind: "json" },
  { name: "tags", kind: "array<string>" },
  { name: "usage_details", kind: "map<integer>" },
  { name: "total_cost", kind: "decimal" },
  { name: "value", kind: "number" },
  { name: "_version", kind: "timestamp" },
  { name: "_deleted", kind: "boolean" },
];

it.each(loadEngineNames)("the SQL for %s is that of the golden file", async (engine) => {
  const texts = formatNames.map((format) => {
    const compression = formats[format].canCompress ? "gzip" : "none";
    const { addressOf, script } = loadEngines[engine];
    const store = { bucket: "bucket", url: "https://s3.eu-central-1.amazonaws.com/bucket/", scheme: "s3" } as const;
    const file = (table: string) => addressOf(store, `exports/prj_1/${table}/2026-01-31T10-00-00.x`);
    const { statements, notes } = script({
      table: "scores",
      columns: goldenColumns,
      format,
      compression,
      files: [file("scores")],
      deletionFiles: [file("deletions")],
    });
    return [
      `-- ${format} (${compression})`,
      ...notes.map((note) => `-- ${note}`),
      ...statements.map(({ sql, stdin }) => `${sql};${stdin === undefined ? "" : ` -- stdin: ${stdin}`}`),
    ].join("\n");
  });
  await expect(`${texts.join("\n\n")}\n`).toMatchFileSnapshot(`../../fixtures/load-sql/${engine}.sql`);
});

describe("names and texts", () => {
  it("cannot leave their quotes", () => {
    const hostile = `a'b"c\`d\\e`;
    for (const engine of loadEngineNames) {
      const { statements } = loadEngines[engine].script(
        load({
          format: "JSONL",
          table: hostile,
          columns: [...goldenColumns, { name: hostile, kind: "text" }],
          files: [hostile],
          deletionFiles: [hostile],
        }),
      );
      const dialects = { bigquery: Dialect.BigQuery, snowflake: Dialect.Snowflake, databricks: Dialect.Databricks } as const;
      if (engine !== "bigquery" && engine !== "snowflake" && engine !== "databricks") continue;
      for (const { sql } of statements)
        if (!sql.startsWith("LOAD DATA")) expect({ sql, ...validate(sql, dialects[engine]) }).toMatchObject({ valid: true });
    }
  });
});
