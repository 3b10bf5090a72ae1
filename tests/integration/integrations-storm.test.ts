/** Three integrations over one history while runners are killed, services fail and rows go on changing: nothing is skipped or doubled. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventIdOf } from "../../core/integrations/analytics/event-ids.ts";
import { type IntegrationKind, integrationKinds } from "../../core/integrations/integration.ts";
import { WindowManifest } from "../../core/integrations/storage/window-manifest.ts";
import { execute } from "../../db/postgres/client.ts";
import type { SinkFault, SinkServer } from "../../local/analytics/sink-server.ts";
import { type MixpanelStored, startMixpanelServer } from "../../local/mixpanel/mixpanel-server.ts";
import { type PostHogStored, startPostHogServer } from "../../local/posthog/posthog-server.ts";
import { nextVersion } from "../../services/integrations/close-window.ts";
import { redeliverRejections } from "../../services/integrations/redeliver-rejections.ts";
import { requestRun } from "../../services/integrations/request-run.ts";
import { type FaultStore, startFaultStore } from "../support/fault-store.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { insertIntegration, integrationEnv, listRuns, type RunRow, readIntegration } from "../support/integration-rows.ts";
import { isLong } from "../support/property-runs.ts";
import { seedFrom } from "../support/property-seed.ts";
import { type QueryHook, startQueryHook } from "../support/query-hook.ts";
import { randomFrom } from "../support/random-from.ts";
import {
  createHistory,
  type History,
  historyTables,
  isReplaceable,
  newestOf,
  nextVersions,
  type Version,
  within,
} from "../support/revision-history.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const seed = seedFrom("SEED");
/** Spread evenly over the three integrations. More of both take minutes: SPILLWAY_INTEGRATION_KILLS=150 SPILLWAY_INTEGRATION_HOURS=300. */
const kills = Number(process.env["SPILLWAY_INTEGRATION_KILLS"] ?? "3");
console.log(`integrations storm seed ${seed}, ${kills} kills`);
const random = randomFrom(seed);
/** Faults are chosen by numbers of their own: they come in the order of the machine, the history does not. */
const chance = randomFrom(seed + 1);

const hourMs = 3_600_000;
/** Windows of history. */
const hours = Number(process.env["SPILLWAY_INTEGRATION_HOURS"] ?? "24");
const lastHour = Math.floor(Date.now() / hourMs) * hourMs;
const iso = (ms: number) => new Date(ms).toISOString();
const sinkHours = Math.max(20, Math.floor(hours * 0.7));
const sinkStart = iso(lastHour - sinkHours * hourMs);

let fixture: Fixture;
let store: FaultStore;
let hook: QueryHook;
let posthog: SinkServer<PostHogStored>;
let mixpanel: SinkServer<MixpanelStored>;
let history: History;
/** Traces that were removed while windows were delivered: what is delivered of them depends on when. */
const removed = new Set<string>();
let isRefusing = true;
const refusedIds = new Set(historyTables.flatMap((table) => (isLong ? [3, 13, 23] : [3, 13]).map((n) => `${table}-${n}`)));
const runners: RunnerProcess[] = [];
const ids = { storage: "", posthog: "", mixpanel: "" };

const clickHouseTime = (ms: number) => iso(ms).replace("T", " ").replace("Z", "");
const rowOf = ({ table, id, label, timeMs, writtenMs, isDeleted }: Version) => ({
  ...{
    project_id: fixture.projectId,
    id,
    timestamp: clickHouseTime(timeMs),
    event_ts: clickHouseTime(writtenMs),
    is_deleted: isDeleted ? 1 : 0,
  },
  ...(table === "traces" ? { name: label } : { name: "quality", comment: label, value: 1, data_type: "NUMERIC", source: "API" }),
  ...(id.startsWith("big") ? { input: "x".repeat(6_000_000) } : {}),
});
/** Without the merge of versions that come in one insert. */
const insert = async (versions: readonly Version[]) => {
  for (const table of historyTables) {
    const rows = versions.filter((version) => version.table === table).map((version) => JSON.stringify(rowOf(version)));
    if (rows.length > 0) await fixture.query(`INSERT INTO ${table} SETTINGS optimize_on_insert = 0 FORMAT JSONEachRow`, rows.join("\n"));
  }
};
const recordDeletions = (deletions: History["deletions"]) =>
  fixture.query(
    "INSERT INTO deleted_rows FORMAT JSONEachRow",
    deletions
      .map(({ table, id, deletedMs }) =>
        JSON.stringify({ project_id: fixture.projectId, table_name: table, id, deleted_at: clickHouseTime(deletedMs) }),
      )
      .join("\n"),
  );

