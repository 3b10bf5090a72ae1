/** Pages of a table hold the rows of an export of the same query, in its order: every table, over rows that are hostile, replaced, deleted and moved. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeColumns } from "../../core/query/describe-columns.ts";
import { type TableName, tables } from "../../core/query/tables/index.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import { execute } from "../../db/postgres/client.ts";
import { createComment } from "../../services/comments/create-comment.ts";
import { anyFilter, anySearch, columnsByType, filterRow } from "../support/filter-rows.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { isLong, runsOf } from "../support/property-runs.ts";
import { at, type StoredRow, tableCases } from "../support/table-cases.ts";
import { exportedPages, pageOf, walkRows } from "../support/walk-rows.ts";

const hostile = [
  "=1+1",
  "a\"b'c\\d",
  "line\r\nbreak\n",
  "\u0000nul",
  "👩‍🚀 日本 é\u2028",
  "",
  '{"a": [1, {"b": 12345678901234567890}]}',
  "[1,2]",
  "$ ${c0:Raw}",
];
const day = Date.UTC(2026, 3, 2);
const rowCount = isLong ? 40 : 24;
const tableNames = Object.keys(tables) as TableName[];
const firstId = (table: number): number => 1000 * (table + 1);

let fixture: Fixture;
let runner: { stop: () => Promise<void> };

beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner({ SPILLWAY_POLL_MS: "50" });
  for (const [index, name] of tableNames.entries()) {
    const { make, insert, replace, remove } = tableCases[name];
    // Ids of their own: some cases insert traces too, and two equal versions of a trace would be a matter of chance.
    const rows = Array.from({ length: rowCount }, (_, i) => {
      const row = make(fixture, firstId(index) + i, hostile[i % hostile.length] ?? "");
      const time = ["start_time", "timestamp", "created_at"].find((column) => column in row) ?? "";
      // Every second instant has several rows.
      return i % 4 < 2 ? { ...row, [time]: at(day + 7, String(row[time]).length > 24 ? 6 : 3) } : row;
    });
    await insert(fixture, rows);
    const [last, before, third] = rows.toReversed();
    if (replace === null || remove === null || last === undefined || before === undefined || third === undefined) continue;
    await insert(fixture, [replace(last, "newest")]);
    await insert(fixture, [remove(before)]);
    const time = ["start_time", "timestamp", "created_at"].find((column) => column in third) ?? "";
    await insert(fixture, [{ ...replace(third, "moved"), [time]: at(day, name === "events" ? 6 : 3) }]);
  }
  await fixture.query(
    "INSERT INTO scores FORMAT JSONEachRow",
    ["quality", "Quality", "=evil", "constructor"]
      .map((name, i) => JSON.stringify({ ...scoreOf(i), name, data_type: i % 2 === 0 ? "NUMERIC" : "CATEGORICAL" }))
      .join("\n"),
  );
  for (const objectId of ["trace-2030", "trace-2011", "trace-1001"])
    await createComment(fixture.db, fixture.actor, {
      id: newId("comment"),
      objectType: "TRACE",
      objectId,
      content: `=seen ${objectId}`,
      authorUserId: fixture.userId,
    });
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

const scoreOf = (i: number): StoredRow => ({ ...tableCases.scores.make(fixture, 2030, "unused"), id: `extra-${i}`, observation_id: null });

/** Exports write audit rows themselves. */
const onlyOf = (tableName: TableName): { filter: object[] } => ({
  filter: tableName === "audit_logs" ? [{ type: "string", column: "resourceType", operator: "=", value: "test" }] : [],
});

const allColumns = (name: TableName): string[] => {
  const ids = describeColumns(tables[name]).map(({ id }) => id);
  return ["id", ...ids.filter((id) => id !== "id")];
};

const expectSame = async (query: object, limit: number): Promise<number> => {
  const listed = await walkRows(fixture, query, { limit });
  const exported = await exportedPages(fixture, query, limit);
  expect(listed).toEqual(exported);
  return listed.rows;
};

/** A column or two of each kind, as far as a table can be ordered by it. */
const ordersOf = (name: TableName) => {
  const table: ExportTable = tables[name];
  if (table.source.kind === "postgres") return [table.timeColumn];
  const sortable = Object.entries(table.filters).filter(
    ([, { type, comment }]) => comment === undefined && !type.includes("Object") && !type.endsWith("yOptions"),
  );
  return ["string", "stringOptions", "number", "datetime", "boolean"].flatMap((kind) =>
    sortable
      .filter(([, { type }]) => type === kind)
      .map(([id]) => id)
      .slice(0, kind === "number" ? 2 : 1),
  );
};

