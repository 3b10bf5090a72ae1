/** Composition root of the runner: the only place that reads its environment, constructs clients and chooses implementations. */

import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { createId } from "../core/ids.ts";
import { type ConsumerName, outboxConsumers } from "../core/outbox/consumers.ts";
import type { S3Config } from "../core/s3/s3-config.ts";
import { createClickHouse } from "../db/clickhouse/client.ts";
import { createS3Client } from "../db/object-store/s3-client.ts";
import { measureOutbox } from "../db/outbox/measure-outbox.ts";
import { pruneOutbox } from "../db/outbox/prune-outbox.ts";
import { openPostgres } from "../db/postgres/client.ts";
import { listDueWork } from "../db/queue/list-due-work.ts";
import { measureQueue } from "../db/queue/measure-queue.ts";
import { pruneJobs } from "../db/queue/prune-jobs.ts";
import { repairConcurrencyCounts } from "../db/queue/repair-concurrency-counts.ts";
import { announceExpiry } from "../services/exports/announce-expiry.ts";
import { expireExports } from "../services/exports/expire-exports.ts";
import { markObjectRemoved, takeAbandonedObjects } from "../services/exports/export-journal.ts";
import { rescueExport } from "../services/exports/rescue-export.ts";
import { enforceRetention } from "../services/traces/enforce-retention.ts";
import { createBus } from "./bus.ts";
import { systemClock } from "./clock.ts";
import { createAwsCredentials } from "./credentials/aws-credentials.ts";
import type { Log } from "./deps.ts";
import { parseRunnerEnv } from "./env.ts";
import type { RunnerConfig } from "./env-config.ts";
import { createHandlers } from "./jobs/index.ts";
import { createMailer } from "./mail/mailer.ts";
import { startMaintenance } from "./maintenance/maintenance.ts";
import { sweepObjects } from "./maintenance/sweep.ts";
import { startMetrics } from "./metrics/start-metrics.ts";
import { consumerOf, startConsumer } from "./outbox/start-outbox.ts";
import { shareDueWork } from "./queue/due-work.ts";
import { startLoops } from "./queue/start-loops.ts";

const printLine: Log = (level, event, fields = {}) =>
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);

/** Keep finished job rows and consumed events this long. */
const keepDays = 30;

