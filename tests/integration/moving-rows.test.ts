import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { baseUs, clickHouseTime, type EventRow, eventRow } from "../support/event-rows.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { type QueryHook, startQueryHook } from "../support/query-hook.ts";

let fixture: Fixture;
let hook: QueryHook;

beforeAll(async () => {
  fixture = await createFixture();
  hook = await startQueryHook(fixture.clickhouseUrl);
});
afterAll(async () => {
  hook.stop();
  await fixture.stop();
});

const minute = 60_000_000;
const at = (minutes: number) => clickHouseTime(baseUs + minutes * minute);
const row = (id: string, fields: Partial<EventRow>): EventRow =>
  eventRow({ span_id: id, project_id: fixture.projectId, trace_id: "t", ...fields });

beforeEach(() => fixture.query("TRUNCATE TABLE events"));
afterEach(() => hook.before(async () => {}));

type Line = { id: string; name: string; traceId: string; startTime: string };

const run = async (env: Record<string, string> = {}, query: Record<string, unknown> = {}) => {
  const lines: Record<string, unknown>[] = [];
  const runner = fixture.startRunner({ CLICKHOUSE_URL: hook.url, ...env }, lines);
  try {
    const exportId = await fixture.requestExport({ format: "JSONL", query: { tableName: "events", ...query } });
    const done = await fixture.finished(exportId);
    const rows = (await fixture.readExport(done))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
    return { done, rows, restarted: lines.filter(({ event }) => event === "export_restarts").map(({ reason }) => reason) };
  } finally {
    await runner.stop();
  }
};

describe("a row stored in several places is exported once, in its newest", () => {
  it.each<[string, (Partial<EventRow> & { name: string })[], string[]]>([
    [
      "at another time",
      [
        { start_time: at(1), name: "old", event_ts: at(1) },
        { start_time: at(2), name: "new", event_ts: at(2) },
      ],
      ["new"],
    ],
    [
      "under another trace at the same time",
      [
        { trace_id: "t1", name: "old", event_ts: at(1) },
        { trace_id: "t2", name: "new", event_ts: at(2) },
      ],
      ["new"],
    ],
    [
      "moved there and back",
      [
        { start_time: at(1), name: "first", event_ts: at(1) },
        { start_time: at(2), name: "second", event_ts: at(2) },
        { start_time: at(1), name: "third", event_ts: at(3) },
      ],
      ["third"],
    ],
    [
      "with the old place deleted at the moment of the move",
      [
        { start_time: at(1), name: "old", event_ts: at(1) },
        { start_time: at(1), name: "old", event_ts: at(2), is_deleted: 1 },
        { start_time: at(2), name: "new", event_ts: at(2) },
      ],
      ["new"],
    ],
    [
      "moved, then deleted: it does not come back where it was",
      [
        { start_time: at(1), name: "old", event_ts: at(1) },
        { start_time: at(2), name: "new", event_ts: at(2) },
        { start_time: at(2), name: "new", event_ts: at(3), is_deleted: 1 },
      ],
      [],
    ],
    [
      "deleted, then written again elsewhere",
      [
        { start_time: at(1), name: "old", event_ts: at(1) },
        { start_time: at(1), name: "old", event_ts: at(2), is_deleted: 1 },
        { start_time: at(5), name: "new", event_ts: at(3) },
      ],
      ["new"],
    ],
  ])("%s", async (_, versions, names) => {
    for (const version of versions) await fixture.insertEvents([row("moving", version)]);
    await fixture.insertEvents([row("still", { start_time: at(3), name: "still", event_ts: at(0) })]);
    const { rows, done } = await run();
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...names, "still"].toSorted());
    expect(done.manifest?.matchedRows).toBe(names.length + 1);
  });

  it("with equal versions under two traces, one of them", async () => {
    await fixture.insertEvents([row("twice", { trace_id: "t1", event_ts: at(1) })]);
    await fixture.insertEvents([row("twice", { trace_id: "t2", event_ts: at(1) })]);
    expect((await run()).rows).toHaveLength(1);
  });

  it("also when the filter only fits its old place", async () => {
    await fixture.insertEvents([row("moving", { start_time: at(1), name: "old", event_ts: at(1) })]);
    await fixture.insertEvents([row("moving", { start_time: at(2), name: "new", event_ts: at(2) })]);
    const filter = [{ column: "name", type: "string", operator: "=", value: "old" }];
    expect((await run({}, { filter })).rows).toEqual([]);
  });
});

