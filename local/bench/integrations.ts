/**
 * `npm run bench:integrations [-- --events 50000]`: rows a second and peak memory of a window delivered to storage, beside a batch export
 * of the same rows, and to the local PostHog and Mixpanel, beside a bare loop that pipes the same rows into them. Figures: docs/benchmarks.md.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { scopes } from "../../core/auth/scopes.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { CreateBatchExport } from "../../core/exports/request.ts";
import type { IntegrationKind } from "../../core/integrations/integration.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { createExport } from "../../services/exports/create-export.ts";
import { findExport } from "../../services/exports/find-export.ts";
import { bootstrapProject, newIdWith } from "../../services/tenants/bootstrap-project.ts";
import { startClickHouse } from "../clickhouse/start.ts";
import { freePort } from "../free-port.ts";
import { startMixpanel } from "../mixpanel/start.ts";
import { startPostgres } from "../postgres/start.ts";
import { startPostHog } from "../posthog/start.ts";
import { insertEvents, sampleEvents } from "../sample-data.ts";
import { bunPath, repositoryRoot, type Service, startService } from "../service.ts";
import { spawnBound } from "../spawn-bound.ts";

const at = process.argv.indexOf("--events");
const eventsTotal = at === -1 ? 50_000 : Number(process.argv[at + 1]);
const hourMs = 3_600_000;
/** All rows are written in one hour that is over. */
const windowMs = Math.floor(Date.now() / hourMs) * hourMs - 2 * hourMs;

const dir = mkdtempSync(join(tmpdir(), "spillway-bench-integrations-"));
chmodSync(dir, 0o755);
const log = (name: string) => join(dir, `${name}.log`);
const newId = newIdWith(Date.now, (size) => randomBytes(size));
const database = "bench";
const encryptionKey = randomBytes(32).toString("hex");
const keyring = createKeyring({ present: encryptionKey, previous: [], randomBytes: (size) => new Uint8Array(randomBytes(size)) });

const clickhouse = await startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: log("clickhouse") });
const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: log("postgres") });
const sinkPort = await freePort();
const sinkUrl = `http://127.0.0.1:${sinkPort}`;
const sink = await startService({
  name: "sink",
  command: bunPath,
  args: [join(repositoryRoot, "local/bench/sink.ts"), String(sinkPort)],
  logFile: log("sink"),
  isReady: async () => (await fetch(`${sinkUrl}/b/k`, { method: "HEAD" })).ok,
});
await migrateClickHouse({ url: clickhouse.url, user: "default", password: "", database });
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 5 });
const { projectId, userId, organizationId, keyId } = await bootstrapProject(
  { db: open.db, newId, newUuid: randomUUID, hashSecret: (secretKey) => hashSecret(secretKey, "bench"), requestId: "bench" },
  { organization: "Bench", project: "Bench", email: "bench@example.com" },
  scopes,
);

type Done = { rows: number; seconds: number; peakMb: number };

/** Runs `work` beside a fresh runner, and adds its peak memory. */
const withRunner = async (env: Record<string, string>, work: () => Promise<Omit<Done, "peakMb">>): Promise<Done> => {
  const child = spawnBound(bunPath, [join(repositoryRoot, "runner/main.ts")], {
    stdout: "pipe",
    stderr: "inherit",
    env: {
      ...process.env,
      DATABASE_URL: postgres.url,
      CLICKHOUSE_URL: clickhouse.url,
      CLICKHOUSE_DB: database,
      LANGFUSE_S3_BATCH_EXPORT_ENABLED: "true",
      LANGFUSE_S3_BATCH_EXPORT_BUCKET: "b",
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: sinkUrl,
      LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: "a",
      LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: "b",
      LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: "true",
      ENCRYPTION_KEY: encryptionKey,
      SPILLWAY_INTEGRATION_LAG_SECONDS: "0",
      SPILLWAY_INTEGRATION_TICK_SECONDS: "1",
      SPILLWAY_EGRESS_ALLOWED_HOSTS: "127.0.0.1",
      SPILLWAY_EGRESS_ALLOWED_PORTS: "1-65535",
      SPILLWAY_EGRESS_ALLOW_HTTP: "true",
      ...env,
    },
  });
  child.stdout?.resume();
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    const done = await work();
    const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1000;
    return { ...done, peakMb };
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
};

