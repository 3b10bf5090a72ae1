/** The runner's environment variables: names, forms, defaults. What depends on several of them is checked in env-problems.ts. */
import { z } from "zod";
import { clusterShape } from "../core/clickhouse-cluster.ts";
import { egressShape } from "../core/egress/egress-env.ts";
import { eventStoreShape } from "../core/ingestion/event-store-config.ts";
import { encryptionShape } from "../core/integrations/encryption-env.ts";
import { type JobKind, jobKindNames, jobKinds } from "../core/jobs/kinds.ts";
import { sliceMibDefault } from "../core/query/slice.ts";
import { encryptionAlgorithm } from "../core/s3/store-env.ts";
import { otlpShape } from "../core/telemetry/otlp-env.ts";

const text = z.string().trim().min(1);
const flag = (fallback: "true" | "false") =>
  z
    .enum(["true", "false"])
    .default(fallback)
    .transform((value) => value === "true");
const positive = (fallback: number, max = Number.MAX_SAFE_INTEGER) => z.coerce.number().positive().max(max).default(fallback);
const httpUrl = z.url().regex(/^https?:/, "must begin with http: or https:");
const whole = (fallback: number, min: number, max: number) => z.coerce.number().int().min(min).max(max).default(fallback);

type QueueSwitch = (typeof jobKinds)[JobKind]["queueSwitch"];
/** One switch per job kind, named by its entry. */
const queueSwitches = Object.fromEntries(jobKindNames.map((kind) => [jobKinds[kind].queueSwitch, flag("true")])) as Record<
  QueueSwitch,
  ReturnType<typeof flag>
>;

export const RunnerEnv = z.object({
  DATABASE_URL: text,
  CLICKHOUSE_URL: z.url(),
  CLICKHOUSE_USER: z.string().default("default"),
  CLICKHOUSE_PASSWORD: z.string().default(""),
  CLICKHOUSE_DB: text.default("default"),
  ...clusterShape,
  CLICKHOUSE_EVENTS_TABLE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/)
    .default("events"),
  LANGFUSE_S3_BATCH_EXPORT_ENABLED: flag("false"),
  LANGFUSE_S3_BATCH_EXPORT_BUCKET: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_PREFIX: z
    .string()
    .regex(/^$|\/$/, "must be empty or end in /")
    .default(""),
  LANGFUSE_S3_BATCH_EXPORT_REGION: text.default("us-east-1"),
  LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: z.url().optional(),
  LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: text.optional(),
  /** For temporary credentials. */
  LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: flag("false"),
  /** Server-side encryption requested for every file. Unset: the bucket's default applies. */
  LANGFUSE_S3_BATCH_EXPORT_SSE: encryptionAlgorithm.optional(),
  LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_CHECKSUM: z.enum(["crc32", "none"]).default("crc32"),
  ...eventStoreShape,
  ...egressShape,
  LANGFUSE_EXPERIMENT_INSERT_INTO_AGGREGATING_MERGE_TREES: flag("false"),
  ...queueSwitches,
  LANGFUSE_INGESTION_QUEUE_PROCESSING_CONCURRENCY: whole(2, 1, 32),
  LANGFUSE_INGESTION_CLICKHOUSE_WRITE_BATCH_SIZE: whole(1500, 1, 5000),
  SMTP_CONNECTION_URL: z
    .url()
    .regex(/^smtps?:/, "must begin with smtp: or smtps:")
    .optional(),
  EMAIL_FROM_ADDRESS: text.optional(),
  /** Address of the API, for links in mails. */
  SPILLWAY_PUBLIC_URL: z.url().optional(),
  ...encryptionShape,
  /** A mail announces the deletion of files this long before. */
  SPILLWAY_EXPIRY_NOTICE_HOURS: positive(6),
  /** Files are deleted this long after they expire, because links made just before last an hour. */
  SPILLWAY_EXPIRY_GRACE_SECONDS: z.coerce.number().min(0).default(3600),
  BATCH_EXPORT_ROW_LIMIT: whole(10_000_000, 1, 1_000_000_000),
  BATCH_EXPORT_S3_PART_SIZE_MIB: whole(8, 5, 100),
  SPILLWAY_PARTS_IN_FLIGHT: whole(4, 1, 16),
  SPILLWAY_SLICE_MIB: whole(sliceMibDefault, 1, 200),
  SPILLWAY_SLICES_AHEAD: whole(2, 0, 8),
  /** Threads of the server for one slice. Low, because several slices run at once beside the server's other queries. */
  SPILLWAY_SLICE_THREADS: whole(1, 1, 64),
  SPILLWAY_RUNNER_CONCURRENCY: whole(4, 1, 64),
  SPILLWAY_PROJECT_CONCURRENCY: whole(2, 1, 64),
  /** Maximum connections to Postgres. Default: SPILLWAY_RUNNER_CONCURRENCY and four. */
  SPILLWAY_POSTGRES_CONNECTIONS: z.coerce.number().int().min(2).max(200).optional(),
  /** Longest time for one webhook request, with its answer. Milliseconds. */
  LANGFUSE_WEBHOOK_TIMEOUT_MS: whole(15_000, 100, 60_000),
  /** How long writers other than this runner may take until their rows can be read: windows of integrations are delivered so much later. */
  SPILLWAY_INTEGRATION_LAG_SECONDS: z.coerce.number().min(0).max(86_400).default(60),
  /** How often due integrations are looked for. */
  SPILLWAY_INTEGRATION_TICK_SECONDS: positive(5),
  /** Address used instead of Mixpanel's, for a local server. */
  SPILLWAY_MIXPANEL_URL: httpUrl.optional(),
  SPILLWAY_LEASE_SECONDS: positive(60),
  SPILLWAY_HEARTBEAT_SECONDS: positive(2),
  SPILLWAY_SELF_FENCE_SECONDS: positive(40),
  SPILLWAY_REAPER_SECONDS: positive(15),
  SPILLWAY_SWEEP_SECONDS: positive(60),
  SPILLWAY_SWEEP_GRACE_SECONDS: z.coerce.number().min(0).default(180),
  SPILLWAY_SHUTDOWN_GRACE_SECONDS: z.coerce.number().min(0).default(20),
  SPILLWAY_POLL_MS: positive(1000),
  /** Port of /metrics for Prometheus. Unset: not served. */
  SPILLWAY_METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  SPILLWAY_METRICS_HOST: text.default("127.0.0.1"),
  ...otlpShape,
  /** Full address for metrics; takes precedence over OTEL_EXPORTER_OTLP_ENDPOINT. */
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl.optional(),
  /** Milliseconds. */
  OTEL_METRIC_EXPORT_INTERVAL: whole(60_000, 100, 3_600_000),
});

export type RunnerEnv = z.infer<typeof RunnerEnv>;
