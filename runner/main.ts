/** Composition root of the runner: the only place that reads its environment, constructs clients and chooses implementations. */
import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { crc32 } from "node:zlib";
import { createId } from "../core/ids.ts";
import type { JobKind } from "../core/jobs/kinds.ts";
import { createClickHouse } from "../db/clickhouse/client.ts";
import { openPostgres } from "../db/postgres/client.ts";
import { listAbandonedObjects, markObjectRemoved, rescueExport } from "../db/queries/export-outcomes.ts";
import { claimJob } from "../db/queue/claim-job.ts";
import { heartbeatJob } from "../db/queue/heartbeat-job.ts";
import { pruneJobs } from "../db/queue/prune-jobs.ts";
import { repairSlots } from "../db/queue/repair-slots.ts";
import { systemClock } from "./clock.ts";
import type { Log } from "./deps.ts";
import { parseRunnerEnv, type RunnerConfig } from "./env.ts";
import { createEvents } from "./events.ts";
import { createHandlers } from "./handlers/index.ts";
import { startLoop } from "./loop.ts";
import { startMaintenance } from "./schedule/maintenance.ts";
import { createS3Client } from "./upload/s3-client.ts";
import { sweepObjects } from "./upload/sweep.ts";

const printLine: Log = (level, event, fields = {}) =>
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...fields })}\n`);

/** Keep finished job rows this long. */
const keepDays = 30;

/** Starts everything and returns how to stop it. */
export const startRunner = (config: RunnerConfig, log: Log = printLine): { stop: () => Promise<void>; poke: () => void } => {
  const clock = systemClock;
  const postgres = openPostgres(config.databaseUrl, { applicationName: "spillway-runner", connectionsMax: config.postgresConnectionsMax });
  const clickhouse = createClickHouse(config.clickhouse, fetch);
  const s3 = config.s3 === null ? null : createS3Client(config.s3, { fetch, wait: clock.wait, random: Math.random });
  const newAuditId = () => createId("auditLog", clock.nowMs(), randomBytes(16));
  const handlers = createHandlers({
    db: postgres.db,
    clickhouse,
    s3,
    settings: { ...config.exports, physicalTable: config.clickhouse.eventsTable },
    clock,
    log,
    crc32,
    newAuditId,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
  });
  const kinds: JobKind[] = config.isExportQueueEnabled ? ["export.run"] : [];
  const claimedBy = `${hostname()}-${process.pid}`;
  const loop = startLoop(
    {
      clock,
      log,
      handlers,
      events: createEvents(log),
      random: Math.random,
      claim: async () =>
        kinds.length === 0
          ? undefined
          : claimJob(postgres.db, { kinds, claimedBy, leaseSeconds: config.leaseSeconds, projectRunningMax: config.projectRunningMax }),
      heartbeat: (job) => heartbeatJob(postgres.db, { id: job.id, leaseId: job.leaseId }, config.leaseSeconds),
    },
    config.loop,
  );
  const rescueAll = async () => {
    for (let job = await rescueExport(postgres.db, newAuditId()); job !== undefined; job = await rescueExport(postgres.db, newAuditId()))
      log("warn", "job_rescued", { job_id: job.id, state: job.state });
    await repairSlots(postgres.db);
  };
  const pruneAll = async () => {
    while ((await pruneJobs(postgres.db, { keepDays })) >= 1000);
  };
  const maintenance = startMaintenance(
    [
      { name: "rescue", everySeconds: config.reaperSeconds, run: rescueAll },
      { name: "prune", everySeconds: 3600, run: pruneAll },
      ...(s3 === null
        ? []
        : [
            {
              name: "sweep",
              everySeconds: config.sweepSeconds,
              run: () =>
                sweepObjects({
                  s3,
                  log,
                  list: (rowsMax) => listAbandonedObjects(postgres.db, { graceSeconds: config.sweepGraceSeconds, rowsMax }),
                  markRemoved: (id) => markObjectRemoved(postgres.db, id),
                }),
            },
          ]),
    ],
    { clock, log },
  );
  log("info", "runner_started", { claimed_by: claimedBy, kinds });
  return {
    poke: loop.poke,
    stop: async () => {
      await loop.stop();
      await maintenance.stop();
      await postgres.close();
      log("info", "runner_stopped");
    },
  };
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