describe.each(tableNames)("the pages of %s", (tableName) => {
  const query = () => ({ tableName, scores: "nested", columns: allColumns(tableName), ...onlyOf(tableName) });

  it("are the rows of its export, with all columns, newest first and oldest first", async () => {
    expect(await expectSame(query(), 17)).toBeGreaterThanOrEqual(rowCount - 1);
    await expectSame({ ...query(), orderBy: { column: tables[tableName].timeColumn, order: "ASC" } }, 23);
  });

  it("are the rows of its export with filters and search", async () => {
    const { filter } = onlyOf(tableName);
    const column = tableName === "audit_logs" ? "resourceId" : "id";
    const some = [...filter, { type: "string", column, operator: "contains", value: tableName === "audit_logs" ? "a" : "1" }];
    expect(await expectSame({ ...query(), filter: some }, isLong ? 4 : 9)).toBeGreaterThan(0);
    expect(await expectSame({ ...query(), searchQuery: "1", searchType: ["id"] }, isLong ? 5 : 9)).toBeGreaterThan(0);
    expect(await expectSame({ ...query(), searchQuery: "nowhere at all" }, 5)).toBe(0);
  });

  it("are the rows of its export in other orders", async () => {
    // A third of them, another one for each table.
    const turn = tableNames.indexOf(tableName);
    for (const [at, column] of ordersOf(tableName)
      .filter((_, place) => isLong || place % 3 === turn % 3)
      .entries())
      for (const order of isLong ? ["ASC", "DESC"] : [(at + turn) % 2 === 0 ? "ASC" : "DESC"])
        await expectSame({ ...query(), columns: ["id"], orderBy: { column, order } }, 25);
  });
});

it("many rows of Postgres with one instant, read in small pieces, are in the order of the export and none is missing", async () => {
  await execute(
    fixture.db,
    sql`insert into dataset_items (id, project_id, dataset_id, input, status, created_at, updated_at)
      select 'tie-' || n, ${fixture.projectId}, ${`dataset-${fixture.projectId}`}, to_json(repeat('x', n)), case when n % 40 = 0 then 'ARCHIVED' else 'ACTIVE' end,
        '2026-04-03T00:00:00.000001Z'::timestamptz + (greatest(n - 200, 0) / 3) * interval '1 microsecond', now() from generate_series(1, 300) n`,
  );
  const query = { tableName: "dataset_items", columns: ["id", "createdAt", "input"] };
  expect(await expectSame(query, 7)).toBe(rowCount + 300);
  const archived = [{ type: "stringOptions", column: "status", operator: "any of", value: ["ARCHIVED"] }];
  expect(await expectSame({ ...query, filter: archived, orderBy: { column: "createdAt", order: "ASC" } }, 2)).toBe(7);
});

it("scores in columns of their own are those of the export", async () => {
  const columns = ["id", "name", "scores", "comments"];
  expect(await expectSame({ tableName: "traces", columns, scores: "columns", filter: [] }, 30)).toBeGreaterThan(rowCount);
});

it("numbers that are no number, infinite, equal or missing have one place in each order", async () => {
  const values = ["nan", "inf", "-inf", "-0", "0", "0.1", "0.1", "nan", "1e300", "5e-324"];
  await fixture.query("ALTER TABLE scores DELETE WHERE 1 SETTINGS mutations_sync = 2");
  await fixture.query(
    "INSERT INTO scores FORMAT JSONEachRow",
    values
      .map((value, i) =>
        JSON.stringify({ ...tableCases.scores.make(fixture, i, "n"), value, data_type: i % 3 === 0 ? "BOOLEAN" : "NUMERIC" }),
      )
      .join("\n"),
  );
  for (const column of ["value", "booleanValue"])
    for (const order of ["ASC", "DESC"])
      expect(await expectSame({ tableName: "scores", columns: ["id", "value"], orderBy: { column, order } }, 1)).toBe(values.length);
});

it("any filter, search, order and size of pages gives the rows of the export", async () => {
  await fixture.query("TRUNCATE TABLE events");
  const rows = fc.sample(
    fc.nat(60).chain((index) => filterRow(fixture.projectId, index)),
    { numRuns: 160, seed: 7 },
  );
  // Of one id there are several versions, some of them deletions, each written once.
  await fixture.query(
    "INSERT INTO events FORMAT JSONEachRow",
    rows.map((row, i) => JSON.stringify({ ...row, event_ts: at(day + i, 6), is_deleted: i % 11 === 0 ? 1 : 0 })).join("\n"),
  );
  const sortable = (["string", "stringOptions", "number", "datetime", "boolean"] as const).flatMap((type) =>
    columnsByType[type].split(" "),
  );
  const orderBy = fc.option(fc.record({ column: fc.constantFrom(...sortable), order: fc.constantFrom("ASC", "DESC") }), {
    nil: null,
    freq: 8,
  });
  const columns = [
    "id",
    "startTime",
    "endTime",
    "name",
    "promptVersion",
    "usageDetails",
    "costDetails",
    "totalCost",
    "latencyMs",
    "metadata",
    "tags",
    "input",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFilter, { maxLength: 1 }),
      fc.option(anySearch, { nil: {}, freq: 1 }),
      orderBy,
      fc.integer({ min: 4, max: 25 }),
      async (filter, search, order, limit) => {
        await expectSame({ tableName: "events", columns, filter, ...search, orderBy: order }, limit);
      },
    ),
    { numRuns: runsOf(20), endOnFailure: true },
  );
});

