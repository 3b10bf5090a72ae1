/** Starts ClickHouse, Postgres and S3 and bundles the Worker, once for a run of the tests, in a temporary directory, and stops all whatever happens. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { TestProject } from "vitest/node";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { migratePostgres } from "../../db/postgres/migrate.ts";
import { startClickHouse } from "../../local/clickhouse/start.ts";
import { startPostgres } from "../../local/postgres/start.ts";
import { startS3 } from "../../local/s3/start.ts";
import { bundleWorker } from "../../local/workerd/start.ts";
import { makeTemplate } from "./clickhouse-clone.ts";
import { missingPgbouncer, startPgbouncer } from "./pgbouncer.ts";

declare module "vitest" {
  export interface ProvidedContext {
    clickhouseUrl: string;
    /** Statements that make the tables of a migrated database. */
    clickhouseTemplate: string[];
    postgresUrl: string;
    /** A migrated database that nobody opens, to be cloned, and where to say so. */
    postgresTemplate: { url: string; name: string };
    /** With SPILLWAY_TEST_PGBOUNCER=1, what clones of the template are reached through; else null. */
    pgbouncer: { port: string } | null;
    s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; dataDir: string; bucket: string };
    /** The folder of the Worker's bundle, for every Worker of the run. */
    workerBundle: string;
  }
}

export const testBucket = "tests";

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const dir = mkdtempSync(join(tmpdir(), "spillway-tests-"));
  chmodSync(dir, 0o755);
  const workerBundle = join(dir, "worker");
  const [bundled, ...started] = await Promise.allSettled([
    bundleWorker(workerBundle),
    startClickHouse({ dataDir: join(dir, "clickhouse"), logFile: join(dir, "clickhouse.log") }),
    startPostgres({
      dataDir: join(dir, "postgres"),
      logFile: join(dir, "postgres.log"),
      flags: ["-c", "fsync=off", "-c", "synchronous_commit=off"],
    }),
    startS3({ dataDir: join(dir, "s3"), logFile: join(dir, "s3.log"), buckets: [testBucket] }),
  ]);
  let pooler: Awaited<ReturnType<typeof startPgbouncer>> | undefined;
  const stop = async () => {
    await pooler?.stop();
    await Promise.all(started.map((service) => (service.status === "fulfilled" ? service.value.stop() : undefined)));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const [clickhouse, database, s3] = started;
    if (bundled.status === "rejected") throw bundled.reason;
    if (clickhouse.status === "rejected") throw clickhouse.reason;
    if (database.status === "rejected") throw database.reason;
    if (s3.status === "rejected") throw s3.reason;
    const { url } = clickhouse.value;
    const migrate = (database: string) => migrateClickHouse({ url, user: "default", password: "", database });
    project.provide("clickhouseTemplate", await makeTemplate(url, migrate));
    const template = "spillway_template";
    const sql = postgres(database.value.url, { max: 1 });
    await sql.unsafe(`create database ${template}`);
    await sql.end();
    await migratePostgres(database.value.urlFor(template));
    await migratePostgres(database.value.url);
    pooler = await openPooler(join(dir, "pgbouncer"), database.value.url);
    project.provide("pgbouncer", pooler === undefined ? null : { port: new URL(pooler.pooled(database.value.url)).port });
    project.provide("workerBundle", workerBundle);
    project.provide("clickhouseUrl", clickhouse.value.url);
    project.provide("postgresUrl", database.value.url);
    project.provide("postgresTemplate", { url: database.value.urlFor("postgres"), name: template });
    const { endpoint, region, accessKeyId, secretAccessKey, dataDir } = s3.value;
    project.provide("s3", { endpoint, region, accessKeyId, secretAccessKey, dataDir, bucket: testBucket });
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Migrations and the making of databases go straight to Postgres; everything else goes through the pooler that is asked for. */
const openPooler = async (dir: string, postgresUrl: string) => {
  if (process.env["SPILLWAY_TEST_PGBOUNCER"] !== "1") return undefined;
  const missing = missingPgbouncer();
  if (missing !== undefined) throw new Error(missing);
  return startPgbouncer(dir, postgresUrl);
};