type Target = { kind: IntegrationKind; settings: object; secret: Record<string, string>; env?: Record<string, string> };

/** Delivers the window by an integration of its own, which is removed afterwards. */
const deliver = ({ kind, settings, secret, env = {} }: Target): Promise<Done> =>
  withRunner(env, async () => {
    const id = newId("integration");
    const sealed = await keyring.seal(id, JSON.stringify(secret));
    await execute(
      open.db,
      sql`insert into integrations (id, project_id, kind, name, enabled, settings, sealed_secret, tables, frequency, mode, starts_at, next_run_at, created_by)
        values (${id}, ${projectId}, ${kind}, ${id}, true, ${JSON.stringify(settings)}::jsonb, ${sealed}, array['events'], 'hourly', 'FULL_HISTORY', null, now(), ${userId})`,
    );
    for (;;) {
      const [run] = await execute<{ state: string; rows: number; seconds: number; error: unknown }>(
        open.db,
        sql`select state, rows::int, extract(epoch from finished_at - started_at)::float8 as seconds, error
          from integration_runs where integration_id = ${id} and (rows > 0 or error is not null) order by window_start limit 1`,
      );
      if (run?.error) throw new Error(JSON.stringify(run));
      if (run?.state === "completed") {
        await execute(open.db, sql`update integrations set enabled = false where id = ${id}`);
        return { rows: run.rows, seconds: run.seconds };
      }
      await wait(50);
    }
  });

/** The same rows as a batch export, with its default columns, which are not those of a delivery. */
const exportRows = (): Promise<Done> =>
  withRunner({}, async () => {
    const exportId = newId("batchExport");
    const body = { format: "JSONL", compression: "gzip", json: { embed: false }, query: { tableName: "events" }, notify: false };
    const request = { ...CreateBatchExport.parse(body), name: "bench" };
    const actor = { projectId, userId, organizationId, apiKeyId: keyId, role: "OWNER" as const, requestId: "bench", ipAddress: null };
    await createExport(
      open.db,
      actor,
      request,
      { exportId, jobId: newId("job") },
      { warnings: [], admission: { defaultPlan: "unlimited", estimate: null } },
    );
    for (;;) {
      const row = await findExport(open.db, projectId, exportId);
      if (row?.finishedAt != null && row.status !== "COMPLETED") throw new Error(`the export failed: ${row.log}`);
      if (row?.finishedAt != null && row.startedAt !== null)
        return { rows: row.rows ?? 0, seconds: (row.finishedAt.getTime() - row.startedAt.getTime()) / 1000 };
      await wait(50);
    }
  });

type Sent = { path: string; headers: Headers; body: ArrayBuffer };

/** Forwards requests to a server and keeps those that send something. */
const startRecorder = (target: string) => {
  const sent: Sent[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: 1024 * 1024 * 1024,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.arrayBuffer();
      const headers = new Headers(request.headers);
      for (const name of ["host", "connection", "content-length"]) headers.delete(name);
      const one = { path: `${pathname}${search}`, headers, body };
      if (request.method === "POST") sent.push(one);
      // The answer passes as it is, compressed or not.
      return fetch(`${target}${one.path}`, {
        method: request.method,
        headers,
        decompress: false,
        ...(request.method === "POST" ? { body } : {}),
      });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, sent, stop: () => server.stop(true) };
};

const send = (target: string, { path, headers, body }: Sent) => fetch(`${target}${path}`, { method: "POST", headers, body });

const show = (what: string, { rows, seconds, peakMb }: Done | (Omit<Done, "peakMb"> & { peakMb: null })) =>
  console.log(
    `| ${what} | ${rows.toLocaleString("en")} | ${seconds.toFixed(2)} | ${Math.round(rows / seconds).toLocaleString("en")} | ${peakMb === null ? "" : peakMb.toFixed(0)} |`,
  );

