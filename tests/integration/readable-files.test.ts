/** What is stored and what readers cannot bear: files stay readable as a whole, and the manifest counts what was mended. */
import { parse } from "csv-parse/sync";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { describeChanges } from "../../core/query/changes.ts";
import { formatNames } from "../../core/query/formats/index.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { at, type StoredRow, tableCases } from "../support/table-cases.ts";

let fixture: Fixture;
let runner: { stop: () => Promise<void> };
beforeAll(async () => {
  fixture = await createFixture();
  runner = fixture.startRunner({ SPILLWAY_SLICE_MIB: "1" });
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});
beforeEach(async () => {
  for (const table of ["events", "traces", "scores", "observations"]) await fixture.query(`TRUNCATE TABLE ${table}`);
});

type Row = Record<string, unknown>;
const run = async (body: object) => {
  const row = await fixture.finished(await fixture.requestExport(body));
  if (row.manifest === null) throw new Error(`${row.status} ${row.errorCode} ${JSON.stringify(row.job?.lastError)}`);
  return { manifest: row.manifest, bytes: await fixture.readObject(row.manifest.files[0]?.key ?? "") };
};
/** Throws where the bytes are not UTF-8. */
const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const arrayBufferOf = (bytes: Buffer) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
const read = async (format: string, bytes: Buffer): Promise<Row[]> => {
  if (format === "CSV") return parse(decode(bytes), { columns: true }) as Row[];
  if (format === "JSON") return JSON.parse(decode(bytes)) as Row[];
  if (format === "JSONL")
    return decode(bytes)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Row);
  return parquetReadObjects({ file: arrayBufferOf(bytes), compressors, parsers: { stringFromBytes: decode } as never }) as Promise<Row[]>;
};
const trace = (i: number, more: StoredRow): StoredRow => ({ ...tableCases.traces.make(fixture, i, `trace ${i}`), ...more });
const byId = (rows: Row[]) => new Map(rows.map((row) => [row["id"], row]));
const plainMap = (value: unknown): Row =>
  typeof value === "string"
    ? (JSON.parse(value) as Row)
    : Array.isArray(value)
      ? Object.fromEntries(value.map(({ key, value: one }: { key: string; value: unknown }) => [key, one]))
      : (value as Row);

