import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  observationAggregateRow,
  scoreAggregateRow,
  traceAggregateRow,
  type WrittenObservation,
  type WrittenTrace,
} from "../../core/ingestion/aggregate-rows.ts";
import { deleteTraceAggregates } from "../../db/clickhouse/traces/delete-trace-aggregates.ts";
import { rebuildTraceAggregates } from "../../db/clickhouse/traces/rebuild-trace-aggregates.ts";
import { type AggregateWrite, type AggregateWriterDeps, writeTraceAggregates } from "../../db/clickhouse/traces/write-trace-aggregates.ts";
import { systemClock } from "../../runner/clock.ts";
import { listTracesTable } from "../../services/traces/access-patterns/list-traces-table.ts";
import { sessionHasTrace } from "../../services/traces/access-patterns/session-has-trace.ts";
import { findTraceById } from "../../services/traces/find-trace-by-id.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { startInsertGate } from "../support/insert-gate.ts";
import { runsOf } from "../support/property-runs.ts";
import { seedFrom } from "../support/property-seed.ts";
import { dayMs, insertRows, runOn, stored } from "../support/trace-set.ts";

const seed = seedFrom("SEED");
const startMs = Date.now() - dayMs;
const projectId = "p";

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
beforeAll(async () => {
  console.log(`writes of aggregates: SEED=${seed}`);
  database = await createClickHouseDatabase();
});
afterAll(() => database.drop());

const traceOf = (id: string, more: Partial<WrittenTrace> = {}): WrittenTrace => ({
  id,
  project_id: projectId,
  environment: "default",
  created_at: stored(startMs),
  updated_at: stored(startMs),
  event_ts: stored(startMs),
  timestamp: stored(startMs),
  metadata: {},
  tags: [],
  public: false,
  bookmarked: false,
  ...more,
});
const observationOf = (
  trace_id: string,
  id: string,
  usage_details: WrittenObservation["usage_details"],
  cost_details: WrittenObservation["cost_details"],
) => ({
  ...traceOf(id),
  trace_id,
  start_time: stored(startMs),
  usage_details,
  cost_details,
});

const tables = ["traces_all_amt", "traces_7d_amt", "traces_30d_amt"] as const;
/** Sums of a trace, the same in every aggregate, without kinds that come to 0. */
const sums = async (id: string) => {
  const answers = await Promise.all(
    tables.map((table) =>
      database.query(
        `SELECT mapFilter((k, v) -> v != 0, usage_details) AS usage, mapFilter((k, v) -> v != 0, cost_details) AS cost, arraySort(observation_ids) AS ids
         FROM ${table} FINAL WHERE project_id = '${projectId}' AND id = '${id}' FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 1, output_format_json_quote_decimals = 1, output_format_decimal_trailing_zeros = 0`,
      ),
    ),
  );
  expect(new Set(answers).size).toBe(1);
  return JSON.parse(answers[0] || "null") as { usage: Record<string, string>; cost: Record<string, string>; ids: string[] } | null;
};

let writes = 0;
const writeAll = (all: readonly AggregateWrite[], wait: AggregateWriterDeps["wait"] = systemClock.wait) =>
  writeTraceAggregates(
    { clickhouse: database.clickhouse, wait },
    { projectId, token: `${projectId}-${database.config.database}-${++writes}`, writes: all, signal: new AbortController().signal },
  );
const write = (
  observation: WrittenObservation,
  more: Omit<AggregateWrite, "row"> = {},
  wait?: AggregateWriterDeps["wait"],
): Promise<void> => {
  const row = observationAggregateRow(observation);
  return row === undefined ? Promise.reject(new Error("of no trace")) : writeAll([{ row, ...more }], wait);
};
const writeRows = (...rows: AggregateWrite["row"][]): Promise<void> => writeAll(rows.map((row) => ({ row })));

