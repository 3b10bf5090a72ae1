/** A preview shows the head of the file: every table and format, over rows that are hostile, replaced, deleted, moved and commented. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CreateBatchExport } from "../../core/exports/request.ts";
import { type FormatName, formatNames, formats } from "../../core/query/formats/index.ts";
import { hashKeyOf } from "../../core/query/privacy/hash-key.ts";
import { type TableName, tables } from "../../core/query/tables/index.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { limitedOnServer } from "../../db/clickhouse/within-seconds.ts";
import { createComment } from "../../services/comments/create-comment.ts";
import { type ExportPreview, previewExport } from "../../services/exports/preview-export.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { readRows } from "../support/read-export.ts";
import { at, type StoredRow, tableCases } from "../support/table-cases.ts";

const encryptionKey = "ab".repeat(32);
const hostile = [
  "=1+1",
  "a\"b'c\\d",
  "line\r\nbreak\n",
  "\u0000nul",
  "👩‍🚀 日本 é\u2028",
  "",
  '{"a": [1, {"b": "c"}]}',
  "[1,2]",
  "$ ${c0:Raw}",
];
const day = Date.UTC(2026, 3, 2);
const rowCount = 30;
const tableNames = Object.keys(tables) as TableName[];
const firstId = (table: number): number => 100 * table;

let fixture: Fixture;
let runner: { stop: () => Promise<void> };
let clickhouse: ClickHouse;
/** Rows the server read for each query since the last look. */
let rowsRead: number[] = [];

const countingFetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  const response = await fetch(input, init);
  const summary = JSON.parse(response.headers.get("x-clickhouse-summary") ?? "{}") as { read_rows?: string };
  rowsRead.push(Number(summary.read_rows ?? 0));
  return response;
};

beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner({ ENCRYPTION_KEY: encryptionKey });
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, countingFetch);
  for (const [index, name] of tableNames.entries()) {
    const { make, insert, replace, remove } = tableCases[name];
    // Ids of their own: some cases insert traces too, and two equal versions of a trace would be a matter of chance.
    const rows = Array.from({ length: rowCount }, (_, i) => make(fixture, firstId(index) + i, hostile[i % hostile.length] ?? ""));
    await insert(fixture, rows);
    const [last, before, third] = rows.toReversed();
    if (replace === null || remove === null || last === undefined || before === undefined || third === undefined) continue;
    await insert(fixture, [replace(last, "newest")]);
    await insert(fixture, [remove(before)]);
    const time = ["start_time", "timestamp", "created_at"].find((column) => column in third) ?? "";
    // Written again under another time: its old place is no longer in the file.
    await insert(fixture, [{ ...replace(third, "moved"), [time]: at(day, name === "events" ? 6 : 3) }]);
  }
  await fixture.query(
    "INSERT INTO scores FORMAT JSONEachRow",
    ["quality", "Quality", "=evil", "constructor"]
      .map((name, i) => JSON.stringify({ ...scoreOf(i), name, data_type: i % 2 === 0 ? "NUMERIC" : "CATEGORICAL" }))
      .join("\n"),
  );
  for (const objectId of ["trace-329", "trace-312", "trace-101"])
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

const scoreOf = (i: number): StoredRow => ({ ...tableCases.scores.make(fixture, 328, "unused"), id: `extra-${i}`, observation_id: null });

const preview = (body: object, more: Partial<Parameters<typeof previewExport>[0]> = {}): Promise<ExportPreview> => {
  const request = CreateBatchExport.parse(body);
  return previewExport(
    { db: fixture.db, clickhouse, physical: { events: "events" }, hashKeyOf: hashKeyOf(encryptionKey), ...more },
    request,
    { projectId: fixture.projectId, cutoff: new Date().toISOString(), rowsMax: Math.min(20, request.query.limit ?? 20) },
  );
};

/** Decimals of Parquet come out of its reader as doubles. */
const asRead = (value: unknown): unknown =>
  typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)
    ? String(Number(value))
    : Array.isArray(value)
      ? value.map(asRead)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asRead(one)]))
        : value;

