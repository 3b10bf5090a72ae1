/** Windows of an export on event time and on write time, in the real ClickHouse. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExportOptions } from "../../core/exports/request.ts";
import { type ExportWindow, exportPredicate, fromClause, notDeleted } from "../../core/query/build-query.ts";
import { compileQuery } from "../../core/query/compile-query.ts";
import { ExportQuery } from "../../core/query/export-query.ts";
import { type TableName, tables } from "../../core/query/tables/index.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { openClickHouseSource } from "../../runner/transfer/source/clickhouse-source.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

const versioned = ["events", "traces", "observations", "scores", "dataset_run_items"] as const satisfies TableName[];
type Versioned = (typeof versioned)[number];

type Version = { id: string; timeUs: number; writtenUs: number; isDeleted: boolean };

const baseUs = Date.UTC(2026, 2, 1) * 1000;
const iso = (us: number) => new Date(Math.floor(us / 1000)).toISOString().replace("Z", `${String(us % 1000).padStart(3, "0")}Z`);
const columnOf = (expression: string) => expression.replace("e.", "");

let fixture: Fixture;
let clickhouse: ClickHouse;
/** Microseconds that the columns of a table can hold. */
const stepOf = new Map<string, number>();
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  for (const name of versioned) {
    const { source, version, time } = tables[name];
    const table = source.kind === "replacing" ? source.table : "";
    await fixture.query(`SYSTEM STOP MERGES ${table}`);
    for (const column of [version, time]) {
      const type = await fixture.query(
        `SELECT type FROM system.columns WHERE database = currentDatabase() AND table = '${table}' AND name = '${columnOf(column)}' FORMAT TSVRaw`,
      );
      stepOf.set(`${name} ${column}`, type.includes("(6") ? 1 : 1000);
    }
  }
});
afterAll(() => fixture.stop());

let projects = 0;
/** Versions of rows in a project of their own, each insert a part of its own half of the time. */
const store = async (name: Versioned, versions: readonly Version[]): Promise<string> => {
  const { source, id, time, version } = tables[name];
  const projectId = `window-${projects++}`;
  const lines = versions.map((row) =>
    JSON.stringify({
      project_id: projectId,
      [columnOf(id)]: row.id,
      [columnOf(time)]: iso(row.timeUs).replace("T", " ").replace("Z", ""),
      [columnOf(version)]: iso(row.writtenUs).replace("T", " ").replace("Z", ""),
      is_deleted: row.isDeleted ? 1 : 0,
    }),
  );
  const half = Math.ceil(lines.length / 2);
  for (const part of [lines.slice(0, half), lines.slice(half)])
    if (part.length > 0 && source.kind === "replacing")
      await fixture.query(`INSERT INTO ${source.table} FORMAT JSONEachRow`, part.join("\n"));
  return projectId;
};

type Found = { id: string; writtenUs: number };

const read = async (name: Versioned, projectId: string, window: ExportWindow): Promise<Found[]> => {
  const compiled = compileQuery(ExportQuery.parse({ tableName: name, columns: ["id"], scores: "none" }));
  const { table } = compiled;
  const physical = { events: "events" };
  const predicate = exportPredicate(compiled, { projectId, window, physical });
  const rows = await clickhouse.queryRows<{ id: string; us: string }>({
    sql: `SELECT ${table.id} AS id, toUnixTimestamp64Micro(toDateTime64(${table.version}, 6, 'UTC')) AS us
      FROM ${fromClause(table, physical, { needsFinal: window.axis === "eventTime", names: [predicate] })}
      WHERE ${predicate.sql} AND ${notDeleted(table, window)} ORDER BY ${compiled.orderBy.sql} LIMIT 1 BY ${table.id}`,
    params: { ...predicate.params },
  });
  return rows.map(({ id, us }) => ({ id, writtenUs: Number(us) }));
};

const newestOf = (versions: readonly Version[]): Version[] => [
  ...new Map(versions.toSorted((a, b) => a.writtenUs - b.writtenUs).map((one) => [one.id, one])).values(),
];
const found = (versions: readonly Version[]): Found[] =>
  versions.map(({ id, writtenUs }) => ({ id, writtenUs })).toSorted((a, b) => (a.id < b.id ? -1 : 1));
const sorted = (rows: readonly Found[]): Found[] => rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** Few instants, so that rows and cuts meet. */
const tick = fc.integer({ min: 0, max: 12 });
const cuts = fc.uniqueArray(tick, { minLength: 1, maxLength: 4 }).map((list) => list.toSorted((a, b) => a - b));
const seed = Number(process.env["SEED"] ?? 20260301);
console.log(`export windows seed ${seed}`);

