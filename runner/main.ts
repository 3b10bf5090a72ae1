/** Composition root of the runner: the only place that reads its environment, constructs clients and chooses implementations. */

import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { createToken } from "../core/auth/session.ts";
import { createId } from "../core/ids.ts";
import { mixpanelOrigin } from "../core/integrations/kinds/mixpanel.ts";
import { createKeyring } from "../core/integrations/sealed-secret.ts";
import { type ConsumerName, outboxConsumers } from "../core/outbox/consumers.ts";
import { hashKeyOf } from "../core/query/privacy/hash-key.ts";
import type { S3Config } from "../core/s3/s3-config.ts";
import { noTracer, type Tracer } from "../core/telemetry/tracer.ts";
import { type ClickHouse, createClickHouse } from "../db/clickhouse/client.ts";
import { listPendingClickHouseMigrations } from "../db/clickhouse/migrate.ts";
import { createS3Client, type S3Client } from "../db/object-store/s3-client.ts";
import { measureOutbox } from "../db/outbox/measure-outbox.ts";
import { type Database, openPostgres } from "../db/postgres/client.ts";
import { listPendingMigrations } from "../db/postgres/pending-migrations.ts";
import { listDueWork } from "../db/queue/list-due-work.ts";
import { measureQueue } from "../db/queue/measure-queue.ts";
import { settleJobs } from "../db/queue/settle-job.ts";
import { openTracer } from "../db/telemetry/open-tracer.ts";
import { announceOverdue } from "../services/integrations/announce-overdue.ts";
import { enqueueDueRuns } from "../services/integrations/enqueue-due-runs.ts";
import { measureIntegrations } from "../services/integrations/measure-integrations.ts";
import { measureDeliveries } from "../services/webhooks/measure-deliveries.ts";
import { type Bus, createBus } from "./bus.ts";
import { systemClock } from "./clock.ts";
import { createAwsCredentials } from "./credentials/aws-credentials.ts";
import type { Handlers, Log } from "./deps.ts";
import { createGuardedFetch } from "./egress/guarded-fetch.ts";
import { parseRunnerEnv } from "./env.ts";
import type { RunnerConfig } from "./env-config.ts";
import { startScheduler } from "./integrations/start-scheduler.ts";
import { createHandlers } from "./jobs/index.ts";
import { createMailer } from "./mail/mailer.ts";
import { startMaintenance } from "./maintenance/maintenance.ts";
import { maintenanceTasks } from "./maintenance/maintenance-tasks.ts";
import { createReport, type Report } from "./metrics/create-report.ts";
import { type Metrics, startMetrics } from "./metrics/start-metrics.ts";
import { consumerOf, startConsumer } from "./outbox/start-outbox.ts";
import { shareDueWork } from "./queue/due-work.ts";
import { groupSettlements } from "./queue/group-settlements.ts";
import type { Polling } from "./queue/polling.ts";
import { startLoops } from "./queue/start-loops.ts";
import { createReadiness, type Readiness } from "./readiness.ts";
import { servePages, textPage } from "./serve-pages.ts";
import { createObjectStoreSink } from "./transfer/sinks/object-store-sink.ts";
import { waitAtMost } from "./wait-at-most.ts";

const clock = systemClock;
const newJobId = () => createId("job", clock.nowMs(), randomBytes(16));
const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");

const printLine: Log = (level, event, fields = {}) =>
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);

