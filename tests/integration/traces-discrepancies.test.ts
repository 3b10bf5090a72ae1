import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { discrepancyFields, findDiscrepancies } from "../../services/traces/find-discrepancies.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { seedFrom } from "../support/property-seed.ts";
import { dayMs, type ExpectedTrace, insertRows, sampleTraceSet, stored } from "../support/trace-set.ts";

const seed = seedFrom("SEED");
const nowMs = Math.floor(Date.now() / 1000) * 1000;
const set = sampleTraceSet(seed, 120, nowMs);
const { projectId } = set;
const from = new Date(nowMs - 90 * dayMs);

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
let dir: string;
beforeAll(async () => {
  console.log(`discrepancies: SEED=${seed}`);
  database = await createClickHouseDatabase();
  dir = mkdtempSync(join(tmpdir(), "spillway-discrepancies-"));
  await set.store(database);
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await database.drop();
});

/** `env` in place of the address of the database. */
const run = (
  args: string[],
  env: Record<string, string> = { CLICKHOUSE_URL: database.config.url, CLICKHOUSE_DB: database.config.database },
) =>
  new Promise<{ status: number | null; text: string }>((resolve, reject) => {
    const child = spawn(bunPath, [join(repositoryRoot, "cli/operator/traces-discrepancies.ts"), ...args], {
      env: { PATH: process.env["PATH"], SPILLWAY_DATA_DIR: dir, ...env },
    });
    let text = "";
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    child.stderr.on("data", (chunk) => (text += String(chunk)));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, text }));
  });

const window = ["--project", projectId, "--from", from.toISOString()];
const find = (more: object = {}) =>
  findDiscrepancies(database, { projectId, source: "traces_all_amt", from, to: null, examplesMax: 5, ...more });

/** A newer version of a trace in `traces` alone, with one value changed. */
const plant = (trace: ExpectedTrace, changed: object) =>
  insertRows(database, "traces", [
    {
      id: trace.id,
      project_id: trace.projectId,
      timestamp: stored(Date.parse(trace.timestamp)),
      name: trace.name,
      user_id: trace.userId,
      session_id: trace.sessionId,
      release: trace.release,
      version: trace.version,
      environment: trace.environment,
      tags: trace.tags,
      public: trace.public,
      bookmarked: trace.bookmarked,
      input: trace.input,
      output: trace.output,
      metadata: trace.metadata,
      created_at: stored(Date.parse(trace.createdAt)),
      updated_at: stored(Date.parse(trace.updatedAt)),
      event_ts: stored(nowMs + 5000),
      is_deleted: 0,
      ...changed,
    },
  ]);

describe("where both say the same", () => {
  it("nothing is found, whichever aggregate is looked at, and the status is 0", async () => {
    expect(await find()).toEqual({ compared: set.expected.length, discrepancies: [] });
    const days = 5;
    const recent = { source: "traces_7d_amt", from: new Date(nowMs - days * dayMs) };
    const count = set.expected.filter(({ startedMs }) => startedMs >= nowMs - days * dayMs).length;
    expect(await find(recent)).toEqual({ compared: count, discrepancies: [] });
    expect(await run(window)).toEqual({ status: 0, text: `${set.expected.length} traces compared with traces_all_amt\n` });
    expect((await run(["--", "--project", projectId, "--from", recent.from.toISOString()])).text).toBe(
      `${count} traces compared with traces_7d_amt\n`,
    );
  });

  it("the address of the running stack is used where none is given", async () => {
    writeFileSync(join(dir, "stack.json"), JSON.stringify({ clickhouseUrl: database.config.url }));
    expect(await run(window, { CLICKHOUSE_DB: database.config.database })).toMatchObject({ status: 0 });
    rmSync(join(dir, "stack.json"));
  });
});