/** The preview and the file of the same request agree byte by byte, or for Parquet cell by cell. */
const expectHead = async (body: {
  format: FormatName;
  query: { tableName: TableName } & Record<string, unknown>;
}): Promise<ExportPreview> => {
  // Audit rows of other exports would come between the two.
  const shown = await preview(body);
  const row = await fixture.finished(await fixture.requestExport(body));
  if (row.manifest === null) throw new Error(`${row.status} ${row.errorCode} ${JSON.stringify(row.job?.lastError)}`);
  expect(shown.columns.map(({ id }) => id)).toEqual(row.manifest.columns);
  expect(shown.rowCount).toBe(Math.min(20, row.manifest.rows));
  const file = await fixture.readObject(row.manifest.files[0]?.key ?? "");
  if (body.format !== "PARQUET") {
    const { after } = formats[body.format];
    const text = file.toString("utf8");
    if (row.manifest.rows <= 20) expect(shown.content).toBe(text);
    const head = shown.content ?? "";
    expect(head.endsWith(after)).toBe(true);
    expect(head.slice(0, head.length - after.length)).toBe(text.slice(0, head.length - after.length));
    return shown;
  }
  const kinds = Object.fromEntries(shown.columns.map(({ id, kind }) => [id, kind]));
  const found = (await readRows("PARQUET", [file], kinds)).slice(0, 20);
  const lines = (shown.rows ?? []).map((one) => JSON.stringify(one)).join("\n");
  expect((await readRows("JSONL", [Buffer.from(lines)], kinds)).map(asRead)).toEqual(found.map(asRead));
  return shown;
};

const onlyOf = (tableName: TableName): Record<string, unknown> =>
  tableName === "audit_logs" ? { filter: [{ type: "string", column: "resourceType", operator: "=", value: "test" }] } : {};

/** Every format over one table, and every table in one of the formats. */
const pairs = tableNames.flatMap((tableName, index) =>
  formatNames
    .filter((_, i) => tableName === "traces" || i === index % formatNames.length)
    .map((format): [TableName, FormatName] => [tableName, format]),
);

it.each(pairs)("the preview of %s as %s is the head of its file", async (tableName, format) => {
  const shown = await expectHead({ format, query: { tableName, ...onlyOf(tableName) } });
  expect(shown.rowCount).toBe(20);
});

describe("a preview applies", () => {
  const traces = (query: object, more: object = {}, format: FormatName = "JSONL") =>
    expectHead({ format, ...more, query: { tableName: "traces", scores: "none", ...query } });

  it("privacy rules: dropped, masked and hashed values are those of the file, and what is withheld is counted", async () => {
    const privacy = [
      { path: "userId", action: "hash" },
      { path: "metadata.k", action: "mask" },
      { path: "input.a", action: "drop" },
      { path: "output", action: "drop" },
    ];
    const shown = await traces({ privacy });
    expect(shown.warnings.join()).toContain("[withheld]");
    expect(shown.content).not.toContain('"output"');
    await traces({ privacy }, {}, "CSV");
  });

  it("columns, formula protection, byte order mark and embedded JSON", async () => {
    const columns = ["name", "id", "input", "scores", "comments"];
    // Leaves out traces that observations have named.
    const filter = [
      { type: "datetime", column: "timestamp", operator: "<", value: new Date(Date.UTC(2026, 3, 1) + 400 * 1001).toISOString() },
    ];
    const some = { columns, filter, scores: "columns" };
    const guarded = await traces(some, { csv: { bom: true } }, "CSV");
    expect(guarded.content?.startsWith('\ufeff"name","id","input",')).toBe(true);
    expect(guarded.content).toContain("'=1+1");
    expect((await traces(some, { csv: { neutralizeFormulas: false } }, "CSV")).content).not.toContain("'=1+1");
    expect((await traces(some)).content).toContain('"input":{"a": [1');
    expect((await traces(some, { json: { embed: false } })).content).toContain('"input":"{\\"a\\"');
  });

  it("filters, search, other orders, limits, nested scores and whole traces", async () => {
    await traces({ filter: [{ type: "string", column: "name", operator: "contains", value: "e" }] });
    await traces({ searchQuery: "line", searchType: ["input"] });
    await traces({ orderBy: { column: "name", order: "ASC" } });
    await traces({ orderBy: { column: "timestamp", order: "ASC" } });
    expect((await traces({ limit: 3 })).rowCount).toBe(3);
    await traces({ scores: "nested" });
    await traces({ filter: [{ type: "number", column: "commentCount", operator: ">=", value: 1 }] });
    await traces({ shape: "trace" });
    const none = await traces({ filter: [{ type: "stringOptions", column: "id", operator: "any of", value: ["nobody"] }] }, {}, "JSON");
    expect([none.rowCount, none.content]).toEqual([0, "[]\n"]);
  });
});