/** Starts everything and returns how to stop it. */
export const startRunner = (config: RunnerConfig, log: Log = printLine): { stop: () => Promise<void>; wake: () => void } => {
  const postgres = openPostgres(config.databaseUrl, { applicationName: "spillway-runner", connectionsMax: config.postgresConnectionsMax });
  const clickhouse = createClickHouse(config.clickhouse, fetch);
  for (const warning of config.warnings) log("warn", "configuration_warning", { detail: warning });
  const role = createAwsCredentials(config.aws, { fetch, readText: (path) => readFile(path, "utf8"), nowMs: clock.nowMs });
  const s3Of = (store: S3Config) =>
    createS3Client(store, { fetch, wait: clock.wait, random: Math.random, credentials: store.accessKeyId === "" ? role : undefined });
  const s3 = config.s3 === null ? null : s3Of(config.s3);
  const events = eventStoreOf(config.events, { db: postgres.db, s3Of });
  const guardedFetch = createGuardedFetch({ policy: config.egressPolicy });
  const bus = createBus(log);
  const handlers = createHandlers({
    db: postgres.db,
    settleGrouped: groupSettlements({ clock, settle: (ended) => settleJobs(postgres.db, ended) }),
    events,
    eventsTable: config.clickhouse.eventsTable,
    clickhouse,
    sink: s3 === null ? null : createObjectStoreSink({ ...config.exports, s3, crc32 }),
    settings: {
      ...config.exports,
      physical: { events: config.clickhouse.eventsTable },
      // The ClickHouse of a Langfuse is read with ingestion off (docs/migration-langfuse.md).
      isOnlyWriter: config.events !== null,
    },
    clock,
    log,
    emit: bus.emit,
    random: Math.random,
    writesAggregates: config.writesAggregates,
    crc32,
    newJobId,
    hashKeyOf: hashKeyOf(config.encryptionKey),
    mailer: config.mail === null ? null : createMailer(config.mail),
    publicUrl: config.publicUrl,
    newToken: () => createToken(randomBytes),
    sha256: sha256Hex,
    integrations: config.integrations,
    webhooks: config.webhooks,
    guardedFetch,
    keyring: keyringOf(config),
    customerFetch: guardedFetch,
    openCustomerStore: (store) => createS3Client(store, { fetch: guardedFetch, wait: clock.wait, random: Math.random }),
    mixpanelOrigin: config.integrations.mixpanelUrl === null ? mixpanelOrigin : () => config.integrations.mixpanelUrl ?? "",
  });
  const claimedBy = `${hostname()}-${process.pid}`;
  const report = createReport({ clock, log });
  const tracer = tracerOf(config.traces, { instanceId: claimedBy, report });
  const metrics = startMetrics(
    {
      events: bus,
      clock,
      report,
      measureQueue: () => measureQueue(postgres.db),
      measureOutbox: () => measureOutbox(postgres.db),
      measureIntegrations: () => measureIntegrations(postgres.db),
      measureWebhooks: () => measureDeliveries(postgres.db),
      memoryBytes: () => process.memoryUsage.rss(),
      instanceId: claimedBy,
    },
    config.metrics,
  );
  const { kinds, loops } = startAllLoops(config, { db: postgres.db, log, bus, tracer, handlers, claimedBy });
  const tasks = maintenanceTasks({ db: postgres.db, s3, hasEventStore: events !== null, newJobId, log, emit: bus.emit }, config);
  const maintenance = startMaintenance(tasks, { clock, log });
  const delivers = kinds.some((kind) => kind.startsWith("integration."));
  const scheduler = delivers ? startIntegrationScheduler(config, { db: postgres.db, log }) : null;
  const pages = startPages(config, { metrics, loops, db: postgres.db, clickhouse, report });
  log("info", "runner_started", { claimed_by: claimedBy, kinds });
  return {
    wake: () => {
      for (const { wake } of loops) wake();
    },
    stop: async () => {
      pages.drain();
      log("info", "runner_draining");
      await scheduler?.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      await maintenance.stop();
      await Promise.all([metrics.stop(), waitAtMost(clock, traceFlushMs, tracer.flush())]);
      await pages.stop();
      await postgres.close();
      log("info", "runner_stopped");
    },
  };
};

/** Longest time to send the last spans when the runner stops. The rest is dropped. */
const traceFlushMs = 5000;

const tracerOf = (settings: RunnerConfig["traces"], { instanceId, report }: { instanceId: string; report: Report }): Tracer =>
  settings === null
    ? noTracer
    : openTracer(
        { ...settings, serviceName: "spillway-runner", instanceId, sendsAt: "interval" },
        { fetch, report: (error) => report("traces_not_sent", error) },
      );

