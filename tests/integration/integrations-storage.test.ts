/** Windows of an integration delivered to a bucket, on the real engines. */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UpdateIntegration } from "../../core/integrations/requests.ts";
import { WindowManifest } from "../../core/integrations/storage/window-manifest.ts";
import { execute } from "../../db/postgres/client.ts";
import { requestBackfill } from "../../services/integrations/request-backfill.ts";
import { resumeIntegration } from "../../services/integrations/resume-integration.ts";
import { updateIntegration } from "../../services/integrations/update-integration.ts";
import { startEarlyHour } from "../support/early-hour.ts";
import { startFaultStore } from "../support/fault-store.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { insertIntegration, integrationEnv, keyring, listRuns, readIntegration } from "../support/integration-rows.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const hour = startEarlyHour();
let fixture: Fixture;
let lines: Record<string, unknown>[];
let runner: { stop: () => Promise<void> };

beforeAll(async () => {
  fixture = await createFixture({ prepare: hour.prepare });
  // A merge would remove older versions, as it may at any time; the newest is always delivered.
  await fixture.query("SYSTEM STOP MERGES traces");
  lines = [];
  runner = fixture.startRunner(integrationEnv, lines);
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

const storage = (more: Record<string, unknown> = {}) => ({
  type: "S3_COMPATIBLE",
  bucketName: fixture.s3Config.bucket,
  endpoint: fixture.s3Config.endpoint,
  region: "us-east-1",
  fileType: "JSONL",
  compression: "none",
  prefix: "delivered/",
  ...more,
});
const secret = () => ({ accessKeyId: fixture.s3Config.accessKeyId, secretAccessKey: fixture.s3Config.secretAccessKey });

const hourMs = 3_600_000;
/** The last full hour, which is over. */
const lastHour = hour.startMs;
const clickHouseTime = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

type TraceRow = { id: string; name: string; writtenMs: number; isDeleted?: boolean };

/** One insert a row: the server merges versions that come in one insert. */
const insertTraces = async (rows: readonly TraceRow[], projectId = fixture.projectId) => {
  for (const { id, name, writtenMs, isDeleted = false } of rows) {
    const row = {
      ...{ project_id: projectId, id, name, is_deleted: isDeleted ? 1 : 0 },
      timestamp: clickHouseTime(lastHour - 9 * hourMs),
      event_ts: clickHouseTime(writtenMs),
    };
    await fixture.query("INSERT INTO traces FORMAT JSONEachRow", JSON.stringify(row));
  }
};

/** A project of its own, so that tests do not deliver each other's rows. */
const newProject = async (): Promise<string> => {
  const id = `project-${randomUUID()}`;
  await execute(
    fixture.db,
    sql`insert into projects (id, org_id, name) select ${id}, org_id, ${id} from projects where id = ${fixture.projectId}`,
  );
  return id;
};

const eventually = async (what: string, isTrue: () => Promise<boolean>) => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; await wait(50)) if (await isTrue()) return;
  throw new Error(`not in time: ${what}; the runner said last: ${JSON.stringify(lines.slice(-10))}`);
};

const deliveredThrough = (id: string, end: string) =>
  eventually(`delivered through ${end}`, async () => ((await readIntegration(fixture, id)).cursor ?? "") >= end);

const readManifest = async (key: string | null) => WindowManifest.parse(JSON.parse((await fixture.readObject(key ?? "")).toString("utf8")));

const readLines = async (key: string): Promise<Record<string, unknown>[]> =>
  (await fixture.readObject(key))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Rows of all manifests, in the order of their windows. */
const deliveredRows = async (id: string): Promise<Record<string, unknown>[]> => {
  const rows: Record<string, unknown>[] = [];
  for (const { manifestKey, state } of await listRuns(fixture, id)) {
    if (state !== "completed") continue;
    for (const { key, table } of (await readManifest(manifestKey)).files)
      for (const row of await readLines(key)) rows.push({ table, ...row });
  }
  return rows;
};

const eventsOf = async (id: string): Promise<string[]> =>
  (await execute<{ type: string }>(fixture.db, sql`select type from outbox where object_id = ${id} order by position`)).map(
    ({ type }) => type,
  );

const iso = (ms: number) => new Date(ms).toISOString();

