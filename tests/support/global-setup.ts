/** Starts ClickHouse, Postgres and S3 once for a run of the tests, in a temporary directory, and stops them whatever happens. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { startClickHouse } from "../../local/clickhouse/start.ts";
import { startPostgres } from "../../local/postgres/start.ts";
import { startS3 } from "../../local/s3/start.ts";

declare module "vitest" {
  export interface ProvidedContext {
    clickhouseUrl: string;
    postgresUrl: string;
    s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; dataDir: string; bucket: string };
  }
}

export const testBucket = "tests";

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const dir = mkdtempSync(join(tmpdir(), "spillway-tests-"));
  chmodSync(dir, 0o755);
  const started = await Promise.allSettled([
    startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: join(dir, "clickhouse.log") }),
    startPostgres({
      dataDir: join(dir, "postgres"),
      logFile: join(dir, "postgres.log"),
      flags: ["-c", "fsync=off", "-c", "synchronous_commit=off"],
    }),
    startS3({ dataDir: join(dir, "s3"), logFile: join(dir, "s3.log"), buckets: [testBucket] }),
  ]);
  const stop = async () => {
    await Promise.all(started.map((service) => (service.status === "fulfilled" ? service.value.stop() : undefined)));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [clickhouse, postgres, s3] = started;
    if (clickhouse.status === "rejected") throw clickhouse.reason;
    if (postgres.status === "rejected") throw postgres.reason;
    if (s3.status === "rejected") throw s3.reason;
    await migratePostgres(postgres.value.url);
    project.provide("clickhouseUrl", clickhouse.value.url);
    project.provide("postgresUrl", postgres.value.url);
    const { endpoint, region, accessKeyId, secretAccessKey, dataDir } = s3.value;
    project.provide("s3", { endpoint, region, accessKeyId, secretAccessKey, dataDir, bucket: testBucket });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
};