type PagesDeps = { metrics: Metrics; loops: readonly Polling[]; db: Database; clickhouse: ClickHouse; report: Report };

/** Serves the runner's pages where a port is configured. They answer until the end, so that a load balancer sees the draining. */
const startPages = ({ metrics: { prometheus }, clickhouse: { database } }: RunnerConfig, deps: PagesDeps) => {
  const readiness = createReadiness({
    clock,
    loops: deps.loops,
    listPending: async () => ({
      postgres: await listPendingMigrations(deps.db),
      clickhouse: await listPendingClickHouseMigrations(deps.clickhouse, database),
    }),
  });
  const server = prometheus === null ? null : servePages(prometheus, pagesOf(deps.metrics, readiness), deps.report);
  return { drain: readiness.drain, stop: async () => server?.stop() };
};

/** `/healthz`: the process answers. `/readyz`: it claims jobs. */
const pagesOf = ({ scrape }: Metrics, readiness: Readiness) => ({
  ...(scrape === null
    ? {}
    : { "/metrics": async () => ({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8", text: await scrape() }) }),
  "/healthz": async () => textPage("ok\n"),
  "/readyz": async () => {
    const state = await readiness.check();
    return { status: state.status === "ready" ? 200 : 503, type: "application/json", text: `${JSON.stringify(state)}\n` };
  },
});

const keyringOf = ({ encryptionKey, previousEncryptionKeys }: RunnerConfig) =>
  encryptionKey === null
    ? null
    : createKeyring({
        present: encryptionKey,
        previous: previousEncryptionKeys,
        randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
      });

/** Null where no bucket of events is named: the runner then works on no kind that needs one. */
const eventStoreOf = (config: RunnerConfig["events"], { db, s3Of }: { db: Database; s3Of: (store: S3Config) => S3Client }) =>
  config === null
    ? null
    : {
        ...config,
        store: { db, s3: s3Of(config.s3), isLogEnabled: config.isLogEnabled, nowMs: clock.steadyMs, newJobId, sha256Hex },
      };

const startIntegrationScheduler = (config: RunnerConfig, { db, log }: { db: Database; log: Log }) =>
  startScheduler({ log, enqueueDue: () => enqueueDueRuns(db), announceOverdue: () => announceOverdue(db) }, config.integrations);

type LoopDeps = { db: Database; log: Log; bus: Bus; tracer: Tracer; handlers: Handlers; claimedBy: string };

/** Starts the loops of the job kinds, and of the outbox consumers that belong to them. */
const startAllLoops = (config: RunnerConfig, { db, log, bus, tracer, handlers, claimedBy }: LoopDeps) => {
  const consumerNames = Object.keys(outboxConsumers) as ConsumerName[];
  const asked = { kinds: config.kinds, consumers: consumerNames };
  const dueWork = shareDueWork(clock, () => listDueWork(db, asked), config.loop.pollMs / 2);
  const { kinds, loops } = startLoops(
    { db, clock, log, bus, tracer, random: Math.random, handlers, dueWork },
    {
      ...config.loop,
      kinds: config.kinds,
      claimedBy,
      leaseSeconds: config.leaseSeconds,
      limitedPerProject: { concurrency: config.loop.concurrency, projectRunningMax: config.projectRunningMax },
      batched: config.ingestion,
    },
  );
  const outboxDeps = { db, clock, log, random: Math.random, emit: bus.emit, dueWork };
  const consumers = consumerNames
    .filter((name) => kinds.includes(outboxConsumers[name].runsWith))
    .map((name) => startConsumer(outboxDeps, name, consumerOf(name, { publicUrl: config.publicUrl }), config.loop));
  return { kinds, loops: [...loops, ...consumers] };
};

if (import.meta.main) {
  const parsed = parseRunnerEnv(process.env);
  if (!parsed.ok) {
    process.stderr.write(`The runner's configuration has problems:\n${parsed.problems.map((problem) => `  ${problem}\n`).join("")}`);
    process.exit(78);
  }
  const runner = startRunner(parsed.config);
  const stop = () => {
    void runner.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        printLine("error", "stop_failed", { detail: String(error) });
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}
