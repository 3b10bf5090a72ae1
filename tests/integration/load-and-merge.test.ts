/** The generated SQL over files of the real formats: whatever is delivered in whatever order, the target ends with the newest revisions. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  chooseDeliveredColumns,
  type DeliveredTableName,
  deletions,
  deliveredTableNames,
  deliveredTables,
} from "../../core/integrations/storage/delivered-tables.ts";
import { loadEngines } from "../../core/integrations/storage/load-sql/index.ts";
import type { LoadScript, TableLoad } from "../../core/integrations/storage/load-sql/load-engine.ts";
import { type CompressionName, type FormatName, formatNames, formats } from "../../core/query/formats/index.ts";
import type { ExportTable } from "../../core/query/tables/table.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { writeDeliveredFile } from "../support/delivered-files.ts";
import { clickhouseTarget, duckdbTarget, type LoadTargetKind, postgresTarget } from "../support/load-targets.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";
import { runsOf } from "../support/property-runs.ts";

const seed = Number(process.env["SEED"] ?? 20261128);
console.log(`load and merge seed ${seed}`);

const engines = ["duckdb", "clickhouse", "postgres"] as const;
type Engine = (typeof engines)[number];

const [, sessionsView = ""] =
  /```sql dialect=DuckDB\n(CREATE VIEW sessions[^`]+)```/.exec(
    readFileSync(new URL("../../docs/integrations-storage.md", import.meta.url), "utf8"),
  ) ?? [];

let clickhouse: Awaited<ReturnType<typeof createClickHouseDatabase>>;
let folder: string;
let postgres: Awaited<ReturnType<typeof openOwnDatabase>>;
const targets = new Map<Engine, LoadTargetKind>();
const structures = new Map<string, string>();

const deletedRows = "project_id String, table_name LowCardinality(String), id String, deleted_at DateTime64(6, 'UTC')";

beforeAll(async () => {
  clickhouse = await createClickHouseDatabase();
  folder = mkdtempSync(join(tmpdir(), "load-"));
  postgres = await openOwnDatabase(1);
  const { endpoint, dataDir, accessKeyId, secretAccessKey } = inject("s3");
  const bucket = clickhouse.config.database.replaceAll("_", "-");
  mkdirSync(join(dataDir, bucket), { recursive: true });
  const put = async (key: string, body: Uint8Array) => {
    const url = `${endpoint}/${bucket}/${key}`;
    const response = await fetch(url, { method: "PUT", body: Buffer.from(body) });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return url;
  };
  await clickhouse.query(
    `CREATE NAMED COLLECTION IF NOT EXISTS spillway AS access_key_id = '${accessKeyId}', secret_access_key = '${secretAccessKey}'`,
  );
  targets.set("duckdb", duckdbTarget(folder));
  targets.set("clickhouse", clickhouseTarget(clickhouse.config.url, put));
  targets.set("postgres", postgresTarget(postgres.directUrl));
  for (const { table } of Object.values(deliveredTables)) {
    const stored = table.source.kind === "replacing" ? table.source.table : "";
    const columns = await clickhouse.query(
      `SELECT arrayStringConcat(groupArray(concat(name, ' ', type)), ', ') FROM (SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${stored}' AND default_kind IN ('', 'DEFAULT') ORDER BY position) FORMAT TSVRaw`,
    );
    structures.set(table.name, columns.trim());
  }
  structures.set("deletions", deletedRows);
});
afterAll(async () => {
  await clickhouse.drop();
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
});

const targetOf = (engine: Engine): LoadTargetKind => {
  const target = targets.get(engine);
  if (target === undefined) throw new Error(`no target ${engine}`);
  return target;
};

let files = 0;
const deliver = async (
  engine: Engine,
  table: ExportTable,
  columns: readonly string[],
  {
    rows,
    format,
    compression,
    embedJson,
  }: { rows: readonly object[]; format: FormatName; compression: CompressionName; embedJson?: boolean },
): Promise<string> => {
  const bytes = await writeDeliveredFile(clickhouse.config.url, {
    table,
    columns,
    structure: structures.get(table.name) ?? "",
    rows,
    format,
    compression,
    ...(embedJson === undefined ? {} : { embedJson }),
  });
  return targetOf(engine).store(`delivered/${files++}.${formats[format].extension}`, bytes);
};

const loadOf = (name: DeliveredTableName, format: FormatName, compression: CompressionName): TableLoad => {
  const columns = chooseDeliveredColumns(deliveredTables[name], { groups: null, columns: null });
  return {
    table: name,
    columns: columns.map((id) => ({ name: id, kind: deliveredTables[name].table.columns[id]?.kind ?? "string" })),
    format,
    compression,
    files: [],
    deletionFiles: [],
  };
};
const scriptOf = (engine: Engine, load: TableLoad): LoadScript => loadEngines[engine].script(load);

const combinations = formatNames.flatMap((format) =>
  (formats[format].canCompress ? (["none", "gzip", "zstd"] as const) : (["none"] as const)).map((compression) => ({ format, compression })),
);

const instant = (ticks: number): string => `2026-03-01 10:00:00.${String(ticks).padStart(6, "0")}`;

/** Values that formats treat differently: quotes, separators, line breaks, empty and missing texts, documents, large and odd numbers. */
const hostileText = `a "quoted", text\r\nwith 'lines' \\ and \t tabs \u{1F600} \\u0000`;
const document = '{"a":[1,2,{"b":"c \\" d"}],"e":null}';
const shared = { project_id: "p", created_at: instant(1), updated_at: instant(2), event_ts: instant(5000), is_deleted: 0 };
const details = {
  usage_details: { input: "18446744073709551615", total: "7" },
  cost_details: { input: "0.000000000001", total: "123456.5" },
  tool_definitions: { 'a "tool"': document },
  tool_calls: [document, "", "b"],
  tool_call_names: ["x,y", "'z'"],
};
const richRows: Record<DeliveredTableName, object[]> = {
  traces: [
    {
      ...shared,
      id: "t1",
      timestamp: instant(0),
      name: hostileText,
      user_id: "",
      input: document,
      output: "[1]",
      metadata: { k: hostileText, doc: document },
      tags: ["a", "", hostileText],
      public: true,
    },
    { ...shared, id: "t2", timestamp: instant(0), name: "", user_id: null, input: null, output: "", metadata: {}, tags: [] },
  ],
  observations: [
    {
      ...shared,
      ...details,
      id: "o1",
      trace_id: "t1",
      type: "GENERATION",
      start_time: instant(0),
      end_time: "2026-03-01 10:00:01.234",
      name: hostileText,
      level: "DEFAULT",
      input: "[not json",
      output: hostileText,
      total_cost: "0.1",
      model_parameters: '{"temperature":0.7}',
      prompt_version: 65535,
    },
    { ...shared, id: "o2", trace_id: "t1", type: "SPAN", start_time: instant(0), name: "", level: "DEFAULT" },
  ],
  scores: [
    { ...shared, id: "s1", timestamp: instant(0), name: "n", value: 0.1, source: "API", data_type: "NUMERIC", comment: hostileText },
    {
      ...shared,
      id: "s2",
      timestamp: instant(0),
      name: "n",
      value: -1e-7,
      source: "API",
      data_type: "TEXT",
      string_value: "=1+1",
      trace_id: "",
    },
  ],
  events: [
    {
      ...shared,
      ...details,
      span_id: "e1",
      trace_id: "t1",
      start_time: instant(1),
      end_time: "2026-03-01 10:00:01.234567",
      name: hostileText,
      type: "SPAN",
      level: "ERROR",
      metadata_names: ["k", "l"],
      metadata_values: [hostileText, document],
      input: document,
      output: '"text"',
      tags: [hostileText],
    },
    { ...shared, span_id: "e2", parent_span_id: "e1", trace_id: "t1", start_time: instant(1), name: "", type: "SPAN", level: "DEFAULT" },
  ],
  dataset_run_items: [
    {
      ...shared,
      id: "d1",
      dataset_run_id: "r",
      dataset_item_id: "i",
      dataset_id: "d",
      trace_id: "t",
      dataset_run_name: "run",
      dataset_run_created_at: instant(0),
      dataset_item_input: document,
      dataset_item_version: instant(9000),
      dataset_run_metadata: { a: "b" },
    },
  ],
};

