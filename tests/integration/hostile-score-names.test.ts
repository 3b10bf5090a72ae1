/** Names of scores and values of filters that nobody would choose but somebody who means harm, or a store that was filled by another program: every export completes all the same. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { externalSet } from "../../core/query/external-table.ts";
import { scoreColumnCharactersMax, scoreColumnsMax } from "../../core/query/select-columns.ts";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { execute } from "../../db/postgres/client.ts";
import type { BatchExportRow } from "../../services/exports/export-columns.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { pairsOf, runsOf } from "../support/property-runs.ts";
import { readRows } from "../support/read-export.ts";

let fixture: Fixture;
let runner: { stop: () => Promise<void> };

const formats = ["CSV", "JSON", "JSONL", "PARQUET"] as const;
type Format = (typeof formats)[number];

/** As they lie in ClickHouse; half surrogates as the bytes ClickHouse itself makes of them in JSON. */
const hostile = [
  "a\u0000b",
  "\u0000",
  "",
  "quote ' double \" back ` slash \\ end \\",
  "{c0:String}",
  "{projectId:String} {c1:Array(String)} ${c0:JSON} $$",
  "'; DROP TABLE scores; --",
  "/* comment",
  "-- comment",
  "line\nbreak\r\nand\ttab",
  "__proto__",
  "constructor",
  "😀 Ünïcödé",
  "=HYPERLINK(1)",
  "commentRows.text",
  "users.name",
  "ownScores.items traceScores.items",
  "/*among scores trace_id e.trace_id*/",
  "score_x, y",
  "x".repeat(scoreColumnCharactersMax),
  "x".repeat(scoreColumnCharactersMax + 1),
  "y".repeat(140_000),
];

const project = (name: string) => `${fixture.projectId}-${name}`;

/** A project of its own with one row. */
const insertRow = async (projectId: string, id: string) => {
  await execute(
    fixture.db,
    sql`insert into projects (id, org_id, name) select ${projectId}, org_id, ${projectId} from projects where id = ${fixture.projectId}`,
  );
  await fixture.query(
    "INSERT INTO events FORMAT JSONEachRow",
    JSON.stringify({
      project_id: projectId,
      trace_id: "t1",
      span_id: id,
      start_time: "2026-01-01 00:00:00.000000",
      name: "n",
      event_ts: "2026-01-01 00:00:00.000000",
    }),
  );
};

const insertScores = (projectId: string, names: readonly string[]) =>
  fixture.query(
    "INSERT INTO scores FORMAT JSONEachRow",
    names
      .map((name, i) =>
        JSON.stringify({
          id: `s${i}`,
          project_id: projectId,
          trace_id: "t1",
          name,
          data_type: "NUMERIC",
          value: i + 1,
          timestamp: "2026-01-01 00:00:00.000",
          event_ts: "2026-01-01 00:00:00.000",
        }),
      )
      .join("\n"),
  );

beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner();
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

const exported = async (projectId: string, request: object): Promise<BatchExportRow> => {
  const exportId = await fixture.requestExport({ query: { tableName: "events" }, ...request }, 8, projectId);
  const row = await fixture.finished(exportId, undefined, projectId);
  expect([row.status, row.errorCode, row.log, row.job?.attempt]).toEqual(["COMPLETED", null, null, 1]);
  return row;
};

/** What the file holds for each name of a score, whether it is in a column or nested. */
const scoresOf = async (row: BatchExportRow): Promise<Map<string, number>> => {
  const { scoreColumns = {}, columns = [] } = row.manifest ?? {};
  const headings = Object.keys(scoreColumns).flatMap((id) => [id, `'${id}`]);
  const kinds = Object.fromEntries([...headings.map((id) => [id, "array<number>"]), ["scores", "document"]]);
  const file = await fixture.readObject(row.manifest?.files[0]?.key ?? "");
  const [read = {}] = await readRows(row.format, [file], kinds as never);
  const found = new Map<string, number>();
  for (const [id, name] of Object.entries(scoreColumns)) {
    const cell = read[row.format === "CSV" && /^[=+\-@\t\r\n]/.test(id) ? `'${id}` : id];
    if (Array.isArray(cell)) found.set(name, Number(cell[0]));
  }
  if (columns.includes("scores"))
    for (const { name, value } of JSON.parse(String(read["scores"])) as { name: string; value: number }[]) found.set(name, value);
  return found;
};

