import { describe, expect, it } from "vitest";
import { loadStatements } from "../../../console/src/features/exports/load-sql.ts";

const statement = (id: string, of: Parameters<typeof loadStatements>[0]) => loadStatements(of).find((one) => one.id === id)?.code;

describe("statements that load an export", () => {
  it("name the reader of the format and every file", () => {
    const files = [{ name: "a-1.parquet" }, { name: "a-2.parquet" }];
    const exported = { tableName: "events", format: "PARQUET", compression: "none", files } as const;
    expect(statement("duckdb", exported)).toBe("CREATE TABLE events AS\nSELECT * FROM read_parquet(['a-1.parquet', 'a-2.parquet']);");
    expect(statement("clickhouse", exported)).toContain("file('{a-1.parquet,a-2.parquet}', 'Parquet')");
    expect(statement("pandas", exported)).toContain('["a-1.parquet","a-2.parquet"]');
  });

  it("keep a quote in the name of a file inside its text", () => {
    const exported = { tableName: "scores", format: "CSV", compression: "none", files: [{ name: "it's.csv" }] } as const;
    expect(statement("duckdb", exported)).toBe("CREATE TABLE scores AS\nSELECT * FROM read_csv('it''s.csv', all_varchar = true);");
  });

  it("are none without a file", () => {
    expect(loadStatements({ tableName: "events", format: "JSONL", compression: "gzip", files: [] })).toEqual([]);
  });
});
