import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatNames } from "../../core/query/formats/index.ts";
import { type TableName, tables } from "../../core/query/tables/index.ts";
import type { ColumnKind, ExportTable } from "../../core/query/tables/table.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { isLong, pairsOf } from "../support/property-runs.ts";
import { type ReadRow, readRows } from "../support/read-export.ts";
import { type Cell, type StoredRow, tableCases } from "../support/table-cases.ts";
import { pageOf } from "../support/walk-rows.ts";

const hostile = [
  "=1+1",
  "\tTab",
  "a\"b'c\\d",
  "{p:String}",
  "line\r\nbreak\n",
  "\u0000nul",
  "👩‍🚀 日本 é",
  "\r\n__exception__\r\nabcdefghijklmnop\r\n",
  "\\N",
  "",
  "null",
  '{"a": [1, {"b": "c"}]}',
  "$ ${c0:Raw} $$",
];

let fixture: Fixture;
let runner: { stop: () => Promise<void> };
beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner();
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

/** Decimals of Parquet come out of its reader as doubles. */
const asDouble = (cell: Cell): Cell =>
  typeof cell === "string"
    ? String(Number(cell))
    : cell === null || typeof cell === "boolean" || Array.isArray(cell)
      ? cell
      : Object.fromEntries(Object.entries(cell).map(([key, value]) => [key, String(Number(value))]));

/** What a format cannot tell apart is made equal on both sides. */
const comparable = (row: Record<string, Cell>, ids: readonly string[], format: string, kinds: Record<string, ColumnKind>): ReadRow =>
  Object.fromEntries(
    ids.map((id) => {
      const cell = row[id] ?? null;
      const kind = kinds[id] ?? "text";
      if (format === "CSV" && cell === null && !kind.includes("<")) return [id, ["text", "string", "json"].includes(kind) ? "" : null];
      // NUL in a text of CSV is replaced: most readers cannot bear it.
      if (format === "CSV" && typeof cell === "string") return [id, cell.replaceAll("\u0000", "\ufffd")];
      if (format === "PARQUET" && (kind === "decimal" || kind === "map<decimal>" || /(in|out)putUsage/.test(id)))
        return [id, asDouble(cell)];
      if (kind === "document" && typeof cell === "string" && cell !== "") return [id, JSON.stringify(JSON.parse(cell))];
      return [id, cell];
    }),
  );

const pairs = pairsOf(Object.keys(tables) as TableName[], formatNames);
/** The types of Parquet are those of the columns, and these tables have all kinds of them. */
const always = (["events", "observations"] as const).flatMap((name) =>
  pairs.some(([table, format]) => table === name && format === "PARQUET") ? [] : [[name, "PARQUET"] as const],
);

