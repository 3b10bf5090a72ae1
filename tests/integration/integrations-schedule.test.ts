/** Which window is delivered when, and what is told of it: the services on a real Postgres, and a runner with a month of backlog. */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { UpdateIntegration } from "../../core/integrations/requests.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { claimBatch } from "../../db/queue/claim-batch.ts";
import type { Lease } from "../../db/queue/heartbeat-job.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { rescueExport } from "../../services/exports/rescue-export.ts";
import { announceOverdue } from "../../services/integrations/announce-overdue.ts";
import { closeWindow, findHorizon, nextVersion } from "../../services/integrations/close-window.ts";
import { enqueueDueRuns } from "../../services/integrations/enqueue-due-runs.ts";
import { enqueueRun } from "../../services/integrations/enqueue-run.ts";
import { redeliverRejections } from "../../services/integrations/redeliver-rejections.ts";
import { requestRun } from "../../services/integrations/request-run.ts";
import { completeRun, disableIntegration, failRun, keepTableResult } from "../../services/integrations/settle-run.ts";
import { type StartedRun, startRun } from "../../services/integrations/start-run.ts";
import { updateIntegration } from "../../services/integrations/update-integration.ts";
import { claimUnlimitedJob } from "../support/claim-job.ts";
import { startEarlyHour } from "../support/early-hour.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { insertIntegration, integrationEnv, keyring, listRuns, readIntegration } from "../support/integration-rows.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const hour = startEarlyHour();
let fixture: Fixture;
let db: Database;
beforeAll(async () => {
  fixture = await createFixture({ prepare: hour.prepare });
  db = fixture.db;
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await execute(db, sql`delete from integrations`);
  await execute(db, sql`delete from jobs`);
});

const hourMs = 3_600_000;
const lastHour = hour.startMs;
const iso = (ms: number) => new Date(ms).toISOString();
const fault = { code: "S3_UNAVAILABLE", message: "The store does not answer.", at: iso(0) } as const;

const insertHourly = (startMs: number, more: { projectId?: string; mode?: "FULL_HISTORY" } = {}) =>
  insertIntegration(fixture, {
    ...{ kind: "blob_storage", settings: {}, secret: {}, tables: ["traces"], mode: "FROM_CUSTOM_DATE" },
    ...(more.mode === undefined ? { startsAt: iso(startMs) } : {}),
    ...more,
  });
const newProject = async (): Promise<string> => {
  const id = `project-${randomUUID()}`;
  await execute(db, sql`insert into projects (id, org_id, name) select ${id}, org_id, ${id} from projects where id = ${fixture.projectId}`);
  return id;
};

const claim = async (leaseSeconds = 60): Promise<Lease> => {
  const job = await claimUnlimitedJob(db, { kind: "integration.blob_storage", afterProjectId: "", claimedBy: "test", leaseSeconds });
  if (job === undefined) throw new Error("no job");
  return { id: job.id, leaseId: job.leaseId };
};
type Started = StartedRun & { outcome: "started" };
const begin = async (lease: Lease, id: string): Promise<Started> => {
  const started = await startRun(db, lease, id, { lagSeconds: 0 });
  if (started.outcome !== "started") throw new Error(started.outcome);
  return started;
};
/** Takes up the next window, as a tick and a runner do. */
const take = async (id: string, isManual = false) => {
  await execute(
    db,
    sql`update integrations set next_run_at = now() + interval '10 minutes', is_run_requested = ${isManual} where id = ${id}`,
  );
  await enqueueRun(db, { id, projectId: fixture.projectId, kind: "blob_storage" });
  const lease = await claim();
  return { lease, ...(await begin(lease, id)) };
};
const complete = (taken: Awaited<ReturnType<typeof take>>) => completeRun(db, taken, { tables: {}, manifestKey: null, contentHash: null });
const fail = async ({ lease, integration }: Awaited<ReturnType<typeof take>>) => {
  await failRun(db, lease, { integrationId: integration.id, outcome: { state: "retryable", error: fault, delaySeconds: 0 }, fault });
  await execute(db, sql`update jobs set state = 'cancelled', finished_at = now() where id = ${lease.id}`);
};
const eventsOf = async (id: string): Promise<string[]> =>
  (await execute<{ type: string }>(db, sql`select type from outbox where object_id = ${id} order by position`))
    .map(({ type }) => type)
    .filter((type) => type !== "integration.run_completed");

