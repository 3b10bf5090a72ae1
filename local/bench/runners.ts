/**
 * `npm run bench:runners [-- --events 4000] [--exports 40] [--runners 1,2,4]`: ingestion and exports with several runner processes on one
 * queue: throughput, CPU for each unit, and what the runners' sessions in Postgres wait for. Figures: docs/scaling.md.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { scopes } from "../../core/auth/scopes.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { CreateBatchExport } from "../../core/exports/request.ts";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { createS3Client } from "../../db/object-store/s3-client.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { createExport } from "../../services/exports/create-export.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { bootstrapProject, newIdWith } from "../../services/tenants/bootstrap-project.ts";
import { startClickHouse } from "../clickhouse/start.ts";
import { startPostgres } from "../postgres/start.ts";
import { startS3 } from "../s3/start.ts";
import { bunPath, repositoryRoot } from "../service.ts";
import { spawnBound } from "../spawn-bound.ts";

const optionOf = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : (process.argv[at + 1] ?? otherwise);
};
const eventsTotal = Number(optionOf("events", "4000"));
const exportsTotal = Number(optionOf("exports", "40"));
const runnerCounts = optionOf("runners", "1,2,4").split(",").map(Number);
const projectsTotal = 8;
const eventsPerTrace = 10;
const database = "bench";
const bucket = "bench";

const dir = mkdtempSync(join(tmpdir(), "spillway-bench-runners-"));
chmodSync(dir, 0o755);
const log = (name: string) => join(dir, `${name}.log`);
const newId = newIdWith(Date.now, (size) => randomBytes(size));
const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

const clickhouse = await startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: log("clickhouse") });
const postgres = await startPostgres({ dataDir: join(dir, "postgres"), logFile: log("postgres") });
const s3 = await startS3({ dataDir: join(dir, "s3"), logFile: log("s3"), buckets: [bucket] });
await migrateClickHouse({ url: clickhouse.url, user: "default", password: "", database });
await migratePostgres(postgres.url);
const open = openPostgres(postgres.url, { connectionsMax: 4, applicationName: "bench" });
const s3Client = createS3Client(
  { ...s3, bucket, forcePathStyle: true },
  { fetch, wait: (milliseconds) => wait(milliseconds), random: Math.random },
);

type Project = Awaited<ReturnType<typeof bootstrapProject>>;
const projects: Project[] = [];
for (let i = 0; i < projectsTotal; i++)
  projects.push(
    await bootstrapProject(
      { db: open.db, newId, newUuid: randomUUID, hashSecret: (secretKey) => hashSecret(secretKey, "bench"), requestId: "bench" },
      { organization: "Bench", project: `Bench ${i}`, email: `bench-${i}@example.com` },
      scopes,
    ),
  );

const storeOf = (name: string): Record<string, string> => ({
  [`${name}_BUCKET`]: bucket,
  [`${name}_PREFIX`]: name === "LANGFUSE_S3_EVENT_UPLOAD" ? "events/" : "exports/",
  [`${name}_ENDPOINT`]: s3.endpoint,
  [`${name}_REGION`]: s3.region,
  [`${name}_ACCESS_KEY_ID`]: s3.accessKeyId,
  [`${name}_SECRET_ACCESS_KEY`]: s3.secretAccessKey,
  [`${name}_FORCE_PATH_STYLE`]: "true",
});

type RunnerProcess = { pid: number; signal: (signal: NodeJS.Signals) => void; stop: () => Promise<void> };

/** Starts a runner and returns once it has polled for the first time. */
const startRunner = async (): Promise<RunnerProcess> => {
  const child = spawnBound(bunPath, [join(repositoryRoot, "runner/main.ts")], {
    stdout: "pipe",
    stderr: "inherit",
    env: {
      ...process.env,
      ...storeOf("LANGFUSE_S3_BATCH_EXPORT"),
      ...storeOf("LANGFUSE_S3_EVENT_UPLOAD"),
      DATABASE_URL: postgres.url,
      CLICKHOUSE_URL: clickhouse.url,
      CLICKHOUSE_DB: database,
      LANGFUSE_S3_BATCH_EXPORT_ENABLED: "true",
      SPILLWAY_PROJECT_CONCURRENCY: String(exportsTotal),
      SPILLWAY_POLL_MS: "50",
    },
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  child.stdout?.resume();
  return {
    pid: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      await gone;
    },
  };
};

const cpuSecondsOf = (pid: number): number => {
  const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13).map(Number) ?? [];
  return (user + system) / 100;
};
const runnersCpu = (runners: readonly RunnerProcess[]) => runners.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
/** Share of the machine's time, since another such reading, in which a core had nothing to do. */
const machineTicks = (): { idle: number; all: number } => {
  const ticks = (readFileSync("/proc/stat", "utf8").split("\n")[0] ?? "").trim().split(/\s+/).slice(1).map(Number);
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), all: ticks.reduce((sum, each) => sum + each, 0) };
};

