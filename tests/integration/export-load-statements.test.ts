/** The statements that the console shows for an export's files, run by the engines they are for: every row and every digit arrives. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadStatements } from "../../console/src/features/exports/load-sql.ts";
import { eventRow } from "../support/event-rows.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

let fixture: Fixture;
let runner: ReturnType<Fixture["startRunner"]>;
let folder: string;

/** Texts that look like something else, and rows late in the file that are unlike those before. */
const rowCount = 26_000;
const odd = { user_id: "007", session_id: "2026-01-01", input: '{"late": [1, {"deep": "value"}]}', output: "a,\"b\"\n'c'" };

beforeAll(async () => {
  fixture = await createFixture();
  folder = mkdtempSync(join(tmpdir(), "export-load-"));
  chmodSync(folder, 0o755);
  const rows = Array.from({ length: rowCount }, (_, at) =>
    eventRow({
      project_id: fixture.projectId,
      span_id: `span-${String(at).padStart(5, "0")}`,
      user_id: "1",
      session_id: "2",
      input: "3",
      ...(at === 0 && odd),
    }),
  );
  await fixture.insertEvents(rows);
  runner = fixture.startRunner();
});
afterAll(async () => {
  await runner?.stop();
  await fixture?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const kinds = [
  { format: "CSV", compression: "none" },
  { format: "CSV", compression: "gzip" },
  { format: "CSV", compression: "zstd" },
  { format: "JSONL", compression: "gzip" },
  { format: "JSONL", compression: "zstd" },
  { format: "JSON", compression: "none" },
  { format: "PARQUET", compression: "none" },
] as const;

const wanted = { rows: String(rowCount), ids: String(rowCount), user: odd.user_id, session: odd.session_id, output: odd.output };
const look = (quoteIds: (id: string) => string) =>
  `SELECT toText(count(*)) AS "rows", toText(count(DISTINCT id)) AS "ids", toText(max(CASE WHEN id = 'span-00000' THEN ${quoteIds("userId")} END)) AS "user",
    toText(max(CASE WHEN id = 'span-00000' THEN ${quoteIds("sessionId")} END)) AS "session", toText(max(CASE WHEN id = 'span-00000' THEN output END)) AS "output" FROM events`;

describe.each(kinds)("files of $format with compression $compression", ({ format, compression }) => {
  /** The names of the files, which were written to the folder. */
  const download = async (): Promise<string[]> => {
    const id = await fixture.requestExport({
      format,
      compression,

      query: { tableName: "events" },
      notify: false,
    });
    const { manifest, log } = await fixture.finished(id);
    if (manifest == null) throw new Error(String(log));
    for (const { key } of manifest.files) writeFileSync(join(folder, basename(key)), await fixture.readObject(key));
    return manifest.files.map(({ key }) => basename(key));
  };

  it("are read by DuckDB and by ClickHouse", async () => {
    const names = await download();
    const codeOf = (id: string, files: string[]) =>
      loadStatements({ tableName: "events", format, compression, files: files.map((name) => ({ name })) }).find((one) => one.id === id)
        ?.code ?? "";

    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    await connection.run(`SET file_search_path = '${folder}'`);
    await connection.run(codeOf("duckdb", names));
    const duck = (await connection.runAndReadAll(look((id) => `"${id}"`).replaceAll(/toText\(/g, "CONCAT("))).getRowObjectsJson();
    connection.closeSync();
    instance.closeSync();
    expect(duck).toEqual([wanted]);

    await fixture.query("DROP TABLE IF EXISTS loaded");
    const absolute = names.map((name) => join(folder, name));
    await fixture.query(codeOf("clickhouse", absolute).replace("CREATE TABLE events", "CREATE TABLE loaded"));
    const found = await fixture.query(
      `${look((id) => `"${id}"`)
        .replaceAll(/toText\(/g, "toString(")
        .replace("FROM events", "FROM loaded")} FORMAT JSONEachRow`,
    );
    expect(JSON.parse(found)).toEqual(wanted);
  });
});
