/**
 * The container of the runner without Docker: the instructions of deploy/Dockerfile that copy and build, done in temporary folders, and the
 * programs of the result started there, where nothing else of the repository is. Then a rollout: one runner drains, the other goes on.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../local/free-port.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { eventRow } from "../support/event-rows.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

const dockerfile = readFileSync(join(repositoryRoot, "deploy/Dockerfile"), "utf8");
const [, build = "", final = ""] = dockerfile.split(/^FROM .*$/m);
const folder = mkdtempSync(join(tmpdir(), "spillway-image-"));
const app = join(folder, "app");

let fixture: Fixture;
beforeAll(async () => {
  const source = join(folder, "src");
  mkdirSync(source);
  for (const [, words = ""] of build.matchAll(/^COPY (.+)$/gm)) {
    const paths = words.split(" ");
    const to = paths.pop() ?? "";
    for (const path of paths) {
      const target = to === "./" ? join(source, path) : join(source, to);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(repositoryRoot, path), target, { recursive: true });
    }
  }
  // In place of `bun install`. The packages that the bundle holds are all among the dependencies: see below.
  symlinkSync(join(repositoryRoot, "node_modules"), join(source, "node_modules"));
  const [, command = ""] = /^RUN bun (build .+)$/m.exec(build) ?? [];
  execFileSync(bunPath, command.split(" "), { cwd: source, stdio: "pipe" });
  const [, from = "", to = ""] = /^RUN cp -r (\S+) (\S+)$/m.exec(build) ?? [];
  cpSync(join(source, from), join(source, to), { recursive: true });
  const [, copied = ""] = /^COPY --from=build \/src\/(\S+) \.\/$/m.exec(final) ?? [];
  cpSync(join(source, copied), app, { recursive: true });
  rmSync(source, { recursive: true });
  // Never behind a pooler: it would need a second address for migrations.
  fixture = await createFixture({ pooled: (url) => url });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await fixture.stop();
});

const start = async (overrides: Record<string, string> = {}): Promise<RunnerProcess & { readiness: () => Promise<[number, string]> }> => {
  const port = await freePort();
  const runner = startRunnerProcess(
    { ...fixture.runnerEnv(), SPILLWAY_METRICS_PORT: String(port), ...overrides },
    { cwd: app, program: "main.js" },
  );
  const readiness = async (): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    return response === undefined ? [0, ""] : [response.status, ((await response.json()) as { status: string }).status];
  };
  return { ...runner, readiness };
};
const until = async (look: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + waitSeconds * 1000; !(await look()); ) {
    if (Date.now() > end) throw new Error("not seen in time");
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
};

describe("the image", () => {
  it("holds packages that a production install brings", () => {
    const { dependencies } = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    const { sources } = JSON.parse(readFileSync(join(app, "main.js.map"), "utf8")) as { sources: string[] };
    const packages = new Set(sources.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
    const brought = new Set<string>();
    const bring = (name: string): void => {
      if (brought.has(name)) return;
      brought.add(name);
      const file = join(repositoryRoot, "node_modules", name, "package.json");
      const own = JSON.parse(readFileSync(file, "utf8")) as { dependencies?: Record<string, string> };
      for (const needed of Object.keys(own.dependencies ?? {})) bring(needed);
    };
    for (const name of Object.keys(dependencies)) bring(name);
    expect(packages.size).toBeGreaterThan(10);
    expect([...packages].filter((name) => !brought.has(name))).toEqual([]);
  });

  it("migrates and checks with what it holds", () => {
    const run = (...args: string[]) =>
      spawnSync(bunPath, args, { cwd: app, env: { ...process.env, ...fixture.runnerEnv() }, encoding: "utf8" });
    expect(run("migrate.js")).toMatchObject({ status: 0, stdout: "Postgres: nothing applied\nClickHouse: nothing applied\n" });
    expect(run("preflight.js", "--for", "runner")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("exports bucket: multipart: Done.") as string,
    });
  });
});

describe("a rollout", () => {
  it("loses nothing: the old runner drains and says so, the new one takes over, and both exports end in their first attempt", async () => {
    await fixture.insertEvents(Array.from({ length: 500 }, (_, at) => eventRow({ span_id: `s${at}` })));
    const request = { format: "JSONL", query: { tableName: "events", filter: [] } };
    const old = await start({ SPILLWAY_SHUTDOWN_GRACE_SECONDS: "30" });
    await until(async () => (await old.readiness())[0] === 200);
    const before = await fixture.requestExport(request);
    await old.saw("export_planned");
    old.signal("SIGTERM");
    await old.saw("runner_draining");
    const stopped = old.kill("SIGCONT");
    const during = await old.readiness();
    expect([
      [503, "draining"],
      [0, ""],
    ]).toContainEqual(during);
    const later = await fixture.requestExport(request);
    const young = await start();
    await until(async () => (await young.readiness())[0] === 200);
    const rows = await Promise.all([fixture.finished(before), fixture.finished(later)]);
    await stopped;
    expect(old.child.exitCode).toBe(0);
    expect(rows.map(({ status, job }) => [status, job?.attempt])).toEqual([
      ["COMPLETED", 1],
      ["COMPLETED", 1],
    ]);
    await young.kill("SIGTERM");
    expect(young.child.exitCode).toBe(0);
  });
});
