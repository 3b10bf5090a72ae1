import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { eventually } from "../support/eventually.ts";
import { type FaultStore, startFaultStore } from "../support/fault-store.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { pairsOf } from "../support/property-runs.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const rowsTotal = 16_000;

/** Leases and graces that no machine is too slow for: the test ends them by hand. */
const steady = {
  SPILLWAY_LEASE_SECONDS: "600",
  SPILLWAY_SELF_FENCE_SECONDS: "500",
  SPILLWAY_REAPER_SECONDS: "0.3",
  SPILLWAY_SWEEP_SECONDS: "0.3",
  SPILLWAY_SWEEP_GRACE_SECONDS: "600",
  SPILLWAY_SLICE_MIB: "2",
};

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
  await fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, output, event_ts)
     SELECT '${fixture.projectId}', concat('t', toString(intDiv(number, 10))), concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMillisecond(number * 37), 'n',
       repeat(concat('payload ', toString(number), ' '), 80), repeat('out ', 60), now64(6) FROM numbers(${rowsTotal})`,
  );
});
afterAll(() => fixture.stop());

const started: RunnerProcess[] = [];
const start = (env: Record<string, string>): RunnerProcess => {
  const runner = startRunnerProcess(env);
  started.push(runner);
  return runner;
};
/** A test that failed half-way leaves its runners to this. */
afterEach(() => {
  for (const runner of started.splice(0)) {
    runner.signal("SIGCONT");
    runner.signal("SIGKILL");
  }
});

/** Objects and live multipart uploads of this fixture, as they lie on the store's disk. */
const left = (): string[] => {
  const bucket = join(fixture.s3Config.dataDir, fixture.s3Config.bucket);
  if (!existsSync(bucket)) return [];
  const uploads = join(bucket, "._S3rver_uploads");
  const live = existsSync(uploads)
    ? readdirSync(uploads).filter(
        (id) => existsSync(join(uploads, id, "key")) && readFileSync(join(uploads, id, "key"), "utf8").startsWith(fixture.database),
      )
    : [];
  const objects = readdirSync(bucket, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.includes(fixture.database) && file.endsWith("_S3rver_object"),
  );
  return [...live, ...objects];
};

const openObjects = async (exportId: string) =>
  (
    await execute<{ open: number }>(
      fixture.db,
      sql`select count(*)::int as open from export_objects where batch_export_id = ${exportId} and state in ('open', 'removing')`,
    )
  )[0]?.open;

/** What no attempt goes on with is older than the grace of the sweep. */
const isSwept = async (exportId: string): Promise<boolean> => {
  await execute(fixture.db, sql`update export_objects set updated_at = now() - interval '1 hour' where batch_export_id = ${exportId}`);
  return (await openObjects(exportId)) === 0;
};

/** The parts that Postgres knows of, and the slice in which the last of them begins: what the next attempt takes over. */
const recorded = async (exportId: string): Promise<{ parts: number; slice: number }> => {
  const parts = await execute<{ slice: number }>(
    fixture.db,
    sql`select p.slice from export_parts p join export_objects o on o.id = p.object_id where o.batch_export_id = ${exportId} order by p.number`,
  );
  return { parts: parts.length, slice: parts.at(-1)?.slice ?? 0 };
};

/** Ends the lease of the runner that is gone, until another has seen that: a heartbeat may have been on its way to Postgres. */
const endLease = async (exportId: string): Promise<void> => {
  const held = async () =>
    (
      await execute<{ lease: string }>(
        fixture.db,
        sql`select j.lease_id as lease from jobs j join batch_exports e on e.job_id = j.id where e.id = ${exportId} and j.state = 'running'`,
      )
    )[0]?.lease;
  const lease = await held();
  await eventually("the lease has ended", async () => {
    if (lease === undefined || (await held()) !== lease) return true;
    await execute(fixture.db, sql`update jobs set lease_until = now() - interval '1 second' where lease_id = ${lease}::uuid`);
    return false;
  });
};

/** Small parts, one in flight: slices of 10 MiB are never smaller than what is on its way. */
const resuming = { ...steady, SPILLWAY_SLICE_MIB: "10", SPILLWAY_PARTS_IN_FLIGHT: "1" };

type Call = { kind: "create" | "complete"; partNumber: 0 } | { kind: "part"; partNumber: number };
type KillPoint = { name: string; at: { call: Call; isDone: boolean } | { ms: number } };

/** How many of the kills come after a time: `SPILLWAY_CRASH_KILLS=38` makes it 50 in all, and takes minutes. */
const timedKills = Number(process.env["SPILLWAY_CRASH_KILLS"] ?? "2");

/** The runner is killed at each call that writes the object, before and after the store has done what was asked, and after times that may be anywhere. */
const calls: readonly Call[] = [
  { kind: "create", partNumber: 0 },
  ...[1, 2, 3, 4].map((partNumber) => ({ kind: "part" as const, partNumber })),
  { kind: "complete", partNumber: 0 },
];
const killPoints: readonly KillPoint[] = [
  ...pairsOf(calls, [false, true]).map(([call, isDone]) => ({
    name: `${isDone ? "after" : "before"} ${call.kind}${call.kind === "part" ? ` ${call.partNumber}` : ""}`,
    at: { call, isDone },
  })),
  ...Array.from({ length: timedKills }, (_, seed) => ((seed + 1) * 7919) % 900).map((ms) => ({ name: `after ${ms} ms`, at: { ms } })),
];

describe("kill -9", () => {
  let store: FaultStore;
  let takenOver = 0;
  beforeAll(async () => {
    store = await startFaultStore(fixture.s3Config.endpoint);
  });
  afterAll(() => store.stop());

  it.each(killPoints)(
    "$name: the next attempt completes the export, each id once; each attempt that failed costs at most one slice read twice, and nothing is left",
    async ({ name, at }) => {
      const before = new Set(left());
      const env = { ...fixture.runnerEnv(resuming), LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint };
      const exportId = await fixture.requestExport(
        { format: "JSONL", notify: false, query: { tableName: "events", columns: ["id", "input", "output"] } },
        8,
      );
      const first = start(env);
      const gone = new Promise<void>((resolve) => first.child.once("exit", () => resolve()));
      let killing: Promise<void> | undefined;
      const kill = async ({ kind, partNumber }: Call) => {
        try {
          // Parts are recorded while the next one is on its way: one at a time, so all before it.
          if (kind === "part")
            await eventually("the parts before are recorded", async () => (await recorded(exportId)).parts >= partNumber - 1);
        } finally {
          first.signal("SIGKILL");
        }
      };
      store.fail(async (call) => {
        if ("ms" in at || killing !== undefined || call.kind !== at.call.kind || call.partNumber !== at.call.partNumber) return undefined;
        killing = kill(at.call);
        await gone;
        return at.isDone ? "lostAnswer" : "reset";
      });
      await eventually("the export runs", async () => (await fixture.load(exportId)).startedAt !== null);
      if ("ms" in at) {
        await new Promise((resolve) => setTimeout(resolve, at.ms));
        first.signal("SIGKILL");
      }
      await gone;
      await killing;
      const atDeath = await recorded(exportId);
      const second = start(env);
      await endLease(exportId);
      const row = await fixture.finished(exportId);
      expect(row.status).toBe("COMPLETED");
      // The store of these tests answers 500 now and then about an upload whose part was cut off; that is an attempt more, and no other kind of failure.
      expect(["none", "RUNNER_LOST", "S3_UNAVAILABLE"]).toContain(row.job?.lastError?.code ?? "none");
      const ids = (await fixture.readExport(row))
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { id: string }).id);
      expect(new Set(ids).size).toBe(rowsTotal);
      expect(ids.length).toBe(rowsTotal);
      const slices = [...first.lines, ...second.lines].filter(({ event }) => event === "slice_written").map(({ slice }) => slice);
      expect(new Set(slices).size).toBe(row.manifest?.slices);
      expect(slices.length - new Set(slices).size).toBeLessThanOrEqual((row.manifest?.attempt ?? 1) - 1);
      // Perhaps a part more, whose record was on its way to Postgres.
      if (row.manifest?.attempt !== 1) expect(row.manifest?.slicesResumed).toBeGreaterThanOrEqual(atDeath.slice);
      if ("call" in at) takenOver += atDeath.slice;
      await eventually("the sweep has removed what lost", () => isSwept(exportId));
      const key = row.manifest?.files[0]?.key ?? "";
      const added = left().filter((file) => !before.has(file));
      expect(added.filter((file) => !file.includes(key))).toEqual([]);
      expect(added.length).toBe(1);
      await second.kill("SIGTERM");
      console.log(
        `killed ${name}, completed in attempt ${row.manifest?.attempt} with ${row.manifest?.slicesResumed} of ${row.manifest?.slices} slices taken over`,
      );
    },
  );

  it("slices were taken over, not only read again", () => {
    expect(takenOver).toBeGreaterThanOrEqual(killPoints.filter(({ at }) => "call" in at).length);
  });
});

describe("a runner that was stopped past its lease", () => {
  it("can write nothing when it is continued, and the file of the other stays", async () => {
    const store = await startFaultStore(fixture.s3Config.endpoint);
    const stopped = Promise.withResolvers<void>();
    store.fail((call) => {
      if (call.kind !== "part" || call.partNumber !== 2) return undefined;
      first.signal("SIGSTOP");
      stopped.resolve();
      return undefined;
    });
    const first = start({ ...fixture.runnerEnv(steady), LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint });
    const exportId = await fixture.requestExport({ format: "JSONL", query: { tableName: "events", columns: ["id", "input"] } }, 8);
    await stopped.promise;
    const second = start(fixture.runnerEnv(steady));
    await endLease(exportId);
    const done = await fixture.finished(exportId);
    expect(done.manifest?.attempt).toBe(2);
    const audits = () =>
      execute<{ action: string }>(fixture.db, sql`select action from audit_logs where resource_id = ${exportId} order by created_at`);
    const auditsBefore = await audits();
    first.signal("SIGCONT");
    await first.saw("lease_lost");
    await eventually("the sweep has removed the loser's object", () => isSwept(exportId));
    const after = await fixture.load(exportId);
    expect(after.manifest).toEqual(done.manifest);
    expect(after.updatedAt).toEqual(done.updatedAt);
    expect(await audits()).toEqual(auditsBefore);
    expect((await fixture.readExport(after)).trimEnd().split("\n").length).toBe(rowsTotal);
    await Promise.all([first.kill("SIGTERM"), second.kill("SIGTERM")]);
    store.stop();
  });
});

describe("SIGTERM", () => {
  it("gives a running job back without spending the attempt, and the next runner completes it", async () => {
    const exportId = await fixture.requestExport({ format: "JSONL", query: { tableName: "events" } }, 1);
    const first = start(fixture.runnerEnv(steady));
    await eventually("the export runs", async () => (await fixture.load(exportId)).status === "PROCESSING");
    await first.kill("SIGTERM");
    const given = await fixture.load(exportId);
    if (given.status !== "COMPLETED") expect(given).toMatchObject({ status: "QUEUED", job: { state: "available", attempt: 0 } });
    const second = start(fixture.runnerEnv(steady));
    expect((await fixture.finished(exportId)).status).toBe("COMPLETED");
    await second.kill("SIGTERM");
  });
});

describe("cancel", () => {
  it("stops a running export at once, with its query gone from the server and nothing left", async () => {
    // Every row sleeps a little, in small blocks, one of each part: the query would run for longer than anything is waited for.
    const own = await createFixture();
    await own.query("CREATE TABLE slow AS events");
    await own.query("ALTER TABLE slow DROP COLUMN output_length, DROP COLUMN output");
    await own.query(
      "ALTER TABLE slow ADD COLUMN output String ALIAS toString(sleepEachRow(0.0025)), ADD COLUMN output_length UInt64 ALIAS 0",
    );
    await own.query("SYSTEM STOP MERGES slow");
    await own.query(
      `INSERT INTO slow (project_id, trace_id, span_id, start_time, input, event_ts) SELECT '${own.projectId}', 't', concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + number, 'x', now64(6)
       FROM numbers(${Math.ceil(waitSeconds / 2.5) * 2} * 1000) SETTINGS max_block_size = 1000, min_insert_block_size_rows = 1000, min_insert_block_size_bytes = 0`,
    );
    const runner = start(own.runnerEnv({ CLICKHOUSE_EVENTS_TABLE: "slow" }));
    const exportId = await own.requestExport({ format: "JSONL", query: { tableName: "events", columns: ["id", "output"] } });
    const queries = async () =>
      Number(
        await own.query(`SELECT count() FROM system.processes WHERE query LIKE '%slow AS e%' AND query NOT LIKE '%system.processes%'`),
      );
    await eventually("the query runs", async () => (await own.load(exportId)).progress?.stage === "streaming" && (await queries()) > 0);
    const { cancelExport } = await import("../../services/exports/cancel-export.ts");
    expect(await cancelExport(own.db, own.actor, exportId)).toBe("requested");
    const row = await own.finished(exportId);
    await eventually("the query is gone", async () => (await queries()) === 0);
    expect(row.status).toBe("CANCELLED");
    expect(row.manifest).toBeNull();
    await runner.kill("SIGTERM");
    await own.stop();
  });
});
