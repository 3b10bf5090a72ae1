/** One project on the real services: its own ClickHouse database, a runner in this process, and helpers to export and read back. */

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { inject } from "vitest";
import { scopes } from "../../core/auth/scopes.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { checkExportRequest } from "../../core/exports/parse-request.ts";
import { CreateBatchExport } from "../../core/exports/request.ts";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { createS3Client } from "../../db/object-store/s3-client.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { systemClock } from "../../runner/clock.ts";
import { parseRunnerEnv } from "../../runner/env.ts";
import { startRunner } from "../../runner/main.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { createExport } from "../../services/exports/create-export.ts";
import type { BatchExportRow } from "../../services/exports/export-columns.ts";
import { findExport } from "../../services/exports/find-export.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { bootstrapProject, newIdWith } from "../../services/tenants/bootstrap-project.ts";
import { cloneClickHouse } from "./clickhouse-clone.ts";
import type { EventRow } from "./event-rows.ts";
import { clonePostgres } from "./postgres-clone.ts";
import { waitSeconds } from "./wait-seconds.ts";

export const newId = newIdWith(Date.now, (size) => randomBytes(size));

type FixtureOptions = {
  /** A ClickHouse of the test's own, sharded. */
  cluster?: { url: string; name: string };
  /** Returns the address of a database behind a pooler of the test's own. */
  pooled?: (url: string) => string;
  /** Prepares the Postgres database before its first connection. */
  prepare?: (directUrl: string) => Promise<void>;
};

