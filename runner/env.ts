/** The runner's configuration, parsed once from the environment. All problems are reported at once, by name and never by value. */
import { z } from "zod";
import { eventStoreConfig, eventStoreProblems, eventStoreShape } from "../core/ingestion/event-store-config.ts";
import { type JobKind, jobKindNames, jobKinds } from "../core/jobs/kinds.ts";
import { checkLangfuseVariables } from "../core/langfuse-variables.ts";
import { sliceBytesMin, sliceMibDefault, sliceRowsMax } from "../core/query/slice.ts";
import { encryptionAlgorithm, encryptionOf, storeProblems } from "../core/s3/store-env.ts";
import { type AwsEnvironment, awsVariables, namesCredentials } from "./credentials/aws-credentials.ts";
import { parseHeaders } from "./metrics/parse-headers.ts";

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
/** One switch for each job kind, from its entry. */
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
  /** Of temporary keys. */
  LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: flag("false"),
  /** Server-side encryption asked for with every file; without it the bucket's own default holds. */
  LANGFUSE_S3_BATCH_EXPORT_SSE: encryptionAlgorithm.optional(),
  LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_CHECKSUM: z.enum(["crc32", "none"]).default("crc32"),
  ...eventStoreShape,
  LANGFUSE_EXPERIMENT_INSERT_INTO_AGGREGATING_MERGE_TREES: flag("false"),
  ...queueSwitches,
  LANGFUSE_INGESTION_QUEUE_PROCESSING_CONCURRENCY: whole(2, 1, 32),
  LANGFUSE_INGESTION_CLICKHOUSE_WRITE_BATCH_SIZE: whole(500, 1, 5000),
  SMTP_CONNECTION_URL: z
    .url()
    .regex(/^smtps?:/, "must begin with smtp: or smtps:")
    .optional(),
  EMAIL_FROM_ADDRESS: text.optional(),
  /** Where the API answers; used in links of mails. */
  SPILLWAY_PUBLIC_URL: z.url().optional(),
  ENCRYPTION_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hex digits")
    .optional(),
  /** A mail is sent this long before files are deleted. */
  SPILLWAY_EXPIRY_NOTICE_HOURS: positive(6),
  /** Files are deleted this long after they expire: links made before then last an hour. */
  SPILLWAY_EXPIRY_GRACE_SECONDS: z.coerce.number().min(0).default(3600),
  BATCH_EXPORT_ROW_LIMIT: whole(10_000_000, 1, 1_000_000_000),
  BATCH_EXPORT_S3_PART_SIZE_MIB: whole(8, 5, 100),
  SPILLWAY_PARTS_IN_FLIGHT: whole(4, 1, 16),
  SPILLWAY_SLICE_MIB: whole(sliceMibDefault, 1, 200),
  SPILLWAY_SLICES_AHEAD: whole(2, 0, 8),
  /** Threads of the server for one slice: an export is a guest there, and several slices run at once. */
  SPILLWAY_SLICE_THREADS: whole(1, 1, 64),
  SPILLWAY_RUNNER_CONCURRENCY: whole(4, 1, 64),
  SPILLWAY_PROJECT_CONCURRENCY: whole(2, 1, 64),
  /** Most connections to Postgres; by default the jobs at once and four. */
  SPILLWAY_POSTGRES_CONNECTIONS: z.coerce.number().int().min(2).max(200).optional(),
  SPILLWAY_LEASE_SECONDS: positive(60),
  SPILLWAY_HEARTBEAT_SECONDS: positive(2),
  SPILLWAY_SELF_FENCE_SECONDS: positive(40),
  SPILLWAY_REAPER_SECONDS: positive(15),
  SPILLWAY_SWEEP_SECONDS: positive(60),
  SPILLWAY_SWEEP_GRACE_SECONDS: z.coerce.number().min(0).default(180),
  SPILLWAY_SHUTDOWN_GRACE_SECONDS: z.coerce.number().min(0).default(20),
  SPILLWAY_POLL_MS: positive(1000),
  /** Prometheus reads /metrics here; unset serves nothing. */
  SPILLWAY_METRICS_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  SPILLWAY_METRICS_HOST: text.default("127.0.0.1"),
  /** A collector that takes OTLP over HTTP; /v1/metrics is added. The other variable names the whole address and wins. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default(""),
  /** Milliseconds. */
  OTEL_METRIC_EXPORT_INTERVAL: whole(60_000, 100, 3_600_000),
});

/** Variables that had another name once. The former name is read where the new one is not set. */
const formerNames = { SPILLWAY_HEARTBEAT_SECONDS: "SPILLWAY_PULSE_SECONDS" } as const;