const storedForm = (name: string) => name.replaceAll("\u0000", "\ufffd");

describe("hostile names of scores in ClickHouse", () => {
  beforeAll(async () => {
    await insertRow(project("hostile"), "s1");
    await insertScores(project("hostile"), hostile);
    await insertRow(project("victim"), "s1");
    await insertScores(project("victim"), ["fine"]);
  });

  it.each(formats)("%s: the export completes at once, and holds every score", async (format) => {
    const row = await exported(project("hostile"), { format });
    const found = await scoresOf(row);
    for (const [i, name] of hostile.entries()) {
      // The rows of this reader of Parquet are plain objects, which cannot hold it.
      if (format === "PARQUET" && name === "__proto__") continue;
      const value = found.get(name) ?? found.get(storedForm(name));
      expect([name.slice(0, 60), value]).toEqual([name.slice(0, 60), i + 1]);
    }
    expect(row.manifest?.warnings).toEqual([expect.stringMatching(/^2 score names have no column/)]);
  });

  it("nested, and with a comment beside them", async () => {
    const row = await exported(project("hostile"), { format: "JSONL", query: { tableName: "events", scores: "nested" } });
    const [line = ""] = (await fixture.readExport(row)).split("\n");
    const { scores } = JSON.parse(line) as { scores: { name: string }[] };
    expect(new Set(scores.map(({ name }) => name))).toEqual(new Set(hostile));
  });

  it("a rule that drops scores drops those without a column, too", async () => {
    const query = { tableName: "events", privacy: [{ path: "scores", action: "drop" }] };
    const row = await exported(project("hostile"), { format: "JSONL", query });
    expect(await fixture.readExport(row)).not.toMatch(/"scores|xxxx|yyyy|__proto__/);
    expect(row.manifest?.scoreColumns).toEqual({});
  });

  it("another project is not touched", async () => {
    expect(await scoresOf(await exported(project("victim"), { format: "JSONL" }))).toEqual(new Map([["fine", 1]]));
  });
});

describe("many names of scores", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `score_name_${i}`);
  beforeAll(async () => {
    for (const count of [500, scoreColumnsMax, scoreColumnsMax + 50]) {
      await insertRow(project(`many-${count}`), "s1");
      await insertScores(project(`many-${count}`), names(count));
    }
    await insertRow(project("long-names"), "s1");
    await insertScores(
      project("long-names"),
      Array.from({ length: scoreColumnsMax }, (_, i) => `${"ä".repeat(scoreColumnCharactersMax - 4)}${i}`),
    );
    await insertRow(project("words"), "s1");
    await fixture.query(
      `INSERT INTO scores (id, project_id, trace_id, name, data_type, value, string_value, timestamp, event_ts)
       SELECT concat('s', toString(number)), '${project("words")}', 't1', concat('score_name_', toString(number)), 'CATEGORICAL', 0,
         if(number = 7, unhex('77ff'), concat('w', toString(number))), now(), now() FROM numbers(${scoreColumnsMax})`,
    );
  });

  const eachTheirOwn = (count: number) => async (format: Format) => {
    const row = await exported(project(`many-${count}`), { format });
    expect(await scoresOf(row)).toEqual(new Map(names(count).map((name, i) => [name, i + 1])));
    expect(row.manifest?.columns).not.toContain("scores");
    expect(row.manifest?.warnings).toEqual([]);
  };

  const many: [string, (format: Format) => Promise<void>][] = [
    [`${scoreColumnsMax}: a column each`, eachTheirOwn(scoreColumnsMax)],
    ["500: a column each", eachTheirOwn(500)],
    [
      "more than there are columns: the rest is nested, and the manifest says so",
      async (format) => {
        const count = scoreColumnsMax + 50;
        const row = await exported(project(`many-${count}`), { format });
        expect(Object.keys(row.manifest?.scoreColumns ?? {})).toHaveLength(scoreColumnsMax);
        expect(await scoresOf(row)).toEqual(new Map(names(count).map((name, i) => [name, i + 1])));
        expect(row.manifest?.warnings).toEqual([expect.stringMatching(/^50 score names have no column/)]);
      },
    ],
    [
      "as long and as many as columns may be",
      async (format) => expect((await scoresOf(await exported(project("long-names"), { format }))).size).toBe(scoreColumnsMax),
    ],
    [
      "of words: a column each, also where one has to be repaired",
      async (format) => {
        const row = await exported(project("words"), { format });
        const file = await fixture.readObject(row.manifest?.files[0]?.key ?? "");
        const kinds = Object.fromEntries(names(scoreColumnsMax).map((name) => [name, "array<string>"]));
        const [read = {}] = await readRows(format, [file], kinds as never);
        const words = names(scoreColumnsMax).map((name) => read[name]);
        expect(words).toEqual(Array.from({ length: scoreColumnsMax }, (_, i) => [i === 7 ? "w\ufffd" : `w${i}`]));
        expect(row.manifest?.changes?.invalidUtf8Rows).toBe(1);
      },
    ],
  ];

  // The statement of a thousand names takes seconds to plan.
  it.each(pairsOf(formats, many).map(([format, [name, check]]) => ({ format, name, check })))("$format, $name", ({ format, check }) =>
    check(format),
  );

  it("names that come later take no column from those that were there", async () => {
    const before = project("older");
    await insertRow(before, "s1");
    await fixture.query(
      `INSERT INTO scores (id, project_id, trace_id, name, data_type, value, timestamp, created_at, event_ts) VALUES ('z', '${before}', 't1', 'zz_first', 'NUMERIC', 7, now(), now64(3) - 1000, now())`,
    );
    await insertScores(before, names(scoreColumnsMax));
    const row = await exported(before, { format: "JSONL" });
    expect(row.manifest?.scoreColumns).toMatchObject({ zz_first: "zz_first" });
    expect(row.manifest?.columns).toContain("scores");
  });
});