describe("an observation that is written again", () => {
  it("is counted twice when its whole usage and cost are written each time", async () => {
    const observation = observationOf("naive", "o", { total: 10 }, { total: "0.5" });
    for (const _ of [1, 2]) await insertRows(database, "traces_mt", [observationAggregateRow(observation) ?? {}]);
    expect(await sums("naive")).toEqual({ usage: { total: "20" }, cost: { total: "1" }, ids: ["o"] });
  });

  it("is counted once when the difference to what was counted is written", async () => {
    const observation = observationOf("replayed", "o", { total: 10 }, { total: "0.5" });
    for (const _ of [1, 2, 3]) await write(observation);
    expect(await sums("replayed")).toEqual({ usage: { total: "10" }, cost: { total: "0.5" }, ids: ["o"] });
  });

  it("can shrink, grow and lose kinds: sums follow, before and after parts are merged", async () => {
    await write(observationOf("updated", "other", { total: 1, input: 1 }, { total: "0.000000000001" }));
    await write(observationOf("updated", "o", { total: 10, input: 4 }, { total: "0.5", input: "0.1" }));
    await write(observationOf("updated", "o", { total: 3 }, { total: "0.000000000002" }));
    const wanted = { usage: { total: "4", input: "1" }, cost: { total: "0.000000000003" }, ids: ["o", "other"] };
    expect(await sums("updated")).toEqual(wanted);
    for (const table of tables) await database.query(`OPTIMIZE TABLE ${table} FINAL`);
    expect(await sums("updated")).toEqual(wanted);
  });

  it("adds the largest values exactly, and takes them back", async () => {
    const most = { total: "18446744073709551615" };
    await write(observationOf("large", "o", most, { total: "999999.999999999999" }));
    expect(await sums("large")).toEqual({ usage: most, cost: { total: "999999.999999999999" }, ids: ["o"] });
    await write(observationOf("large", "o", { total: "1" }, { total: "0" }));
    expect(await sums("large")).toEqual({ usage: { total: "1" }, cost: {}, ids: ["o"] });
  });

  it.each([
    ["its events name both", { formerTraceIds: ["left"] }],
    ["nobody names the first any more", { isStray: true }],
  ])("takes itself back from the trace it has left, where %s", async (_, former) => {
    await database.query("TRUNCATE TABLE traces_mt");
    for (const table of tables) await database.query(`TRUNCATE TABLE ${table}`);
    await write(observationOf("left", "o", { total: 5 }, { total: "1" }));
    await write(observationOf("left", "stays", { total: 2 }, { total: "0.5" }));
    for (const _ of [1, 2]) await write(observationOf("entered", "o", { total: 6 }, { total: "2" }), former);
    expect(await sums("left")).toEqual({ usage: { total: "2" }, cost: { total: "0.5" }, ids: ["o", "stays"] });
    expect(await sums("entered")).toEqual({ usage: { total: "6" }, cost: { total: "2" }, ids: ["o"] });
    // Where it was, nothing is stretched by what it is now.
    const later = { start_time: stored(startMs + 5000), end_time: stored(startMs + 9000) };
    await write({ ...observationOf("entered", "o", { total: 6 }, { total: "2" }), ...later }, former);
    expect(await database.query("SELECT DISTINCT toString(end_time) FROM traces_all_amt FINAL WHERE id = 'left' FORMAT TSV")).toBe(
      `${stored(startMs)}\n`,
    );
    expect(await sums("entered")).toEqual({ usage: { total: "6" }, cost: { total: "2" }, ids: ["o"] });
  });

  it("that nobody names any more is found by an index", async () => {
    await database.query(
      `INSERT INTO traces_mt (project_id, id, start_time, environment, observation_ids, created_at, updated_at, event_ts)
       SELECT 'many', concat('t', toString(number)), now(), '', [concat('o', toString(number))], now(), now(), now() FROM numbers(40000)`,
    );
    const plan = await database.query(
      "EXPLAIN indexes = 1 SELECT id FROM traces_mt WHERE project_id = 'many' AND hasAny(observation_ids, (SELECT groupArray(concat('o', toString(number))) FROM numbers(777, 1)))",
    );
    const granules = [...plan.matchAll(/Granules: (\d+)\/(\d+)/g)].map(([, found]) => Number(found));
    expect(Math.min(...granules), plan).toBe(1);
  });

  it("adds nothing with what an earlier claim sends later, wherever that claim believed it to be", async () => {
    const early = { event_ts: stored(startMs) };
    const late = { event_ts: stored(startMs + 60_000) };
    await write({ ...observationOf("fenced", "o", { total: 10 }, { total: "0.5" }), ...late });
    await write({ ...observationOf("fenced", "o", { total: 7 }, { total: "0.5" }), ...early });
    expect(await sums("fenced")).toEqual({ usage: { total: "10" }, cost: { total: "0.5" }, ids: ["o"] });
    const guard = { formerTraceIds: ["fenced"], isContested: true };
    for (const _ of [1, 2]) await write({ ...observationOf("guarding", "moved", { total: 3 }, {}), ...late }, guard);
    await write({ ...observationOf("fenced", "moved", { total: 3 }, {}), ...early });
    expect(await sums("fenced")).toMatchObject({ usage: { total: "10" } });
    expect(await sums("guarding")).toMatchObject({ usage: { total: "3" } });
  });

  it("is counted once although another statement had read before it and writes after it", async () => {
    const gate = await startInsertGate(database, "traces_mt");
    const observation = observationOf("raced", "o", { total: 10 }, { total: "0.5" });
    const first = write(observation);
    await gate.reached;
    let waits = 0;
    await write({ ...observation, event_ts: stored(startMs + 60_000) }, { isContested: true }, async () => {
      waits++;
      gate.open();
      await first;
    });
    expect(waits).toBeGreaterThan(0);
    await gate.remove();
    expect(await sums("raced")).toEqual({ usage: { total: "10" }, cost: { total: "0.5" }, ids: ["o"] });
  });

  it("has the sums of its last state, whatever was written, crashed and replayed before", async () => {
    const kinds = fc.dictionary(fc.constantFrom("total", "input", "constructor"), fc.nat(1000), { noNullPrototype: true });
    const step = fc.record({ observation: fc.constantFrom("a", "b"), usage: kinds, costs: kinds, replays: fc.nat(2) });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const id = `random-${run++}`;
        const last = new Map<string, { usage: Record<string, number>; costs: Record<string, number> }>();
        for (const { observation, usage, costs, replays } of steps) {
          for (let n = 0; n <= replays; n++) await write(observationOf(id, observation, usage, costs));
          last.set(observation, { usage, costs });
        }
        const total = (maps: Record<string, number>[]) => {
          const sum = new Map<string, number>();
          for (const map of maps) for (const [kind, value] of Object.entries(map)) sum.set(kind, (sum.get(kind) ?? 0) + value);
          return Object.fromEntries([...sum].filter(([, value]) => value !== 0).map(([kind, value]) => [kind, String(value)]));
        };
        const states = [...last.values()];
        expect(await sums(id)).toEqual({
          usage: total(states.map(({ usage }) => usage)),
          cost: total(states.map(({ costs }) => costs)),
          ids: [...last.keys()].toSorted(),
        });
      }),
      { seed, numRuns: runsOf(15) },
    );
  });

  it("is always counted once where sums are read from observations, moved and deleted ones where they are now", async () => {
    const stateOf = (id: string, trace_id: string, seconds: number, more: object = {}) => ({
      ...observationOf(trace_id, id, { total: 10 }, { total: "0.5" }),
      type: "SPAN",
      name: "",
      level: "DEFAULT",
      event_ts: stored(startMs + seconds * 1000),
      is_deleted: 0,
      ...more,
    });
    for (const id of ["tables", "moved to"]) await insertRows(database, "traces", [{ ...traceOf(id), name: "", is_deleted: 0 }]);
    for (const row of [
      stateOf("o", "tables", 0),
      stateOf("o", "tables", 1),
      stateOf("deleted", "tables", 0),
      stateOf("deleted", "tables", 1, { is_deleted: 1 }),
      stateOf("moved", "tables", 0),
      // Deleted where it was with the version it has where it is, which came first here.
      stateOf("moved", "moved to", 1, { start_time: stored(startMs + dayMs) }),
      stateOf("moved", "tables", 1, { is_deleted: 1 }),
    ])
      await insertRows(database, "observations", [row]);
    const page = { page: 1, rowsMax: 10 };
    const order = { column: "id", direction: "desc" } as const;
    expect(await listTracesTable({ clickhouse: database.clickhouse, source: "traces" }, { projectId, order, page })).toMatchObject([
      { id: "tables", observationIds: ["o"], totalCost: "0.5", totalTokens: "10" },
      { id: "moved to", observationIds: ["moved"], totalCost: "0.5", totalTokens: "10" },
    ]);
  });
});

