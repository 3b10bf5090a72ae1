/**
 * The whole service on one machine: every part is real, and each can be replaced by an external server through its environment variable.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ApiEnv } from "../api/env.ts";
import { scopes } from "../core/auth/scopes.ts";
import { hashSecret } from "../core/auth/secret-hash.ts";
import { migrateClickHouse } from "../db/clickhouse/migrate.ts";
import { openPostgres } from "../db/postgres/client.ts";
import { migratePostgres } from "../db/postgres/migrate.ts";
import { RunnerEnv } from "../runner/env-schema.ts";
import { bootstrapProject, newIdWith } from "../services/tenants/bootstrap-project.ts";
import { startClickHouse } from "./clickhouse/start.ts";
import { assertPortFree } from "./free-port.ts";
import { startMailbox } from "./mail/start.ts";
import { startNeonRelay } from "./neon-relay.ts";
import { startPostgres } from "./postgres/start.ts";
import { startS3 } from "./s3/start.ts";
import { answers, bunPath, repositoryRoot, type Service, startService } from "./service.ts";
import { startWorker } from "./workerd/start.ts";

export type StackFile = {
  apiUrl: string;
  projectId: string;
  publicKey: string;
  secretKey: string;
  adminKey: string;
  clickhouseUrl: string;
  postgresUrl: string;
  s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; buckets: { exports: string } };
  /** Folder of sent mails, one .eml file each; null if SMTP_CONNECTION_URL names a server. */
  mailboxDir: string | null;
  pids: Record<string, number>;
};

export type Stack = StackFile & {
  dataDir: string;
  clickhouseDatabase: string;
  /** Resolves with a sentence when a part has ended by itself. */
  crashed: Promise<string>;
  restartRunner: (env?: Record<string, string>) => Promise<void>;
  stop: () => Promise<void>;
};

type StackOptions = {
  dataDir?: string;
  apiPort?: number | undefined;
  env?: Record<string, string | undefined>;
  say?: (line: string) => void;
  withRunner?: boolean;
  /** The folder of a bundle of the Worker; bundled anew without. */
  workerBundle?: string;
};

type Secrets = {
  salt: string;
  adminKey: string;
  encryptionKey: string;
  project?: { projectId: string; publicKey: string; secretKey: string };
};

const database = "spillway";
const bucket = "spillway-exports";
const eventBucket = "spillway-events";