describe("due integrations", () => {
  it("become one job each, however many runners look at once", async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => insertHourly(lastHour - hourMs)));
    const counts = await Promise.all(Array.from({ length: 24 }, () => enqueueDueRuns(db)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(30);
    // Due again while its job is unfinished, as after a clock that went ahead.
    await execute(db, sql`update integrations set next_run_at = now()`);
    await Promise.all(Array.from({ length: 8 }, () => enqueueDueRuns(db)));
    const jobs = await execute<{ id: string }>(
      db,
      sql`select payload ->> 'integrationId' as id from jobs where kind = 'integration.blob_storage'`,
    );
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  it.each(["given up", "lost with its runner"] as const)("whose job was %s are taken up again with the same window", async (how) => {
    const id = await insertHourly(lastHour - 3 * hourMs);
    const first = await take(id);
    if (how === "given up") await failRun(db, first.lease, { integrationId: id, outcome: { state: "discarded", error: fault }, fault });
    else {
      await execute(
        db,
        sql`update jobs set lease_until = now() - interval '1 second', attempt = max_attempts where id = ${first.lease.id}`,
      );
      expect(await rescueExport(db)).toMatchObject({ state: "discarded" });
    }
    expect(await readIntegration(fixture, id)).toMatchObject({
      failures: 1,
      lastError: { code: how === "given up" ? fault.code : "RUNNER_LOST" },
    });
    expect((await listRuns(fixture, id)).map(({ state }) => state)).toEqual(["failed"]);
    expect(await enqueueDueRuns(db)).toBe(0);
    await execute(db, sql`update integrations set next_run_at = now() where id = ${id} and next_run_at < now() + interval '11 minutes'`);
    expect(await enqueueDueRuns(db)).toBe(1);
    const second = await begin(await claim(), id);
    expect([second.run.id, second.run.windowStart, second.run.windowEnd, second.run.attempts]).toEqual([
      ...[first.run.id, first.run.windowStart, first.run.windowEnd, 2],
    ]);
    expect((await readIntegration(fixture, id)).cursor).toBe(iso(lastHour - 3 * hourMs));
  });

  it("deliver windows that tile, also where a manual run ended one early and failed, and its rejections were asked for again", async () => {
    const id = await insertHourly(lastHour - hourMs);
    await complete(await take(id));
    const manual = await take(id, true);
    expect([manual.run.windowStart, manual.run.cause]).toEqual([iso(lastHour), "manual"]);
    await execute(
      db,
      sql`insert into integration_rejections (integration_id, run_id, table_name, row_id, event_id, code, message) values (${id}, ${manual.run.id}, 'traces', 'a', 'a', 'c', 'm')`,
    );
    await keepTableResult(db, manual, "traces", { rows: 1, bytes: 1, files: [], columns: [], sent: 1, accepted: 0, rejected: 1 });
    await failRun(db, manual.lease, { integrationId: id, outcome: { state: "discarded", error: fault }, fault });
    expect(await redeliverRejections(db, fixture.actor, id)).toEqual({ windows: 1 });
    const again = await take(id, true);
    expect(again.run).toMatchObject({ id: manual.run.id, windowStart: manual.run.windowStart, windowEnd: manual.run.windowEnd });
    // The table of the rejections is delivered again, too.
    expect(again.run.tables).toEqual({});
    await complete(again);
    expect((await listRuns(fixture, id)).map(({ start, end }) => [start, end])).toEqual([
      [iso(lastHour - hourMs), iso(lastHour)],
      [iso(lastHour), manual.run.windowEnd],
    ]);
    expect((await readIntegration(fixture, id)).cursor).toBe(manual.run.windowEnd);
  });
});

describe("a run that is asked for", () => {
  const ask = (id: string) => requestRun(db, fixture.actor, id);

  it("while a job of the schedule waits is what that job does", async () => {
    const id = await insertHourly(lastHour);
    await execute(db, sql`update integrations set next_run_at = now() where id = ${id}`);
    expect(await enqueueDueRuns(db)).toBe(1);
    expect(await ask(id)).toBe("requested");
    const { run } = await begin(await claim(), id);
    expect([run.windowStart, run.cause]).toEqual([iso(lastHour), "manual"]);
    expect(Date.parse(run.windowEnd)).toBeGreaterThan(lastHour);
  });

  it("waits for no transaction that is ending the window under way", async () => {
    const id = await insertHourly(lastHour - hourMs);
    const { lease, ...taken } = await take(id);
    const ending = db.transaction(async (tx) => {
      // As the end of a delivery begins: the job is settled, the integration not yet locked.
      await settleJob(tx, lease, { state: "completed" });
      expect(await ask(id)).toBe("requested");
      await execute(tx, sql`update integrations set last_run_at = now() where id = ${id}`);
      throw new Error("rolled back");
    });
    await expect(ending).rejects.toThrow("rolled back");
    await complete({ lease, ...taken });
    const next = await claim();
    expect((await begin(next, id)).run.cause).toBe("manual");
  });

  it("while windows are behind comes after them, and once", async () => {
    const id = await insertHourly(lastHour - 2 * hourMs);
    const first = await take(id);
    await ask(id);
    await complete(first);
    const second = { lease: await claim() };
    const next = { ...second, ...(await begin(second.lease, id)) };
    expect([next.run.windowStart, next.run.cause]).toEqual([iso(lastHour - hourMs), "schedule"]);
    await complete(next);
    const third = await claim();
    const last = { lease: third, ...(await begin(third, id)) };
    expect([last.run.windowStart, last.run.cause]).toEqual([iso(lastHour), "manual"]);
    await complete(last);
    // Nothing more: rows go on being written, and each of them would be a window of its own.
    expect((await startRun(db, await claim(), id, { lagSeconds: 0 })).outcome).toBe("nothing");
  });
});

describe("settings that are changed", () => {
  // A change sets the jitter, so that the newest window may not be due yet.
  const insert = () =>
    insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings: { type: "S3", bucketName: "former-bucket", region: "eu-central-1" } },
      ...{ secret: { accessKeyId: "a", secretAccessKey: "b" }, tables: ["traces", "scores"] },
      ...{ mode: "FROM_CUSTOM_DATE", startsAt: iso(lastHour - 2 * hourMs) },
    });
  const saveDeps = { nowMs: hour.nowMs(), keyring, checkAddress: () => undefined, checkKeyTemplate: () => undefined };
  const change = (id: string, body: object) => updateIntegration(db, fixture.actor, saveDeps, id, UpdateIntegration.parse(body));
  const kept = { rows: 1, bytes: 1, files: [], columns: [], sent: 1, accepted: 1, rejected: 0 };

  it.each(["after", "before"] as const)("forget a table that was delivered %s that, so that the new place has it", async (when) => {
    const id = await insert();
    // Fills in the defaults, which is a change.
    await change(id, { settings: {} });
    const first = await take(id);
    await keepTableResult(db, first, "traces", kept);
    // What does not concern the place forgets nothing.
    await change(id, { name: "another" });
    await fail(first);
    const second = await take(id);
    expect(Object.keys(second.run.tables)).toEqual(["traces"]);
    if (when === "before") await keepTableResult(db, second, "scores", kept);
    await change(id, { settings: { bucketName: "new-bucket" } });
    if (when === "after") expect(await keepTableResult(db, second, "scores", kept)).toBe(true);
    await fail(second);
    expect((await take(id)).run.tables).toEqual({});
  });

  it("before the fault of the former ones is recorded are tried, and not switched off by it", async () => {
    const id = await insert();
    const first = await take(id);
    await change(id, { secret: { secretAccessKey: "the right one" } });
    expect(await disableIntegration(db, first, { ...fault, code: "S3_ACCESS_DENIED" })).toBe(true);
    expect(await readIntegration(fixture, id)).toMatchObject({ enabled: true, disabledCode: null });
    const lease = await claim();
    const again = await begin(lease, id);
    expect(again.run).toMatchObject({ id: first.run.id, attempts: 2, tables: {} });
    expect(await disableIntegration(db, { ...again, lease }, { ...fault, code: "S3_ACCESS_DENIED" })).toBe(true);
    expect(await readIntegration(fixture, id)).toMatchObject({ enabled: false, disabledCode: "S3_ACCESS_DENIED" });
  });

  it("while a window is delivered have it delivered again, to the new place", async () => {
    const id = await insert();
    await execute(db, sql`update integrations set cursor = starts_at where id = ${id}`);
    await complete(await take(id));
    await complete(await take(id, true));
    // Ends before its tick.
    const first = await take(id, true);
    await change(id, { settings: { bucketName: "new-bucket" } });
    expect(await complete(first)).toBe(true);
    expect((await readIntegration(fixture, id)).cursor).toBe(first.run.windowStart);
    const again = await begin(await claim(), id);
    expect(again.run).toMatchObject({ id: first.run.id, windowEnd: first.run.windowEnd, deliveries: 1, tables: {} });
    expect(again.integration.settings).toMatchObject({ bucketName: "new-bucket" });
  });
});