describe("an integration with its full history", () => {
  it("delivers every hour since the first row once, each row in the hour it was written", async () => {
    const projectId = await newProject();
    await insertTraces(
      [
        { id: "a", name: "first", writtenMs: lastHour - 3 * hourMs + 5_000 },
        { id: "b", name: "boundary", writtenMs: lastHour - 2 * hourMs },
        { id: "a", name: "revised", writtenMs: lastHour - hourMs + 7 },
      ],
      projectId,
    );
    const id = await insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings: storage(), secret: secret(), projectId },
      tables: ["traces", "scores"],
    });
    await deliveredThrough(id, iso(lastHour));
    const runs = await listRuns(fixture, id);
    expect(runs.map(({ state, start, end, rows }) => [state, start, end, rows])).toEqual([
      ["completed", iso(lastHour - 3 * hourMs + 5_000), iso(lastHour - 2 * hourMs), 1],
      ["completed", iso(lastHour - 2 * hourMs), iso(lastHour - hourMs), 1],
      ["completed", iso(lastHour - hourMs), iso(lastHour), 1],
    ]);
    expect((await deliveredRows(id)).map((row) => [row["table"], row["id"], row["name"], row["_deleted"]])).toEqual([
      ["traces", "a", "first", false],
      ["traces", "b", "boundary", false],
      ["traces", "a", "revised", false],
    ]);
    expect(await readIntegration(fixture, id)).toMatchObject({ enabled: true, failures: 0, lastError: null });
    expect(await eventsOf(id)).toEqual(Array.from({ length: 3 }, () => "integration.run_completed"));
  });

  it("delivers a window again to the same keys with the same bytes", async () => {
    const projectId = await newProject();
    await insertTraces([{ id: "a", name: "x", writtenMs: lastHour - hourMs + 1 }], projectId);
    const id = await insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings: storage({ compression: "gzip" }), secret: secret(), projectId, tables: ["traces"] },
    });
    await deliveredThrough(id, iso(lastHour));
    const [before] = await listRuns(fixture, id);
    const bytesOf = async (key: string) => (await fixture.readObject(key)).toString("base64");
    const keys = [before?.manifestKey ?? "", ...(before?.tables["traces"]?.files.map(({ key }) => key) ?? [])];
    expect(keys.length).toBe(2);
    const bytes = await Promise.all(keys.map(bytesOf));
    await execute(fixture.db, sql`update integration_runs set state = 'pending', cause = 'backfill' where id = ${before?.id}`);
    await execute(fixture.db, sql`update integrations set next_run_at = now() where id = ${id}`);
    await eventually("delivered again", async () => (await listRuns(fixture, id))[0]?.deliveries === 2);
    const [after] = await listRuns(fixture, id);
    expect([after?.manifestKey, after?.contentHash, after?.tables]).toEqual([before?.manifestKey, before?.contentHash, before?.tables]);
    expect(await Promise.all(keys.map(bytesOf))).toEqual(bytes);
    expect((await readIntegration(fixture, id)).cursor).toBe(iso(lastHour));
  });

  it("delivers tombstones and deletions where asked; a tombstone beside a live row of the same version is none", async () => {
    const projectId = await newProject();
    const writtenMs = lastHour - hourMs + 60_000;
    await insertTraces(
      [
        { id: "gone", name: "was here", writtenMs },
        { id: "gone", name: "", writtenMs: writtenMs + 1, isDeleted: true },
        { id: "kept", name: "kept", writtenMs },
      ],
      projectId,
    );
    // A row under another sort key: its old place is marked as deleted with the version of the new one.
    for (const [timestamp, isDeleted] of [
      [lastHour - 9 * hourMs, 1],
      [lastHour - 40 * hourMs, 0],
    ] as const)
      await fixture.query(
        "INSERT INTO traces FORMAT JSONEachRow",
        JSON.stringify({
          ...{ project_id: projectId, id: "moved", name: "moved", is_deleted: isDeleted },
          timestamp: clickHouseTime(timestamp),
          event_ts: clickHouseTime(writtenMs + 2),
        }),
      );
    await fixture.query(
      "INSERT INTO deleted_rows FORMAT JSONEachRow",
      JSON.stringify({ project_id: projectId, table_name: "traces", id: "removed", deleted_at: clickHouseTime(writtenMs + 3) }),
    );
    const id = await insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings: storage({ includeDeletions: true }), secret: secret(), projectId, tables: ["traces"] },
    });
    await deliveredThrough(id, iso(lastHour));
    const rows = (await deliveredRows(id)).map((row) => [row["table"], row["table_name"] ?? null, row["id"], row["_deleted"] ?? null]);
    expect(rows.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      ["deletions", "traces", "removed", null],
      ["traces", null, "gone", true],
      ["traces", null, "kept", false],
      ["traces", null, "moved", false],
    ]);
  });

  it("waits for a merge that was claimed before the end of a window, and then delivers what it has written", async () => {
    const projectId = await newProject();
    await insertTraces([{ id: "early", name: "early", writtenMs: lastHour - 2 * hourMs + 1 }], projectId);
    const claimed = `claimed-${randomUUID()}`;
    await execute(
      fixture.db,
      sql`insert into jobs (id, kind, project_id, payload, has_slot, state, priority, attempt, max_attempts, lease_id, lease_until, started_at, lane)
        values (${claimed}, 'ingestion.merge', ${projectId}, '{}'::jsonb, false, 'running', 20, 1, 3, gen_random_uuid(), now() + interval '1 hour', ${iso(lastHour - 30_000)}::timestamptz, 'lane')`,
    );
    const id = await insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings: storage(), secret: secret(), projectId, tables: ["traces"] },
    });
    await deliveredThrough(id, iso(lastHour - hourMs));
    await eventually("the next window is looked at", async () => {
      const [row] = await execute<{ isLooked: boolean }>(
        fixture.db,
        sql`select next_run_at > now() and not exists (
            select 1 from jobs where project_id = ${projectId} and kind = 'integration.blob_storage' and finished_at is null) as "isLooked"
          from integrations where id = ${id}`,
      );
      return row?.isLooked === true;
    });
    expect((await readIntegration(fixture, id)).cursor).toBe(iso(lastHour - hourMs));
    await insertTraces([{ id: "late", name: "visible after the end", writtenMs: lastHour - 20_000 }], projectId);
    await execute(fixture.db, sql`delete from jobs where id = ${claimed}`);
    await deliveredThrough(id, iso(lastHour));
    expect((await deliveredRows(id)).map((row) => row["id"])).toEqual(["early", "late"]);
  });
});