/**
 * Pipes the rows into a product as `curl` would: the queries that read them, sent as they were, and for each 1,000 lines of their answers the
 * next request as it was sent, compressed. Nothing is parsed, mapped or compressed.
 */
const pipe = async (queries: readonly Sent[], requests: readonly Sent[], target: string): Promise<number> => {
  const startedMs = performance.now();
  let [lines, next] = [0, 0];
  const sendNext = async (request: Sent) => {
    const response = await send(target, request);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${target} answered ${response.status} to a recorded request`);
  };
  for (const query of queries) {
    const answer = await send(clickhouse.url, query);
    if (!answer.ok || answer.body === null) throw new Error(await answer.text());
    for await (const chunk of answer.body) {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
      for (let request = requests[next]; request !== undefined && lines >= (next + 1) * 1000; request = requests[++next])
        await sendNext(request);
    }
  }
  for (const request of requests.slice(next)) await sendNext(request);
  return (performance.now() - startedMs) / 1000;
};

/** The queries of a delivery that read rows, by their format. Those of its plan return a few numbers. */
const readsRows = ({ body }: Sent) => /FORMAT JSONEachRow\s*$/.test(new TextDecoder().decode(body));

/** Records a delivery, then delivers to a fresh server, then pipes what was recorded into another. */
const against = async (name: string, start: (dir: string) => Promise<Service & { url: string }>, targetOf: (url: string) => Target) => {
  const [first, second, third] = [await start(`${name}-1`), await start(`${name}-2`), await start(`${name}-3`)];
  const [product, engine] = [startRecorder(first.url), startRecorder(clickhouse.url)];
  try {
    const { env, ...target } = targetOf(product.url);
    await deliver({ ...target, env: { ...env, CLICKHOUSE_URL: engine.url } });
    const queries = engine.sent.filter(readsRows);
    const delivered = await deliver(targetOf(second.url));
    const bare = { rows: delivered.rows, seconds: await pipe(queries, product.sent, third.url), peakMb: null };
    show(`delivery to ${name}`, delivered);
    show(`${queries.length} queries piped into ${product.sent.length} prepared requests to ${name}`, bare);
    console.log(`delivery to ${name}: ${(bare.seconds / delivered.seconds).toFixed(2)} of the bare rate`);
  } finally {
    product.stop();
    engine.stop();
    await Promise.all([first.stop(), second.stop(), third.stop()]);
  }
};

try {
  const rows = function* () {
    let made = 0;
    for (const row of sampleEvents({ projectId, events: eventsTotal, endMs: windowMs })) {
      const writtenMs = windowMs + (made++ * (hourMs - 1000)) / eventsTotal;
      yield { ...row, event_ts: new Date(writtenMs).toISOString().replace("T", " ").replace("Z", "") };
    }
  };
  await insertEvents({ url: clickhouse.url, database }, rows());

  console.log("| | rows | s | rows a second | peak MB |\n| --- | --- | --- | --- | --- |");
  const exported = await exportRows();
  const stored = await deliver({
    kind: "blob_storage",
    settings: {
      type: "S3_COMPATIBLE",
      bucketName: "bench",
      endpoint: sinkUrl,
      region: "us-east-1",
      fileType: "JSONL",
      compression: "gzip",
      conditionalWrites: false,
    },
    secret: { accessKeyId: "a", secretAccessKey: "b" },
  });
  show("batch export, JSONL with gzip", exported);
  show("delivery to storage, JSONL with gzip", stored);
  await against(
    "PostHog",
    (name) => startPostHog({ dataDir: join(dir, name), logFile: log(name) }),
    (hostName) => ({ kind: "posthog", settings: { hostName }, secret: { projectApiKey: "phc_local" } }),
  );
  await against(
    "Mixpanel",
    (name) => startMixpanel({ dataDir: join(dir, name), logFile: log(name) }),
    (url) => ({ kind: "mixpanel", settings: {}, secret: { projectToken: "local-mixpanel-token" }, env: { SPILLWAY_MIXPANEL_URL: url } }),
  );
} finally {
  await open.close();
  await Promise.all([sink.stop(0), postgres.stop(), clickhouse.stop()]);
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