describe("a closed window", () => {
  const waiting = async (projectId: string) => {
    const id = `job-${randomUUID()}`;
    await execute(
      db,
      sql`insert into jobs (id, kind, project_id, payload, has_slot, state, priority, attempt, max_attempts, lane)
        values (${id}, 'ingestion.merge', ${projectId}, '{}'::jsonb, false, 'available', 20, 0, 3, ${id})`,
    );
    return id;
  };
  const claimOne = (on: Database) => claimBatch(on, { kind: "ingestion.merge", jobsMax: 1, claimedBy: "test", leaseSeconds: 60 });

  it("stays closed when the clock steps back: later claims and deletions get later instants", async () => {
    // The end of a window that was closed before the clock stepped back lies in the future.
    const end = iso(hour.nowMs() + hourMs);
    await transaction(db, async (tx) => {
      await findHorizon(tx, fixture.projectId, 0);
      await closeWindow(tx, end);
    });
    let before = end;
    for (let n = 0; n < 3; n++) {
      await waiting(fixture.projectId);
      const claimedAt = (await claimOne(db))?.claimedAt ?? "";
      expect(claimedAt > before).toBe(true);
      const deletedAt = await nextVersion(db);
      expect(deletedAt > claimedAt).toBe(true);
      before = deletedAt;
    }
    await execute(db, sql`delete from claim_clock`);
  });

  it("ends before a claim that was not yet committed when it was looked for", async () => {
    await execute(db, sql`delete from claim_clock`);
    await waiting(fixture.projectId);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let claimed = (_: string) => {};
    const claimedAt = new Promise<string>((resolve) => {
      claimed = resolve;
    });
    const claiming = transaction(db, async (tx) => {
      claimed((await claimOne(tx))?.claimedAt ?? "");
      await released;
    });
    const instant = await claimedAt;
    const horizon = transaction(db, (tx) => findHorizon(tx, fixture.projectId, 0));
    const isWaiting = async () =>
      (
        await execute(
          db,
          sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%claim_clock%' and datname = current_database()`,
        )
      ).length > 0;
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end && !(await isWaiting()); await wait(10));
    release();
    await claiming;
    expect((await horizon).closedUntil <= instant).toBe(true);
  });

  it("the first of a full history begins before rows that were being written when the first row was looked for", async () => {
    const id = await insertHourly(0, { mode: "FULL_HISTORY" });
    const claimedMs = lastHour - 2 * hourMs - 60_000;
    const merge = await waiting(fixture.projectId);
    await execute(
      db,
      sql`update jobs set state = 'running', attempt = 1, lease_id = gen_random_uuid(), lease_until = now() + interval '1 hour', started_at = ${iso(claimedMs)}::timestamptz where id = ${merge}`,
    );
    await enqueueRun(db, { id, projectId: fixture.projectId, kind: "blob_storage" });
    const lease = await claim();
    const asked = await startRun(db, lease, id, { lagSeconds: 0 });
    if (asked.outcome !== "needsFirstRow") throw new Error(asked.outcome);
    // The merge ends after the look-up, with a row older than the one that was found.
    await execute(db, sql`delete from jobs where id = ${merge}`);
    const firstRow = { at: iso(lastHour - 2 * hourMs), closedUntil: asked.closedUntil };
    const started = await startRun(db, lease, id, { lagSeconds: 0, firstRow });
    if (started.outcome !== "started") throw new Error(started.outcome);
    expect(started.run.windowStart <= iso(claimedMs)).toBe(true);
  });
});