it("a start inside a window that was delivered begins again with the whole window, whose key has one meaning", async () => {
  const projectId = await newProject();
  const minuteMs = 60_000;
  // A change sets the jitter, so that the newest window may not be due yet.
  const end = lastHour - hourMs;
  await insertTraces(
    [
      { id: "early", name: "x", writtenMs: end - 50 * minuteMs },
      { id: "late", name: "x", writtenMs: end - 10 * minuteMs },
    ],
    projectId,
  );
  const id = await insertIntegration(fixture, {
    ...{ kind: "blob_storage", settings: storage({ prefix: "inside/" }), secret: secret(), projectId, tables: ["traces"] },
    ...{ mode: "FROM_CUSTOM_DATE", startsAt: iso(end - hourMs), endsAt: iso(end) },
  });
  await execute(fixture.db, sql`update integrations set cursor = starts_at where id = ${id}`);
  await deliveredThrough(id, iso(end));
  const before = (await deliveredRows(id)).map((row) => row["id"]).toSorted();
  const deps = { nowMs: hour.nowMs(), keyring, checkAddress: () => undefined, checkKeyTemplate: () => undefined };
  const body = UpdateIntegration.parse({ startDate: iso(end - 30 * minuteMs) });
  await updateIntegration(fixture.db, { ...fixture.actor, projectId }, deps, id, body);
  await deliveredThrough(id, iso(end));
  const [run, ...others] = await listRuns(fixture, id);
  expect((await deliveredRows(id)).map((row) => row["id"]).toSorted()).toEqual(before);
  expect([run?.start, run?.deliveries, others]).toEqual([iso(end - hourMs), 2, []]);
});

