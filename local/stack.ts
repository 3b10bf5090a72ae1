/**
 * The whole service on one machine: every part is real, and each can be replaced by an external server through its environment variable.
 */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ApiEnv } from "../api/env.ts";
import { migrateEngines } from "../db/migrate-engines.ts";
import { lockDataDir, untilKilledStackIsGone } from "./data-dir.ts";
import { assertPortFree, freePort } from "./free-port.ts";
import { startNeonRelay } from "./neon-relay.ts";
import { answers, repositoryRoot, type Service } from "./service.ts";
import { nonEmpty, pick, portOf, type StackEnv } from "./stack-env.ts";
import { type StackFile, stackFilePath } from "./stack-file.ts";
import { createStackRunner } from "./stack-runner.ts";
import { loadStackSecrets, localOwner } from "./stack-secrets.ts";
import { stackSettings } from "./stack-settings.ts";
import { startEngines } from "./start-engines.ts";
import { startWorker } from "./workerd/start.ts";
import { writePrivate } from "./write-private.ts";

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

/** Starts the parts not replaced, in order; stops everything if one does not start. */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const env = nonEmpty({ ...process.env, ...options.env });
  const say = options.say ?? (() => {});
  const dataDir = resolve(options.dataDir ?? env["SPILLWAY_DATA_DIR"] ?? join(repositoryRoot, ".spillway"));
  const unlock = lockDataDir(dataDir);
  await untilKilledStackIsGone(dataDir, say);
  const parts = createParts();
  const stop = async () => {
    await parts.stop();
    rmSync(stackFilePath(dataDir), { force: true });
    unlock();
  };
  try {
    const started = await startParts(options, { env, dataDir, logOf: (name) => join(dataDir, "logs", `${name}.log`) }, parts);
    writePrivate(stackFilePath(dataDir), started.file);
    say(`ready at ${started.file.apiUrl}`);
    return {
      ...started.file,
      dataDir,
      clickhouseDatabase: started.clickhouseDatabase,
      crashed: parts.crashed(),
      restartRunner: started.restartRunner,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

type Parts = ReturnType<typeof createParts>;

/** What runs, in the order it was started: stopped in the opposite one. */
const createParts = () => {
  const stoppable: { stop: () => Promise<void> }[] = [];
  const watched: Service[] = [];
  let isStopping = false;
  const watch = <S extends Service>(service: S): S => {
    watched.push(service);
    return service;
  };
  return {
    watch,
    addStoppable: (part: { stop: () => Promise<void> }): void => void stoppable.push(part),
    keep: <S extends Service>(service: S): S => {
      stoppable.push(service);
      return watch(service);
    },
    pids: (): Record<string, number> => Object.fromEntries(watched.map(({ name, pid }) => [name, pid])),
    /** Resolves with a sentence when a watched process has ended by itself. */
    crashed: (): Promise<string> =>
      Promise.race(
        watched.map(async ({ name, exited, logFile }) => {
          const how = await exited;
          return isStopping ? new Promise<never>(() => {}) : `The ${name} ended by itself (${how}). Its log is ${logFile}`;
        }),
      ),
    stop: async (): Promise<void> => {
      isStopping = true;
      for (const part of stoppable.toReversed()) await part.stop();
    },
  };
};

type StackPlace = { env: StackEnv; dataDir: string; logOf: (name: string) => string };

const startParts = async (options: StackOptions, { env, dataDir, logOf }: StackPlace, parts: Parts) => {
  const apiPort = options.apiPort ?? portOf(env, "SPILLWAY_API_PORT").port ?? 8787;
  if (apiPort !== 0) await assertPortFree(apiPort, "SPILLWAY_API_PORT");
  const mailboxDir = env["SMTP_CONNECTION_URL"] ? null : join(dataDir, "mailbox");
  const engines = await startEngines({ env, dataDir, logOf, keep: parts.keep }, mailboxDir);
  const engineSettings = stackSettings(env, engines);
  await migrate(env, engineSettings);
  const secrets = await loadStackSecrets(join(dataDir, "secrets.json"), engineSettings.DATABASE_URL);
  const settings = { ...engineSettings, ENCRYPTION_KEY: env["ENCRYPTION_KEY"] || secrets.encryptionKey };
  const relay = startNeonRelay(settings.DATABASE_URL);
  parts.addStoppable(relay);
  const port = apiPort === 0 ? await freePort() : apiPort;
  const consoleUrl = env["SPILLWAY_PUBLIC_URL"] ?? `http://127.0.0.1:${port}`;
  const worker = parts.keep(
    await startWorker({
      dataDir: join(dataDir, "worker"),
      logFile: logOf("worker"),
      bundle: options.workerBundle,
      port,
      bindings: {
        ...pick(env, (name) => name in ApiEnv.shape),
        ...settings,
        NEON_WS_PROXY: relay.address,
        // Sessions belong to this address, and mails lead to it.
        SPILLWAY_PUBLIC_URL: consoleUrl,
        SPILLWAY_OPERATORS: env["SPILLWAY_OPERATORS"] ?? localOwner,
        SALT: secrets.salt,
        ADMIN_API_KEY: secrets.adminKey,
      },
    }),
  );
  const runner = createStackRunner({ env, settings, smtpUrl: engines.mail?.url, apiUrl: worker.url, logFile: logOf("runner") });
  if (options.withRunner !== false) parts.watch(await runner.start());
  parts.addStoppable(runner);
  await untilReady(`${worker.url}/ready`);
  const { projectId, publicKey, secretKey } = secrets.project ?? { projectId: "", publicKey: "", secretKey: "" };
  const file: StackFile = {
    apiUrl: worker.url,
    consoleUrl,
    projectId,
    publicKey,
    secretKey,
    adminKey: secrets.adminKey,
    clickhouseUrl: settings.CLICKHOUSE_URL,
    postgresUrl: settings.DATABASE_URL,
    s3: {
      endpoint: settings.LANGFUSE_S3_BATCH_EXPORT_ENDPOINT,
      region: settings.LANGFUSE_S3_BATCH_EXPORT_REGION,
      accessKeyId: settings.LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID,
      secretAccessKey: settings.LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY,
      buckets: { exports: settings.LANGFUSE_S3_BATCH_EXPORT_BUCKET },
    },
    mailboxDir,
    posthog: addressOf(engines.posthog),
    mixpanel: addressOf(engines.mixpanel),
    pids: parts.pids(),
  };
  return { file, clickhouseDatabase: settings.CLICKHOUSE_DB, restartRunner: runner.restart };
};

type LocalSink = { url: string; projectToken: string };

const addressOf = (sink: LocalSink | undefined): LocalSink | null =>
  sink === undefined ? null : { url: sink.url, projectToken: sink.projectToken };

const migrate = async (env: StackEnv, settings: ReturnType<typeof stackSettings>): Promise<void> => {
  await migrateEngines({
    databaseUrl: env["DIRECT_URL"] ?? settings.DATABASE_URL,
    clickhouse: {
      url: settings.CLICKHOUSE_URL,
      user: settings.CLICKHOUSE_USER,
      password: settings.CLICKHOUSE_PASSWORD,
      database: settings.CLICKHOUSE_DB,
      cluster: env["CLICKHOUSE_CLUSTER"] ?? null,
      sharded: env["CLICKHOUSE_SHARDED"] === "true",
    },
  });
};

/** The first answers take long on a busy machine, so one that fails or comes late says nothing yet. */
const untilReady = async (url: string): Promise<void> => {
  for (const deadlineMs = Date.now() + 120_000; Date.now() < deadlineMs; ) {
    if (await answers(url).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The API is not ready: ${await (await fetch(url)).text()}`);
};