/** Starts the parts not replaced, in order; stops everything if one does not start. */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const env = nonEmpty({ ...process.env, ...options.env });
  const say = options.say ?? (() => {});
  const dataDir = resolve(options.dataDir ?? env["SPILLWAY_DATA_DIR"] ?? join(repositoryRoot, ".spillway"));
  const unlock = lock(dataDir);
  await untilKilledOneIsGone(dataDir, say);
  const log = (name: string) => join(dataDir, "logs", `${name}.log`);
  const parts: { stop: () => Promise<void> }[] = [];
  const watched: Service[] = [];
  let isStopping = false;
  const keep = <S extends Service>(service: S): S => {
    parts.push(service);
    watched.push(service);
    return service;
  };
  const stop = async () => {
    isStopping = true;
    for (const part of parts.toReversed()) await part.stop();
    rmSync(join(dataDir, "stack.json"), { force: true });
    unlock();
  };
  try {
    const apiPort = options.apiPort ?? portOf(env, "SPILLWAY_API_PORT").port ?? 8787;
    if (apiPort !== 0) await assertPortFree(apiPort, "SPILLWAY_API_PORT");
    const mailboxDir = env["SMTP_CONNECTION_URL"] ? null : join(dataDir, "mailbox");
    const [clickhouse, postgres, s3, mail] = await Promise.all([
      env["CLICKHOUSE_URL"]
        ? undefined
        : startClickHouse({
            dataDir: join(dataDir, "clickhouse"),
            logFile: log("clickhouse"),
            ...portOf(env, "SPILLWAY_CLICKHOUSE_PORT"),
          }).then(keep),
      env["DATABASE_URL"]
        ? undefined
        : startPostgres({ dataDir: join(dataDir, "postgres"), logFile: log("postgres"), ...portOf(env, "SPILLWAY_POSTGRES_PORT") }).then(
            keep,
          ),
      env["LANGFUSE_S3_BATCH_EXPORT_ENDPOINT"]
        ? undefined
        : startS3({
            dataDir: join(dataDir, "s3"),
            logFile: log("s3"),
            buckets: [bucket, eventBucket],
            ...portOf(env, "SPILLWAY_S3_PORT"),
          }).then(keep),
      mailboxDir === null ? undefined : startMailbox({ mailboxDir, logFile: log("mail"), ...portOf(env, "SPILLWAY_SMTP_PORT") }).then(keep),
    ]);
    const clickhouseUrl = clickhouse?.url ?? env["CLICKHOUSE_URL"] ?? "";
    const postgresUrl = postgres?.url ?? env["DATABASE_URL"] ?? "";
    const settings: Record<string, string> = {
      DATABASE_URL: postgresUrl,
      CLICKHOUSE_URL: clickhouseUrl,
      CLICKHOUSE_USER: env["CLICKHOUSE_USER"] ?? "default",
      CLICKHOUSE_PASSWORD: env["CLICKHOUSE_PASSWORD"] ?? "",
      CLICKHOUSE_DB: env["CLICKHOUSE_DB"] ?? database,
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
      BATCH_EXPORT_ROW_LIMIT: env["BATCH_EXPORT_ROW_LIMIT"] ?? "10000000",
    };
    await Promise.all([
      migratePostgres(postgresUrl),
      migrateClickHouse({
        url: clickhouseUrl,
        user: settings["CLICKHOUSE_USER"] ?? "",
        password: settings["CLICKHOUSE_PASSWORD"] ?? "",
        database: settings["CLICKHOUSE_DB"] ?? database,
        cluster: env["CLICKHOUSE_CLUSTER"] ?? null,
      }),
    ]);
    const secrets = await loadSecrets(join(dataDir, "secrets.json"), postgresUrl);
    settings["ENCRYPTION_KEY"] = env["ENCRYPTION_KEY"] || secrets.encryptionKey;
    const relay = startNeonRelay(postgresUrl);
    parts.push(relay);

    const worker = keep(
      await startWorker({
        dataDir: join(dataDir, "worker"),
        logFile: log("worker"),
        bundle: options.workerBundle,
        ...(apiPort === 0 ? {} : { port: apiPort }),
        bindings: {
          ...pick(env, (name) => name in ApiEnv.shape),
          ...settings,
          NEON_WS_PROXY: relay.address,
          SALT: secrets.salt,
          ADMIN_API_KEY: secrets.adminKey,
        },
      }),
    );
    let runner: Service | undefined;
    const startRunner = async (extra: Record<string, string> = {}) => {
      let size = existsSync(log("runner")) ? readFileSync(log("runner"), "utf8").length : 0;
      const mailSettings = {
        SMTP_CONNECTION_URL: mail?.url ?? env["SMTP_CONNECTION_URL"] ?? "",
        EMAIL_FROM_ADDRESS: env["EMAIL_FROM_ADDRESS"] ?? "exports@spillway.local",
        SPILLWAY_PUBLIC_URL: env["SPILLWAY_PUBLIC_URL"] ?? worker.url,
      };
      runner = await startService({
        name: "runner",
        command: bunPath,
        args: [join(repositoryRoot, "runner", "main.ts")],
        env: {
          ...settings,
          ...mailSettings,
          SPILLWAY_POLL_MS: "200",
          ...pick(env, (name) => name in RunnerEnv.shape && !(name in settings) && !(name in mailSettings)),
          ...extra,
        },
        logFile: log("runner"),
        isReady: async () => readFileSync(log("runner"), "utf8").slice(size).includes('"runner_started"'),
      });
      size = 0;
      return runner;
    };
    if (options.withRunner !== false) watched.push(await startRunner());
    parts.push({ stop: async () => runner?.stop(30_000) });
    await untilReady(`${worker.url}/ready`);

    const { projectId, publicKey, secretKey } = secrets.project ?? { projectId: "", publicKey: "", secretKey: "" };
    const file: StackFile = {
      apiUrl: worker.url,
      projectId,
      publicKey,
      secretKey,
      adminKey: secrets.adminKey,
      clickhouseUrl,
      postgresUrl,
      s3: {
        endpoint: settings["LANGFUSE_S3_BATCH_EXPORT_ENDPOINT"] ?? "",
        region: settings["LANGFUSE_S3_BATCH_EXPORT_REGION"] ?? "",
        accessKeyId: settings["LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID"] ?? "",
        secretAccessKey: settings["LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY"] ?? "",
        buckets: { exports: settings["LANGFUSE_S3_BATCH_EXPORT_BUCKET"] ?? "" },
      },
      mailboxDir,
      pids: Object.fromEntries(watched.map(({ name, pid }) => [name, pid])),
    };
    writePrivate(join(dataDir, "stack.json"), file);
    say(`ready at ${worker.url}`);
    const crashed = Promise.race(
      watched.map(async ({ name, exited, logFile }) => {
        const how = await exited;
        return isStopping ? new Promise<never>(() => {}) : `The ${name} ended by itself (${how}). Its log is ${logFile}`;
      }),
    );
    return {
      ...file,
      dataDir,
      clickhouseDatabase: settings["CLICKHOUSE_DB"] ?? database,
      crashed,
      restartRunner: async (extra) => {
        await runner?.stop(0);
        await startRunner(extra);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** The first answers take long on a busy machine, so one that fails or comes late says nothing yet. */
const untilReady = async (url: string): Promise<void> => {
  for (const deadlineMs = Date.now() + 120_000; Date.now() < deadlineMs; ) {
    if (await answers(url).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The API is not ready: ${await (await fetch(url)).text()}`);
};

const portOf = (env: Record<string, string | undefined>, name: string): { port?: number } => {
  const text = env[name];
  if (!text) return {};
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`${name} must be a port, 0 to 65535.`);
  return { port };
};

/** Empty means unset, as for the API and the runner. */
const nonEmpty = (env: Record<string, string | undefined>): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));

const pick = (env: Record<string, string | undefined>, isWanted: (name: string) => boolean): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value !== undefined && isWanted(name) ? [[name, value]] : [])));

const writePrivate = (file: string, value: unknown): void => {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
};

/** Allows one stack per data directory: the lock file names the process that holds it. */
const lock = (dataDir: string): (() => void) => {
  const file = join(dataDir, "lock");
  if (existsSync(file)) {
    const pid = Number(readFileSync(file, "utf8"));
    if (pid !== process.pid && isAlive(pid))
      throw new Error(`Another stack (process ${pid}) uses ${dataDir}. Stop it, or set SPILLWAY_DATA_DIR and SPILLWAY_API_PORT.`);
  }
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, String(process.pid));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The data directory cannot be written: ${why}. Set SPILLWAY_DATA_DIR to another.`, { cause: error });
  }
  return () => rmSync(file, { force: true });
};

/**
 * Waits for the parts of a killed stack, which end by themselves (local/spawn-bound.ts). Postgres takes a while, and nothing else may open
 * its data before.
 */
const untilKilledOneIsGone = async (dataDir: string, say: (line: string) => void): Promise<void> => {
  const file = join(dataDir, "stack.json");
  if (!existsSync(file)) return;
  const { pids } = JSON.parse(readFileSync(file, "utf8")) as StackFile;
  const left = () => Object.entries(pids).filter(([, pid]) => isAlive(pid));
  for (const deadlineMs = Date.now() + 15_000; left().length > 0 && Date.now() < deadlineMs; ) {
    say(`waiting for the ${left().map(([name, pid]) => `${name} (process ${pid})`)} of a stack that was killed`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  rmSync(file);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

/** Creates on first start: salt, admin key, and one organization, project, user, membership and key. */
const loadSecrets = async (file: string, postgresUrl: string): Promise<Secrets> => {
  const made = { salt: randomBytes(32).toString("hex"), adminKey: `admin-${randomUUID()}`, encryptionKey: randomBytes(32).toString("hex") };
  const known: Secrets = existsSync(file) ? { ...made, ...(JSON.parse(readFileSync(file, "utf8")) as Partial<Secrets>) } : made;
  if (known.project !== undefined) {
    writePrivate(file, known);
    return known;
  }
  const postgres = openPostgres(postgresUrl, { connectionsMax: 1 });
  try {
    const { projectId, publicKey, secretKey } = await bootstrapProject(
      {
        db: postgres.db,
        newId: newIdWith(Date.now, (size) => randomBytes(size)),
        newUuid: randomUUID,
        hashSecret: (secretKey) => hashSecret(secretKey, known.salt),
        requestId: "local-stack",
      },
      { organization: "Local organisation", project: "Local project", email: "owner@example.com" },
      scopes,
    );
    const secrets = { ...known, project: { projectId, publicKey, secretKey } };
    writePrivate(file, secrets);
    return secrets;
  } finally {
    await postgres.close();
  }
};