describe.each(formatNames)("%s", (format) => {
  it("is UTF-8 whatever bytes are stored, in texts, lists, keys, values and names of scores, and says how many rows had others", async () => {
    await fixture.query(`INSERT INTO events (project_id, trace_id, span_id, start_time, type, event_ts, input, name, tags, metadata_names, metadata_values) VALUES
      ('${fixture.projectId}', 'a', 'a', '2026-09-01 01:00:00', 'SPAN', '2026-09-01 00:00:00', unhex('61ff62'), 'ok', [unhex('78C3')], [unhex('6BFF')], [unhex('76E282')]),
      ('${fixture.projectId}', 'b', 'b', '2026-09-01 02:00:00', 'SPAN', '2026-09-01 00:00:00', unhex('eda0bd'), 'cesu', [], [], []),
      ('${fixture.projectId}', 'c', 'c', '2026-09-01 03:00:00', 'SPAN', '2026-09-01 00:00:00', concat('{"a":"', unhex('f0'), '"}'), unhex('6180'), [], [], []),
      ('${fixture.projectId}', 'd', 'd', '2026-09-01 04:00:00', 'SPAN', '2026-09-01 00:00:00', 'é 👩‍🚀', 'well', [], [], [])`);
    // As the server stores half a surrogate pair.
    await fixture.query(
      "INSERT INTO events FORMAT JSONEachRow",
      `{"project_id":"${fixture.projectId}","trace_id":"e","span_id":"e","start_time":"2026-09-01 05:00:00","event_ts":"2026-09-01 00:00:00","input":"x \\ude00 y"}`,
    );
    await fixture.query(`INSERT INTO scores (id, project_id, timestamp, trace_id, name, value, source, data_type, event_ts) VALUES
      ('s', '${fixture.projectId}', '2026-09-01 00:00:00', 'd', unhex('71FF'), 0.5, 'API', 'NUMERIC', '2026-09-01 00:00:00')`);
    const { manifest, bytes } = await run({ format, json: { embed: false }, query: { tableName: "events" } });
    const rows = byId(await read(format, bytes));
    expect([...rows].map(([id, { input, name }]) => [id, input, name]).toSorted()).toEqual([
      ["a", "a\ufffdb", "ok"],
      ["b", "\ufffd", "cesu"],
      ["c", '{"a":"\ufffd"}', "a\ufffd"],
      ["d", "é 👩‍🚀", "well"],
      ["e", "x \ufffd y", ""],
    ]);
    expect(plainMap(rows.get("a")?.["metadata"])).toEqual({ "k\ufffd": "v\ufffd" });
    expect(JSON.stringify(rows.get("a")?.["tags"])).toContain("x\ufffd");
    expect(JSON.stringify(rows.get("d")?.["q\ufffd"])).toContain("0.5");
    expect(manifest.changes).toMatchObject({ invalidUtf8Rows: 4, duplicateKeyRows: 0, withheld: [] });
    expect(describeChanges(manifest.changes ?? expect.fail()).join()).toContain("In 4 rows bytes that are not UTF-8");
  });

  it("has a key of a map once, with its last value", async () => {
    await fixture.query(`INSERT INTO events (project_id, trace_id, span_id, start_time, type, event_ts, metadata_names, metadata_values) VALUES
      ('${fixture.projectId}', 'a', 'a', '2026-09-01 01:00:00', 'SPAN', '2026-09-01 00:00:00', ['k', 'x', 'k'], ['1', '2', '3']),
      ('${fixture.projectId}', 'b', 'b', '2026-09-01 02:00:00', 'SPAN', '2026-09-01 00:00:00', ['k'], ['1'])`);
    const { manifest, bytes } = await run({ format, query: { tableName: "events", columns: ["id", "metadata"] } });
    const metadata = byId(await read(format, bytes)).get("a")?.["metadata"];
    expect(plainMap(metadata)).toEqual({ k: "3", x: "2" });
    // In the text, too: parsers hide a key that is there twice.
    if (format !== "PARQUET") expect(decode(bytes).split('"k"').length - 1).toBe(2);
    expect(manifest.changes?.duplicateKeyRows).toBe(1);
  });

  it("has one form for numbers that are not finite", async () => {
    const score = (i: number, value: number | string) => ({
      ...tableCases.scores.make(fixture, i, "unused"),
      observation_id: null,
      data_type: "NUMERIC",
      name: "n",
      value,
    });
    await tableCases.traces.insert(
      fixture,
      [1, 2, 3, 4].map((i) => trace(i, {})),
    );
    await fixture.query(
      "INSERT INTO scores FORMAT JSONEachRow",
      [score(1, 0.5), score(2, "nan"), score(3, "inf"), score(4, "-inf")].map((row) => JSON.stringify(row)).join("\n"),
    );
    const values = byId(await read(format, (await run({ format, query: { tableName: "scores", columns: ["id", "value"] } })).bytes));
    const named = [1, 2, 3, 4].map((i) => values.get(`score-${i}`)?.["value"]);
    if (format === "CSV") expect(named).toEqual(["0.5", "nan", "inf", "-inf"]);
    else if (format === "PARQUET") expect(named).toEqual([0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    else expect(named).toEqual([0.5, "NaN", "Infinity", "-Infinity"]);
    const lists = byId(await read(format, (await run({ format, query: { tableName: "traces", columns: ["id", "scores"] } })).bytes));
    const column = [1, 2, 3, 4].map((i) => lists.get(`trace-${i}`)?.["n"]);
    if (format === "CSV") expect(column).toEqual(["[0.5]", '["NaN"]', '["Infinity"]', '["-Infinity"]']);
    else if (format === "PARQUET") expect(column).toEqual([[0.5], [Number.NaN], [Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY]]);
    else expect(column).toEqual([[0.5], ["NaN"], ["Infinity"], ["-Infinity"]]);
  });

  it("has columns that readers find without regard to case, under names that later scores do not change", async () => {
    const score = (name: string, created: number): StoredRow => ({
      ...tableCases.scores.make(fixture, 1, "unused"),
      id: `s ${name}`,
      observation_id: null,
      data_type: "NUMERIC",
      value: 1,
      name,
      created_at: at(Date.UTC(2026, 0, created)),
    });
    await tableCases.traces.insert(fixture, [trace(1, {})]);
    const insertScores = (names: readonly string[], day: number) =>
      fixture.query("INSERT INTO scores FORMAT JSONEachRow", names.map((name) => JSON.stringify(score(name, day))).join("\n"));
    const columnsNow = async () => {
      const { manifest, bytes } = await run({ format, query: { tableName: "traces" } });
      const ids = Object.keys((await read(format, bytes))[0] ?? {});
      expect(ids).toEqual(manifest.columns);
      expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(ids.length);
      return manifest.scoreColumns;
    };
    await insertScores(["ID", "Name", "Input", "timestamp", "Accuracy", "ÄPFEL"], 2);
    const before = await columnsNow();
    expect(before).toMatchObject({ score_ID: "ID", score_Name: "Name", Accuracy: "Accuracy" });
    await insertScores(["accuracy", "ACCURACY", "äpfel", "score_id", "n\u0000l", "ä".repeat(200)], 3);
    const after = await columnsNow();
    expect(Object.entries(after).filter(([id]) => Object.hasOwn(before, id))).toEqual(Object.entries(before));
    expect(new Set(Object.values(after))).toEqual(
      new Set([...Object.values(before), "accuracy", "ACCURACY", "äpfel", "score_id", "n\ufffdl", "ä".repeat(200)]),
    );
    expect(Object.keys(after).every((id) => Buffer.byteLength(id) <= 255 && !id.includes("\u0000"))).toBe(true);
  });
});

describe("CSV", () => {
  it("has no NUL in texts, which COPY refuses and others cut", async () => {
    await tableCases.traces.insert(fixture, [trace(1, { name: "n\u0000x", input: "i\u0000i", metadata: { k: "m\u0000" } }), trace(2, {})]);
    const { manifest, bytes } = await run({ format: "CSV", query: { tableName: "traces", columns: ["id", "name", "input", "metadata"] } });
    expect(bytes.includes(0)).toBe(false);
    expect(byId(await read("CSV", bytes)).get("trace-1")).toEqual({
      id: "trace-1",
      name: "n\ufffdx",
      input: "i\ufffdi",
      metadata: '{"k":"m\\u0000"}',
    });
    expect(manifest.changes?.nulRows).toBe(1);
    const jsonl = await run({ format: "JSONL", query: { tableName: "traces", columns: ["id", "name"] } });
    expect(byId(await read("JSONL", jsonl.bytes)).get("trace-1")?.["name"]).toBe("n\u0000x");
    expect(jsonl.manifest.changes?.nulRows).toBe(0);
  });

  it("begins with a byte order mark when asked", async () => {
    await tableCases.traces.insert(fixture, [trace(1, {})]);
    const columns = ["id", "name"];
    const marked = await run({ format: "CSV", csv: { bom: true }, query: { tableName: "traces", columns } });
    const plain = await run({ format: "CSV", query: { tableName: "traces", columns } });
    expect(marked.bytes).toEqual(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain.bytes]));
  });
});