const fill = async (round: string): Promise<number> => {
  const text = "words of a conversation ".repeat(40);
  for (const [p, { projectId, publicKey }] of projects.entries())
    for (let from = 0; from < eventsTotal / projectsTotal; from += 200) {
      const arrived = Array.from({ length: Math.min(200, eventsTotal / projectsTotal - from) }, (_, i) => {
        const [trace, id] = [`t${round}-${p}-${Math.floor((from + i) / eventsPerTrace)}`, `o${round}-${p}-${from + i}`];
        const timestamp = new Date(Date.UTC(2026, 0, 1) + from + i).toISOString();
        const isTrace = i % eventsPerTrace === 0;
        const body = isTrace
          ? { id: trace, name: "bench", input: text }
          : { id, traceId: trace, name: "call", startTime: timestamp, input: text };
        const original = { id: `e${id}`, timestamp, type: isTrace ? "trace-create" : "generation-create", body };
        const parsed = parseEvent(original, { isInternal: true });
        if (!parsed.ok || parsed.event === undefined) throw new Error("not an event");
        return { event: parsed.event, original };
      });
      const groups = arrangeBatch(arrived, { projectId, prefix: "events/", sampling: new Map(), segmentBytesMax: 400, sha256Hex });
      const deps = {
        db: open.db,
        s3: s3Client,
        isLogEnabled: true,
        nowMs: () => performance.now(),
        newJobId: () => newId("job"),
        sha256Hex,
      };
      const origin = { apiKey: publicKey, sdkName: "bench", sdkVersion: "1" };
      const failed = await storeGroups(deps, { projectId, groups, origin, source: "api" });
      if (failed.size > 0) throw new Error("not stored");
    }
  return eventsTotal;
};

const requestExports = async (): Promise<number> => {
  const request = CreateBatchExport.parse({ format: "JSONL", query: { tableName: "events", orderBy: null, filter: [] } });
  for (let i = 0; i < exportsTotal; i++) {
    const project = projects[i % projects.length];
    if (project === undefined) throw new Error("no project");
    await createExport(
      open.db,
      { ...project, apiKeyId: project.keyId, role: "OWNER", requestId: "bench", ipAddress: null },
      { ...request, name: "bench" },
      { exportId: newId("batchExport"), jobId: newId("job") },
      { warnings: [], admission: { defaultPlan: "unlimited", estimate: null }, maxAttempts: 3 },
    );
  }
  return exportsTotal;
};

type Done = { units: number; seconds: number; cpuSeconds: number; idle: number; waits: string };

/** Lets stopped runners work until nothing of the kind is open. Samples every 40 ms what their sessions in Postgres do. */
const drain = async (kind: string, units: number, runners: readonly RunnerProcess[]): Promise<Done> => {
  const [cpuBefore, ticksBefore, startedMs] = [runnersCpu(runners), machineTicks(), performance.now()];
  for (const { signal } of runners) signal("SIGCONT");
  const seen = new Map<string, number>();
  for (let isOpen = true; isOpen; await wait(40)) {
    const rows = await execute<{ what: string; sessions: number }>(
      open.db,
      sql`select case when wait_event_type is null then 'running' else wait_event_type || ':' || wait_event end as what, count(*)::int as sessions
        from pg_stat_activity where application_name = 'spillway-runner' and state = 'active' group by what`,
    );
    for (const { what, sessions } of rows) seen.set(what, (seen.get(what) ?? 0) + sessions);
    const [left] = await execute<{ n: number }>(
      open.db,
      sql`select count(*)::int as n from jobs where kind = ${kind} and finished_at is null`,
    );
    isOpen = (left?.n ?? 0) > 0;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const ticks = machineTicks();
  const all = [...seen.values()].reduce((sum, each) => sum + each, 0);
  const waits = [...seen]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([what, sessions]) => `${what} ${Math.round((100 * sessions) / all)} %`)
    .join(", ");
  return {
    ...{ units, seconds, waits, cpuSeconds: runnersCpu(runners) - cpuBefore },
    idle: (ticks.idle - ticksBefore.idle) / (ticks.all - ticksBefore.all),
  };
};

const show = (what: string, count: number, { units, seconds, cpuSeconds, idle, waits }: Done): void =>
  console.log(
    `| ${what} | ${count} | ${(units / seconds).toFixed(what === "exports" ? 1 : 0)} | ${((1000 * cpuSeconds) / units).toFixed(1)} | ${(100 * idle).toFixed(0)} % | ${waits} |`,
  );

try {
  console.log("| | runners | a second | CPU of the runners, ms each | machine idle | sessions in Postgres, when active |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const [round, count] of runnerCounts.entries()) {
    const runners = await Promise.all(Array.from({ length: count }, startRunner));
    const stopped = async (work: () => Promise<number>) => {
      for (const { signal } of runners) signal("SIGSTOP");
      return work();
    };
    show("events", count, await drain("ingestion.merge", await stopped(() => fill(String(round))), runners));
    show("exports", count, await drain("export.run", await stopped(requestExports), runners));
    await Promise.all(runners.map((runner) => runner.stop()));
  }
} finally {
  await open.close();
  await Promise.all([clickhouse.stop(), postgres.stop(), s3.stop()]);
  rmSync(dir, { recursive: true, force: true });
}