/** A document may come back with other blanks; nothing else may differ. */
const normalised = (value: unknown): unknown => {
  if (typeof value === "string" && /^[[{]/.test(value)) {
    try {
      return JSON.parse(value);
    } catch (error) {
      if (error instanceof SyntaxError) return value;
      throw error;
    }
  }
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value === "object" && value !== null && !(value instanceof Date))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normalised(inner)]));
  return value;
};

const loadRich = async (engine: Engine, name: DeliveredTableName, format: FormatName, compression: CompressionName, embedJson = false) => {
  const load = loadOf(name, format, compression);
  const target = await targetOf(engine).open();
  try {
    const file = await deliver(
      engine,
      deliveredTables[name].table,
      load.columns.map((column) => column.name),
      { rows: richRows[name], format, compression, embedJson },
    );
    const empty = await deliver(engine, deletions, Object.keys(deletions.columns), { rows: [], format, compression });
    await target.run(scriptOf(engine, { ...load, files: [file], deletionFiles: [empty] }));
    return (await target.rows(`SELECT * FROM ${name}_live ORDER BY id`)).map(normalised);
  } finally {
    await target.close();
  }
};

describe.each(engines)("%s", (engine) => {
  const readable = combinations.filter(({ format }) => engine !== "postgres" || format !== "PARQUET");

  it.each(deliveredTableNames)("reads the same %s from every format and compression", async (name) => {
    const [first, ...others] = readable;
    if (first === undefined) throw new Error("no formats");
    const expected = await loadRich(engine, name, engine === "postgres" ? "CSV" : "PARQUET", "none");
    expect(expected).toHaveLength(richRows[name].length);
    // A file with embedded documents, such as a batch export, is read alike.
    expect(await loadRich(engine, name, "JSONL", "none", true)).toEqual(expected);
    for (const { format, compression } of [first, ...others])
      expect({ format, compression, rows: await loadRich(engine, name, format, compression) }).toEqual({
        format,
        compression,
        rows: expected,
      });
  });

  it("gives every value as it was stored", async () => {
    const [t1, t2] = (await loadRich(engine, "traces", "JSONL", "gzip")) as [Record<string, unknown>, Record<string, unknown>];
    expect(t1).toMatchObject({
      id: "t1",
      name: hostileText,
      user_id: "",
      input: JSON.parse(document),
      output: [1],
      public: true,
      session_id: null,
    });
    expect(t2).toMatchObject({ id: "t2", name: "", user_id: null, input: null, output: "", bookmarked: false });

    expect(t1["tags"]).toEqual(["a", "", hostileText]);
    const metadata = { k: hostileText, doc: JSON.parse(document) };
    if (engine === "duckdb") expect(t1["metadata"]).toEqual(Object.entries(metadata).map(([key, value]) => ({ key, value })));
    else expect(t1["metadata"]).toEqual(metadata);
    const [o1] = (await loadRich(engine, "observations", "CSV", "zstd")) as [Record<string, unknown>];
    expect(Number(o1["latency"])).toBe(1.234);
    expect(String(o1["total_cost"]).replace(/0+$/, "")).toBe("0.1");
    const usage =
      engine === "duckdb"
        ? (o1["usage_details"] as { key: string; value: string }[]).find(({ key }) => key === "input")?.value
        : (o1["usage_details"] as Record<string, string>)["input"];
    expect(String(usage)).toBe("18446744073709551615");
  });

  it("computes sessions from delivered traces by the view of the docs", async () => {
    const load = loadOf("traces", "CSV", "none");
    const trace = (id: string, session: string | null, version: number) => ({
      ...shared,
      id,
      session_id: session,
      timestamp: instant(1000),
      event_ts: instant(version * 1000),
    });
    const deliverRows = async (rows: object[]) => ({
      ...load,
      files: [
        await deliver(
          engine,
          deliveredTables.traces.table,
          load.columns.map(({ name }) => name),
          { rows, format: "CSV", compression: "none" },
        ),
      ],
    });
    const target = await targetOf(engine).open();
    try {
      await target.run(scriptOf(engine, await deliverRows([trace("t1", "s1", 1), trace("t2", "s1", 1), trace("t3", null, 1)])));
      await target.run(scriptOf(engine, await deliverRows([trace("t2", "s2", 2)])));
      await target.run({ statements: [{ sql: sessionsView }], notes: [] });
      const rows = await target.rows("SELECT id, count_traces FROM sessions ORDER BY id");
      expect(rows.map(({ id, count_traces }) => [id, Number(count_traces)])).toEqual([
        ["s1", 1],
        ["s2", 1],
      ]);
    } finally {
      await target.close();
    }
  });

  it("ends with the newest revision of each row, in any order of deliveries and however often", async () => {
    let resurrected = 0;
    let ties = 0;
    await fc.assert(
      fc.asyncProperty(deliveriesOf(readable), async (deliveries) => {
        const target = await targetOf(engine).open();
        try {
          for (const delivery of deliveries) await loadDelivery(engine, target, delivery);
          const found = await target.rows("SELECT id, name FROM events_live ORDER BY id");
          expect(found).toEqual(newestOf(deliveries));
          const stored = await target.rows(`SELECT id, name FROM events${engine === "clickhouse" ? " FINAL" : ""} ORDER BY id`);
          // What was deleted for good leaves no content behind.
          for (const id of erasedOf(deliveries)) expect(stored).toContainEqual({ id, name: null });
        } finally {
          await target.close();
        }
        const rows = deliveries.flatMap((delivery) => delivery.rows);
        const removed = deliveries.flatMap((delivery) => delivery.deletions);
        ties += rows.filter((one) =>
          rows.some((other) => other.id === one.id && other.version === one.version && other.isDeleted !== one.isDeleted),
        ).length;
        resurrected += rows.filter((one) => removed.some((other) => other.id === one.id && one.version <= other.version)).length;
      }),
      { seed, numRuns: runsOf(25), endOnFailure: true },
    );
    // The sequences contain what the merge is made for.
    expect(ties).toBeGreaterThan(0);
    expect(resurrected).toBeGreaterThan(0);
  });
});