const storeFaults = ["internalError", "slowDown", "reset", "lostAnswer"] as const;
const sinkFault = (): SinkFault | undefined => {
  const faults: SinkFault[] = [
    { kind: "answer", status: 503 },
    { kind: "reset", when: "before" },
    { kind: "reset", when: "after" },
    { kind: "cut" },
  ];
  return chance() < 0.1 ? faults[Math.floor(chance() * faults.length)] : undefined;
};

/** Told of each window that a runner begins. */
let onWindow: (runner: RunnerProcess, kind: unknown) => void = () => {};
const start = (): RunnerProcess => {
  const runner = startRunnerProcess({
    ...fixture.runnerEnv(integrationEnv),
    CLICKHOUSE_URL: hook.url,
    SPILLWAY_MIXPANEL_URL: mixpanel.url,
    SPILLWAY_LEASE_SECONDS: "1.5",
    SPILLWAY_SELF_FENCE_SECONDS: "1",
    SPILLWAY_REAPER_SECONDS: "0.3",
  });
  runner.onLine(({ event, kind }) => {
    if (event === "window_started") onWindow(runner, kind);
  });
  return runner;
};

/** Brings what waits for a later time forward, so that the test need not wait for it. */
const hurry = async () => {
  await execute(fixture.db, sql`update jobs set run_at = now() where state = 'retryable'`);
  await execute(fixture.db, sql`update integrations set next_run_at = now() where enabled and next_run_at > now()`);
};
const eventually = async (what: string, isTrue: () => Promise<boolean>) => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; await wait(100)) {
    if (await isTrue()) return;
    await hurry();
  }
  throw new Error(`not in time: ${what}; ${JSON.stringify(runners.map(({ lines }) => lines.slice(-5)))}`);
};
const isThrough = async (instant: string) => {
  const states = await Promise.all(Object.values(ids).map((id) => readIntegration(fixture, id)));
  return states.every(({ cursor }) => cursor !== null && cursor >= instant);
};

/** Until when windows may be delivered: a job that was claimed then might still write rows. */
const openUntil = (instant: string) => execute(fixture.db, sql`update jobs set started_at = ${instant}::timestamptz where id = 'claimed'`);

const killed: Record<IntegrationKind, number> = { blob_storage: 0, posthog: 0, mixpanel: 0 };
/**
 * Opens some more hours, of each kind, and kills a runner that delivers one of them to the kind that was hit least. However fast the runners
 * are, each kill finds one of them at work.
 */
const killOne = async (kill: number) => {
  const kind = integrationKinds.toSorted((a, b) => killed[a] - killed[b])[0] ?? "blob_storage";
  let victim: RunnerProcess | undefined;
  onWindow = (runner, begun) => {
    if (begun === kind && runners.includes(runner)) victim ??= runner;
  };
  await openUntil(iso(lastHour - sinkHours * hourMs + Math.floor((sinkHours * (kill + 1)) / (kills + 1)) * hourMs));
  await eventually(`a runner delivers to ${kind}`, () => Promise.resolve(victim !== undefined));
  onWindow = () => {};
  if (victim === undefined) throw new Error(`a runner delivers to ${kind}`);
  killed[kind]++;
  await wait(random() * 400);
  await victim.kill("SIGKILL");
  runners[runners.indexOf(victim)] = start();
};

/** Writes one version with the instant of now, as ingestion does, or removes a trace. */
const changeOne = async () => {
  const nowMs = Date.parse(`${(await nextVersion(fixture.db)).slice(0, 23)}Z`);
  const table = historyTables[Math.floor(random() * 2)] ?? "traces";
  const id = `${table}-${Math.floor(random() * 60)}`;
  if (table === "traces" && random() < 0.4) {
    await recordDeletions([{ table, id, deletedMs: nowMs }]);
    await fixture.query(`DELETE FROM traces WHERE id = '${id}' AND event_ts <= '${clickHouseTime(nowMs)}'`);
    history.deletions.push({ table, id, deletedMs: nowMs });
    history.versions = history.versions.filter((version) => version.table !== table || version.id !== id);
    removed.add(id);
    return;
  }
  const own = history.versions.filter((version) => version.table === table && version.id === id);
  const added = nextVersions(own.findLast(({ isDeleted }) => !isDeleted) ?? own.at(-1), { table, id, writtenMs: nowMs }, random);
  await insert(added);
  history.versions.push(...added);
};

