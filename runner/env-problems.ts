/** Finds faults in the combination of the runner's variables, each valid alone. Messages name variables and never show a value. */
import { eventStoreProblems } from "../core/ingestion/event-store-config.ts";
import { storeProblems } from "../core/s3/store-env.ts";
import { otlpProblems } from "../core/telemetry/otlp-env.ts";
import { type AwsEnvironment, namesCredentials } from "./credentials/aws-credentials.ts";
import type { RunnerEnv } from "./env-schema.ts";

export const runnerEnvProblems = (e: RunnerEnv, { aws }: { aws: AwsEnvironment }): string[] => {
  const problems: string[] = [];
  const mayHaveRole = (endpoint: string | undefined) =>
    namesCredentials(aws) || endpoint === undefined || /\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname);
  if (e.LANGFUSE_S3_BATCH_EXPORT_ENABLED) {
    const why = "LANGFUSE_S3_BATCH_EXPORT_ENABLED is true";
    if (e.LANGFUSE_S3_BATCH_EXPORT_BUCKET === undefined) problems.push(`LANGFUSE_S3_BATCH_EXPORT_BUCKET: needed because ${why}`);
    problems.push(...storeProblems("LANGFUSE_S3_BATCH_EXPORT", e, { why, mayHaveRole: mayHaveRole(e.LANGFUSE_S3_BATCH_EXPORT_ENDPOINT) }));
  }
  if ((e.SMTP_CONNECTION_URL === undefined) !== (e.EMAIL_FROM_ADDRESS === undefined))
    problems.push("SMTP_CONNECTION_URL, EMAIL_FROM_ADDRESS: set both or neither");
  if (e.SPILLWAY_SELF_FENCE_SECONDS >= e.SPILLWAY_LEASE_SECONDS)
    problems.push("SPILLWAY_SELF_FENCE_SECONDS: must be less than SPILLWAY_LEASE_SECONDS");
  if (e.CLICKHOUSE_SHARDED && e.CLICKHOUSE_CLUSTER === undefined)
    problems.push("CLICKHOUSE_CLUSTER: needed because CLICKHOUSE_SHARDED is true");
  problems.push(...otlpProblems(e));
  problems.push(...eventStoreProblems(e, { mayHaveRole: mayHaveRole(e.LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT) }));
  return problems;
};

/** Stores in use whose credentials come from the environment's role: allowed, and worth a line in the log. */
export const roleWarnings = (e: RunnerEnv): string[] =>
  (
    [
      [e.LANGFUSE_S3_BATCH_EXPORT_ENABLED, "LANGFUSE_S3_BATCH_EXPORT"],
      [e.LANGFUSE_S3_EVENT_UPLOAD_BUCKET !== undefined, "LANGFUSE_S3_EVENT_UPLOAD"],
    ] as const
  ).flatMap(([isUsed, prefix]) =>
    isUsed && e[`${prefix}_ACCESS_KEY_ID`] === undefined
      ? [`${prefix}_ACCESS_KEY_ID: not set, credentials come from the role of the environment`]
      : [],
  );