export const parseRunnerEnv = (env: Record<string, string | undefined>) => {
  // Like Langfuse, an empty variable is one that is not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  for (const [name, former] of Object.entries(formerNames)) given[name] ??= given[former];
  const parsed = RunnerEnv.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map(
        (issue) => `${issue.path.join(".")}: ${issue.code === "invalid_type" ? "missing or not of the right type" : issue.message}`,
      );
  if (!parsed.success) return { ok: false as const, problems };
  const e = parsed.data;
  const { problems: refused, warnings } = checkLangfuseVariables(given);
  problems.push(...refused);
  const aws: AwsEnvironment = Object.fromEntries(awsVariables.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
  const mayHaveRole = (endpoint: string | undefined) =>
    namesCredentials(aws) || endpoint === undefined || /\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname);
  if (e.LANGFUSE_S3_BATCH_EXPORT_ENABLED) {
    const why = "LANGFUSE_S3_BATCH_EXPORT_ENABLED is true";
    if (e.LANGFUSE_S3_BATCH_EXPORT_BUCKET === undefined) problems.push(`LANGFUSE_S3_BATCH_EXPORT_BUCKET: needed because ${why}`);
    problems.push(...storeProblems("LANGFUSE_S3_BATCH_EXPORT", e, { why, mayHaveRole: mayHaveRole(e.LANGFUSE_S3_BATCH_EXPORT_ENDPOINT) }));
  }
  for (const [isUsed, prefix] of [
    [e.LANGFUSE_S3_BATCH_EXPORT_ENABLED, "LANGFUSE_S3_BATCH_EXPORT"],
    [e.LANGFUSE_S3_EVENT_UPLOAD_BUCKET !== undefined, "LANGFUSE_S3_EVENT_UPLOAD"],
  ] as const)
    if (isUsed && e[`${prefix}_ACCESS_KEY_ID`] === undefined)
      warnings.push(`${prefix}_ACCESS_KEY_ID: not set, credentials come from the role of the environment`);
  if ((e.SMTP_CONNECTION_URL === undefined) !== (e.EMAIL_FROM_ADDRESS === undefined))
    problems.push("SMTP_CONNECTION_URL, EMAIL_FROM_ADDRESS: set both or neither");
  if (e.SPILLWAY_SELF_FENCE_SECONDS >= e.SPILLWAY_LEASE_SECONDS)
    problems.push("SPILLWAY_SELF_FENCE_SECONDS: must be less than SPILLWAY_LEASE_SECONDS");
  const otlpHeaders = parseHeaders(e.OTEL_EXPORTER_OTLP_HEADERS);
  if (!otlpHeaders.ok) problems.push(`OTEL_EXPORTER_OTLP_HEADERS: ${otlpHeaders.problem}`);
  problems.push(...eventStoreProblems(e, { mayHaveRole: mayHaveRole(e.LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT) }));
  if (problems.length > 0) return { ok: false as const, problems };
  const otlpUrl =
    e.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT ??
    (e.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? null : `${e.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, "")}/v1/metrics`);
  const config = {
    databaseUrl: e.DATABASE_URL,
    postgresConnectionsMax: e.SPILLWAY_POSTGRES_CONNECTIONS ?? e.SPILLWAY_RUNNER_CONCURRENCY + 4,
    clickhouse: {
      url: e.CLICKHOUSE_URL,
      user: e.CLICKHOUSE_USER,
      password: e.CLICKHOUSE_PASSWORD,
      database: e.CLICKHOUSE_DB,
      eventsTable: e.CLICKHOUSE_EVENTS_TABLE,
    },
    s3: e.LANGFUSE_S3_BATCH_EXPORT_ENABLED
      ? {
          endpoint: e.LANGFUSE_S3_BATCH_EXPORT_ENDPOINT ?? null,
          region: e.LANGFUSE_S3_BATCH_EXPORT_REGION,
          bucket: e.LANGFUSE_S3_BATCH_EXPORT_BUCKET ?? "",
          accessKeyId: e.LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID ?? "",
          secretAccessKey: e.LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY ?? "",
          sessionToken: e.LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN,
          forcePathStyle: e.LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE,
          encryption: encryptionOf("LANGFUSE_S3_BATCH_EXPORT", e),
          variables: "LANGFUSE_S3_BATCH_EXPORT" as const,
        }
      : null,
    /** Where credentials come from for stores without keys of their own. */
    aws,
    warnings,
    events: eventStoreConfig(e),
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
    expiryNoticeHours: e.SPILLWAY_EXPIRY_NOTICE_HOURS,
    expiryGraceSeconds: e.SPILLWAY_EXPIRY_GRACE_SECONDS,
    exports: {
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
    },
    loop: {
      concurrency: e.SPILLWAY_RUNNER_CONCURRENCY,
      pollMs: e.SPILLWAY_POLL_MS,
      // A job that comes after a quiet time waits two and a half seconds at most, by default.
      pollIdleMs: 2 * e.SPILLWAY_POLL_MS,
      heartbeatSeconds: e.SPILLWAY_HEARTBEAT_SECONDS,
      selfFenceSeconds: e.SPILLWAY_SELF_FENCE_SECONDS,
      graceSeconds: e.SPILLWAY_SHUTDOWN_GRACE_SECONDS,
    },
    projectRunningMax: e.SPILLWAY_PROJECT_CONCURRENCY,
    leaseSeconds: e.SPILLWAY_LEASE_SECONDS,
    reaperSeconds: e.SPILLWAY_REAPER_SECONDS,
    sweepSeconds: e.SPILLWAY_SWEEP_SECONDS,
    sweepGraceSeconds: e.SPILLWAY_SWEEP_GRACE_SECONDS,
    metrics: {
      prometheus: e.SPILLWAY_METRICS_PORT === undefined ? null : { host: e.SPILLWAY_METRICS_HOST, port: e.SPILLWAY_METRICS_PORT },
      otlp:
        otlpUrl === null
          ? null
          : { url: otlpUrl, headers: otlpHeaders.ok ? otlpHeaders.headers : {}, intervalMs: e.OTEL_METRIC_EXPORT_INTERVAL },
    },
  };
  return { ok: true as const, config };
};

export type RunnerConfig = Extract<ReturnType<typeof parseRunnerEnv>, { ok: true }>["config"];
