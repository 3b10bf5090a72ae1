/** The runner's configuration from its checked variables: nested by the part that reads it, in units that code uses. */
import { clusterOf } from "../core/clickhouse-cluster.ts";
import { egressPolicy } from "../core/egress/egress-env.ts";
import { exportStoreConfig } from "../core/exports/export-store-config.ts";
import { eventStoreConfig } from "../core/ingestion/event-store-config.ts";
import { jobKindNames, jobKinds } from "../core/jobs/kinds.ts";
import { sliceBytesMin, sliceRowsMax } from "../core/query/slice.ts";
import { otlpHeaders, otlpUrl, traceSettings } from "../core/telemetry/otlp-env.ts";
import type { AwsEnvironment } from "./credentials/aws-credentials.ts";
import type { RunnerEnv } from "./env-schema.ts";

type ConfigSources = {
  /** Where credentials come from for stores without keys of their own. */
  aws: AwsEnvironment;
  warnings: string[];
};

export const runnerConfig = (e: RunnerEnv, { aws, warnings }: ConfigSources) => ({
  databaseUrl: e.DATABASE_URL,
  postgresConnectionsMax: e.SPILLWAY_POSTGRES_CONNECTIONS ?? e.SPILLWAY_RUNNER_CONCURRENCY + 4,
  clickhouse: {
    url: e.CLICKHOUSE_URL,
    user: e.CLICKHOUSE_USER,
    password: e.CLICKHOUSE_PASSWORD,
    database: e.CLICKHOUSE_DB,
    cluster: clusterOf(e),
    eventsTable: e.CLICKHOUSE_EVENTS_TABLE,
  },
  s3: e.LANGFUSE_S3_BATCH_EXPORT_ENABLED ? exportStoreConfig(e) : null,
  aws,
  warnings,
  events: eventStoreConfig(e),
  /** Addresses of customers that requests may go to. */
  egressPolicy: egressPolicy(e),
  writesAggregates: e.LANGFUSE_EXPERIMENT_INSERT_INTO_AGGREGATING_MERGE_TREES,
  ingestion: {
    concurrency: e.LANGFUSE_INGESTION_QUEUE_PROCESSING_CONCURRENCY,
    jobsMax: e.LANGFUSE_INGESTION_CLICKHOUSE_WRITE_BATCH_SIZE,
  },
  /** Job kinds that this runner claims. */
  kinds: jobKindNames.filter((kind) => e[jobKinds[kind].queueSwitch]),
  mail:
    e.SMTP_CONNECTION_URL === undefined || e.EMAIL_FROM_ADDRESS === undefined
      ? null
      : { url: e.SMTP_CONNECTION_URL, from: e.EMAIL_FROM_ADDRESS },
  publicUrl: e.SPILLWAY_PUBLIC_URL?.replace(/\/$/, "") ?? null,
  encryptionKey: e.ENCRYPTION_KEY ?? null,
  previousEncryptionKeys: e.SPILLWAY_PREVIOUS_ENCRYPTION_KEYS,
  expiryNoticeHours: e.SPILLWAY_EXPIRY_NOTICE_HOURS,
  expiryGraceSeconds: e.SPILLWAY_EXPIRY_GRACE_SECONDS,
  exports: exportSettings(e),
  integrations: {
    lagSeconds: e.SPILLWAY_INTEGRATION_LAG_SECONDS,
    tickSeconds: e.SPILLWAY_INTEGRATION_TICK_SECONDS,
    partSizeBytes: e.BATCH_EXPORT_S3_PART_SIZE_MIB * 1024 * 1024,
    partsInFlightMax: e.SPILLWAY_PARTS_IN_FLIGHT,
    mixpanelUrl: e.SPILLWAY_MIXPANEL_URL ?? null,
  },
  webhooks: { timeoutMs: e.LANGFUSE_WEBHOOK_TIMEOUT_MS },
  loop: loopSettings(e),
  projectRunningMax: e.SPILLWAY_PROJECT_CONCURRENCY,
  leaseSeconds: e.SPILLWAY_LEASE_SECONDS,
  reaperSeconds: e.SPILLWAY_REAPER_SECONDS,
  sweepSeconds: e.SPILLWAY_SWEEP_SECONDS,
  sweepGraceSeconds: e.SPILLWAY_SWEEP_GRACE_SECONDS,
  metrics: metricsSettings(e),
  traces: traceSettings(e),
});

export type RunnerConfig = ReturnType<typeof runnerConfig>;

const exportSettings = (e: RunnerEnv) => ({
  prefix: e.LANGFUSE_S3_BATCH_EXPORT_PREFIX,
  rowLimit: e.BATCH_EXPORT_ROW_LIMIT,
  partSizeBytes: e.BATCH_EXPORT_S3_PART_SIZE_MIB * 1024 * 1024,
  partsInFlightMax: e.SPILLWAY_PARTS_IN_FLIGHT,
  sliceBytes: e.SPILLWAY_SLICE_MIB * 1024 * 1024,
  sliceBytesMin: sliceBytesMin(
    e.SPILLWAY_SLICE_MIB * 1024 * 1024,
    (e.SPILLWAY_PARTS_IN_FLIGHT + 1) * e.BATCH_EXPORT_S3_PART_SIZE_MIB * 1024 * 1024,
  ),
  sliceRowsMax,
  slicesAhead: e.SPILLWAY_SLICES_AHEAD,
  sliceThreads: e.SPILLWAY_SLICE_THREADS,
  progressSeconds: e.SPILLWAY_HEARTBEAT_SECONDS,
  checksum: e.LANGFUSE_S3_BATCH_EXPORT_CHECKSUM,
});

const loopSettings = (e: RunnerEnv) => ({
  concurrency: e.SPILLWAY_RUNNER_CONCURRENCY,
  pollMs: e.SPILLWAY_POLL_MS,
  // By default, a job that arrives after an idle time waits at most two and a half seconds.
  pollIdleMs: 2 * e.SPILLWAY_POLL_MS,
  heartbeatSeconds: e.SPILLWAY_HEARTBEAT_SECONDS,
  selfFenceSeconds: e.SPILLWAY_SELF_FENCE_SECONDS,
  graceSeconds: e.SPILLWAY_SHUTDOWN_GRACE_SECONDS,
});

const metricsSettings = (e: RunnerEnv) => {
  const url = otlpUrl(e.OTEL_EXPORTER_OTLP_ENDPOINT, e.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, "metrics");
  return {
    prometheus: e.SPILLWAY_METRICS_PORT === undefined ? null : { host: e.SPILLWAY_METRICS_HOST, port: e.SPILLWAY_METRICS_PORT },
    otlp: url === null ? null : { url, headers: otlpHeaders(e), intervalMs: e.OTEL_METRIC_EXPORT_INTERVAL },
  };
};