describe("a trace in an aggregate", () => {
  const find = (traceId: string) => findTraceById({ clickhouse: database.clickhouse, source: "traces_all_amt" }, { projectId, traceId });

  it("keeps its last values, and those an update does not name", async () => {
    const first = traceOf("merged", { name: "one", user_id: "u", input: "in", metadata: { a: "1", b: "2" }, tags: ["x"], public: true });
    const second = traceOf("merged", {
      name: "two",
      user_id: null,
      input: "",
      metadata: { b: "10", c: "" },
      tags: ["y"],
      public: false,
      event_ts: stored(startMs + 5),
    });
    // The first comes once more, from an attempt that lost its lease.
    for (const row of [first, second, first]) await writeRows(traceAggregateRow(row));
    expect(await find("merged")).toMatchObject({ name: "two", userId: "u", input: "in", tags: ["x", "y"], public: false });
    // The larger text, not the later one.
    expect((await find("merged"))?.metadata).toEqual({ a: "1", b: "2", c: "" });
  });

  it("is not stretched by a score whose row is placed at its start", async () => {
    const score = { ...traceOf("s"), trace_id: "scored", timestamp: stored(startMs + dayMs / 2) };
    const row = scoreAggregateRow(score);
    if (row === undefined) throw new Error("no row");
    const end = async (id: string) =>
      (await database.query(`SELECT end_time FROM traces_all_amt FINAL WHERE id = '${id}' FORMAT TSV`)).trim();
    await writeRows(traceAggregateRow(traceOf("scored")));
    await writeRows(row);
    expect(await end("scored")).toBe(stored(startMs));
    await writeRows({ ...row, id: "scored at once" }, traceAggregateRow(traceOf("scored at once")));
    expect(await end("scored at once")).toBe(stored(startMs));
    await writeRows({ ...row, id: "scored alone" });
    expect(await end("scored alone")).toBe(stored(startMs + dayMs / 2));
  });

  it("is gone after a deletion, which leaves its neighbours and can be repeated", async () => {
    const ids = ["gone", "' OR 1=1 --", "stays"];
    for (const project_id of [projectId, "other"])
      await insertRows(
        database,
        "traces_mt",
        ids.map((id) => traceAggregateRow(traceOf(id, { project_id }))),
      );
    for (const _ of [1, 2]) await deleteTraceAggregates(runOn(database), { projectId, traceIds: ["gone", "' OR 1=1 --"] });
    for (const table of [...tables, "traces_mt"])
      expect(
        await database.query(
          `SELECT project_id, id FROM ${table} WHERE id IN ('gone', '\\' OR 1=1 --', 'stays') ORDER BY project_id, id FORMAT TSV`,
        ),
      ).toBe("other\t\\' OR 1=1 --\nother\tgone\nother\tstays\np\tstays\n");
  });

  it("that reached only some aggregates is made anew from what was written, and counts once", async () => {
    const whole = traceAggregateRow(traceOf("half", { name: "one", user_id: "u", input: "in", tags: ["x"] }));
    await insertRows(database, "traces_mt", [whole]);
    await insertRows(database, "traces_mt", [{ ...whole, name: "two", event_ts: stored(startMs + 5) }]);
    await write(observationOf("half", "o", { total: 10 }, { total: "0.5" }));
    await write(observationOf("half", "o", { total: 3 }, { total: "0.25" }));
    const row = async (table: string) =>
      database.query(
        `SELECT * EXCEPT (bookmarked, public, input, output), finalizeAggregation(input), finalizeAggregation(public) FROM ${table} FINAL WHERE id = 'half' FORMAT JSONEachRow`,
      );
    const before = await row("traces_all_amt");
    expect(before).toContain('"two"');
    await database.query("DELETE FROM traces_7d_amt WHERE id = 'half'");
    for (const _ of [1, 2]) await rebuildTraceAggregates(runOn(database), { projectId, traceIds: ["half"] });
    for (const table of tables) expect(await row(table)).toBe(before);
    expect(await sums("half")).toEqual({ usage: { total: "3" }, cost: { total: "0.25" }, ids: ["o"] });
  });

  it("is found by its merged values only, by index, while its rows are not merged", async () => {
    await database.query("SYSTEM STOP MERGES traces_all_amt");
    const row = traceAggregateRow(traceOf("x"));
    for (const [session, condition] of [
      ["before", "1"],
      ["after", "number = 7777"],
    ] as const)
      await database.query(
        `INSERT INTO traces_mt (project_id, id, start_time, session_id, environment, public, bookmarked, created_at, updated_at, event_ts)
         SELECT 'many', concat('t', toString(number)), '${row.start_time}', concat('${session}', toString(number)), 'default', false, false, '${row.start_time}', '${row.start_time}', '${row.start_time}'
         FROM numbers(40000) WHERE ${condition}`,
      );
    const deps = { clickhouse: database.clickhouse, source: "traces_all_amt" } as const;
    expect(await sessionHasTrace(deps, { projectId: "many", sessionId: "before7777" })).toBe(false);
    expect(await sessionHasTrace(deps, { projectId: "many", sessionId: "after7777" })).toBe(true);
    expect(await sessionHasTrace(deps, { projectId: "many", sessionId: "before1" })).toBe(true);
    const plan = await database.query(
      `EXPLAIN indexes = 1 SELECT a.id FROM traces_all_amt AS a FINAL WHERE project_id = 'many' AND session_id IN ['before1'] SETTINGS use_skip_indexes_if_final_exact_mode = 1`,
    );
    const granules = [...plan.matchAll(/Granules: (\d+)\/(\d+)/g)].map(([, read]) => Number(read));
    expect(Math.min(...granules), plan).toBeLessThan(4);
    await database.query("SYSTEM START MERGES traces_all_amt");
  });

  it("leaves the short-lived aggregates when its time has come, never the one kept for ever", async () => {
    const old = (days: number) => traceAggregateRow(traceOf(`${days} days`, { timestamp: stored(Date.now() - days * dayMs) }));
    await insertRows(database, "traces_mt", [5.9, 8.1, 28.9, 31.1].map(old));
    const left = async (table: string) => {
      await database.query(`OPTIMIZE TABLE ${table} FINAL`);
      return (await database.query(`SELECT id FROM ${table} FINAL WHERE endsWith(id, ' days') ORDER BY id FORMAT TSV`)).trim().split("\n");
    };
    expect(await left("traces_7d_amt")).toEqual(["5.9 days"]);
    expect(await left("traces_30d_amt")).toEqual(["28.9 days", "5.9 days", "8.1 days"]);
    expect(await left("traces_all_amt")).toEqual(["28.9 days", "31.1 days", "5.9 days", "8.1 days"]);
  });
});
