/** The Worker's bindings, parsed once per isolate. All problems are reported at once, by name and never by value. */
import { z } from "zod";
import { plainAddressProblem } from "../core/auth/loopback.ts";
import { oidcProblems, oidcShape } from "../core/auth/oidc-env.ts";
import { clusterShape } from "../core/clickhouse-cluster.ts";
import { egressShape } from "../core/egress/egress-env.ts";
import { eventStoreProblems, eventStoreShape } from "../core/ingestion/event-store-config.ts";
import { encryptionShape } from "../core/integrations/encryption-env.ts";
import { checkLangfuseVariables } from "../core/langfuse-variables.ts";
import { planShape } from "../core/limits/plans.ts";
import { storeProblems } from "../core/s3/store-env.ts";
import { otlpProblems, otlpShape } from "../core/telemetry/otlp-env.ts";
import { TraceExperimentEnv } from "../core/traces/experiment-env.ts";
import { isRateLimiter } from "./rate-limiter.ts";

const text = z.string().trim().min(1);
const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((value) => value === "true");

export const ApiEnv = z.object({
  DATABASE_URL: text,
  /** `host:port/path` of a WebSocket relay to Postgres, for stacks without Neon's proxy. */
  NEON_WS_PROXY: text.optional(),
  /** Longest time for a statement or a transaction of a request. */
  SPILLWAY_DATABASE_TIMEOUT_SECONDS: z.coerce.number().min(0.1).max(60).default(10),
  /** Longest total time that a request's reads wait for ClickHouse. */
  SPILLWAY_CLICKHOUSE_TIMEOUT_SECONDS: z.coerce.number().min(0.1).max(60).default(10),
  /** Longest time for the queries of a preview. The server ends them. */
  SPILLWAY_PREVIEW_TIMEOUT_SECONDS: z.coerce.number().min(0.1).max(60).default(2),
  /** Longest time to store one event object, including retries. */
  SPILLWAY_OBJECT_STORE_TIMEOUT_SECONDS: z.coerce.number().min(0.1).max(120).default(20),
  CLICKHOUSE_URL: z.url(),
  CLICKHOUSE_USER: z.string().default("default"),
  CLICKHOUSE_PASSWORD: z.string().default(""),
  CLICKHOUSE_DB: text.default("default"),
  ...clusterShape,
  CLICKHOUSE_EVENTS_TABLE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/)
    .default("events"),
  LANGFUSE_S3_BATCH_EXPORT_ENABLED: flag,
  LANGFUSE_S3_BATCH_EXPORT_BUCKET: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_REGION: text.default("us-east-1"),
  LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: z.url().optional(),
  LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT: z.url().optional(),
  LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: text.optional(),
  /** Session token of temporary credentials. Download links expire with the session. */
  LANGFUSE_S3_BATCH_EXPORT_SESSION_TOKEN: text.optional(),
  LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: flag,
  BATCH_EXPORT_ROW_LIMIT: z.coerce.number().int().min(1).max(1_000_000_000).default(10_000_000),
  ...planShape,
  /** Most requests of one API key in a period of the binding BURST_LIMIT, which has the same numbers; unset without the binding. */
  SPILLWAY_BURST_REQUESTS: z.coerce.number().int().min(1).optional(),
  /** The periods that Cloudflare knows. */
  SPILLWAY_BURST_SECONDS: z.enum(["10", "60"]).default("10").transform(Number),
  ...encryptionShape,
  BATCH_EXPORT_DOWNLOAD_LINK_EXPIRATION_HOURS: z.coerce.number().positive().max(168).default(1),
  /** Largest number of observations a trace may have to be read in one response. */
  LANGFUSE_MAX_OBSERVATIONS_PER_TRACE: z.coerce.number().int().min(1).default(20_000),
  /** Approximate limit of payload bytes in one response. */
  LANGFUSE_API_TRACE_OBSERVATIONS_SIZE_LIMIT_BYTES: z.coerce.number().int().min(1).default(80_000_000),
  ...TraceExperimentEnv.shape,
  ...eventStoreShape,
  ...egressShape,
  ...otlpShape,
  SALT: text,
  ADMIN_API_KEY: z.string().min(16).optional(),
  /** Address of the console: sessions belong to it, and mails lead to it. Unset, sign-in by mail is off and sessions belong to the address of the request. */
  SPILLWAY_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Mail addresses, comma separated, of people who may do what ADMIN_API_KEY may. */
  SPILLWAY_OPERATORS: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((email) => email.trim().toLowerCase())
        .filter((email) => email !== ""),
    ),
  ...oidcShape,
});
export type ApiEnv = z.infer<typeof ApiEnv>;

/** Parses the bindings. A Worker has no instance role, so object stores need access keys. */
export const parseApiEnv = (
  bindings: Record<string, unknown>,
): { ok: true; env: ApiEnv; warnings: string[] } | { ok: false; problems: string[] } => {
  const given = Object.fromEntries(Object.entries(bindings).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = ApiEnv.safeParse(given);
  if (!parsed.success)
    return {
      ok: false,
      problems: parsed.error.issues.map(
        (issue) => `${issue.path.join(".")}: ${issue.code === "invalid_type" ? "missing or not of the right type" : issue.message}`,
      ),
    };
  const { problems, warnings } = checkLangfuseVariables(given);
  if (parsed.data.LANGFUSE_S3_BATCH_EXPORT_ENABLED) {
    const why = "LANGFUSE_S3_BATCH_EXPORT_ENABLED is true";
    if (parsed.data.LANGFUSE_S3_BATCH_EXPORT_BUCKET === undefined) problems.push(`LANGFUSE_S3_BATCH_EXPORT_BUCKET: needed because ${why}`);
    problems.push(...storeProblems("LANGFUSE_S3_BATCH_EXPORT", parsed.data, { why, mayHaveRole: false }));
  }
  if (parsed.data.SPILLWAY_BURST_REQUESTS !== undefined && !isRateLimiter(bindings["BURST_LIMIT"]))
    problems.push("SPILLWAY_BURST_REQUESTS: needs the binding BURST_LIMIT (wrangler.toml, ratelimits)");
  const { SPILLWAY_PUBLIC_URL: publicUrl } = parsed.data;
  const plain = publicUrl === undefined ? undefined : plainAddressProblem(publicUrl);
  if (plain !== undefined) problems.push(`SPILLWAY_PUBLIC_URL: ${plain}`);
  problems.push(...oidcProblems(parsed.data));
  problems.push(...otlpProblems(parsed.data));
  problems.push(...eventStoreProblems(parsed.data, { mayHaveRole: false }));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, env: parsed.data, warnings };
};
