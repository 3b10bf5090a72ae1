/** Preflight: all checks in order. Engines are checked side by side. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createAwsCredentials } from "../../../runner/credentials/aws-credentials.ts";
import { checkClickHouse } from "./check-clickhouse.ts";
import { checkMail } from "./check-mail.ts";
import { checkPostgres } from "./check-postgres.ts";
import { type CheckResult, skipped } from "./check-result.ts";
import { checkSecrets } from "./check-secrets.ts";
import { checkStore, type StoreToCheck } from "./check-store.ts";
import { type PreflightTarget, type ProcessName, readTarget } from "./preflight-target.ts";

export const runChecks = async (
  env: Record<string, string | undefined>,
  processes: readonly ProcessName[],
  nowMs: () => number = Date.now,
): Promise<CheckResult[]> => {
  const { results, target } = readTarget(env, processes);
  if (target === null) return [...results, skipped("engines", "Not checked until the variables are valid.")];
  const credentials = createAwsCredentials(target.aws, { fetch, readText: (path) => readFile(path, "utf8"), nowMs });
  const deps = { nowMs, newProbeId: randomUUID, credentials };
  const [postgres, clickhouse, stores, mail] = await Promise.all([
    checkPostgres(target.databaseUrl, nowMs),
    checkClickHouse(target.clickhouse, nowMs),
    Promise.all(storesOf(target).map((store) => checkStore(store, deps))),
    processes.includes("runner") ? checkMail(target.mail) : null,
  ]);
  const hasTables = postgres.some(({ check, outcome }) => check === "postgres: migrations" && outcome === "ok");
  return [
    ...results,
    ...postgres,
    ...clickhouse,
    ...stores.flat(),
    ...(target.exports === null ? [skipped("exports bucket", "LANGFUSE_S3_BATCH_EXPORT_ENABLED is not true.")] : []),
    ...(target.events === null ? [skipped("events bucket", "LANGFUSE_S3_EVENT_UPLOAD_BUCKET is not set.")] : []),
    ...(mail === null ? [] : [mail]),
    ...(await checkSecrets(target, { hasTables })),
  ];
};

const storesOf = ({ exports, events, api, publicUrl }: PreflightTarget): StoreToCheck[] => [
  ...(exports === null
    ? []
    : [{ name: "exports", ...exports, downloads: api === null ? null : { endpoint: api.externalEndpoint, origin: publicUrl } }]),
  ...(events === null ? [] : [{ name: "events", s3: events.s3, prefix: events.prefix, checksum: "none" as const, downloads: null }]),
];
