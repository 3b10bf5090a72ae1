import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { parquetSchema, readRows } from "../support/read-export.ts";
import { type StoredRow, tableCases } from "../support/table-cases.ts";

let fixture: Fixture;
let runner: { stop: () => Promise<void> };

beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner({ SPILLWAY_SLICE_MIB: "1", ENCRYPTION_KEY: "ab".repeat(32) });
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

type Row = Record<string, unknown>;
const run = async (body: object) => {
  const row = await fixture.finished(await fixture.requestExport(body));
  if (row.manifest === null) throw new Error(`${row.status} ${row.errorCode} ${JSON.stringify(row.job?.lastError)}`);
  return row;
};
const rowsOf = async (query: object, more: object = {}): Promise<Row[]> =>
  (await fixture.readExport(await run({ format: "JSONL", query, ...more })))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

const trace = (i: number, more: StoredRow): StoredRow => ({ ...tableCases.traces.make(fixture, i, `trace ${i}`), ...more });
const empty = () => fixture.query("TRUNCATE TABLE traces");

describe("JSON inside JSON", () => {
  const cases: [string, string, unknown][] = [
    ["an object", '{"a": [1, 2.50, {"b": null}]}', { a: [1, 2.5, { b: null }] }],
    ["an array over lines", '[1,\r\n  {"x": "y\\nz"}]', [1, { x: "y\nz" }]],
    ["white space first", ' \n{"a":1}', { a: 1 }],
    ["text", "plain", "plain"],
    ["a number, which may have been text", "1.10", "1.10"],
    ["a quoted string", '"quoted"', '"quoted"'],
    ["what only begins like JSON", '{"a": ', '{"a": '],
    ["a trailing comma", '{"a":1,}', '{"a":1,}'],
    ["NaN", '{"a": NaN}', '{"a": NaN}'],
    ["a broken surrogate", '{"a": "\\ud800"}', '{"a": "\\ud800"}'],
    ["more levels than a parser takes", "[".repeat(2000) + "]".repeat(2000), "[".repeat(2000) + "]".repeat(2000)],
    ["emoji and escapes", '{"é👩‍🚀": "\\u0041\\"\\\\"}', { "é👩‍🚀": 'A"\\' }],
    ["nothing", "", ""],
  ];
  it.each(["JSONL", "JSON"])("%s embeds what is an object or array and leaves the rest text", async (format) => {
    await empty();
    await tableCases.traces.insert(
      fixture,
      cases.map(([, text], i) => trace(i, { input: text, output: null, metadata: { k: text } })),
    );
    const text = await fixture.readExport(
      await run({ format, query: { tableName: "traces", columns: ["id", "input", "output", "metadata"] } }),
    );
    const rows = (
      format === "JSON"
        ? (JSON.parse(text) as Row[])
        : text
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as Row)
    ).toReversed();
    expect(rows.map(({ input }) => input)).toEqual(cases.map(([, , value]) => value));
    expect(rows.map(({ metadata }) => (metadata as Row)["k"])).toEqual(cases.map(([, , value]) => value));
    expect(rows.every(({ output }) => output === null)).toBe(true);
  });

  it("keeps the digits of large numbers as they are", async () => {
    await empty();
    await tableCases.traces.insert(fixture, [trace(1, { input: '{"n": 18446744073709551615, "d": 0.1000}' })]);
    const text = await fixture.readExport(await run({ format: "JSONL", query: { tableName: "traces", columns: ["input"] } }));
    expect(text).toBe('{"input":{"n": 18446744073709551615, "d": 0.1000}}\n');
  });

  it("json.embed false leaves all of it text", async () => {
    await empty();
    await tableCases.traces.insert(fixture, [trace(1, { input: '{"a":1}' })]);
    expect(await rowsOf({ tableName: "traces", columns: ["input"] }, { json: { embed: false } })).toEqual([{ input: '{"a":1}' }]);
  });
});