export const createFixture = async ({ cluster, pooled, prepare }: FixtureOptions = {}) => {
  const clickhouseUrl = cluster?.url ?? inject("clickhouseUrl");
  const database = `test_${randomUUID().replaceAll("-", "")}`;
  // A bucket of its own: the store lists all objects of a bucket to find those of a prefix.
  const s3Config = { ...inject("s3"), bucket: database.replaceAll("_", "-") };
  mkdirSync(join(s3Config.dataDir, s3Config.bucket), { recursive: true });
  await (cluster === undefined
    ? cloneClickHouse(clickhouseUrl, database)
    : migrateClickHouse({ url: clickhouseUrl, user: "default", password: "", database, cluster: cluster.name, sharded: true }));
  const ownPostgres = await clonePostgres(database);
  await prepare?.(ownPostgres.directUrl);
  const databaseUrl = pooled?.(ownPostgres.directUrl) ?? ownPostgres.url;
  const postgres = openPostgres(databaseUrl, { connectionsMax: 4, applicationName: "tests" });
  const salt = "test-salt";
  const project = await bootstrapProject(
    { db: postgres.db, newId, newUuid: randomUUID, hashSecret: (secretKey) => hashSecret(secretKey, salt), requestId: "test" },
    { organization: "Tests", project: "Tests", email: `${randomUUID()}@example.com` },
    scopes,
  );
  const actor: Actor = {
    projectId: project.projectId,
    organizationId: project.organizationId,
    userId: project.userId,
    apiKeyId: project.keyId,
    role: "OWNER",
    requestId: "test",
    ipAddress: null,
  };
  const s3 = createS3Client({ ...s3Config, forcePathStyle: true }, { fetch, wait: systemClock.wait, random: Math.random });

  const query = async (sql: string, body?: string): Promise<string> => {
    const url = new URL(clickhouseUrl);
    url.searchParams.set("database", database);
    if (body !== undefined) url.searchParams.set("query", sql);
    const response = await fetch(url, { method: "POST", body: body ?? sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };

  const eventPrefix = `${database}/events/`;
  const runnerEnv = (overrides: Record<string, string> = {}): Record<string, string> => ({
    DATABASE_URL: databaseUrl,
    CLICKHOUSE_URL: clickhouseUrl,
    CLICKHOUSE_DB: database,
    ...(cluster === undefined ? {} : { CLICKHOUSE_CLUSTER: cluster.name, CLICKHOUSE_SHARDED: "true" }),
    LANGFUSE_S3_BATCH_EXPORT_ENABLED: "true",
    LANGFUSE_S3_BATCH_EXPORT_BUCKET: s3Config.bucket,
    LANGFUSE_S3_BATCH_EXPORT_PREFIX: `${database}/`,
    LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: s3Config.endpoint,
    LANGFUSE_S3_BATCH_EXPORT_REGION: s3Config.region,
    LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: s3Config.accessKeyId,
    LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: s3Config.secretAccessKey,
    LANGFUSE_S3_BATCH_EXPORT_FORCE_PATH_STYLE: "true",
    LANGFUSE_S3_EVENT_UPLOAD_BUCKET: s3Config.bucket,
    LANGFUSE_S3_EVENT_UPLOAD_PREFIX: eventPrefix,
    LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT: s3Config.endpoint,
    LANGFUSE_S3_EVENT_UPLOAD_REGION: s3Config.region,
    LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID: s3Config.accessKeyId,
    LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY: s3Config.secretAccessKey,
    LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE: "true",
    BATCH_EXPORT_S3_PART_SIZE_MIB: "5",
    SPILLWAY_POLL_MS: "200",
    // Each kind has a loop that polls; tests of integrations switch them on.
    QUEUE_CONSUMER_BLOB_STORAGE_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_POSTHOG_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_MIXPANEL_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_INTEGRATION_QUEUE_IS_ENABLED: "false",
    SPILLWAY_HEARTBEAT_SECONDS: "0.2",
    SPILLWAY_SHUTDOWN_GRACE_SECONDS: "0",
    ...overrides,
  });

  const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");
  const eventStore: EventStore = {
    db: postgres.db,
    s3,
    isLogEnabled: true,
    nowMs: systemClock.steadyMs,
    newJobId: () => newId("job"),
    sha256Hex,
  };

  /** Takes events in as one request, without the API. Answers the keys of the files. */
  const ingest = async (events: readonly unknown[], projectId = project.projectId): Promise<string[]> => {
    const arrived = events.map((original) => {
      const parsed = parseEvent(original, { isInternal: true });
      if (!parsed.ok || parsed.event === undefined) throw new Error(parsed.ok ? "a line of a log" : parsed.error);
      return { event: parsed.event, original };
    });
    const groups = arrangeBatch(arrived, { projectId, prefix: eventPrefix, sampling: new Map(), segmentBytesMax: 400, sha256Hex });
    const origin = { apiKey: project.publicKey, sdkName: "tests", sdkVersion: "1.0" };
    const [failure] = (await storeGroups(eventStore, { projectId, groups, origin, source: "api" })).values();
    if (failure !== undefined) throw failure;
    return groups.map(({ fileKey }) => fileKey);
  };

  const requestExport = async (body: unknown, maxAttempts = 1, projectId = project.projectId): Promise<string> => {
    const request = CreateBatchExport.parse(body);
    const { warnings } = checkExportRequest(request);
    const exportId = newId("batchExport");
    await createExport(
      postgres.db,
      { ...actor, projectId },
      { ...request, name: request.name ?? "test" },
      { exportId, jobId: newId("job") },
      { warnings, admission: { defaultPlan: "unlimited", estimate: null }, maxAttempts },
    );
    return exportId;
  };

  const load = async (exportId: string, projectId = project.projectId): Promise<BatchExportRow> => {
    const row = await findExport(postgres.db, projectId, exportId);
    if (row === undefined) throw new Error(`no export ${exportId}`);
    return row;
  };

  /** Looks until the export has ended. */
  const finished = async (exportId: string, seconds = waitSeconds, projectId = project.projectId): Promise<BatchExportRow> => {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
      const row = await load(exportId, projectId);
      if (row.finishedAt !== null) return row;
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    throw new Error(`the export did not end in ${seconds} s: ${JSON.stringify(await load(exportId, projectId))}`);
  };

  const readObject = async (key: string): Promise<Buffer> => {
    const url = new URL(`${s3Config.endpoint}/${s3Config.bucket}/${key}`);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} for ${key}`);
    return Buffer.from(await response.arrayBuffer());
  };

  /** The uncompressed text of a completed export. */
  const readExport = async (row: BatchExportRow): Promise<string> => {
    const file = row.manifest?.files[0];
    if (file === undefined)
      throw new Error(`not completed: ${row.status} ${row.errorCode} ${row.log} ${JSON.stringify(row.job?.lastError)}`);
    const bytes = await readObject(file.key);
    if (bytes.byteLength !== file.bytes) throw new Error(`${bytes.byteLength} bytes, manifest says ${file.bytes}`);
    return (row.compression === "gzip" ? gunzipSync(bytes) : row.compression === "zstd" ? zstdDecompressSync(bytes) : bytes).toString(
      "utf8",
    );
  };

  return {
    ...project,
    actor,
    db: postgres.db,
    clickhouseUrl,
    database,
    s3,
    s3Config,
    query,
    runnerEnv,
    eventStore,
    eventPrefix,
    ingest,
    requestExport,
    load,
    finished,
    readObject,
    readExport,
    insertEvents: async (rows: readonly EventRow[]) => {
      for (let at = 0; at < rows.length; at += 5000)
        await query(
          "INSERT INTO events FORMAT JSONEachRow",
          rows
            .slice(at, at + 5000)
            .map((row) => JSON.stringify(row))
            .join("\n"),
        );
    },
    /** Empties the exportable tables of Postgres. */
    clearPostgresRows: async () => {
      await execute(postgres.db, sql`delete from dataset_items`);
      await execute(postgres.db, sql`delete from audit_logs`);
      await execute(postgres.db, sql`delete from comments`);
    },
    startRunner: (overrides: Record<string, string> = {}, lines: Record<string, unknown>[] = []) => {
      const parsed = parseRunnerEnv(runnerEnv(overrides));
      if (!parsed.ok) throw new Error(parsed.problems.join("\n"));
      return startRunner(parsed.config, (level, event, fields) => lines.push({ level, event, ...fields }));
    },
    stop: async () => {
      // A cluster ends with its test.
      if (cluster === undefined) await query(`DROP DATABASE IF EXISTS ${database} SYNC`);
      await postgres.close();
      await ownPostgres.drop();
    },
  };
};

export type Fixture = Awaited<ReturnType<typeof createFixture>>;
