/** Composition root of the Worker: reads the bindings, constructs clients, and serves requests. */
import { createHash } from "node:crypto";
import { neonConfig } from "@neondatabase/serverless";
import { oidcSettings } from "../core/auth/oidc-env.ts";
import { hashSecret } from "../core/auth/secret-hash.ts";
import { clusterOf } from "../core/clickhouse-cluster.ts";
import { outboundUrlProblem } from "../core/egress/check-outbound-url.ts";
import { egressPolicy } from "../core/egress/egress-env.ts";
import { createId } from "../core/ids.ts";
import { eventStoreConfig } from "../core/ingestion/event-store-config.ts";
import { createKeyring } from "../core/integrations/sealed-secret.ts";
import { templateFaults } from "../core/integrations/storage/object-key-template.ts";
import { hashKeyOf } from "../core/query/privacy/hash-key.ts";
import { traceSettings } from "../core/telemetry/otlp-env.ts";
import { noTracer } from "../core/telemetry/tracer.ts";
import { traceExperimentFlags } from "../core/traces/experiment-env.ts";
import { createClickHouse } from "../db/clickhouse/client.ts";
import { limitedOnServer, withinSeconds } from "../db/clickhouse/within-seconds.ts";
import { createS3Client } from "../db/object-store/s3-client.ts";
import { listPendingMigrations } from "../db/postgres/pending-migrations.ts";
import { openTracer } from "../db/telemetry/open-tracer.ts";
import { createApp } from "./app.ts";
import type { App, AppDeps } from "./deps.ts";
import { type ApiEnv, parseApiEnv } from "./env.ts";
import { createOidcClient } from "./oidc-client.ts";
import { openRequestDatabase } from "./open-database.ts";
import { type BurstLimit, isRateLimiter } from "./rate-limiter.ts";

/** The app of this isolate, kept as long as its bindings are the same object. */
const apps = new WeakMap<object, App>();

const createDeps = (env: ApiEnv, bindings: Record<string, unknown>): AppDeps => {
  const assets = assetsOf(bindings);
  if (env.NEON_WS_PROXY !== undefined) {
    const proxy = env.NEON_WS_PROXY;
    neonConfig.wsProxy = () => proxy;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineTLS = false;
    neonConfig.pipelineConnect = false;
  }
  const internal = {
    endpoint: env.LANGFUSE_S3_BATCH_EXPORT_ENDPOINT ?? null,
    region: env.LANGFUSE_S3_BATCH_EXPORT_REGION,
    bucket: env.LANGFUSE_S3_BATCH_EXPORT_BUCKET ?? "",
    forcePathStyle: env.LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE,
  };
  const events = eventStoreConfig(env);
  const oidc = oidcSettings(env);
  const flags = traceExperimentFlags(env);
  const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const log: AppDeps["log"] = (line) => console.log(JSON.stringify({ at: new Date().toISOString(), ...line }));
  return {
    openDatabase: (requestId) =>
      openRequestDatabase({
        databaseUrl: env.DATABASE_URL,
        timeoutMs: env.SPILLWAY_DATABASE_TIMEOUT_SECONDS * 1000,
        log: (line) => log({ request_id: requestId, ...line }),
      }),
    hasPendingMigrations: async (db) => (await listPendingMigrations(db)).length > 0,
    ...clickHouseDeps(env),
    eventsTable: env.CLICKHOUSE_EVENTS_TABLE,
    newId: (kind) => createId(kind, Date.now(), crypto.getRandomValues(new Uint8Array(16))),
    newUuid: () => crypto.randomUUID(),
    randomBytes,
    nowMs: () => Date.now(),
    wait,
    hashSecret: (secretKey) => hashSecret(secretKey, env.SALT),
    adminApiKey: env.ADMIN_API_KEY ?? null,
    operators: new Set(env.SPILLWAY_OPERATORS),
    publicUrl: env.SPILLWAY_PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    oidc: oidc === null ? null : createOidcClient(oidc, (input, init) => fetch(input, init)),
    rowLimit: env.BATCH_EXPORT_ROW_LIMIT,
    defaultPlan: env.SPILLWAY_DEFAULT_PLAN,
    burst: burstOf(env, bindings),
    canHash: env.ENCRYPTION_KEY !== undefined,
    hashKeyOf: hashKeyOf(env.ENCRYPTION_KEY ?? null),
    keyring: keyringOf(env),
    checkAddress: (url) => outboundUrlProblem(url, egressPolicy(env)),
    checkKeyTemplate: (template) => templateFaults(template)[0]?.message,
    downloads: env.LANGFUSE_S3_BATCH_EXPORT_ENABLED
      ? {
          location: { ...internal, endpoint: env.LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT ?? internal.endpoint },
          internal,
          accessKeyId: env.LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID ?? "",
          secretAccessKey: env.LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY ?? "",
          sessionToken: env.LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN,
          linkSeconds: Math.round(env.BATCH_EXPORT_DOWNLOAD_LINK_EXPIRATION_HOURS * 3600),
        }
      : null,
    answers: {
      bytesMax: env.LANGFUSE_API_TRACE_OBSERVATIONS_SIZE_LIMIT_BYTES,
      observationsMax: env.LANGFUSE_MAX_OBSERVATIONS_PER_TRACE,
    },
    traceExperiment: flags.isComparing
      ? { flags, now: () => new Date(), seconds: () => performance.now() / 1000, random: Math.random }
      : null,
    events:
      events === null
        ? null
        : {
            ...events,
            s3Client: createS3Client(events.s3, {
              fetch: (input, init) => fetch(input, init),
              wait,
              random: Math.random,
              totalTimeoutMs: env.SPILLWAY_OBJECT_STORE_TIMEOUT_SECONDS * 1000,
            }),
            sha256Hex: (text) => createHash("sha256").update(text).digest("hex"),
          },
    egressPolicy: egressPolicy(env),
    fetch: (input, init) => fetch(input, init),
    openAsset: async (path) => {
      const file = await assets?.fetch(new URL(path, "https://assets.invalid/"));
      return file?.status === 200 ? (file.body ?? undefined) : undefined;
    },
    log,
    openTracer: tracerOf(env, log),
  };
};