beforeAll(async () => {
  fixture = await createFixture();
  store = await startFaultStore(fixture.s3Config.endpoint);
  hook = await startQueryHook(fixture.clickhouseUrl);
  const refusedUuids = new Set([...refusedIds].map((id) => eventIdOf("posthog", fixture.projectId, id)));
  posthog = await startPostHogServer({
    projectToken: "phc_test",
    fault: sinkFault,
    resultOf: (uuid) => (isRefusing && refusedUuids.has(uuid) ? { result: "drop", details: "billing_limit_exceeded" } : undefined),
  });
  mixpanel = await startMixpanelServer({
    projectToken: "token",
    fault: sinkFault,
    refuse: ({ properties }) =>
      isRefusing && refusedIds.has(String(properties["langfuse_id"])) ? { field: "properties", message: "is refused" } : undefined,
  });
  await execute(fixture.db, sql`create table cursors (integration_id text, before timestamptz, after timestamptz)`);
  await execute(
    fixture.db,
    sql`create function note_cursor() returns trigger language plpgsql as $$ begin insert into cursors values (new.id, old.cursor, new.cursor); return new; end $$`,
  );
  await execute(
    fixture.db,
    sql`create trigger note_cursor after update on integrations for each row when (old.cursor is distinct from new.cursor) execute function note_cursor()`,
  );

  history = createHistory(random, { endMs: lastHour, hours, ids: 60 });
  for (let n = 0; n < 6; n++) {
    const writtenMs = lastHour - Math.ceil(random() * hours * hourMs);
    history.versions.push({
      table: "traces",
      id: `big-${n}`,
      label: `big-${n}@${writtenMs}`,
      timeMs: writtenMs,
      writtenMs,
      isDeleted: false,
    });
  }
  // In one table every version stays, in the other the engine removes replaced ones whenever it likes.
  await fixture.query("SYSTEM STOP MERGES scores");
  const shuffled = history.versions.map((version) => ({ version, at: random() })).toSorted((a, b) => a.at - b.at);
  for (let part = 0; part < 20; part++) await insert(shuffled.filter((_, n) => n % 20 === part).map(({ version }) => version));
  await recordDeletions(history.deletions);
  // Windows after the last hour stay open until all changes are written; those before are opened with the kills.
  const begunAt = new Date().toISOString();
  await execute(
    fixture.db,
    sql`insert into jobs (id, kind, project_id, payload, has_slot, state, priority, attempt, max_attempts, lease_id, lease_until, started_at, lane)
      values ('claimed', 'ingestion.merge', ${fixture.projectId}, '{}'::jsonb, false, 'running', 20, 1, 3, gen_random_uuid(), now() + interval '1 hour', ${iso(lastHour - hours * hourMs)}::timestamptz, 'lane')`,
  );
  const { bucket, accessKeyId, secretAccessKey } = fixture.s3Config;
  ids.storage = await insertIntegration(fixture, {
    kind: "blob_storage",
    settings: {
      ...{ type: "S3_COMPATIBLE", bucketName: bucket, endpoint: store.endpoint, region: "us-east-1", prefix: "delivered/" },
      ...{ fileType: "JSONL", compression: "none", includeDeletions: true },
    },
    secret: { accessKeyId, secretAccessKey },
    tables: historyTables,
  });
  const sink = { tables: historyTables, mode: "FROM_CUSTOM_DATE", startsAt: sinkStart } as const;
  ids.posthog = await insertIntegration(fixture, {
    ...{ ...sink, kind: "posthog", settings: { hostName: posthog.url }, secret: { projectApiKey: "phc_test" } },
  });
  ids.mixpanel = await insertIntegration(fixture, {
    ...{ ...sink, kind: "mixpanel", settings: { region: "api" }, secret: { projectToken: "token" } },
  });

  store.fail(() => (chance() < 0.03 ? storeFaults[Math.floor(chance() * storeFaults.length)] : undefined));
  hook.before(() => (chance() < 0.01 ? Promise.reject(new Error("a query that fails")) : Promise.resolve()));
  runners.push(start(), start());
  for (let kill = 0; kill < kills; kill++) {
    await killOne(kill);
    await changeOne();
    if (random() < 0.4) await fixture.query("OPTIMIZE TABLE traces FINAL");
  }
  console.log("kills", killed);
  await openUntil(begunAt);
  await eventually("the history is delivered", () => isThrough(iso(lastHour)));
  await execute(fixture.db, sql`delete from jobs where id = 'claimed'`);
  const last = iso(Date.parse(`${(await nextVersion(fixture.db)).slice(0, 23)}Z`));
  await eventually("a manual run delivers the changes", async () => {
    if (await isThrough(last)) return true;
    for (const id of Object.values(ids)) await requestRun(fixture.db, fixture.actor, id);
    return false;
  });
  await eventually("no window is under way", async () => {
    const jobs = await execute(fixture.db, sql`select 1 from jobs where kind like 'integration.%' and finished_at is null`);
    return jobs.length === 0;
  });
  store.fail(() => undefined);
  hook.before(() => Promise.resolve());
});
afterAll(async () => {
  for (const runner of runners) await runner.kill();
  for (const { stop } of [posthog, mixpanel]) await stop();
  hook.stop();
  store.stop();
  await fixture.stop();
});