describe("an export of a day of long ago", () => {
  /** More rows than are looked for by their ids. */
  const oldRows = 1500;
  const laterRows = 120_000;
  const day = 1440;
  const filter = [{ column: "startTime", type: "datetime", operator: "<", value: new Date(baseUs / 1000 + 86_400_000).toISOString() }];
  const lookedAt = async (env: Record<string, string>) => {
    let rowsRead = 0;
    hook.after((queryId, rows) => {
      if (queryId.includes("-moved")) rowsRead += rows;
    });
    const { rows } = await run(env, { filter });
    return { rowsRead, ids: rows.map(({ id }) => id) };
  };

  beforeEach(async () => {
    const insert = (id: string, from: string, minutes: number, rows: number) =>
      fixture.query(
        `INSERT INTO events (project_id, trace_id, span_id, start_time, event_ts, created_at)
         SELECT '${fixture.projectId}', 't', concat('${id}', toString(number)), toDateTime64('${from}', 6, 'UTC') + toIntervalSecond(number * ${minutes * 60}) AS at, at, at
         FROM numbers(${rows})`,
      );
    await insert("old", at(0), 0.5, oldRows);
    await insert("later", at(2 * day), 1, laterRows);
    // As the server may merge them at any time: rows of long ago and since lie in one part.
    await fixture.query("OPTIMIZE TABLE events FINAL");
  });
  afterEach(() => hook.after(() => {}));

  it("looks at none of the rows that came since, and leaves out one that has moved among them", async () => {
    await fixture.insertEvents([row("old7", { start_time: at(30 * day), event_ts: at(30 * day), created_at: at(3.5) })]);
    const { rowsRead, ids } = await lookedAt({});
    expect(ids).toHaveLength(oldRows - 1);
    expect(ids).not.toContain("old7");
    // Two looks, in two passes, at a few granules each.
    expect(rowsRead).toBeLessThan(laterRows / 2);
  });

  it("looks at all of them where something else may write the tables, which need not keep when a row was created", async () => {
    await fixture.insertEvents([row("old7", { start_time: at(30 * day), event_ts: at(30 * day), created_at: at(30 * day) })]);
    const { rowsRead, ids } = await lookedAt({ LANGFUSE_S3_EVENT_UPLOAD_BUCKET: "" });
    expect(ids).toHaveLength(oldRows - 1);
    expect(ids).not.toContain("old7");
    expect(rowsRead).toBeGreaterThan(laterRows);
  });
});

describe("a trace whose time changes within its day", () => {
  it.each([
    ["before its old time", [{ column: "timestamp", type: "datetime", operator: "<", value: "2026-01-01T11:00:00Z" }], []],
    ["after its new time", [{ column: "timestamp", type: "datetime", operator: ">=", value: "2026-01-01T11:00:00Z" }], ["new"]],
    ["without a range", [], ["new"]],
  ])("is there once, at its new time: %s", async (_, filter, names) => {
    await fixture.query("TRUNCATE TABLE traces");
    const write = (name: string, hour: number, version: number) =>
      fixture.query(
        `INSERT INTO traces (id, project_id, name, timestamp, event_ts) VALUES ('t', '${fixture.projectId}', '${name}', '2026-01-01 ${hour}:00:00', '2026-01-02 00:00:0${version}')`,
      );
    await fixture.query("SYSTEM STOP MERGES traces");
    await write("old", 10, 1);
    await write("new", 12, 2);
    const runner = fixture.startRunner();
    try {
      const done = await fixture.finished(
        await fixture.requestExport({ format: "JSONL", query: { tableName: "traces", filter, columns: ["name"] } }),
      );
      expect(
        (await fixture.readExport(done))
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => (JSON.parse(line) as Line).name),
      ).toEqual(names);
    } finally {
      await runner.stop();
      await fixture.query("SYSTEM START MERGES traces");
    }
  });
});