describe("several files", () => {
  const rows = 60;
  beforeAll(async () => {
    await empty();
    await tableCases.traces.insert(
      fixture,
      Array.from({ length: rows }, (_, i) => trace(i, { input: `${i} ${"x".repeat(100_000)}` })),
    );
  });
  const query = { tableName: "traces", columns: ["id", "timestamp", "input", "tags", "metadata"] };

  it.each([
    ["CSV", "none"],
    ["JSON", "gzip"],
    ["JSONL", "none"],
    ["PARQUET", "none"],
  ])("%s with compression %s: each file is whole, together they hold every row once in order", async (format, compression) => {
    const row = await run({ format, compression, targetFileMib: 2, query });
    const files = row.manifest?.files ?? [];
    expect(files.length).toBeGreaterThan(2);
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
    expect(files.reduce((sum, file) => sum + file.rows, 0)).toBe(rows);
    const found = [];
    for (const file of files) {
      const bytes = await fixture.readObject(file.key);
      expect(bytes.byteLength).toBe(file.bytes);
      const own = await readRows(format, [compression === "gzip" ? gunzipSync(bytes) : bytes], {});
      expect(own.length).toBe(file.rows);
      found.push(...own);
    }
    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: rows }, (_, i) => `trace-${rows - 1 - i}`));
  });

  it("the row limit holds over all files, and cuts them", async () => {
    const row = await run({ format: "CSV", targetFileMib: 2, query: { ...query, limit: 35 } });
    expect(row.manifest).toMatchObject({ rows: 35, truncated: true });
  });

  it("a Parquet file out of many slices has real types, and row groups in bounds", async () => {
    const row = await run({ format: "PARQUET", query });
    const file = row.manifest?.files[0];
    const bytes = await fixture.readObject(file?.key ?? "");
    const meta = parquetSchema(bytes);
    expect(Number(meta.num_rows)).toBe(rows);
    expect(meta.row_groups.length).toBeGreaterThan(2);
    const types = Object.fromEntries(
      meta.schema.slice(1).map((column) => [column.name, column.logical_type?.type ?? column.converted_type ?? column.type]),
    );
    expect(types).toMatchObject({ id: "STRING", timestamp: "TIMESTAMP", tags: "LIST", metadata: "MAP" });
    const found = await readRows("PARQUET", [bytes], { timestamp: "timestamp" });
    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: rows }, (_, i) => `trace-${rows - 1 - i}`));
  });
});

describe("privacy", () => {
  beforeAll(async () => {
    await empty();
    await tableCases.traces.insert(fixture, [
      trace(1, {
        user_id: "ann@example.com",
        input: '{"messages":[{"role":"user","content":"my card is 4111"},{"role":"tool","content":{"deep":true}}],"n":1}',
        output: "no JSON",
        metadata: { email: "ann@example.com", plan: "pro", doc: '{"secret":1,"open":2}' },
      }),
      trace(2, { user_id: null, input: "[1,2]", output: null, metadata: { email: "ann@example.com" } }),
    ]);
  });
  const columns = ["id", "userId", "input", "output", "metadata"];
  const withRules = async (privacy: object[], format = "JSONL") => {
    const row = await run({ format, query: { tableName: "traces", columns, privacy } });
    expect(row.manifest?.privacy).toEqual(privacy);
    expect(row.manifest?.changes?.withheld).toEqual([{ column: "input", rows: 1, reasons: { notJsonRows: 0, otherShapeRows: 1 } }]);
    const text = await fixture.readExport(row);
    return {
      text,
      rows:
        format === "JSONL"
          ? text
              .trimEnd()
              .split("\n")
              .map((line) => JSON.parse(line) as Row)
              .toReversed()
          : [],
    };
  };

  it("drops columns, keys of metadata and paths in documents", async () => {
    const { rows, text } = await withRules([
      { path: "userId", action: "drop" },
      { path: "metadata.email", action: "drop" },
      { path: "metadata.doc.secret", action: "drop" },
      { path: "input.messages[*].content", action: "drop" },
    ]);
    expect(rows[0]).toEqual({
      id: "trace-1",
      input: { messages: [{ role: "user" }, { role: "tool" }], n: 1 },
      output: "no JSON",
      metadata: { plan: "pro", doc: { open: 2 } },
    });
    expect(text).not.toMatch(/4111|ann@/);
  });

  it("masks and hashes; equal values have equal hashes, absent ones none", async () => {
    const { rows, text } = await withRules([
      { path: "userId", action: "hash" },
      { path: "metadata.email", action: "hash" },
      { path: "input.messages[*].content", action: "mask" },
      { path: "output", action: "mask" },
    ]);
    const [one, two] = rows;
    expect(one?.["userId"]).toMatch(/^[0-9a-f]{32}$/);
    expect((one?.["metadata"] as Row | undefined)?.["email"]).toBe(one?.["userId"]);
    expect((two?.["metadata"] as Row | undefined)?.["email"]).toBe(one?.["userId"]);
    expect(two).toMatchObject({ userId: null, output: null, input: "[withheld]" });
    expect(one).toMatchObject({ output: "[masked]", input: { messages: [{ content: "[masked]" }, { content: "[masked]" }] } });
    expect(text).not.toMatch(/4111|ann@/);
  });

  it.each(["CSV", "PARQUET"])("holds in %s too", async (format) => {
    const row = await run({
      format,
      query: {
        tableName: "traces",
        columns,
        privacy: [
          { path: "input.messages[*].content", action: "mask" },
          { path: "metadata", action: "drop" },
        ],
      },
    });
    const bytes = await fixture.readObject(row.manifest?.files[0]?.key ?? "");
    const [, one] = await readRows(format, [bytes], {});
    expect(one?.["input"]).toBe('{"messages":[{"role":"user","content":"[masked]"},{"role":"tool","content":"[masked]"}],"n":1}');
    expect(Object.keys(one ?? {})).toEqual(["id", "userId", "input", "output"]);
  });
});
