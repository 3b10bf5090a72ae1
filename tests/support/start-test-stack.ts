/**
 * The stack for one file of tests: an API, a runner and a mailbox of its own, on the engines of the run, with databases and a bucket of its own.
 * A file that stops engines has them for itself.
 */
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { type Stack, startStack } from "../../local/stack.ts";
import { cloneClickHouse } from "./clickhouse-clone.ts";
import { clonePostgres, type PostgresClone } from "./postgres-clone.ts";

export type TestStackOptions = { env?: Record<string, string>; withRunner?: boolean; hasOwnEngines?: boolean };

/** Looks for jobs often, and gives them back at the end instead of finishing them. */
const eager = { SPILLWAY_LOCAL_SINKS: "false", SPILLWAY_POLL_MS: "200", SPILLWAY_SHUTDOWN_GRACE_SECONDS: "0" };

/** What is answered with 503 because the machine is busy would be judged by time. Files about these bounds set their own. */
export const patient = {
  SPILLWAY_DATABASE_TIMEOUT_SECONDS: "60",
  SPILLWAY_CLICKHOUSE_TIMEOUT_SECONDS: "60",
  SPILLWAY_PREVIEW_TIMEOUT_SECONDS: "60",
  SPILLWAY_OBJECT_STORE_TIMEOUT_SECONDS: "120",
};

export const startTestStack = async ({ env = {}, withRunner = true, hasOwnEngines = false }: TestStackOptions = {}): Promise<Stack> => {
  const dir = mkdtempSync(join(tmpdir(), "spillway-stack-"));
  chmodSync(dir, 0o755);
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const database = hasOwnEngines ? undefined : await clonePostgres(name);
  const clickhouseUrl = inject("clickhouseUrl");
  try {
    if (!hasOwnEngines) await cloneClickHouse(clickhouseUrl, name);
    const stack = await startStack({
      dataDir: dir,
      apiPort: 0,
      withRunner,
      workerBundle: inject("workerBundle"),
      env: { ...eager, ...patient, ...(database === undefined ? {} : enginesOf(name, database, clickhouseUrl)), ...env },
    });
    return {
      ...stack,
      stop: async () => {
        await stack.stop();
        rmSync(dir, { recursive: true, force: true });
        if (database === undefined) return;
        await fetch(clickhouseUrl, { method: "POST", body: `DROP DATABASE IF EXISTS ${stack.clickhouseDatabase} SYNC` });
        await database.drop();
      },
    };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
};

const enginesOf = (name: string, { url, directUrl }: PostgresClone, clickhouseUrl: string): Record<string, string> => {
  const { endpoint, region, accessKeyId, secretAccessKey, dataDir } = inject("s3");
  // A bucket of its own: the store lists all objects of a bucket to find those of a prefix.
  const bucket = name.replaceAll("_", "-");
  mkdirSync(join(dataDir, bucket), { recursive: true });
  const store = (variables: string, prefix: string) => ({
    [`${variables}_ENDPOINT`]: endpoint,
    [`${variables}_REGION`]: region,
    [`${variables}_BUCKET`]: bucket,
    [`${variables}_PREFIX`]: prefix,
    [`${variables}_ACCESS_KEY_ID`]: accessKeyId,
    [`${variables}_SECRET_ACCESS_KEY`]: secretAccessKey,
    [`${variables}_FORCE_PATH_STYLE`]: "true",
  });
  return {
    DATABASE_URL: url,
    DIRECT_URL: directUrl,
    CLICKHOUSE_URL: clickhouseUrl,
    CLICKHOUSE_DB: name,
    ...store("LANGFUSE_S3_BATCH_EXPORT", `${name}/exports/`),
    ...store("LANGFUSE_S3_EVENT_UPLOAD", `${name}/events/`),
  };
};