describe.each(versioned)("%s", (name) => {
  const { version, time } = tables[name];
  const axes = { eventTime: time, writeTime: version } as const;
  const windowsOf = (axis: ExportWindow["axis"], list: readonly number[]): ExportWindow[] => {
    const step = stepOf.get(`${name} ${axes[axis]}`) ?? 1;
    const ends = [...list, 1000].map((cut) => iso(baseUs + cut * step));
    return ends.map((end, i) => ({ axis, start: ends[i - 1] ?? null, end }));
  };
  const instantOf = (axis: ExportWindow["axis"], ticks: number) => baseUs + ticks * (stepOf.get(`${name} ${axes[axis]}`) ?? 1);

  it("adjacent windows on event time give every row once, in its newest version", async () => {
    const rows = fc.array(fc.record({ id: fc.integer({ min: 0, max: 9 }), written: tick, isDeleted: fc.boolean() }), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(rows, cuts, async (list, cut) => {
        const versions = list.map((row, i) => ({
          id: `r${row.id}`,
          timeUs: instantOf("eventTime", row.id),
          // No two versions of a row are written at one instant.
          writtenUs: instantOf("writeTime", row.written * 100 + i),
          isDeleted: row.isDeleted,
        }));
        const projectId = await store(name, versions);
        const parts = await Promise.all(windowsOf("eventTime", cut).map((window) => read(name, projectId, window)));
        const live = newestOf(versions).filter(({ isDeleted }) => !isDeleted);
        expect(sorted(parts.flat())).toEqual(found(live));
        windowsOf("eventTime", cut).forEach((window, i) => {
          const inside = live.filter(({ timeUs }) => (window.start === null || iso(timeUs) >= window.start) && iso(timeUs) < window.end);
          expect(sorted(parts[i] ?? [])).toEqual(found(inside));
        });
      }),
      { seed, numRuns: 8 },
    );
  });

  it("a window on write time gives the newest version that was written in it, wherever the row was before and went later", async () => {
    const rows = fc.array(fc.record({ id: fc.integer({ min: 0, max: 5 }), at: tick, written: tick, isDeleted: fc.boolean() }), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(rows, cuts, async (list, cut) => {
        const versions = [...new Map(list.map((row) => [`${row.id} ${row.written}`, row])).values()].map((row) => ({
          id: `r${row.id}`,
          timeUs: instantOf("eventTime", row.at * 7),
          writtenUs: instantOf("writeTime", row.written),
          isDeleted: row.isDeleted,
        }));
        const projectId = await store(name, versions);
        for (const window of windowsOf("writeTime", cut)) {
          const inside = versions.filter(
            ({ writtenUs }) => (window.start === null || iso(writtenUs) >= window.start) && iso(writtenUs) < window.end,
          );
          const newest = newestOf(inside);
          expect(sorted(await read(name, projectId, window))).toEqual(found(newest.filter(({ isDeleted }) => !isDeleted)));
          expect(sorted(await read(name, projectId, { ...window, axis: "writeTime", hasTombstones: true }))).toEqual(found(newest));
        }
      }),
      { seed, numRuns: 8 },
    );
  });
});

describe("an export of a window on write time", () => {
  it("has the rows of the window in slices, late ones too, and counts none of those written again later", async () => {
    const day = 86_400_000_000;
    const versions: Version[] = [
      { id: "late", timeUs: baseUs - 40 * day, writtenUs: baseUs, isDeleted: false },
      { id: "before", timeUs: baseUs, writtenUs: baseUs - 1, isDeleted: false },
      { id: "after", timeUs: baseUs, writtenUs: baseUs + 1000, isDeleted: false },
      { id: "again", timeUs: baseUs + 5, writtenUs: baseUs + 5, isDeleted: false },
      { id: "again", timeUs: baseUs + 5, writtenUs: baseUs + 2000, isDeleted: false },
      { id: "gone", timeUs: baseUs + 6, writtenUs: baseUs + 6, isDeleted: false },
      { id: "gone", timeUs: baseUs + 6, writtenUs: baseUs + 999, isDeleted: true },
    ];
    const projectId = await store("events", versions);
    const exported = async (window: ExportWindow) => {
      const source = await openClickHouseSource(
        {
          db: fixture.db,
          clickhouse,
          physical: { events: "events" },
          bounds: { sliceBytes: 50, sliceBytesMin: 1, sliceRowsMax: 1 },
          sliceThreads: 1,
          isOnlyWriter: true,
        },
        {
          compiled: compileQuery(ExportQuery.parse({ tableName: "events", columns: ["id"], scores: "none" })),
          projectId,
          window,
          format: "JSONL",
          compression: "none",
          options: ExportOptions.parse({}),
          queryId: `window-${projects++}`,
          signal: new AbortController().signal,
          known: null,
          isWhole: false,
        },
        {},
      );
      const texts: string[] = [];
      for (const [index, slice] of source.slices.entries()) {
        const { body } = await slice.open({ attempts: 0, limitRows: 100, isFirst: index === 0, isCompressed: false });
        texts.push(await new Response(body).text());
      }
      await source.proveNothingRekeyed(texts.length);
      return { slices: source.slices.length, ids: [...texts.join("").matchAll(/"id":"(\w+)"/g)].map(([, id]) => id).toSorted() };
    };
    const window: ExportWindow = { axis: "writeTime", start: iso(baseUs), end: iso(baseUs + 1000) };
    const first = await exported(window);
    expect(first.ids).toEqual(["again", "late"]);
    expect(first.slices).toBeGreaterThan(1);
    expect((await exported({ ...window, hasTombstones: true })).ids).toEqual(["again", "gone", "late"]);
    expect((await exported({ axis: "writeTime", start: iso(baseUs + 1000), end: iso(baseUs + 5000) })).ids).toEqual(["after", "again"]);
  });
});