describe("misuse", () => {
  it.each([
    [[], "--project"],
    [["--project", "p"], "--from"],
    [["--project", "p", "--from", "yesterday"], "--from"],
    [["--project", "p", "--from", "2026-01-02T00:00:00"], "--from"],
    [["--project", "p", "--from", "2026-01-02", "--to", "2026-01-02"], "--to"],
    [["--project", "p", "--from", "2026-01-02", "--limit", "many"], "--limit"],
    [["--project", "p", "--from", "2026-01-02", "--table", "traces; DROP TABLE traces"], "--table"],
    [["--project", "p", "--from", "2026-01-02", "--what", "x"], "--what"],
    [["--project", "p", "--from", "2026-01-02", "stray"], "stray"],
  ])("%j is explained with status 2", async (args, named) => {
    const { status, text } = await run(args);
    expect(status).toBe(2);
    expect(text).toContain(named);
    expect(text).toContain("Usage:");
  });

  it("without an address, or without an answer, is no difference: status 2", async () => {
    expect(await run(window, {})).toMatchObject({ status: 2 });
    expect(await run(window, { CLICKHOUSE_URL: "http://127.0.0.1:1" })).toMatchObject({
      status: 2,
      text: expect.stringContaining("does not answer"),
    });
  });
});

describe("planted differences", () => {
  it("of every field are counted with examples, and the status is 1", async () => {
    const pool = [...set.expected];
    const next = () => {
      const trace = pool.pop();
      if (trace === undefined) throw new Error(`the data of SEED=${seed} has too few traces`);
      return trace;
    };
    const planted = new Map<string, string[]>();
    const differ = async (field: string, change: (trace: ExpectedTrace) => object) => {
      const trace = next();
      await plant(trace, change(trace));
      planted.set(field, [...(planted.get(field) ?? []), trace.id]);
    };
    await differ("presence", () => ({ is_deleted: 1 }));
    await plant({ ...next(), id: "only in traces" }, {});
    planted.get("presence")?.push("only in traces");
    await differ("timestamp", ({ startedMs }) => ({ timestamp: stored(startedMs + 1) }));
    for (const column of ["name", "user_id", "session_id", "release", "version", "input", "output", "environment"])
      await differ(column, () => ({ [column]: "planted 'value'" }));
    await differ("input", () => ({ input: `${"long ".repeat(1000)}end` }));
    await differ("public", (trace) => ({ public: !trace.public }));
    await differ("bookmarked", (trace) => ({ bookmarked: !trace.bookmarked }));
    await differ("tags", (trace) => ({ tags: [...trace.tags, "planted"] }));
    await differ("metadata", (trace) => ({ metadata: { ...trace.metadata, planted: "" } }));
    for (const [field, usage_details, cost_details] of [
      ["usage_details", { total: 3 }, {}],
      ["cost_details", {}, { total: "0.000000000001" }],
    ] as const) {
      const { id } = next();
      const observation = {
        id: `planted ${field}`,
        trace_id: id,
        project_id: projectId,
        type: "SPAN",
        name: "",
        start_time: stored(nowMs),
        event_ts: stored(nowMs),
        is_deleted: 0,
      };
      await insertRows(database, "observations", [{ ...observation, usage_details, cost_details }]);
      planted.set(field, [id]);
      planted.set("observation_ids", [...(planted.get("observation_ids") ?? []), id]);
    }
    const { id: scored } = next();
    await insertRows(database, "scores", [
      {
        id: "planted",
        trace_id: scored,
        project_id: projectId,
        name: "s",
        timestamp: stored(nowMs),
        event_ts: stored(nowMs),
        is_deleted: 0,
      },
    ]);
    planted.set("score_ids", [scored]);

    const { discrepancies } = await find();
    expect([...planted.keys()].toSorted()).toEqual([...discrepancyFields].toSorted());
    expect(discrepancies.map(({ field }) => field)).toEqual(discrepancyFields);
    for (const { field, countTraces, examples } of discrepancies) {
      expect(countTraces, field).toBe(planted.get(field)?.length);
      expect(examples.map(({ id }) => id).toSorted(), field).toEqual(planted.get(field)?.toSorted());
      for (const { traces, aggregate } of examples) expect(traces === aggregate && !traces.startsWith("long"), field).toBe(false);
    }
    const { status, text } = await run([...window, "--limit", "1"]);
    expect(status).toBe(1);
    for (const [field, ids] of planted) expect(text).toContain(`\n${field}: ${ids.length}\n  "`);
    expect(text.split("\n").filter((line) => line.startsWith("  ")).length).toBe(discrepancyFields.length);
    expect(text.length).toBeLessThan(10_000);
  });

  it("outside the window or of another project are not told", async () => {
    expect((await find({ projectId: set.otherProjectId })).discrepancies).toEqual([]);
    expect(await find({ projectId: "' OR 1=1 --" })).toEqual({ compared: 0, discrepancies: [] });
    expect(await find({ to: from })).toEqual({ compared: 0, discrepancies: [] });
  });
});