it("rows that arrive between pages neither repeat nor skip others, in any order", async () => {
  const oldRows = isLong ? 30 : 15;
  for (const orderBy of [
    null,
    { column: "startTime", order: "ASC" },
    { column: "name", order: "ASC" },
    { column: "latency", order: "DESC" },
  ]) {
    await fixture.query("TRUNCATE TABLE events");
    const make = (i: number, id: string): StoredRow => ({
      ...tableCases.events.make(fixture, i % 5, `name ${i % 3}`),
      span_id: id,
      trace_id: `trace-${i % 4}`,
    });
    await tableCases.events.insert(
      fixture,
      Array.from({ length: oldRows }, (_, i) => make(i, `old-${i}`)),
    );
    let arrived = 0;
    const query = { tableName: "events", columns: ["id"], orderBy };
    const { pages } = await walkRows(fixture, query, {
      limit: isLong ? 4 : 5,
      between: async () => {
        await tableCases.events.insert(
          fixture,
          Array.from({ length: 7 }, (_, i) => make(i + arrived, `new-${arrived++}`)),
        );
        // A row written again, as it is, keeps its place.
        await tableCases.events.insert(fixture, [
          { ...make(arrived % oldRows, `old-${arrived % oldRows}`), event_ts: at(day + arrived, 6) },
        ]);
      },
    });
    const ids = pages.flatMap((page) => (JSON.parse(`[${page}]`) as { id: string }[]).map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.startsWith("old-")).toSorted()).toEqual(Array.from({ length: oldRows }, (_, i) => `old-${i}`).toSorted());
  }
});

describe("long cells", () => {
  const first = async (query: object, charactersMax: number | null) => {
    const page = await pageOf(fixture, query, { charactersMax });
    return (JSON.parse(`[${page.rowsJson}]`) as { values: Record<string, unknown>; cut: Record<string, number> }[])[0];
  };

  it("are cut at a number of characters, with their full length", async () => {
    await fixture.query("TRUNCATE TABLE events");
    const row = {
      ...tableCases.events.make(fixture, 1, "👩‍🚀é".repeat(10)),
      ...{ input: "😀".repeat(20), output: "short", tags: ["abc", "defgh", "ij", ""], metadata_names: ["k", "key", "last"] },
      metadata_values: ["123456", "12345678", "x"],
      usage_details: { input: "1", output: "123456789" },
    };
    await tableCases.events.insert(fixture, [row]);
    const columns = ["name", "input", "output", "tags", "metadata", "usageDetails", "startTime", "totalCost"];
    const shown = await first({ tableName: "events", columns }, 9);
    expect(shown?.values).toMatchObject({
      input: "😀".repeat(9),
      output: "short",
      tags: ["abc", "defgh", "i"],
      metadata: { k: "123456" },
      usageDetails: { input: "1" },
      startTime: "2026-04-01T00:00:01.001000Z",
      totalCost: "999999.999999999999",
    });
    expect(shown?.cut).toEqual({ name: 40, input: 20, tags: 10, metadata: 23, usageDetails: 21 });
    const all = await first({ tableName: "events", columns }, null);
    expect(all?.values["input"]).toBe("😀".repeat(20));
    expect(all?.cut).toEqual({});
  });

  it("are documents that become texts", async () => {
    const query = { tableName: "audit_logs", columns: ["after"], ...onlyOf("audit_logs") };
    const shown = await first(query, 5);
    expect(shown?.values["after"]).toBe('{"tex');
    expect(shown?.cut["after"]).toBeGreaterThan(5);
    expect((await first(query, 1000))?.values["after"]).toEqual({ text: expect.any(String) });
  });

  it("may hold bytes that are not UTF-8, which become U+FFFD, and duplicate keys, of which the last is kept", async () => {
    await fixture.query("TRUNCATE TABLE events");
    await fixture.query(
      `INSERT INTO events (project_id, trace_id, span_id, start_time, event_ts, is_deleted, name, input, metadata_names, metadata_values)
       VALUES ('${fixture.projectId}', 't', 's', '2026-01-01', '2026-01-01', 0, 'a\\xFFb', '${"x".repeat(30)}\\xC3', ['k', 'k'], ['1', '2'])`,
    );
    const shown = await first(
      { tableName: "events", columns: ["name", "input", "metadata"], orderBy: { column: "name", order: "ASC" } },
      10,
    );
    expect(shown?.values).toEqual({ name: "a\ufffdb", input: "x".repeat(10), metadata: { k: "2" } });
  });

  it("are refused where the page would be larger than an answer may be", async () => {
    const page = pageOf(fixture, { tableName: "events", columns: ["input"] }, { bytesMax: 20 });
    await expect(page).rejects.toMatchObject({ code: "ANSWER_TOO_LARGE", message: expect.stringContaining("textMax") });
  });
});