/** Slices of 1 MiB, none ahead: which slice has been read when the next one is asked for is then known. */
const oneByOne = { SPILLWAY_SLICE_MIB: "1", SPILLWAY_SLICES_AHEAD: "0" };
const rowsTotal = 4000;
const fill = () =>
  fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, event_ts, created_at)
     SELECT '${fixture.projectId}', 't', concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalSecond(number), 'n', repeat('payload ', 130), toDateTime64('2026-01-02 00:00:00', 6, 'UTC') AS written, written
     FROM numbers(${rowsTotal})`,
  );
const seconds = (count: number) => clickHouseTime(baseUs + count * 1_000_000);
let versions = 0;
/** Now, and later than each time before. */
const now = () => clickHouseTime(Date.now() * 1000 + ++versions);

/** Acts once, when the query with this ending is about to run. */
const once = (ending: string, act: () => Promise<unknown>) => {
  let isDone = false;
  hook.before(async (queryId) => {
    if (isDone || !queryId.endsWith(ending)) return;
    isDone = true;
    await act();
  });
  return () => isDone;
};

describe("rows that change while slices are read", () => {
  const ascending = { orderBy: { column: "startTime", order: "ASC" } };
  const ids = (rows: Line[]) => rows.map(({ id }) => id);

  it("moved from a slice that was read into one that was not: once", async () => {
    await fill();
    const acted = once("-1-0", () =>
      fixture.insertEvents([row("s10", { start_time: seconds(rowsTotal - 1), name: "moved", event_ts: now() })]),
    );
    const { rows, done, restarted } = await run(oneByOne, ascending);
    expect(acted()).toBe(true);
    expect(restarted).toEqual(["RowsRekeyed"]);
    expect(new Set(ids(rows)).size).toBe(rowsTotal);
    expect(rows).toHaveLength(rowsTotal);
    expect(rows.find(({ id }) => id === "s10")?.name).toBe("moved");
    expect(done.manifest?.slices).toBe(1);
  });

  it("moved from a slice that was not read into one that was, the old place deleted: not lost", async () => {
    await fill();
    const last = `s${rowsTotal - 1}`;
    const moved = now();
    const acted = once("-1-0", async () => {
      await fixture.insertEvents([row(last, { start_time: seconds(0.5), name: "moved", event_ts: moved })]);
      await fixture.insertEvents([row(last, { start_time: seconds(rowsTotal - 1), event_ts: moved, is_deleted: 1 })]);
    });
    const { rows, restarted } = await run(oneByOne, ascending);
    expect(acted()).toBe(true);
    expect(restarted).toEqual(["RowsRekeyed"]);
    expect(new Set(ids(rows)).size).toBe(rowsTotal);
    expect(rows).toHaveLength(rowsTotal);
  });

  it("that came and moved meanwhile, in a day of long ago: once", async () => {
    await fill();
    const created_at = now();
    const writes = new Map([
      ["-0-0", { start_time: seconds(0.5), name: "came" }],
      ["-1-0", { start_time: seconds(rowsTotal - 1), name: "moved" }],
    ]);
    hook.before(async (queryId) => {
      for (const [ending, fields] of writes)
        if (queryId.endsWith(ending) && writes.delete(ending))
          await fixture.insertEvents([row("new", { ...fields, event_ts: now(), created_at })]);
    });
    const filter = [{ column: "startTime", type: "datetime", operator: "<", value: "2026-01-02T00:00:00Z" }];
    const { rows, restarted } = await run(oneByOne, { ...ascending, filter });
    expect(writes.size).toBe(0);
    expect(restarted).toEqual(["RowsRekeyed"]);
    expect(new Set(ids(rows)).size).toBe(rowsTotal + 1);
    expect(rows).toHaveLength(rowsTotal + 1);
    expect(rows.find(({ id }) => id === "new")?.name).toBe("moved");
  });

  it("moved between the look for moved rows and the plan: once", async () => {
    await fill();
    const acted = once("-plan0", () =>
      fixture.insertEvents([row("s10", { start_time: seconds(rowsTotal - 1), name: "moved", event_ts: now() })]),
    );
    const { rows } = await run(oneByOne, ascending);
    expect(acted()).toBe(true);
    expect(new Set(ids(rows)).size).toBe(rowsTotal);
    expect(rows).toHaveLength(rowsTotal);
  });

  it("written anew in its place: once, and nothing starts over", async () => {
    await fill();
    const acted = once("-1-0", () =>
      fixture.insertEvents(
        Array.from({ length: rowsTotal }, (_, i) => row(`s${i}`, { start_time: seconds(i), name: "again", event_ts: now() })),
      ),
    );
    const { rows, restarted } = await run(oneByOne, ascending);
    expect(acted()).toBe(true);
    expect(restarted).toEqual([]);
    expect(new Set(ids(rows)).size).toBe(rowsTotal);
    expect(rows).toHaveLength(rowsTotal);
  });

  it("rows that arrive and rows that are deleted do not make it fail", async () => {
    await fill();
    const acted = once("-1-0", async () => {
      await fixture.insertEvents(
        Array.from({ length: 50 }, (_, i) => row(`late${i}`, { start_time: seconds(rowsTotal - 2), event_ts: now() })),
      );
      await fixture.insertEvents(
        Array.from({ length: 50 }, (_, i) => row(`s${i}`, { start_time: seconds(i), event_ts: now(), is_deleted: 1 })),
      );
    });
    const { rows, done } = await run(oneByOne, ascending);
    expect(acted()).toBe(true);
    expect(done.status).toBe("COMPLETED");
    const found = new Set(ids(rows));
    expect(found.size).toBe(rows.length);
    for (let i = 0; i < rowsTotal; i++) expect(found.has(`s${i}`)).toBe(true);
  });

  it("a row that arrives between the two looks of the plan does not hide that another was deleted", async () => {
    await fixture.query("SYSTEM STOP MERGES events");
    await fill();
    await fixture.insertEvents([
      row("s5", { start_time: seconds(5), is_deleted: 1, event_ts: clickHouseTime(baseUs + 3 * 86_400_000_000) }),
    ]);
    let rawIsDone = () => {};
    const raw = new Promise<void>((resolve) => {
      rawIsDone = resolve;
    });
    hook.after((queryId) => {
      if (queryId.endsWith("-raw")) rawIsDone();
    });
    hook.before(async (queryId) => {
      if (!queryId.endsWith("-plan0")) return;
      await raw;
      await fixture.insertEvents([row("new", { start_time: seconds(rowsTotal), event_ts: now() })]);
    });
    const { rows } = await run(oneByOne, ascending);
    hook.after(() => {});
    await fixture.query("SYSTEM START MERGES events");
    expect(ids(rows)).not.toContain("s5");
    expect(rows).toHaveLength(rowsTotal);
  });
});
