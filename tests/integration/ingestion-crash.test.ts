import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { execute } from "../../db/postgres/client.ts";
import { startClickHouse } from "../../local/clickhouse/start.ts";
import { freePort } from "../../local/free-port.ts";
import { startNeonRelay } from "../../local/neon-relay.ts";
import { startWorker } from "../../local/workerd/start.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { randomFrom } from "../support/random-from.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

/** 100,000 take some minutes: SPILLWAY_LOAD_EVENTS=100000. More are sent where these are taken before each part was killed twice. */
const eventsMin = Number(process.env["SPILLWAY_LOAD_EVENTS"] ?? 2000);
const parts = ["runner", "clickhouse", "api"] as const;
const killsMin = 2 * parts.length;
const seed = Number(process.env["SEED"] ?? 20260101);

let fixture: Fixture;
let dir: string;

beforeAll(async () => {
  fixture = await createFixture();
  dir = mkdtempSync(join(tmpdir(), "spillway-crash-"));
  chmodSync(dir, 0o755);
});
afterAll(async () => {
  await fixture.stop();
  rmSync(dir, { recursive: true, force: true });
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

it(`every event answered with 201 is in ClickHouse in the end and every refused one is not, whatever is killed (seed ${seed})`, async () => {
  const random = randomFrom(seed);
  const ports = { clickhouse: await freePort(), api: await freePort() };
  const startServer = () =>
    startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: join(dir, "clickhouse.log"), port: ports.clickhouse });
  let clickhouse = await startServer();
  await migrateClickHouse({ url: clickhouse.url, user: "default", password: "", database: "crash" });
  const { bucket, endpoint, region, accessKeyId, secretAccessKey } = fixture.s3Config;
  const env = fixture.runnerEnv({
    CLICKHOUSE_URL: clickhouse.url,
    CLICKHOUSE_DB: "crash",
    LANGFUSE_S3_EVENT_UPLOAD_BUCKET: bucket,
    LANGFUSE_S3_EVENT_UPLOAD_PREFIX: `${fixture.database}-events/`,
    LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT: endpoint,
    LANGFUSE_S3_EVENT_UPLOAD_REGION: region,
    LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID: accessKeyId,
    LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY: secretAccessKey,
    LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE: "true",
    SPILLWAY_LEASE_SECONDS: "3",
    SPILLWAY_SELF_FENCE_SECONDS: "2",
    SPILLWAY_REAPER_SECONDS: "0.5",
    SPILLWAY_POLL_MS: "200",
  });
  const relay = startNeonRelay(env["DATABASE_URL"] ?? "");
  const startApi = () =>
    startWorker({
      bundle: inject("workerBundle"),
      dataDir: join(dir, "worker"),
      logFile: join(dir, "worker.log"),
      port: ports.api,
      bindings: { ...env, NEON_WS_PROXY: relay.address, SALT: "test-salt" },
    });
  let api = await startApi();
  let runner: RunnerProcess = startRunnerProcess(env);
  const url = api.url;

  const authorization = `Basic ${btoa(`${fixture.publicKey}:${fixture.secretKey}`)}`;
  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  let kills = 0;
  let batches = 0;
  const isEnough = () => batches * 100 >= eventsMin && kills >= killsMin;
  let isLoading = true;
  const send = async () => {
    while (isLoading && !isEnough()) {
      const batch = batches++;
      const events = Array.from({ length: 100 }, (_, i) => {
        const trace = `t${batch}-${Math.floor(i / 10)}`;
        const id = `o${batch}-${i}`;
        const timestamp = new Date(Date.UTC(2026, 0, 1) + batch * 1000 + i).toISOString();
        if (i % 10 === 0)
          return { id: `e${id}`, timestamp, type: "trace-create", body: { id: trace, userId: `user ${trace}`, name: "load" } };
        return {
          id: `e${id}`,
          timestamp,
          type: "span-create",
          body: { id, traceId: trace, startTime: i === 55 ? "never" : timestamp, input: { i } },
        };
      });
      // As the SDKs do: whatever has not answered is sent again.
      for (let tries = 0; ; tries++) {
        const response = await fetch(`${url}/api/public/ingestion`, {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify({ batch: events }),
        }).catch(() => undefined);
        if (response?.status === 207) {
          const answer = (await response.json().catch(() => undefined)) as
            | { successes: { id: string }[]; errors: { id: string; status: number }[] }
            | undefined;
          if (answer !== undefined) {
            for (const { id } of answer.successes) acknowledged.add(id.slice(1));
            for (const { id, status } of answer.errors) if (status === 400) refused.add(id.slice(1));
            if (answer.errors.every(({ status }) => status < 500)) break;
          }
        }
        if (tries === 300) throw new Error(`a batch was not taken: ${response?.status}`);
        await pause(100 + random() * 100);
      }
    }
  };
  const disturb = async () => {
    let turn: (typeof parts)[number][] = [];
    while (isLoading) {
      await pause(400 + random() * 1600);
      if (!isLoading) return;
      // Each once in a turn, in any order.
      if (turn.length === 0) turn = [...parts];
      const [victim] = turn.splice(Math.floor(random() * turn.length), 1);
      if (victim === "runner") {
        await runner.kill("SIGKILL");
        runner = startRunnerProcess(env);
      } else if (victim === "clickhouse") {
        process.kill(clickhouse.pid, "SIGKILL");
        await clickhouse.exited;
        clickhouse = await startServer();
      } else {
        process.kill(api.pid, "SIGKILL");
        await api.exited;
        api = await startApi();
      }
      kills++;
    }
  };
  try {
    const endLoading = () => {
      isLoading = false;
    };
    await Promise.all([disturb().finally(endLoading), Promise.all(Array.from({ length: 4 }, send)).finally(endLoading)]);
    console.log(`${acknowledged.size} acknowledged, ${refused.size} refused, ${kills} kills`);
    expect(kills).toBeGreaterThanOrEqual(killsMin);
    expect(acknowledged.size).toBe(batches * 99);
    expect(refused.size).toBe(batches);
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      const [row] = await execute<{ open: number; dead: number }>(
        fixture.db,
        sql`select count(*) filter (where finished_at is null)::int as open, count(*) filter (where state = 'discarded')::int as dead from jobs where kind = 'ingestion.merge'`,
      );
      expect(row?.dead).toBe(0);
      if (row?.open === 0) break;
      await pause(100);
    }
    const query = async (text: string) => {
      const response = await fetch(`${clickhouse.url}/?database=crash`, { method: "POST", body: text });
      if (!response.ok) throw new Error(await response.text());
      return (await response.text()).split("\n").filter((line) => line !== "");
    };
    const spans = [...acknowledged].filter((id) => Number(id.split("-")[1]) % 10 !== 0);
    const stored = await query("SELECT span_id FROM events FINAL");
    expect(new Set(stored)).toEqual(new Set(spans));
    expect(stored.length).toBe(spans.length);
    expect((await query("SELECT count() FROM observations FINAL"))[0]).toBe(String(spans.length));
    expect((await query("SELECT count() FROM traces FINAL"))[0]).toBe(String(batches * 10));
    for (const id of refused) expect(stored).not.toContain(id);
    // Each row of events carries the user of its trace, however often what wrote it was killed.
    expect(await query("SELECT span_id FROM events FINAL WHERE user_id != concat('user ', trace_id)")).toEqual([]);
  } finally {
    isLoading = false;
    runner.signal("SIGKILL");
    await api.stop(0);
    await clickhouse.stop(0);
    await relay.stop();
  }
});