describe("embedded documents", () => {
  const nested = (levels: number) => `${"[".repeat(levels)}"]}"${"]".repeat(levels)}`;
  it.each(["JSONL", "JSON"])("in %s escape U+2028 and U+2029, and stay text below 250 levels or as many as asked", async (format) => {
    const documents = [
      '{"a":"x\u2028y\u2029z"}',
      nested(250),
      nested(251),
      `[${Array.from({ length: 400 }, () => "[1]").join(",")}]`,
      nested(900),
    ];
    await tableCases.traces.insert(
      fixture,
      documents.map((input, i) => trace(i, { input, metadata: { k: input } })),
    );
    const query = { tableName: "traces", columns: ["id", "input", "metadata"], orderBy: { column: "timestamp", order: "ASC" } };
    const { bytes } = await run({ format, query });
    expect(bytes.toString().match(/[\u2028\u2029]/g)).toBeNull();
    const rows = await read(format, bytes);
    const parsed = documents.map((text) => JSON.parse(text) as unknown);
    const expected = [parsed[0], parsed[1], documents[2], parsed[3], documents[4]];
    expect(rows.map(({ input }) => input)).toEqual(expected);
    expect(rows.map(({ metadata }) => (metadata as Row)["k"])).toEqual(expected);
    const deep = await read(format, (await run({ format, json: { embedLevels: 1000 }, query })).bytes);
    expect(deep.map(({ input }) => input)).toEqual(parsed);
  });
});