/** Starts everything and returns how to stop it. */
export const startRunner = (config: RunnerConfig, log: Log = printLine): { stop: () => Promise<void>; wake: () => void } => {
  const clock = systemClock;
  const postgres = openPostgres(config.databaseUrl, { applicationName: "spillway-runner", connectionsMax: config.postgresConnectionsMax });
  const clickhouse = createClickHouse(config.clickhouse, fetch);
  for (const warning of config.warnings) log("warn", "configuration_warning", { detail: warning });
  const role = createAwsCredentials(config.aws, { fetch, readText: (path) => readFile(path, "utf8"), nowMs: clock.nowMs });
  const s3Of = (store: S3Config) =>
    createS3Client(store, { fetch, wait: clock.wait, random: Math.random, credentials: store.accessKeyId === "" ? role : undefined });
  const s3 = config.s3 === null ? null : s3Of(config.s3);
  const newJobId = () => createId("job", clock.nowMs(), randomBytes(16));
  const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");
  const events =
    config.events === null
      ? null
      : {
          ...config.events,
          store: {
            db: postgres.db,
            s3: s3Of(config.events.s3),
            isLogEnabled: config.events.isLogEnabled,
            nowMs: clock.steadyMs,
            newJobId,
            sha256Hex,
          },
        };
  const bus = createBus(log);
  const handlers = createHandlers({
    db: postgres.db,
    events,
    eventsTable: config.clickhouse.eventsTable,
    clickhouse,
    s3,
    settings: { ...config.exports, physical: { events: config.clickhouse.eventsTable } },
    clock,
    log,
    emit: bus.emit,
    random: Math.random,
    writesAggregates: config.writesAggregates,
    crc32,
    newJobId,
    hashKeyOf: (projectId) => (config.encryptionKey === null ? null : hashKey(config.encryptionKey, projectId)),
    mailer: config.mail === null ? null : createMailer(config.mail),
    publicUrl: config.publicUrl,
    sha256: sha256Hex,
  });
  const claimedBy = `${hostname()}-${process.pid}`;
  const metrics = startMetrics(
    {
      events: bus,
      clock,
      log,
      measureQueue: () => measureQueue(postgres.db),
      measureOutbox: () => measureOutbox(postgres.db),
      memoryBytes: () => process.memoryUsage.rss(),
      instanceId: claimedBy,
    },
    config.metrics,
  );
  const consumerNames = Object.keys(outboxConsumers) as ConsumerName[];
  const asked = { kinds: config.kinds, consumers: consumerNames };
  const dueWork = shareDueWork(clock, () => listDueWork(postgres.db, asked), config.loop.pollMs / 2);
  const { kinds, loops: jobLoops } = startLoops(
    { db: postgres.db, clock, log, bus, random: Math.random, handlers, dueWork },
    {
      ...config.loop,
      kinds: config.kinds,
      claimedBy,
      leaseSeconds: config.leaseSeconds,
      limitedPerProject: { concurrency: config.loop.concurrency, projectRunningMax: config.projectRunningMax },
      batched: config.ingestion,
    },
  );
  const outboxDeps = { db: postgres.db, clock, log, random: Math.random, emit: bus.emit, dueWork };
  const loops = [
    ...jobLoops,
    ...consumerNames
      .filter((name) => kinds.includes(outboxConsumers[name].runsWith))
      .map((name) => startConsumer(outboxDeps, name, consumerOf(name), config.loop)),
  ];
  const rescueAll = async () => {
    for (;;) {
      const job = await rescueExport(postgres.db);
      if (job === undefined) break;
      log("warn", "job_rescued", { job_id: job.id, state: job.state });
    }
    await repairConcurrencyCounts(postgres.db);
  };
  const expireAll = async () => {
    while ((await announceExpiry(postgres.db, { withinHours: config.expiryNoticeHours })) !== undefined);
    const expired = await expireExports(postgres.db, { graceSeconds: config.expiryGraceSeconds });
    if (expired.length > 0) log("info", "exports_expired", { exports: expired.length });
  };
  const pruneAll = async () => {
    while ((await pruneJobs(postgres.db, { keepDays })) >= 1000);
    while ((await pruneOutbox(postgres.db, { keepDays })) >= 1000);
  };
  const maintenance = startMaintenance(
    [
      { name: "rescue", everySeconds: config.reaperSeconds, run: rescueAll },
      { name: "prune", everySeconds: 3600, run: pruneAll },
      ...(events === null
        ? []
        : [{ name: "retention", everySeconds: config.sweepSeconds, run: () => enforceRetention(postgres.db, newJobId) }]),
      { name: "expire", everySeconds: config.sweepSeconds, run: expireAll },
      ...(s3 === null
        ? []
        : [
            {
              name: "sweep",
              everySeconds: config.sweepSeconds,
              run: async () => {
                const swept = await sweepObjects({
                  s3,
                  log,
                  take: (rowsMax) =>
                    takeAbandonedObjects(postgres.db, { bucket: s3.bucket, graceSeconds: config.sweepGraceSeconds, rowsMax }),
                  markRemoved: (id) => markObjectRemoved(postgres.db, id),
                });
                bus.emit("sweep.ended", swept);
              },
            },
          ]),
    ],
    { clock, log },
  );
  log("info", "runner_started", { claimed_by: claimedBy, kinds });
  return {
    wake: () => {
      for (const { wake } of loops) wake();
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
      await maintenance.stop();
      await metrics.stop();
      await postgres.close();
      log("info", "runner_stopped");
    },
  };
};

/** Two unsigned 64-bit halves of a key that is the project's own: HMAC-SHA-256 of its id. */
const hashKey = (encryptionKey: string, projectId: string): [string, string] => {
  const digest = createHmac("sha256", Buffer.from(encryptionKey, "hex")).update(`privacy:${projectId}`).digest();
  return [digest.readBigUInt64LE(0).toString(), digest.readBigUInt64LE(8).toString()];
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
