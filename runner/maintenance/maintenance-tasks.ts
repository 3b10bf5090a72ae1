/** The maintenance tasks of a runner. Each is safe to run in many runners at once. */

import type { S3Client } from "../../db/object-store/s3-client.ts";
import { pruneOutbox } from "../../db/outbox/prune-outbox.ts";
import type { Database } from "../../db/postgres/client.ts";
import { pruneJobs } from "../../db/queue/prune-jobs.ts";
import { repairConcurrencyCounts } from "../../db/queue/repair-concurrency-counts.ts";
import { pruneSignIns } from "../../services/accounts/prune-sign-ins.ts";
import { announceExpiry } from "../../services/exports/announce-expiry.ts";
import { expireExports } from "../../services/exports/expire-exports.ts";
import { markObjectRemoved, takeAbandonedObjects } from "../../services/exports/export-journal.ts";
import { rescueExport } from "../../services/exports/rescue-export.ts";
import { enforceRetention } from "../../services/traces/enforce-retention.ts";
import { pruneDeliveries } from "../../services/webhooks/prune-deliveries.ts";
import type { Bus } from "../bus.ts";
import type { Log } from "../deps.ts";
import type { RunnerConfig } from "../env-config.ts";
import type { MaintenanceTask } from "./maintenance.ts";
import { sweepObjects } from "./sweep.ts";

/** Days that finished job rows, consumed events and the log of webhooks are kept. */
const keepDays = 30;

type TaskDeps = {
  db: Database;
  /** The store of exported files; null where exports are off. */
  s3: S3Client | null;
  hasEventStore: boolean;
  newJobId: () => string;
  log: Log;
  emit: Bus["emit"];
};

type TaskConfig = Pick<RunnerConfig, "reaperSeconds" | "sweepSeconds" | "sweepGraceSeconds" | "expiryNoticeHours" | "expiryGraceSeconds">;

export const maintenanceTasks = (deps: TaskDeps, config: TaskConfig): MaintenanceTask[] => {
  const { db, s3, newJobId } = deps;
  const everySeconds = config.sweepSeconds;
  return [
    { name: "rescue", everySeconds: config.reaperSeconds, run: () => rescueAll(deps) },
    { name: "prune", everySeconds: 3600, run: () => pruneAll(deps) },
    ...(deps.hasEventStore ? [{ name: "retention", everySeconds, run: () => enforceRetention(db, newJobId) }] : []),
    { name: "expire", everySeconds, run: () => expireAll(deps, config) },
    ...(s3 === null ? [] : [{ name: "sweep", everySeconds, run: () => sweep({ ...deps, s3 }, config) }]),
  ];
};

const rescueAll = async ({ db, log }: TaskDeps): Promise<void> => {
  for (;;) {
    const job = await rescueExport(db);
    if (job === undefined) break;
    log("warn", "job_rescued", { job_id: job.id, state: job.state });
  }
  await repairConcurrencyCounts(db);
};

/** Deletes 1,000 rows a statement, until one finds fewer. */
const pruneAll = async ({ db }: TaskDeps): Promise<void> => {
  while ((await pruneJobs(db, { keepDays })) >= 1000);
  while ((await pruneOutbox(db, { keepDays })) >= 1000);
  while ((await pruneDeliveries(db, { keepDays })) >= 1000);
  while ((await pruneSignIns(db)) >= 1000);
};

const expireAll = async ({ db, log }: TaskDeps, config: TaskConfig): Promise<void> => {
  while ((await announceExpiry(db, { withinHours: config.expiryNoticeHours })) !== undefined);
  const expired = await expireExports(db, { graceSeconds: config.expiryGraceSeconds });
  if (expired.length > 0) log("info", "exports_expired", { exports: expired.length });
};

const sweep = async ({ db, s3, log, emit }: TaskDeps & { s3: S3Client }, { sweepGraceSeconds }: TaskConfig): Promise<void> => {
  const swept = await sweepObjects({
    s3,
    log,
    take: (rowsMax) => takeAbandonedObjects(db, { bucket: s3.bucket, graceSeconds: sweepGraceSeconds, rowsMax }),
    markRemoved: (id) => markObjectRemoved(db, id),
  });
  emit("sweep.ended", swept);
};
