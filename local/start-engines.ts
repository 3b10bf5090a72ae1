/** Starts the engines of the local stack side by side: each one that no variable replaces by an external server. */
import { join } from "node:path";
import { startClickHouse } from "./clickhouse/start.ts";
import { startMailbox } from "./mail/start.ts";
import { startMixpanel } from "./mixpanel/start.ts";
import { startPostgres } from "./postgres/start.ts";
import { startPostHog } from "./posthog/start.ts";
import { startS3 } from "./s3/start.ts";
import type { Service } from "./service.ts";
import { portOf, type StackEnv } from "./stack-env.ts";

export const bucket = "spillway-exports";
export const eventBucket = "spillway-events";

type EngineStart = {
  env: StackEnv;
  dataDir: string;
  logOf: (name: string) => string;
  /** Registers a started process, to be watched and stopped with the stack. */
  keep: <S extends Service>(service: S) => S;
};

/**
 * Those replaced, and PostHog and Mixpanel with SPILLWAY_LOCAL_SINKS=false, are undefined. Each is kept as soon as it has started, so that a
 * failure of another one stops it.
 */
export const startEngines = async ({ env, dataDir, logOf, keep }: EngineStart, mailboxDir: string | null) => {
  const hasSinks = env["SPILLWAY_LOCAL_SINKS"] !== "false";
  const [clickhouse, postgres, s3, mail, posthog, mixpanel] = await Promise.all([
    env["CLICKHOUSE_URL"]
      ? undefined
      : startClickHouse({
          dataDir: join(dataDir, "clickhouse"),
          logFile: logOf("clickhouse"),
          ...portOf(env, "SPILLWAY_CLICKHOUSE_PORT"),
        }).then(keep),
    env["DATABASE_URL"]
      ? undefined
      : startPostgres({ dataDir: join(dataDir, "postgres"), logFile: logOf("postgres"), ...portOf(env, "SPILLWAY_POSTGRES_PORT") }).then(
          keep,
        ),
    env["LANGFUSE_S3_BATCH_EXPORT_ENDPOINT"]
      ? undefined
      : startS3({
          dataDir: join(dataDir, "s3"),
          logFile: logOf("s3"),
          buckets: [bucket, eventBucket],
          ...portOf(env, "SPILLWAY_S3_PORT"),
        }).then(keep),
    mailboxDir === null ? undefined : startMailbox({ mailboxDir, logFile: logOf("mail"), ...portOf(env, "SPILLWAY_SMTP_PORT") }).then(keep),
    hasSinks ? startPostHog({ dataDir: join(dataDir, "posthog"), logFile: logOf("posthog") }).then(keep) : undefined,
    env["SPILLWAY_MIXPANEL_URL"] || !hasSinks
      ? undefined
      : startMixpanel({ dataDir: join(dataDir, "mixpanel"), logFile: logOf("mixpanel") }).then(keep),
  ]);
  return { clickhouse, postgres, s3, mail, posthog, mixpanel };
};

export type Engines = Awaited<ReturnType<typeof startEngines>>;