type Revision = { id: string; version: number; isDeleted: boolean };
type Delivery = { rows: Revision[]; deletions: { id: string; version: number }[]; format: FormatName; compression: CompressionName };

/** Few ids and instants, so that revisions, ties, deletions and rows ingested again meet. Windows are delivered again, in any order. */
const deliveriesOf = (readable: readonly Pick<Delivery, "format" | "compression">[]): fc.Arbitrary<Delivery[]> => {
  const id = fc.constantFrom("a", "b", "c", "d'\"\\");
  const version = fc.integer({ min: 0, max: 6 });
  const window = fc.record({
    // A file has one version of a row.
    rows: fc.uniqueArray(fc.record({ id, version, isDeleted: fc.boolean() }), { selector: (row) => row.id, maxLength: 4 }),
    deletions: fc.uniqueArray(fc.record({ id, version }), { selector: (row) => row.id, maxLength: 2 }),
    how: fc.constantFrom(...readable),
  });
  return fc
    .array(window, { minLength: 1, maxLength: 4 })
    .chain((windows) => fc.shuffledSubarray([...windows, ...windows], { minLength: windows.length }))
    .map((windows) => windows.map(({ rows, deletions: removed, how }) => ({ rows, deletions: removed, ...how })));
};

const nameOf = ({ id, version }: Revision): string => `${id}@${version}`;

