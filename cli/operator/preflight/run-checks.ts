/** Preflight: all checks in order. Engines are checked side by side. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createAwsCredentials } from "../../../runner/credentials/aws-credentials.ts";
import { checkClickHouse } from "./check-clickhouse.ts";
import { checkMail } from "./check-mail.ts";
import { checkPostgres } from "./check-postgres.ts";
import { type CheckResult, skipped } from "./check-result.ts";
import { checkSecrets } from "./check-secrets.ts";
import { checkSignIn } from "./check-sign-in.ts";
import { checkStore, type StoreDeps, type StoreToCheck } from "./check-store.ts";
import { type PreflightTarget, type ProcessName, readTarget } from "./preflight-target.ts";

/** Variables are always checked. */
export const parts = ["postgres", "clickhouse", "buckets", "mail", "sign-in", "keys"] as const;
export type Part = (typeof parts)[number];

type What = { processes?: readonly ProcessName[]; only?: readonly Part[]; nowMs?: () => number };

export const runChecks = async (
  env: Record<string, string | undefined>,
  { processes = ["api", "runner"], only = parts, nowMs = Date.now }: What = {},
): Promise<CheckResult[]> => {
  const { results, target } = readTarget(env, processes);
  if (target === null) return [...results, skipped("engines", "Not checked until the variables are valid.")];
  const credentials = createAwsCredentials(target.aws, { fetch, readText: (path) => readFile(path, "utf8"), nowMs });
  const [postgres, clickhouse, stores, mail, signIn] = await Promise.all([
    only.includes("postgres") ? checkPostgres(target.databaseUrl, nowMs) : [],
    only.includes("clickhouse") ? checkClickHouse(target.clickhouse, nowMs) : [],
    only.includes("buckets") ? checkStores(target, { nowMs, newProbeId: randomUUID, credentials }) : [],
    only.includes("mail") && processes.includes("runner") ? checkMail(target.mail).then((result) => [result]) : [],
    only.includes("sign-in") ? checkSignIn(target, processes) : [],
  ]);
  return [
    ...results,
    ...postgres,
    ...clickhouse,
    ...stores,
    ...mail,
    ...signIn,
    ...(only.includes("keys") ? await checkSecrets(target) : []),
  ];
};

const checkStores = async (target: PreflightTarget, deps: StoreDeps): Promise<CheckResult[]> => [
  ...(await Promise.all(storesOf(target).map((store) => checkStore(store, deps)))).flat(),
  ...(target.exports === null ? [skipped("exports bucket", "LANGFUSE_S3_BATCH_EXPORT_ENABLED is not true.")] : []),
  ...(target.events === null ? [skipped("events bucket", "LANGFUSE_S3_EVENT_UPLOAD_BUCKET is not set.")] : []),
];

const storesOf = ({ exports, events, api, publicUrl }: PreflightTarget): StoreToCheck[] => [
  ...(exports === null
    ? []
    : [{ name: "exports", ...exports, downloads: api === null ? null : { endpoint: api.externalEndpoint, origin: publicUrl } }]),
  ...(events === null ? [] : [{ name: "events", s3: events.s3, prefix: events.prefix, checksum: "none" as const, downloads: null }]),
];