describe("what is told", () => {
  const becomeOld = (id: string) =>
    execute(db, sql`update integrations set last_run_at = null, updated_at = now() - interval '9 hours' where id = ${id}`);

  it("an overdue integration is told of once, however many look, and once that it has recovered", async () => {
    const id = await insertHourly(lastHour - 5 * hourMs);
    const taken = await take(id);
    await becomeOld(id);
    // While the window is being delivered: the runner does not know of it.
    const told = await Promise.all(Array.from({ length: 8 }, () => announceOverdue(db)));
    expect(told.flat()).toEqual([id]);
    expect(await announceOverdue(db)).toEqual([]);
    await complete(taken);
    expect(await eventsOf(id)).toEqual(["integration.overdue", "integration.recovered"]);
    await complete(await take(id));
    expect(await announceOverdue(db)).toEqual([]);
    expect((await eventsOf(id)).length).toBe(2);
  });

  it("an overdue integration has not recovered because an old window was delivered again", async () => {
    const id = await insertHourly(lastHour - 5 * hourMs);
    const first = await take(id);
    await complete(first);
    await execute(db, sql`delete from jobs`);
    await execute(db, sql`update integration_runs set state = 'queued', cause = 'backfill' where id = ${first.run.id}`);
    await becomeOld(id);
    expect(await announceOverdue(db)).toEqual([id]);
    await complete(await take(id));
    expect(await eventsOf(id)).toEqual(["integration.overdue"]);
    await execute(db, sql`delete from jobs`);
    await complete(await take(id));
    expect(await eventsOf(id)).toEqual(["integration.overdue", "integration.recovered"]);
  });

  it("failures are told of once after three in a row, and recovery once", async () => {
    const id = await insertHourly(lastHour - 5 * hourMs);
    for (const expected of [[], [], ["integration.failing"], ["integration.failing"]]) {
      await fail(await take(id));
      expect(await eventsOf(id)).toEqual(expected);
    }
    expect(await readIntegration(fixture, id)).toMatchObject({ failures: 4, isAlerted: true, enabled: true });
    await complete(await take(id));
    await execute(db, sql`delete from jobs`);
    await complete(await take(id));
    expect(await eventsOf(id)).toEqual(["integration.failing", "integration.recovered"]);
    expect(await readIntegration(fixture, id)).toMatchObject({ failures: 0, isAlerted: false, lastError: null });
  });

  it("a window that is given up is told of, and an attempt that fails is not", async () => {
    const id = await insertHourly(lastHour - 5 * hourMs);
    await fail(await take(id));
    expect(await eventsOf(id)).toEqual([]);
    const { lease, integration, run } = await take(id);
    await failRun(db, lease, { integrationId: integration.id, outcome: { state: "discarded", error: fault }, fault });
    const [event] = await execute<{ type: string; payload: object }>(db, sql`select type, payload from outbox where object_id = ${id}`);
    const { windowStart, windowEnd } = run;
    expect(event).toMatchObject({
      type: "integration.run_failed",
      payload: { runId: run.id, windowStart, windowEnd, error: { code: fault.code } },
    });
  });
});