describe("faults", () => {
  it("of the owner switch the integration off once; switched on again, it goes on without a gap", async () => {
    const projectId = await newProject();
    await insertTraces([{ id: "a", name: "x", writtenMs: lastHour - hourMs + 1 }], projectId);
    const settings = storage({ bucketName: "no-such-bucket" });
    const id = await insertIntegration(fixture, { kind: "blob_storage", settings, secret: secret(), projectId, tables: ["traces"] });
    await eventually("switched off", async () => !(await readIntegration(fixture, id)).enabled);
    const off = await readIntegration(fixture, id);
    expect(off).toMatchObject({ disabledCode: "S3_BUCKET_NOT_FOUND", cursor: iso(lastHour - hourMs + 1), failures: 1 });
    expect(await eventsOf(id)).toEqual(["integration.run_failed", "integration.disabled"]);
    const audits = await execute<{ action: string }>(fixture.db, sql`select action from audit_logs where resource_id = ${id}`);
    expect(audits).toEqual([{ action: "disable" }]);
    await execute(
      fixture.db,
      sql`update integrations set enabled = true, disabled_code = null, settings = ${JSON.stringify(storage())}::jsonb, next_run_at = now() where id = ${id}`,
    );
    await deliveredThrough(id, iso(lastHour));
    expect((await deliveredRows(id)).map((row) => row["id"])).toEqual(["a"]);
  });

  it("of one table do not stop the others, and keep the window open", async () => {
    const projectId = await newProject();
    await insertTraces([{ id: "a", name: "x", writtenMs: lastHour - hourMs + 1 }], projectId);
    const tables = ["no_such_table", "traces"];
    const id = await insertIntegration(fixture, { kind: "blob_storage", settings: storage(), secret: secret(), projectId, tables });
    await eventually("switched off", async () => !(await readIntegration(fixture, id)).enabled);
    const [run] = await listRuns(fixture, id);
    expect([run?.state, run?.manifestKey, run?.error?.code, Object.keys(run?.tables ?? {})]).toEqual([
      "failed",
      null,
      "INTEGRATION_SETTINGS_INVALID",
      ["traces"],
    ]);
    expect((await readIntegration(fixture, id)).cursor).toBe(run?.start);
  });

  it("in the middle of a window that is asked for again do not make its own files those of somebody else", async () => {
    const store = await startFaultStore(fixture.s3Config.endpoint);
    const present = new Set<string>();
    let isDenied = true;
    store.fail(({ kind, path, headers }) => {
      if (kind !== "put" && kind !== "complete") return undefined;
      const [key = ""] = path.split("?");
      if (isDenied && key.includes("manifest") && key.includes("earlier")) return "denied";
      if (present.has(key) && headers["if-none-match"] === "*") return { status: 412, code: "PreconditionFailed" };
      present.add(key);
      return undefined;
    });
    const projectId = await newProject();
    await insertTraces([{ id: "a", name: "x", writtenMs: lastHour - 3 * hourMs + 1 }], projectId);
    const settings = storage({ endpoint: store.endpoint, conditionalWrites: true, prefix: "earlier/" });
    const id = await insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings, secret: secret(), projectId, tables: ["traces"] },
      ...{ mode: "FROM_CUSTOM_DATE", startsAt: iso(lastHour) },
    });
    await execute(fixture.db, sql`update integrations set cursor = starts_at where id = ${id}`);
    const actor = { ...fixture.actor, projectId };
    const range = { from: iso(lastHour - 3 * hourMs), to: iso(lastHour - 2 * hourMs) };
    expect(await requestBackfill(fixture.db, actor, id, range)).toMatchObject({ added: 1 });
    await eventually("switched off", async () => !(await readIntegration(fixture, id)).enabled);
    isDenied = false;
    // Its file is another one now.
    await insertTraces([{ id: "b", name: "y", writtenMs: lastHour - 3 * hourMs + 2 }], projectId);
    expect(await requestBackfill(fixture.db, actor, id, range)).toMatchObject({ again: 1, added: 0 });
    await resumeIntegration(fixture.db, actor, id);
    const windowOf = async () => (await listRuns(fixture, id)).find(({ start }) => start === range.from);
    await eventually("delivered or switched off", async () => {
      const [run, { enabled }] = [await windowOf(), await readIntegration(fixture, id)];
      return run?.state === "completed" || !enabled;
    });
    expect(await readIntegration(fixture, id)).toMatchObject({ enabled: true, disabledCode: null });
    expect(await windowOf()).toMatchObject({ state: "completed", rows: 2, attempts: 1 });
    store.stop();
  });

  it("of credentials are told without the credentials: neither log, nor error, nor event, nor audit row holds them", async () => {
    const projectId = await newProject();
    await insertTraces([{ id: "a", name: "x", writtenMs: lastHour - hourMs + 1 }], projectId);
    const planted = { accessKeyId: fixture.s3Config.accessKeyId, secretAccessKey: "planted-secret-of-a-customer" };
    const id = await insertIntegration(fixture, {
      kind: "blob_storage",
      settings: storage(),
      secret: planted,
      projectId,
      tables: ["traces"],
    });
    await eventually("switched off", async () => !(await readIntegration(fixture, id)).enabled);
    expect((await readIntegration(fixture, id)).disabledCode).toBe("S3_ACCESS_DENIED");
    const tables = ["integrations", "integration_runs", "audit_logs", "outbox", "jobs"];
    const dumps = await Promise.all(
      tables.map((table) =>
        execute<{ rows: string }>(fixture.db, sql`select coalesce(json_agg(t)::text, '') as rows from ${sql.raw(table)} t`),
      ),
    );
    const said = [JSON.stringify(lines), ...dumps.map(([dump]) => dump?.rows ?? "")];
    expect(said.every((text) => text.length > 2)).toBe(true);
    expect(said.filter((text) => text.includes(planted.secretAccessKey))).toEqual([]);
  });
});