const loadDelivery = async (engine: Engine, target: Awaited<ReturnType<LoadTargetKind["open"]>>, delivery: Delivery): Promise<void> => {
  const { format, compression } = delivery;
  const load = loadOf("events", format, compression);
  const columns = load.columns.map((column) => column.name);
  const rows = delivery.rows.map((row) => ({
    ...shared,
    span_id: row.id,
    trace_id: "t",
    start_time: instant(0),
    name: nameOf(row),
    event_ts: instant(row.version),
    is_deleted: row.isDeleted ? 1 : 0,
  }));
  const removed = delivery.deletions.map(({ id, version }) => ({
    project_id: "p",
    table_name: "events",
    id,
    deleted_at: instant(version),
  }));
  // Of another table or project: both must stay.
  const foreign = ["a", "b", "c"].flatMap((id) => [
    { project_id: "p", table_name: "traces", id, deleted_at: instant(9) },
    { project_id: "other", table_name: "events", id: `other-${id}`, deleted_at: instant(9) },
  ]);
  await target.run(
    scriptOf(engine, {
      ...load,
      files:
        delivery.rows.length === 0 ? [] : [await deliver(engine, deliveredTables.events.table, columns, { rows, format, compression })],
      deletionFiles: [
        await deliver(engine, deletions, Object.keys(deletions.columns), { rows: [...removed, ...foreign], format, compression }),
      ],
    }),
  );
};

/** The meaning, said without an order of versions: alive is the newest revision that is no deletion and that no deletion is as new as. */
const newestOf = (deliveries: readonly Delivery[]): { id: string; name: string }[] => {
  const rows = deliveries.flatMap((delivery) => delivery.rows);
  const removed = deliveries.flatMap((delivery) => delivery.deletions);
  return [...new Set(rows.map(({ id }) => id))].toSorted(byBytes).flatMap((id) => {
    const version = Math.max(...rows.filter((row) => row.id === id).map((row) => row.version));
    const newest = rows.filter((row) => row.id === id && row.version === version);
    const isAlive = newest.some((row) => !row.isDeleted) && !removed.some((one) => one.id === id && one.version >= version);
    return isAlive ? [{ id, name: `${id}@${version}` }] : [];
  });
};

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const erasedOf = (deliveries: readonly Delivery[]): string[] => {
  const rows = deliveries.flatMap((delivery) => delivery.rows);
  const removed = deliveries.flatMap((delivery) => delivery.deletions);
  return removed.filter((one) => rows.every((row) => row.id !== one.id || row.version <= one.version)).map(({ id }) => id);
};