describe.each([...pairs, ...always])("%s as %s", (name, format) => {
  const table: ExportTable = tables[name];
  const kinds = Object.fromEntries(Object.entries(table.columns).map(([id, { kind }]) => [id, kind]));
  const idColumn = "id";

  const exported = async (query: object = {}, more: object = {}): Promise<ReadRow[]> => {
    const row = await fixture.finished(
      await fixture.requestExport({
        format,
        csv: { neutralizeFormulas: false },
        json: { embed: false },
        query: { tableName: name, columns: Object.keys(table.columns), ...query },
        ...more,
      }),
    );
    if (row.manifest === null) throw new Error(`${row.status} ${row.errorCode} ${row.log} ${JSON.stringify(row.job?.lastError)}`);
    const files = await Promise.all(row.manifest.files.map(({ key }) => fixture.readObject(key)));
    const rows = await readRows(format, files, kinds);
    expect(row.manifest.rows).toBe(rows.length);
    return rows;
  };

  const clear = async () => {
    for (const one of ["events", "traces", "observations", "scores", "dataset_run_items_rmt"]) await fixture.query(`TRUNCATE TABLE ${one}`);
    await fixture.clearPostgresRows();
  };

  const expectRows = async (stored: StoredRow[], found: ReadRow[]) => {
    const { expected } = tableCases[name];
    const wanted = stored.map(expected);
    const ids = Object.keys(wanted[0] ?? {});
    const sorted = (rows: Record<string, Cell>[]) =>
      rows.map((row) => comparable(row, ids, format, kinds)).toSorted((a, b) => String(a[idColumn]).localeCompare(String(b[idColumn])));
    expect(sorted(found)).toEqual(sorted(wanted));
  };

  it("an empty export is a valid file", async () => {
    await clear();
    expect(await exported({ filter: [{ type: "stringOptions", column: "id", operator: "any of", value: ["nobody"] }] })).toEqual([]);
  });

  it("one row, then hostile values, come back as they were stored", async () => {
    await clear();
    const one = tableCases[name].make(fixture, 1, "plain");
    await tableCases[name].insert(fixture, [one]);
    const mine = name === "audit_logs" ? { filter: [{ type: "string", column: "resourceType", operator: "=", value: "test" }] } : {};
    await expectRows([one], await exported(mine));
    const rows = hostile.map((text, i) => tableCases[name].make(fixture, 10 + i, text));
    await tableCases[name].insert(fixture, rows);
    await expectRows([one, ...rows], await exported(mine));
  });

  it.runIf(tableCases[name].replace !== null)("replaced rows appear once in their newest version, deleted ones not at all", async () => {
    await clear();
    const { make, insert, replace, remove } = tableCases[name];
    if (replace === null || remove === null) throw new Error("not versioned");
    const [kept, changed, gone] = [make(fixture, 1, "kept"), make(fixture, 2, "old"), make(fixture, 3, "gone")];
    await insert(fixture, [kept, changed, gone]);
    const newer = replace(changed, "new");
    await insert(fixture, [newer]);
    await insert(fixture, [remove(gone)]);
    await expectRows([kept, newer], await exported());
  });
});

const filterValues: Record<string, object> = {
  string: { type: "string", operator: "=", value: "=1+1" },
  stringOptions: { type: "stringOptions", operator: "none of", value: ["nobody"] },
  arrayOptions: { type: "arrayOptions", operator: "any of", value: ["=1+1"] },
  datetime: { type: "datetime", operator: ">=", value: "2026-01-01T00:00:00Z" },
  number: { type: "number", operator: ">=", value: 0 },
  boolean: { type: "boolean", operator: "=", value: true },
  stringObject: { type: "stringObject", operator: "contains", key: "k", value: "1" },
  numberObject: { type: "numberObject", operator: ">", key: "k", value: 0 },
  categoryOptions: { type: "categoryOptions", operator: "any of", key: "k", value: ["v"] },
  booleanObject: { type: "booleanObject", operator: "<>", key: "k", value: true },
};

const filtersOfExport = isLong ? 8 : 16;

describe.each(Object.keys(tables) as TableName[])("filters of %s", (name) => {
  const table: ExportTable = tables[name];
  it("each column can be filtered, and tested for absence", async () => {
    const { make, insert } = tableCases[name];
    await insert(fixture, [make(fixture, 500, "=1+1")]);
    const filters = Object.entries(table.filters).map(([column, { type, comment }]) => [
      { ...filterValues[type], column },
      ...(comment === undefined ? [{ type: "null", column, operator: "is not null", value: "" }] : []),
    ]);
    // As a page of rows, which takes one query, each by itself in a long run; and by the runner, some at a time.
    const together = isLong ? 1 : 4;
    for (let first = 0; first < filters.length; first += together)
      await pageOf(fixture, { tableName: name, filter: filters.slice(first, first + together).flat(), columns: ["id"] });
    for (let first = 0; first < filters.length; first += filtersOfExport) {
      const filter = filters.slice(first, first + filtersOfExport).flat();
      const row = await fixture.finished(await fixture.requestExport({ format: "JSONL", query: { tableName: name, filter } }));
      expect([filter, row.status, row.job?.lastError ?? null]).toEqual([filter, "COMPLETED", null]);
    }
  });
});