describe.each(["storage", "posthog", "mixpanel"] as const)("%s", (name) => {
  it("has windows that tile the history, each completed once", async () => {
    const runs = await listRuns(fixture, ids[name]);
    expect(runs.map(({ state, deliveries }) => [state, deliveries])).toEqual(runs.map(() => ["completed", 1]));
    expect(runs.slice(1).map(({ start }) => start)).toEqual(runs.slice(0, -1).map(({ end }) => end));
    const first = Math.min(...history.versions.map(({ writtenMs }) => writtenMs));
    if (name === "storage") expect(Date.parse(runs[0]?.start ?? "")).toBeLessThanOrEqual(first);
    else expect(runs[0]?.start).toBe(sinkStart);
    expect(runs.at(-1)?.end).toBe((await readIntegration(fixture, ids[name])).cursor);
    for (const { end } of runs.filter(({ end }) => end <= iso(lastHour))) expect(Date.parse(end) % hourMs).toBe(0);
  });

  it("has a cursor that only grew", async () => {
    const steps = await execute<{ isBack: boolean }>(
      fixture.db,
      sql`select coalesce(after < before, false) or after is null as "isBack" from cursors where integration_id = ${ids[name]}`,
    );
    expect(steps.length).toBeGreaterThan(15);
    expect(steps.filter(({ isBack }) => isBack)).toEqual([]);
  });
});

type Delivered = { table: string; id: string; version: string; label: unknown; isDeleted: boolean };

const objectText = async (key: string) => (await fixture.readObject(key)).toString("utf8");
const manifestOf = async ({ manifestKey }: RunRow) => WindowManifest.parse(JSON.parse(await objectText(manifestKey ?? "")));
const filesOf = async (run: RunRow): Promise<{ rows: Delivered[]; deletions: Record<string, string>[] }> => {
  const rows: Delivered[] = [];
  const deletions: Record<string, string>[] = [];
  for (const { key, table, rowCount } of (await manifestOf(run)).files) {
    const lines = (await objectText(key))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBe(rowCount);
    if (table === "deletions") deletions.push(...(lines as Record<string, string>[]));
    else
      for (const line of lines)
        rows.push({
          ...{
            table,
            id: String(line["id"]),
            version: String(line["_version"]),
            label: table === "traces" ? line["name"] : line["comment"],
          },
          isDeleted: line["_deleted"] === true,
        });
  }
  return { rows, deletions };
};

const liveRows = async (): Promise<string[]> => {
  const live: string[] = [];
  for (const [table, label] of [
    ["traces", "name"],
    ["scores", "comment"],
  ] as const)
    live.push(
      ...(
        await fixture.query(
          `SELECT '${table} ' || id || ' ' || argMax(assumeNotNull(${label}), (event_ts, is_deleted = 0)) FROM ${table} GROUP BY id HAVING argMax(is_deleted, (event_ts, is_deleted = 0)) = 0 FORMAT TSV`,
        )
      )
        .trimEnd()
        .split("\n"),
    );
  return live.toSorted();
};

