import { describe, expect, it } from "vitest";
import { deletions, deliveredTableNames, deliveredTables } from "../../../core/integrations/storage/delivered-tables.ts";
import { loadEngineNames } from "../../../core/integrations/storage/load-sql/index.ts";
import {
  buildWindowManifest,
  encodeWindowManifest,
  type TableDelivery,
  type WindowDelivery,
  WindowManifest,
} from "../../../core/integrations/storage/window-manifest.ts";
import { changesFrom } from "../../../core/query/changes.ts";

const tables: TableDelivery[] = [...deliveredTableNames.map((name) => deliveredTables[name].table), deletions].map((table, i) => ({
  name: table.name,
  columns: Object.entries(table.columns).map(([name, { kind, nullable, unit }]) => ({
    name,
    kind,
    nullable,
    ...(unit === undefined ? {} : { unit }),
  })),
  files: [{ key: `exports/prj_1/${table.name}/2026-01-31T10-00-00.jsonl.gz`, rows: i + 1, bytes: 100, crc32: "0123abcd", sha256: null }],
  changes: changesFrom([]),
  warnings: [],
}));

const delivery: WindowDelivery = {
  projectId: "prj_1",
  exportSource: "TRACES_OBSERVATIONS_EVENTS",
  window: { start: "2026-01-31T09:00:00.000000Z", end: "2026-01-31T10:00:00.000000Z" },
  createdAt: "2026-01-31T10:05:00.000Z",
  runId: "run_1",
  integrationId: "int_1",
  integrationName: "Warehouse",
  store: { bucket: "bucket", url: "https://s3.example.com/bucket/", scheme: "s3" },
  format: "JSONL",
  compression: "gzip",
  tables,
};

describe("the manifest of a window", () => {
  it("has Langfuse's fields with its names and meanings", async () => {
    const manifest = await buildWindowManifest(delivery);
    expect(manifest).toMatchObject({
      version: 1,
      projectId: "prj_1",
      exportSource: "TRACES_OBSERVATIONS_EVENTS",
      window: { minTimestamp: "2026-01-31T09:00:00.000000Z", maxTimestamp: "2026-01-31T10:00:00.000000Z" },
      maxTimestamp: "2026-01-31T10:00:00.000000Z",
      createdAt: "2026-01-31T10:05:00.000Z",
      tables: ["traces", "observations", "scores", "events", "dataset_run_items", "deletions"],
    });
    expect(manifest.files[0]).toEqual({
      key: "exports/prj_1/traces/2026-01-31T10-00-00.jsonl.gz",
      table: "traces",
      fileType: "JSONL",
      format: "jsonl-gzip",
      compressed: true,
      contentType: "application/gzip",
      sizeBytes: 100,
      rowCount: 1,
      crc32: "0123abcd",
      sha256: null,
    });
    expect(Object.keys(JSON.parse(encodeWindowManifest(manifest)) as object).slice(0, 8)).toEqual([
      "version",
      "projectId",
      "exportSource",
      "window",
      "maxTimestamp",
      "createdAt",
      "tables",
      "files",
    ]);
  });

  it("says how to merge each table, and has SQL for each engine", async () => {
    const manifest = await buildWindowManifest(delivery);
    expect(manifest.rowCount).toBe(21);
    expect(
      manifest.tableDetails.map(({ name, keyColumns, versionColumn, deletedColumn }) => ({
        name,
        keyColumns,
        versionColumn,
        deletedColumn,
      })),
    ).toEqual([
      ...deliveredTableNames.map((name) => ({
        name,
        keyColumns: ["project_id", "id"],
        versionColumn: "_version",
        deletedColumn: "_deleted",
      })),
      { name: "deletions", keyColumns: ["table_name", "project_id", "id"], versionColumn: "_version", deletedColumn: null },
    ]);
    for (const engine of loadEngineNames) {
      const text = JSON.stringify(manifest.loadSql[engine]);
      for (const name of deliveredTableNames) expect(text).toContain(`prj_1/${name}/`);
      expect(text).toContain("prj_1/deletions/");
    }
  });

  it("has no SQL for tables to which nothing was written", async () => {
    const empty = tables.map((table) =>
      table.name === "scores" ? table : { ...table, files: table.files.map((file) => ({ ...file, rows: 0 })) },
    );
    const manifest = await buildWindowManifest({ ...delivery, tables: empty });
    for (const engine of loadEngineNames) {
      expect(new Set(manifest.loadSql[engine].statements.map(({ table }) => table))).toEqual(new Set(["scores"]));
      expect(JSON.stringify(manifest.loadSql[engine])).not.toContain("prj_1/deletions/");
    }
  });

  it("has the same bytes for the same window, and the same hash whenever its run was recorded", async () => {
    const [first, again, later] = await Promise.all([
      buildWindowManifest(delivery),
      buildWindowManifest(structuredClone(delivery)),
      buildWindowManifest({ ...delivery, createdAt: "2026-02-01T00:00:00.000Z" }),
    ]);
    expect(encodeWindowManifest(again)).toBe(encodeWindowManifest(first));
    expect(later.contentHash).toBe(first.contentHash);
    const [table, ...others] = tables;
    if (table === undefined) throw new Error("no tables");
    const [file] = table.files;
    if (file === undefined) throw new Error("no files");
    const changed = await buildWindowManifest({ ...delivery, tables: [{ ...table, files: [{ ...file, crc32: "0123abce" }] }, ...others] });
    expect(changed.contentHash).not.toBe(first.contentHash);
  });

  it("is read back by its schema", async () => {
    const manifest = await buildWindowManifest(delivery);
    const text = encodeWindowManifest(manifest);
    expect(text.endsWith("}\n")).toBe(true);
    expect(WindowManifest.parse(JSON.parse(text))).toEqual(manifest);
    expect(text.length).toBeLessThan(300_000);
  });
});
