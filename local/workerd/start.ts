/** Bundles the Worker as for Cloudflare and serves it with workerd, the runtime Cloudflare runs. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { consoleDist, consoleSources } from "../console-dist.ts";
import { freePort } from "../free-port.ts";
import { isAlive } from "../is-alive.ts";
import { answers, bunPath, repositoryRoot, type Service, startService } from "../service.ts";
import { sourceHash } from "../source-hash.ts";

const compatibilityDate = "2026-11-01";

/** What the bundle and the pages beside it are made of. The stamp of local/bootstrap.mjs says which packages are installed. */
const sources = {
  folders: ["api", "core", "db", "services", "openapi", "patches", ...consoleSources.folders],
  files: [
    ...["wrangler.toml", "package.json", "tsconfig.json", "tsconfig.base.json", "node_modules/.spillway-installed"],
    ...["local/build-console.ts", "local/console-dist.ts", "local/workerd/start.ts"],
    ...consoleSources.files,
  ],
};
const cache = join(repositoryRoot, "node_modules", ".cache");
const [keptPrefix, makingPrefix] = ["worker-", "making-worker-"];

/**
 * Bundles the API as for production, and builds the console with it, if a source has changed since the last time: takes about two seconds.
 * Copies both to the folder.
 */
export const bundleWorker = async (outDir: string): Promise<void> => {
  const kept = join(cache, `${keptPrefix}${sourceHash(sources)}`);
  // Another start may bundle at the same time, from newer sources, and remove what this one has kept.
  for (let attempts = 1; ; attempts++) {
    if (!existsSync(join(kept, "worker.js"))) await keepBundle(kept);
    try {
      return cpSync(kept, outDir, { recursive: true });
    } catch (error) {
      if (attempts === 3) throw error;
    }
  }
};

/** A bundle is whole if it is there: it gets its name last, and loses it first. */
const keepBundle = async (kept: string): Promise<void> => {
  const making = join(cache, `${makingPrefix}${process.pid}-${randomBytes(4).toString("hex")}`);
  await bundleScript(making);
  // A later build of the console leaves those alone that are served.
  cpSync(consoleDist, join(making, "assets"), { recursive: true });
  for (const name of readdirSync(cache)) {
    const [, owner] = /^making-worker-(\d+)-/.exec(name) ?? [];
    if (name.startsWith(keptPrefix) && join(cache, name) !== kept) removeNamed(join(cache, name), `${making}-${name}`);
    else if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(cache, name), { recursive: true, force: true });
  }
  try {
    renameSync(making, kept);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    // Unless another start was faster.
    if (!existsSync(join(kept, "worker.js"))) throw error;
  }
};

const removeNamed = (path: string, aside: string): void => {
  try {
    renameSync(path, aside);
  } catch (error) {
    // Unless another start has removed it.
    if (existsSync(path)) throw error;
  }
  rmSync(aside, { recursive: true, force: true });
};

/** Bundles with wrangler: a mistake in the production environment of wrangler.toml fails here. `script` is a Worker other than the API. */
export const bundleScript = async (outDir: string, script?: string): Promise<void> => {
  const wrangler = join(repositoryRoot, "node_modules", "wrangler", "bin", "wrangler.js");
  try {
    await promisify(execFile)(
      bunPath,
      [wrangler, "deploy", ...(script === undefined ? [] : [script]), "--env", "production", "--dry-run", "--outdir", outDir],
      {
        cwd: repositoryRoot,
        encoding: "utf8",
        env: {
          ...process.env,
          NODE_ENV: "production",
          WRANGLER_SEND_METRICS: "false",
          CI: "true",
          WRANGLER_LOG_PATH: join(outDir, "log"),
          NO_UPDATE_NOTIFIER: "1",
        },
      },
    );
  } catch (error) {
    throw new Error("The Worker could not be bundled.", { cause: error });
  }
};

const quote = (text: string): string => JSON.stringify(text);

export const startWorker = async (options: {
  dataDir: string;
  logFile: string;
  port?: number;
  /** A folder that `bundleWorker` has filled; bundles anew without. */
  bundle?: string | undefined;
  bindings: Record<string, string>;
}): Promise<Service & { url: string }> => {
  mkdirSync(options.dataDir, { recursive: true });
  if (options.bundle === undefined) await bundleWorker(options.dataDir);
  else copyFileSync(join(options.bundle, "worker.js"), join(options.dataDir, "worker.js"));
  const port = options.port ?? (await freePort());
  const config = join(options.dataDir, "config.capnp");
  const bindings = Object.entries(options.bindings).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
  bindings.push(`(name = "ASSETS", service = "assets")`, ...burstBinding(options.bindings));
  copyFileSync(join(import.meta.dirname, "rate-limit.js"), join(options.dataDir, "rate-limit.js"));
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "api", worker = .worker),
    (name = "assets", disk = (path = ${quote(join(options.bundle ?? options.dataDir, "assets"))})),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  extensions = [(modules = [(name = "spillway:rate-limit", internal = true, esModule = embed "rate-limit.js")])],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "api")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${compatibilityDate}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${bindings.join(", ")}],
);
`,
    { mode: 0o600 },
  );
  chmodSync(config, 0o600);
  const url = `http://127.0.0.1:${port}`;
  const binary = createRequire(createRequire(import.meta.url).resolve("workerd")).resolve(
    `@cloudflare/workerd-${process.platform}-${process.arch === "x64" ? "64" : process.arch}/bin/workerd`,
  );
  const service = await startService({
    name: "Worker",
    command: binary,
    args: ["serve", config],
    logFile: options.logFile,
    isReady: () => answers(`${url}/health`),
  });
  return { ...service, url };
};

/** workerd has no rate limits: a module of this folder stands in for Cloudflare's binding, where the environment asks for one. */
const burstBinding = ({ SPILLWAY_BURST_REQUESTS: requests, SPILLWAY_BURST_SECONDS: seconds }: Record<string, string>): string[] =>
  requests === undefined
    ? []
    : [
        `(name = "BURST_LIMIT", wrapped = (moduleName = "spillway:rate-limit", innerBindings = [(name = "limit", json = ${quote(requests)}), (name = "period", json = ${quote(seconds ?? "10")})]))`,
      ];