export default {
  async fetch(request: Request, bindings: Record<string, unknown>, context: ExecutionContext): Promise<Response> {
    let app = apps.get(bindings);
    if (app === undefined) {
      const parsed = parseApiEnv(bindings);
      if (!parsed.ok) {
        console.error(JSON.stringify({ event: "bad_configuration", problems: parsed.problems }));
        return new Response("Internal Server Error", { status: 500 });
      }
      if (parsed.warnings.length > 0) console.warn(JSON.stringify({ event: "configuration_warning", warnings: parsed.warnings }));
      app = createApp(createDeps(parsed.env, bindings));
      apps.set(bindings, app);
    }
    return app.fetch(request, bindings, context);
  },
};

const clickHouseDeps = (env: ApiEnv): Pick<AppDeps, "openClickHouse" | "openPreviewClickHouse"> => {
  const clickhouse = createClickHouse(
    {
      url: env.CLICKHOUSE_URL,
      user: env.CLICKHOUSE_USER,
      password: env.CLICKHOUSE_PASSWORD,
      database: env.CLICKHOUSE_DB,
      cluster: clusterOf(env),
      timeoutSeconds: env.SPILLWAY_CLICKHOUSE_TIMEOUT_SECONDS,
    },
    (input, init) => fetch(input, init),
  );
  const nowMs = () => Date.now();
  const openClickHouse = () => withinSeconds(clickhouse, { seconds: env.SPILLWAY_CLICKHOUSE_TIMEOUT_SECONDS, nowMs });
  return {
    openClickHouse,
    openPreviewClickHouse: () => limitedOnServer(openClickHouse(), { seconds: env.SPILLWAY_PREVIEW_TIMEOUT_SECONDS, nowMs }),
  };
};

/** A tracer for each request, because the Worker may not wait for what another request sends. */
const tracerOf = (env: ApiEnv, log: AppDeps["log"]): AppDeps["openTracer"] => {
  const settings = traceSettings(env);
  if (settings === null) return () => noTracer;
  const report = (error: unknown) => log({ event: "traces_not_sent", detail: String(error) });
  const options = { ...settings, serviceName: "spillway-api", instanceId: null, sendsAt: "flush" } as const;
  return () => openTracer(options, { fetch: (url, init) => fetch(url, init), report });
};

const randomBytes = (size: number) => crypto.getRandomValues(new Uint8Array(size));

const keyringOf = ({ ENCRYPTION_KEY: present, SPILLWAY_PREVIOUS_ENCRYPTION_KEYS: previous }: ApiEnv) =>
  present === undefined ? null : createKeyring({ present, previous, randomBytes });

/** Returns the binding of static assets (wrangler.toml, `assets`), if the deployment has one. */
const assetsOf = ({ ASSETS: binding }: Record<string, unknown>): Fetcher | undefined =>
  typeof binding === "object" && binding !== null && "fetch" in binding ? (binding as Fetcher) : undefined;

/** Returns the limit of bursts, if the deployment has one. The configuration is checked by then. */
const burstOf = (
  { SPILLWAY_BURST_REQUESTS: requests, SPILLWAY_BURST_SECONDS: seconds }: ApiEnv,
  { BURST_LIMIT: limiter }: Record<string, unknown>,
): BurstLimit | null => (requests === undefined || !isRateLimiter(limiter) ? null : { policy: { requests, seconds }, limiter });
