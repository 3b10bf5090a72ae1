/** Preflight: what is to be checked, from the same variables and schemas that the Worker and the runner read. */

import { parseApiEnv } from "../../../api/env.ts";
import { type OidcSettings, oidcSettings } from "../../../core/auth/oidc-env.ts";
import { clusterOf } from "../../../core/clickhouse-cluster.ts";
import { egressPolicy } from "../../../core/egress/egress-env.ts";
import type { EgressPolicy } from "../../../core/egress/egress-policy.ts";
import { exportStoreConfig } from "../../../core/exports/export-store-config.ts";
import { eventStoreConfig } from "../../../core/ingestion/event-store-config.ts";
import type { S3Config } from "../../../core/s3/s3-config.ts";
import type { ClickHouseConfig } from "../../../db/clickhouse/client.ts";
import type { AwsEnvironment } from "../../../runner/credentials/aws-credentials.ts";
import { parseRunnerEnv } from "../../../runner/env.ts";
import { type CheckResult, failed, ok, warning } from "./check-result.ts";

export type ProcessName = "api" | "runner";
type Environment = Record<string, string | undefined>;

/** `exportsPrefix` is the prefix of export files. `mail` and `aws` belong to the runner alone, `api` to the Worker. */
export type PreflightTarget = {
  databaseUrl: string;
  clickhouse: ClickHouseConfig;
  exports: { s3: S3Config; prefix: string; checksum: "crc32" | "none" } | null;
  events: { s3: S3Config; prefix: string } | null;
  keys: { present: string | null; previous: readonly string[] };
  egressPolicy: EgressPolicy;
  publicUrl: string | null;
  mail: { url: string; from: string } | null;
  aws: AwsEnvironment;
  api: {
    salt: string;
    hasAdminKey: boolean;
    externalEndpoint: string | null;
    linkSeconds: number;
    publicUrl: string | null;
    oidc: OidcSettings | null;
  } | null;
};

type Read = { results: CheckResult[]; target: PreflightTarget | null };

/** Reads the variables of each process. The target is null if one of them would not start. */
export const readTarget = (env: Environment, processes: readonly ProcessName[]): Read => {
  const api = processes.includes("api") ? readApi(env) : undefined;
  const runner = processes.includes("runner") ? readRunner(env) : undefined;
  const results = [...(api?.results ?? []), ...(runner?.results ?? [])];
  const isWhole = (api === undefined || api.target !== null) && (runner === undefined || runner.target !== null);
  const base = runner?.target ?? api?.target ?? null;
  return { results, target: isWhole && base !== null ? { ...base, api: api?.target?.api ?? null } : null };
};

const variableResults = (
  process: string,
  { problems, warnings }: { problems: readonly string[]; warnings: readonly string[] },
): CheckResult[] => {
  const check = `variables of the ${process}`;
  const helpOf = (text: string) => `Correct ${text.slice(0, text.indexOf(":"))}; .env.example describes every variable.`;
  return [
    ...problems.map((problem) => failed(check, problem, helpOf(problem))),
    ...warnings.map((text) => warning(check, text, helpOf(text))),
    ...(problems.length === 0 ? [ok(check, "All variables are valid.")] : []),
  ];
};

const readRunner = (env: Environment): Read => {
  const parsed = parseRunnerEnv(env);
  if (!parsed.ok) return { results: variableResults("runner", { problems: parsed.problems, warnings: [] }), target: null };
  const { config } = parsed;
  return {
    results: variableResults("runner", { problems: [], warnings: config.warnings }),
    target: {
      databaseUrl: config.databaseUrl,
      clickhouse: config.clickhouse,
      exports: config.s3 === null ? null : { s3: config.s3, prefix: config.exports.prefix, checksum: config.exports.checksum },
      events: config.events,
      keys: { present: config.encryptionKey, previous: config.previousEncryptionKeys },
      egressPolicy: config.egressPolicy,
      publicUrl: config.publicUrl,
      mail: config.mail,
      aws: config.aws,
      api: null,
    },
  };
};

const readApi = (bindings: Environment): Read => {
  const parsed = parseApiEnv(bindings);
  if (!parsed.ok) return { results: variableResults("API", { problems: parsed.problems, warnings: [] }), target: null };
  const { env } = parsed;
  return {
    results: variableResults("API", { problems: [], warnings: parsed.warnings }),
    target: {
      databaseUrl: env.DATABASE_URL,
      clickhouse: {
        url: env.CLICKHOUSE_URL,
        user: env.CLICKHOUSE_USER,
        password: env.CLICKHOUSE_PASSWORD,
        database: env.CLICKHOUSE_DB,
        cluster: clusterOf(env),
      },
      exports: env.LANGFUSE_S3_BATCH_EXPORT_ENABLED ? { s3: exportStoreConfig(env), prefix: "", checksum: "none" } : null,
      events: eventStoreConfig(env),
      keys: { present: env.ENCRYPTION_KEY ?? null, previous: env.SPILLWAY_PREVIOUS_ENCRYPTION_KEYS },
      egressPolicy: egressPolicy(env),
      publicUrl: null,
      mail: null,
      aws: {},
      api: {
        salt: env.SALT,
        hasAdminKey: env.ADMIN_API_KEY !== undefined,
        externalEndpoint: env.LANGFUSE_S3_BATCH_EXPORT_EXTERNAL_ENDPOINT ?? null,
        linkSeconds: Math.round(env.BATCH_EXPORT_DOWNLOAD_LINK_EXPIRATION_HOURS * 3600),
        publicUrl: env.SPILLWAY_PUBLIC_URL ?? null,
        oidc: oidcSettings(env),
      },
    },
  };
};