it("a month of hourly backlog starves neither another project's integration nor an export", async () => {
  const settings = {
    ...{ type: "S3_COMPATIBLE", bucketName: fixture.s3Config.bucket, endpoint: fixture.s3Config.endpoint, region: "us-east-1" },
    ...{ fileType: "JSONL", compression: "none", prefix: "delivered/" },
  };
  const secret = { accessKeyId: fixture.s3Config.accessKeyId, secretAccessKey: fixture.s3Config.secretAccessKey };
  const startOf = (hours: number) => iso(lastHour - hours * hourMs);
  const insertReal = (projectId: string, hours: number) =>
    insertIntegration(fixture, {
      ...{ kind: "blob_storage", settings, secret, projectId, tables: ["traces"], mode: "FROM_CUSTOM_DATE", startsAt: startOf(hours) },
    });
  const [busy, other] = [await newProject(), await newProject()];
  for (const projectId of [busy, other])
    await fixture.query(
      `INSERT INTO traces (project_id, id, name, timestamp, event_ts) SELECT '${projectId}', toString(number), 'n', t, t FROM
        (SELECT number, toDateTime64('${startOf(720).slice(0, 19).replace("T", " ")}', 3, 'UTC') + toIntervalSecond(number * 1800) AS t FROM numbers(1440))`,
    );
  const backlog = await insertReal(busy, 720);
  const lines: Record<string, unknown>[] = [];
  const runner = fixture.startRunner(integrationEnv, lines);
  const eventually = async (what: string, isTrue: () => Promise<boolean>) => {
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; await wait(30)) if (await isTrue()) return;
    throw new Error(`not in time: ${what}; the runner said last: ${JSON.stringify(lines.slice(-10))}`);
  };
  const delivered = async (id: string) => (await listRuns(fixture, id)).filter(({ state }) => state === "completed").length;
  try {
    await eventually("the backlog is being delivered", async () => (await delivered(backlog)) >= 3);
    const before = await delivered(backlog);
    const small = await insertReal(other, 24);
    const exported = await fixture.requestExport({ format: "JSONL", notify: false, query: { tableName: "traces" } }, 1, other);
    await eventually("the other integration is up to date", async () => (await delivered(small)) === 24);
    expect((await fixture.finished(exported, waitSeconds, other)).status).toBe("COMPLETED");
    const meanwhile = (await delivered(backlog)) - before;
    console.log(`${meanwhile} windows of the backlog beside 24 of the other project and an export`);
    expect(meanwhile).toBeGreaterThan(0);
    expect(before + meanwhile).toBeLessThan(720);
  } finally {
    await execute(db, sql`update integrations set enabled = false`);
    await runner.stop();
  }
});