it("an old version that matches first never hides or replaces the rows of the file", async () => {
  // 150 rows were once the newest and are now the oldest: more old versions than the first look takes.
  const rows = Array.from({ length: 150 }, (_, i) => tableCases.events.make(fixture, 1000 + i, "moved"));
  await fixture.query(
    "INSERT INTO events FORMAT JSONEachRow",
    rows.map((row, i) => JSON.stringify({ ...row, start_time: at(day + 86_400_000 + i, 6) })).join("\n"),
  );
  await fixture.query(
    "INSERT INTO events FORMAT JSONEachRow",
    rows.map((row, i) => JSON.stringify({ ...row, start_time: at(Date.UTC(2026, 0, 1) + i, 6), event_ts: at(day, 6) })).join("\n"),
  );
  const shown = await expectHead({ format: "JSONL", query: { tableName: "events", columns: ["id", "startTime"] } });
  expect(shown.content).not.toContain("span-1000");
});

it("rows that do not fit are left out, and a single row that does not fit is refused", async () => {
  await tableCases.scores.insert(
    fixture,
    Array.from({ length: 8 }, (_, i) => ({
      ...tableCases.scores.make(fixture, 5000 + i, "wide"),
      comment: "x".repeat(i === 0 ? 5_000_000 : 1_000_000),
    })),
  );
  const wide = (ids: number[]) =>
    preview({
      format: "JSONL",
      query: {
        tableName: "scores",
        columns: ["id", "comment"],
        filter: [{ type: "stringOptions", column: "id", operator: "any of", value: ids.map((i) => `score-${5000 + i}`) }],
      },
    });
  expect((await wide([1, 2, 3, 4, 5, 6, 7])).rowCount).toBe(1);
  await expect(wide([0])).rejects.toMatchObject({ code: "ANSWER_TOO_LARGE" });
});

describe("on a large table", () => {
  /** By hand: SPILLWAY_PREVIEW_EVENTS=3000000 (docs/benchmarks.md). */
  const events = Number(process.env["SPILLWAY_PREVIEW_EVENTS"] ?? 300_000);
  const granule = 8192;

  it("a preview in the order of time reads a bounded number of granules, whatever the table holds", async () => {
    await fixture.query("TRUNCATE TABLE events");
    for (let from = 0; from < events; from += 300_000)
      await fixture.query(
        `INSERT INTO events (project_id, trace_id, span_id, start_time, event_ts, name, type, level, input, output, is_deleted)
          SELECT '${fixture.projectId}', concat('t', toString(intDiv(number, 10))), concat('s', toString(number)),
            toDateTime64('2026-03-01 00:00:00', 6) + toIntervalMillisecond(number), toDateTime64('2026-03-01 00:00:05', 6) + toIntervalMillisecond(number),
            'step', 'SPAN', if(number % 50 = 0, 'ERROR', 'DEFAULT'), repeat(toString(number), 9), repeat('out', 9), 0
          FROM numbers(${from}, ${Math.min(300_000, events - from)})`,
      );
    const query = { tableName: "events", scores: "none" };
    const filter = [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }];
    for (const body of [
      { format: "JSONL", query },
      { format: "CSV", query: { ...query, orderBy: { column: "startTime", order: "ASC" } } },
      { format: "PARQUET", query: { ...query, filter } },
    ]) {
      rowsRead = [];
      const startedMs = performance.now();
      expect((await preview(body)).rowCount).toBe(20);
      console.info(
        `preview of ${events} events as ${body.format}: ${Math.round(performance.now() - startedMs)} ms, read ${rowsRead.join(" + ")} rows`,
      );
      // The queries of versions, of moved rows (twice the index of ids), of ids and of the rows: each a few granules of each part.
      const isNewestFirst = !("orderBy" in body.query);
      // Oldest first, everything written since may hold a newer version, so the ids of all of it are looked at.
      expect(Math.max(...(isNewestFirst ? rowsRead : rowsRead.toSorted((a, b) => a - b).slice(0, -1)))).toBeLessThan(8 * granule);
    }
  });

  it("the server ends what takes too long", async () => {
    const limited = limitedOnServer(clickhouse, { seconds: 0.001, nowMs: Date.now });
    const slow = { format: "JSONL", query: { tableName: "events", searchQuery: "nowhere", searchType: ["content"] } };
    await expect(preview(slow, { clickhouse: limited })).rejects.toMatchObject({ code: "CLICKHOUSE_RESOURCES" });
  });
});
