/** Settings that the Worker and the runner of the local stack share: addresses of the started engines, else what the environment says. */
import type { StackEnv } from "./stack-env.ts";
import { bucket, type Engines, eventBucket } from "./start-engines.ts";

export const stackSettings = (env: StackEnv, { clickhouse, postgres, s3, mixpanel }: Engines) => ({
  DATABASE_URL: postgres?.url ?? env["DATABASE_URL"] ?? "",
  CLICKHOUSE_URL: clickhouse?.url ?? env["CLICKHOUSE_URL"] ?? "",
  CLICKHOUSE_USER: env["CLICKHOUSE_USER"] ?? "default",
  CLICKHOUSE_PASSWORD: env["CLICKHOUSE_PASSWORD"] ?? "",
  CLICKHOUSE_DB: env["CLICKHOUSE_DB"] ?? "spillway",
  CLICKHOUSE_EVENTS_TABLE: env["CLICKHOUSE_EVENTS_TABLE"] ?? "events",
  LANGFUSE_S3_BATCH_EXPORT_ENABLED: env["LANGFUSE_S3_BATCH_EXPORT_ENABLED"] ?? "true",
  LANGFUSE_S3_BATCH_EXPORT_BUCKET: env["LANGFUSE_S3_BATCH_EXPORT_BUCKET"] ?? bucket,
  LANGFUSE_S3_BATCH_EXPORT_REGION: env["LANGFUSE_S3_BATCH_EXPORT_REGION"] ?? s3?.region ?? "us-east-1",
  LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: s3?.endpoint ?? env["LANGFUSE_S3_BATCH_EXPORT_ENDPOINT"] ?? "",
  LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: s3?.accessKeyId ?? env["LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID"] ?? "",
  LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: s3?.secretAccessKey ?? env["LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY"] ?? "",
  LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: s3 === undefined ? (env["LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE"] ?? "false") : "true",
  LANGFUSE_S3_EVENT_UPLOAD_BUCKET: env["LANGFUSE_S3_EVENT_UPLOAD_BUCKET"] ?? (s3 === undefined ? "" : eventBucket),
  LANGFUSE_S3_EVENT_UPLOAD_PREFIX: env["LANGFUSE_S3_EVENT_UPLOAD_PREFIX"] ?? "",
  LANGFUSE_S3_EVENT_UPLOAD_REGION: env["LANGFUSE_S3_EVENT_UPLOAD_REGION"] ?? s3?.region ?? "us-east-1",
  LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT: env["LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT"] ?? s3?.endpoint ?? "",
  LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID: env["LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID"] ?? s3?.accessKeyId ?? "",
  LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY: env["LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY"] ?? s3?.secretAccessKey ?? "",
  LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE: env["LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE"] ?? (s3 === undefined ? "false" : "true"),
  LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED: env["LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED"] ?? "true",
  // Destinations of the local stack are servers on this machine, at ports that differ with every start.
  SPILLWAY_EGRESS_ALLOWED_HOSTS: ["127.0.0.1", "localhost", env["SPILLWAY_EGRESS_ALLOWED_HOSTS"] ?? ""].join(","),
  SPILLWAY_EGRESS_ALLOWED_PORTS: env["SPILLWAY_EGRESS_ALLOWED_PORTS"] ?? "1-65535",
  SPILLWAY_EGRESS_ALLOW_HTTP: env["SPILLWAY_EGRESS_ALLOW_HTTP"] ?? "true",
  SPILLWAY_MIXPANEL_URL: mixpanel?.url ?? env["SPILLWAY_MIXPANEL_URL"] ?? "",
  // Nobody but the runner writes here.
  SPILLWAY_INTEGRATION_LAG_SECONDS: env["SPILLWAY_INTEGRATION_LAG_SECONDS"] ?? "0",
  SPILLWAY_INTEGRATION_TICK_SECONDS: env["SPILLWAY_INTEGRATION_TICK_SECONDS"] ?? "1",
  BATCH_EXPORT_ROW_LIMIT: env["BATCH_EXPORT_ROW_LIMIT"] ?? "10000000",
});