it("a parameter means the same in the URL, in the text of the statement, and beside a table", async () => {
  const clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const values = fc.record({
    s: text,
    l: fc.array(text, { maxLength: 5 }),
    n: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    f: fc.double({ noNaN: true, noDefaultInfinity: true }),
    b: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(values, async (params) => {
      const ask = async (more: Record<string, unknown>) => {
        const [row] = await clickhouse.queryRows<Record<string, unknown>>({
          sql: `SELECT hex({s:String}) AS s, arrayMap(x -> hex(x), {l:Array(String)}) AS l, {n:Int64} AS n, hex({f:Float64}) AS f, {b:Bool} AS b, 'it''s {s:String}' AS "{s:String}"`,
          params: { ...params, n: String(params.n), ...more },
        });
        return row;
      };
      const inUrl = await ask({});
      expect(inUrl).toMatchObject({ s: Buffer.from(params.s.toWellFormed(), "utf8").toString("hex").toUpperCase(), n: String(params.n) });
      expect(await ask({ unused: "x".repeat(7000) })).toEqual(inUrl);
      expect(await ask({ unused: externalSet(["x"]) })).toEqual(inUrl);
    }),
    { seed: 20261128, numRuns: runsOf(60) },
  );
});

describe("long values of filters", () => {
  const values = Array.from({ length: 20_000 }, (_, i) => `value ' \\ \n ${i}`);
  const cases = [
    ["a list", { column: "name", type: "stringOptions", operator: "any of", value: [...values, "n"] }, 1],
    ["a list that excludes", { column: "name", type: "stringOptions", operator: "none of", value: values }, 1],
    ["a list compared with a list", { column: "tags", type: "arrayOptions", operator: "none of", value: values }, 1],
    ["a text", { column: "name", type: "string", operator: "does not contain", value: "ö'\\\n".repeat(5000) }, 1],
    ["many texts", undefined, 1],
  ] as const;
  beforeAll(async () => {
    await insertRow(project("filters"), "s1");
    await insertScores(project("filters"), ["one", ...Array.from({ length: 300 }, (_, i) => `n${i}`)]);
  });

  it.each(pairsOf(cases, formats).map(([[name, filter, rows], format]) => ({ name, filter, rows, format })))(
    "$name in $format",
    async ({ filter, rows, format }) => {
      const many = Array.from({ length: 90 }, (_, i) => ({
        column: "name",
        type: "string",
        operator: "does not contain",
        value: `${"long ".repeat(500)}${i}`,
      }));
      const row = await exported(project("filters"), {
        format,
        query: { tableName: "events", filter: filter === undefined ? many : [filter] },
      });
      expect(row.rows).toBe(rows);
      expect((await scoresOf(row)).get("one")).toBe(1);
    },
  );
});
