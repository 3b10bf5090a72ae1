/** Histograms and suggestions count the rows of an export of the same query: each once, in its newest version. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExportQuery } from "../../core/query/export-query.ts";
import { findFilterColumn } from "../../core/query/filters/compile-filter.ts";
import { instantText } from "../../core/query/histogram.ts";
import { findTable, tables } from "../../core/query/tables/index.ts";
import { countByTime } from "../../services/exports/count-by-time.ts";
import { listValues } from "../../services/exports/list-values.ts";
import { baseUs } from "../support/event-rows.ts";
import { anyFilter, filterRow } from "../support/filter-rows.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { runsOf } from "../support/property-runs.ts";
import { at, tableCases } from "../support/table-cases.ts";
import { clickhouseOf } from "../support/walk-rows.ts";

const day = Date.UTC(2026, 3, 2);

let fixture: Fixture;
let runner: { stop: () => Promise<void> };
beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner({ SPILLWAY_POLL_MS: "50" });
  const rows = fc.sample(
    fc.nat(80).chain((index) => filterRow(fixture.projectId, index)),
    { numRuns: 200, seed: 11 },
  );
  // Of one id there are several versions, most of them at other times, and some of them deletions. Each version is written once.
  await fixture.query(
    "INSERT INTO events FORMAT JSONEachRow",
    rows.map((row, i) => JSON.stringify({ ...row, event_ts: at(day + i, 6), is_deleted: i % 9 === 0 ? 1 : 0 })).join("\n"),
  );
  for (const name of ["traces", "sessions", "scores", "audit_logs", "dataset_items"] as const) {
    const { make, insert } = tableCases[name];
    await insert(
      fixture,
      Array.from({ length: 20 }, (_, i) => make(fixture, 100 * name.length + i, ["b", "é", "B2", ""][i % 4] ?? "")),
    );
  }
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

const deps = () => ({ db: fixture.db, clickhouse: clickhouseOf(fixture), physical: { events: "events" } });
const now = () => new Date().toISOString();

const exported = async (query: object): Promise<Record<string, unknown>[]> => {
  const row = await fixture.finished(await fixture.requestExport({ format: "JSONL", json: { embed: false }, query }));
  const text = await fixture.readExport(row);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

const microsOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n + BigInt(/\.\d{3}(\d{3})Z$/.exec(iso)?.[1] ?? 0);

const expectHistogram = async (
  tableName: string,
  filter: object[],
  range: { fromUs: bigint; toUs: bigint; buckets: number },
): Promise<number> => {
  const timeColumn = findTable(tableName)?.timeColumn ?? "";
  const query = ExportQuery.parse({ tableName, filter, columns: ["id"] });
  const scope = { projectId: fixture.projectId, start: instantText(range.fromUs), end: instantText(range.toUs) };
  const { bucketSeconds, counts } = await countByTime(deps(), query, scope, range);
  expect(counts.length).toBeLessThanOrEqual(range.buckets);
  const expected = counts.map(() => 0);
  for (const row of await exported({ tableName, filter, columns: ["id", timeColumn] })) {
    const us = microsOf(String(row[timeColumn]));
    const bucket = Number((us - range.fromUs) / (BigInt(bucketSeconds) * 1_000_000n));
    if (us >= range.fromUs && us < range.toUs) expected[bucket] = (expected[bucket] ?? 0) + 1;
  }
  expect(counts).toEqual(expected);
  return counts.reduce((sum, one) => sum + one, 0);
};

describe("a histogram", () => {
  it("counts the rows of the export, whatever the filter and the range, over rows that moved in time", async () => {
    const offset = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -6_000_000, max: 6_000_000 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFilter, { maxLength: 1 }),
        offset,
        fc.integer({ min: 1, max: 12_000_000 }),
        fc.integer({ min: 1, max: 20 }),
        async (filter, from, length, buckets) => {
          const fromUs = BigInt(baseUs + from);
          await expectHistogram("events", filter, { fromUs, toUs: fromUs + BigInt(length), buckets });
        },
      ),
      { numRuns: runsOf(25), endOnFailure: true },
    );
  });

  it.each(["traces", "sessions", "scores", "audit_logs", "dataset_items"])("counts the rows of %s", async (tableName) => {
    const fromUs = BigInt(Date.UTC(2026, 3, 1)) * 1000n;
    const range = { fromUs, toUs: fromUs + 3_600_000_000n, buckets: 7 };
    expect(await expectHistogram(tableName, [], range)).toBeGreaterThanOrEqual(20);
  });
});

const valuesOf = (tableName: string, column: string, { prefix = "", limit = 100, filter = [] as object[] } = {}) => {
  const table = findTable(tableName);
  const known = table === undefined ? undefined : findFilterColumn(table, column);
  if (known === undefined) throw new Error(`no column ${column}`);
  const query = ExportQuery.parse({ tableName, filter, columns: ["id"] });
  return listValues(deps(), query, { projectId: fixture.projectId, start: null, end: now() }, { column: known, prefix, limit });
};

const counted = (values: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== "") counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
};

describe("suggestions", () => {
  it("are the values of the export with their number of rows, for texts and for lists", async () => {
    const rows = await exported({ tableName: "events", columns: ["name", "type", "userId", "tags"] });
    for (const column of ["name", "type", "userId"])
      expect(await valuesOf("events", column)).toEqual({ values: counted(rows.map((row) => String(row[column]))), isComplete: true });
    const tags = counted(rows.flatMap((row) => [...new Set(row["tags"] as string[])]));
    expect(await valuesOf("events", "tags")).toEqual({ values: tags, isComplete: true });
  });

  it("follow a filter and the beginning of a word, whatever its case, and say where there are more", async () => {
    const filter = [{ type: "string", column: "level", operator: "contains", value: "a" }];
    const rows = await exported({ tableName: "events", columns: ["name"], filter });
    const expected = counted(rows.map(({ name }) => String(name)).filter((name) => name.toLowerCase().startsWith("éc")));
    expect(await valuesOf("events", "name", { filter, prefix: "ÉC" })).toEqual({ values: expected, isComplete: true });
    const two = await valuesOf("events", "name", { limit: 2 });
    expect(two.values).toEqual((await valuesOf("events", "name")).values.slice(0, 2));
    expect(two.isComplete).toBe(false);
  });

  it.each(["audit_logs", "dataset_items"])("are given for %s of Postgres", async (tableName) => {
    const column = tableName === "audit_logs" ? "resourceId" : "sourceTraceId";
    const rows = await exported({ tableName, columns: [column], filter: [{ type: "null", column, operator: "is not null", value: "" }] });
    const expected = counted(rows.map((row) => String(row[column] ?? "")));
    const found = await valuesOf(tableName, column);
    // The exports have written audit rows meanwhile.
    const known = new Set(expected.map(({ value }) => value));
    expect(found.values.filter(({ value }) => known.has(value))).toEqual(expected);
  });

  it("are given for scores, whose own column is called value", async () => {
    const rows = await exported({ tableName: "scores", columns: ["name"], filter: [] });
    expect((await valuesOf("scores", "name")).values).toEqual(counted(rows.map(({ name }) => String(name))));
  });

  it.each(Object.keys(tables))("are given for each column of texts of %s", async (tableName) => {
    const columns = Object.entries(findTable(tableName)?.filters ?? {}).filter(
      ([, { type, readsContent, comment }]) =>
        ["string", "stringOptions", "arrayOptions"].includes(type) && readsContent !== true && comment === undefined,
    );
    expect(columns.length).toBeGreaterThan(0);
    for (const [column] of columns) expect(await valuesOf(tableName, column, { limit: 3 })).toHaveProperty("isComplete");
  });

  it("leave out what is too long or not UTF-8, and say so", async () => {
    await fixture.query("TRUNCATE TABLE events");
    await fixture.query(
      `INSERT INTO events (project_id, trace_id, span_id, start_time, event_ts, is_deleted, name, user_id) VALUES
        ('${fixture.projectId}', 't', 's1', '2026-01-01', '2026-01-01', 0, '${"x".repeat(1001)}', 'u'), ('${fixture.projectId}', 't', 's2', '2026-01-01', '2026-01-01', 0, 'ok', 'a\\xFF')`,
    );
    expect(await valuesOf("events", "name", { limit: 1 })).toEqual({ values: [{ value: "ok", count: 1 }], isComplete: false });
    expect(await valuesOf("events", "userId", { limit: 1 })).toEqual({ values: [{ value: "u", count: 1 }], isComplete: false });
  });
});