describe("files", () => {
  it("have each revision in the window in which it was written, and in no other", async () => {
    let exact = 0;
    for (const run of await listRuns(fixture, ids.storage)) {
      const inside = within(history.versions, run.start, run.end);
      const expected = newestOf(inside);
      const { rows } = await filesOf(run);
      const keys = rows.map(({ table, id }) => `${table} ${id}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const row of rows) {
        const newest = expected.get(`${row.table} ${row.id}`);
        if (removed.has(row.id)) continue;
        if (newest === undefined) throw new Error(`${run.start} has ${row.version} of ${row.id}`);
        const own = inside.filter(
          ({ table, label, isDeleted }) => table === row.table && label === row.label && isDeleted === row.isDeleted,
        );
        expect(own.map(({ writtenMs }) => iso(writtenMs).slice(0, 23))).toContain(row.version.slice(0, 23));
        // The engine may merge the newest of a window with a later one and leave an older one; the later one follows.
        if (row.label !== newest.label || row.isDeleted !== newest.isDeleted)
          expect([row, row.table, isReplaceable(history.versions, newest)]).toEqual([row, "traces", true]);
      }
      for (const [key, version] of expected) {
        exact++;
        if (keys.includes(key) || removed.has(version.id)) continue;
        expect([key, run.start, version.table, isReplaceable(history.versions, version)]).toEqual([key, run.start, "traces", true]);
      }
    }
    expect(exact).toBeGreaterThan(200);
  });

  it("read by the newest revision of each row, without those deleted, equal the tables", async () => {
    const newest = new Map<string, Delivered>();
    const gone = new Map<string, string>();
    for (const run of await listRuns(fixture, ids.storage)) {
      const { rows, deletions } = await filesOf(run);
      for (const row of rows)
        if ((newest.get(`${row.table} ${row.id}`)?.version ?? "") < row.version) newest.set(`${row.table} ${row.id}`, row);
      for (const { table_name, id, _version = "" } of deletions)
        if ((gone.get(`${table_name} ${id}`) ?? "") < _version) gone.set(`${table_name} ${id}`, _version);
    }
    const read = [...newest].filter(([key, row]) => !row.isDeleted && row.version > (gone.get(key) ?? ""));
    expect(read.map(([key, { label }]) => `${key} ${label}`).toSorted()).toEqual(await liveRows());
  });

  it("loaded by DuckDB with the statements of the manifests, in any order and some twice, equal the tables", async () => {
    const folder = mkdtempSync(join(tmpdir(), "storm-"));
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      const runs = (await listRuns(fixture, ids.storage)).flatMap((run) => (random() < 0.1 ? [run, run] : [run]));
      for (const { run } of runs.map((run) => ({ run, at: random() })).toSorted((a, b) => a.at - b.at)) {
        const { files, loadSql } = await manifestOf(run);
        for (const { key } of files) {
          mkdirSync(dirname(join(folder, key)), { recursive: true });
          writeFileSync(join(folder, key), await fixture.readObject(key));
        }
        for (const statement of loadSql.duckdb?.statements ?? [])
          await connection.run(statement.sql.replaceAll(`s3://${fixture.s3Config.bucket}/`, `${folder}/`));
      }
      const reader = await connection.runAndReadAll(
        "SELECT 'traces ' || id || ' ' || name FROM traces_live UNION ALL SELECT 'scores ' || id || ' ' || comment FROM scores_live",
      );
      expect(
        reader
          .getRows()
          .map(([row]) => String(row))
          .toSorted(),
      ).toEqual(await liveRows());
    } finally {
      connection.closeSync();
      instance.closeSync();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("left no upload unfinished", () => {
    const uploads = join(fixture.s3Config.dataDir, fixture.s3Config.bucket, "._S3rver_uploads");
    const left = (existsSync(uploads) ? readdirSync(uploads) : []).filter((upload) => existsSync(join(uploads, upload, "key")));
    expect(left.map((upload) => readFileSync(join(uploads, upload, "key"), "utf8"))).toEqual([]);
  });
});

const labelOf = (properties: Record<string, unknown>) => String(properties["langfuse_score_comment"] ?? properties["langfuse_trace_name"]);
const sinks = {
  posthog: () => posthog.deliveries.map(({ uuid, properties }) => ({ eventId: uuid, properties })),
  mixpanel: () => mixpanel.deliveries.map(({ properties }) => ({ eventId: String(properties["$insert_id"]), properties })),
};
type Rejection = { runId: string; table: string; rowId: string; isOpen: boolean };
const listRejections = (id: string) =>
  execute<Rejection>(
    fixture.db,
    sql`select run_id as "runId", table_name as "table", row_id as "rowId", accepted_at is null as "isOpen" from integration_rejections where integration_id = ${id}`,
  );

describe.each(["posthog", "mixpanel"] as const)("%s", (name) => {
  it("gets the newest revision of each row and window, with one id per row however often it is sent", async () => {
    const deliveries = sinks[name]();
    for (const { eventId, properties } of deliveries)
      expect(eventId).toBe(eventIdOf(name, fixture.projectId, String(properties["langfuse_id"])));
    const got = new Set(deliveries.map(({ properties }) => labelOf(properties)));
    const wanted = new Set<string>();
    for (const run of await listRuns(fixture, ids[name]))
      for (const version of newestOf(within(history.versions, run.start, run.end)).values()) {
        if (version.table === "traces" && isReplaceable(history.versions, version))
          for (const { id, label } of within(history.versions, run.start, run.end)) if (id === version.id) wanted.add(label);
        if (version.isDeleted) continue;
        wanted.add(version.label);
        if (got.has(version.label) || refusedIds.has(version.id) || removed.has(version.id)) continue;
        expect([version, version.table, isReplaceable(history.versions, version)]).toEqual([version, "traces", true]);
      }
    expect([...got].filter((label) => !wanted.has(label) && !removed.has(label.split("@")[0] ?? ""))).toEqual([]);
    expect(got.size).toBeGreaterThan(40);
  });

  it("has sent what was accepted and what was rejected, per run and in total, and lists each refusal once", async () => {
    const runs = await listRuns(fixture, ids[name]);
    for (const { rows, sent, accepted, rejected } of runs) expect([sent, rows]).toEqual([accepted + rejected, sent]);
    const rejections = await listRejections(ids[name]);
    const keys = rejections.map(({ runId, table, rowId }) => `${runId} ${table} ${rowId}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(rejections.filter(({ rowId }) => !refusedIds.has(rowId))).toEqual([]);
    for (const run of runs) {
      const open = rejections.filter(({ runId, isOpen }) => isOpen && runId === run.id);
      expect(open.length).toBe(run.rejected);
      const scores = [...newestOf(within(history.versions, run.start, run.end)).values()].filter(
        ({ table, id, isDeleted }) => table === "scores" && refusedIds.has(id) && !isDeleted,
      );
      expect(
        open
          .filter(({ table }) => table === "scores")
          .map(({ rowId }) => rowId)
          .toSorted(),
      ).toEqual(scores.map(({ id }) => id).toSorted());
    }
    expect(rejections.length).toBeGreaterThan(0);
  });

  it("takes refused rows once it accepts them, and they are marked", async () => {
    isRefusing = false;
    const open = (await listRejections(ids[name])).filter(({ isOpen }) => isOpen);
    await redeliverRejections(fixture.db, fixture.actor, ids[name]);
    await eventually("all are marked", async () => (await listRejections(ids[name])).every(({ isOpen }) => !isOpen));
    await eventually("all runs are completed", async () =>
      (await listRuns(fixture, ids[name])).every(({ state }) => state === "completed"),
    );
    const runs = new Map((await listRuns(fixture, ids[name])).map((run) => [run.id, run]));
    const got = new Set(sinks[name]().map(({ properties }) => labelOf(properties)));
    for (const { runId, table, rowId } of open) {
      const run = runs.get(runId);
      expect(run).toMatchObject({ rejected: 0, deliveries: 2 });
      if (table === "scores")
        expect(got).toContain(newestOf(within(history.versions, run?.start ?? "", run?.end ?? "")).get(`${table} ${rowId}`)?.label);
    }
  });
});