describe("privacy rules", () => {
  it("that cannot be applied withhold the field, in every format, and say so in the manifest", async () => {
    await tableCases.traces.insert(fixture, [
      trace(1, { input: '{"messages":[{"content":"SECRET"}]}' }),
      trace(2, { input: "SECRET" }),
      trace(3, { input: '{"messages":{"content":"SECRET"}}', metadata: { doc: "SECRET", open: "kept" } }),
      trace(4, { input: null, metadata: { doc: '{"a":{"content":"SECRET"}}', "doc.a.content": "SECRET" } }),
    ]);
    const privacy = [
      { path: "input.messages[*].content", action: "mask" },
      { path: "metadata.doc.a.content", action: "drop" },
    ];
    for (const format of formatNames) {
      const { manifest, bytes } = await run({ format, query: { tableName: "traces", columns: ["id", "input", "metadata"], privacy } });
      const rows = byId(await read(format, bytes));
      expect(JSON.stringify([...rows])).not.toContain("SECRET");
      expect([...rows].map(([id, { input }]) => [id, input])).toContainEqual(["trace-2", "[withheld]"]);
      expect(plainMap(rows.get("trace-3")?.["metadata"])).toEqual({ doc: "[withheld]", open: "kept" });
      expect(Object.keys(plainMap(rows.get("trace-4")?.["metadata"]))).toEqual(["doc"]);
      expect(manifest.changes?.withheld).toEqual([
        { column: "input", rows: 2, reasons: { notJsonRows: 1, otherShapeRows: 1 } },
        { column: "metadata", rows: 1, reasons: { notJsonRows: 1, otherShapeRows: 0 } },
      ]);
    }
  });

  it("name a key of a map as files show it, also where its bytes are not UTF-8", async () => {
    await fixture.query(`INSERT INTO events (project_id, trace_id, span_id, start_time, type, event_ts, metadata_names, metadata_values) VALUES
      ('${fixture.projectId}', 'a', 'a', '2026-09-01 01:00:00', 'SPAN', '2026-09-01 00:00:00',
        [concat('e', unhex('ff'), 'mail'), concat('drop', unhex('e2')), concat('doc', unhex('eda0bd')), 'open'], ['SECRET', 'SECRET', '{"a":"SECRET","b":1}', 'kept'])`);
    const privacy = [
      { path: "metadata.e\ufffdmail", action: "mask" },
      { path: "metadata.drop\ufffd", action: "drop" },
      { path: "metadata.doc\ufffd.a", action: "mask" },
    ];
    for (const format of formatNames) {
      const { bytes } = await run({ format, json: { embed: false }, query: { tableName: "events", columns: ["id", "metadata"], privacy } });
      const [row = {}] = await read(format, bytes);
      expect(plainMap(row["metadata"])).toEqual({ "e\ufffdmail": "[masked]", "doc\ufffd": '{"a":"[masked]","b":1}', open: "kept" });
    }
  });

  it("counts only rows of the file where a limit cuts it", async () => {
    await tableCases.traces.insert(
      fixture,
      Array.from({ length: 10 }, (_, i) => trace(i, { input: "SECRET" })),
    );
    const privacy = [{ path: "input.a", action: "hash" }];
    const { manifest } = await run({
      format: "JSONL",
      query: { tableName: "traces", columns: ["id", "input"], limit: 3, privacy: [{ ...privacy[0], action: "mask" }] },
    });
    expect(manifest.changes?.withheld).toMatchObject([{ rows: 3 }]);
  });

  it("reach observations inside of traces; each of their columns is a field of its own", async () => {
    await tableCases.observations.insert(fixture, [
      { ...tableCases.observations.make(fixture, 1, "one"), input: '{"messages":[{"content":"SECRET"}]}' },
      { ...tableCases.observations.make(fixture, 2, "two"), input: "SECRET" },
    ]);
    const privacy = [{ path: "observations[*].input.messages[*].content", action: "mask" }];
    const { manifest, bytes } = await run({
      format: "JSONL",
      query: { tableName: "traces", shape: "trace", columns: ["id", "observations"], privacy },
    });
    const rows = byId(await read("JSONL", bytes));
    expect(rows.get("trace-1")?.["observations"]).toMatchObject([{ name: "one", input: { messages: [{ content: "[masked]" }] } }]);
    expect(rows.get("trace-2")?.["observations"]).toMatchObject([{ name: "two", input: "[withheld]" }]);
    expect(manifest.changes?.withheld).toMatchObject([{ column: "observations", rows: 1 }]);
  });

  it("hold for tables of Postgres", async () => {
    await tableCases.dataset_items.insert(fixture, [tableCases.dataset_items.make(fixture, 1, "SECRET")]);
    const privacy = [{ path: "input[*].text", action: "mask" }];
    const { manifest, bytes } = await run({ format: "JSONL", query: { tableName: "dataset_items", columns: ["id", "input"], privacy } });
    expect(await read("JSONL", bytes)).toEqual([{ id: "item-1", input: "[withheld]" }]);
    expect(manifest.changes?.withheld).toMatchObject([{ column: "input", rows: 1, reasons: { otherShapeRows: 1 } }]);
  });
});
