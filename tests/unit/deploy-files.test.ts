/** Files of the deployment: each names only what is there, and what must agree does. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ApiEnv } from "../../api/env.ts";
import { runnerMemory } from "../../local/runner-memory.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";

const read = (path: string): string => readFileSync(join(repositoryRoot, path), "utf8");
type Wrangler = {
  main: string;
  compatibility_date: string;
  limits: { cpu_ms: number };
  ratelimits: { name: string; simple: { limit: number; period: number } }[];
  env: Record<string, Pick<Wrangler, "ratelimits"> & { vars: Record<string, string>; secrets: { required: string[] } }>;
};

/** Bun alone parses TOML, and vitest may run elsewhere. */
const wrangler = JSON.parse(
  execFileSync(bunPath, ["-e", "console.log(JSON.stringify(Bun.TOML.parse(require('fs').readFileSync('wrangler.toml', 'utf8'))))"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  }),
) as Wrangler;

describe("wrangler.toml", () => {
  it("has a staging and a production environment with the same variables and secrets", () => {
    expect(Object.keys(wrangler.env)).toEqual(["staging", "production"]);
    const [staging, production] = Object.values(wrangler.env);
    expect(staging?.vars).toEqual(production?.vars);
    expect(staging?.secrets).toEqual(production?.secrets);
  });

  it("names only variables that the Worker reads, and no secret as a plain one", () => {
    for (const { vars, secrets } of Object.values(wrangler.env)) {
      const names = [...Object.keys(vars), ...secrets.required];
      expect(names.filter((name) => !(name in ApiEnv.shape))).toEqual([]);
      expect(Object.keys(vars).filter((name) => /KEY|SECRET|PASSWORD|SALT|_URL|TOKEN/.test(name))).toEqual([]);
      for (const needed of ["DATABASE_URL", "SALT", "ENCRYPTION_KEY"]) expect(secrets.required).toContain(needed);
    }
  });

  it("limits bursts in each environment by the numbers that the Worker shows", () => {
    for (const { ratelimits, vars } of Object.values(wrangler.env)) {
      expect(ratelimits.map(({ name, simple }) => [name, String(simple.limit), String(simple.period)])).toEqual([
        ["BURST_LIMIT", vars["SPILLWAY_BURST_REQUESTS"], vars["SPILLWAY_BURST_SECONDS"]],
      ]);
    }
  });

  it("runs with the compatibility date of the local stack", () => {
    expect(read("local/workerd/start.ts")).toContain(`compatibilityDate = "${wrangler.compatibility_date}"`);
  });
});

describe("the container", () => {
  const dockerfile = read("deploy/Dockerfile");

  it("uses the Bun of package.json, and does not run as root", () => {
    const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: Record<string, string> };
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(images).toEqual([`oven/bun:${devDependencies["bun"]}-slim`, `oven/bun:${devDependencies["bun"]}-slim`]);
    expect(dockerfile).toMatch(/^USER bun$/m);
  });

  it("copies only what exists and what .dockerignore lets through", () => {
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = ""]) => words.split(" ").slice(0, -1));
    expect(copied.filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
    expect(copied.toSorted()).toEqual(allowed.toSorted());
  });
});

describe("the systemd unit", () => {
  const unit = read("deploy/spillway-runner.service");
  const hasSystemd = existsSync("/usr/bin/systemd-analyze");

  it("starts programs that exist", () => {
    const programs = [...unit.matchAll(/^Exec\w+=\S+ (\S+)$/gm)].map(([, path = ""]) => path);
    expect(programs).toEqual(["cli/operator/migrate.ts", "runner/main.ts"]);
    expect(programs.filter((path) => !existsSync(join(repositoryRoot, path)))).toEqual([]);
  });

  it.skipIf(!hasSystemd)("is one that systemd accepts without a warning", () => {
    const file = join(mkdtempSync(join(tmpdir(), "spillway-unit-")), "spillway-runner.service");
    writeFileSync(file, unit.replaceAll("/opt/spillway/node_modules/bun/bin/bun.exe", bunPath).replaceAll("/opt/spillway", repositoryRoot));
    expect(execFileSync("systemd-analyze", ["verify", file], { encoding: "utf8", stdio: "pipe" })).toBe("");
  });
});

it.each([
  ["deploy/Dockerfile", /^ENV (MIMALLOC_\w+)=(\S+)$/gm],
  ["deploy/spillway-runner.service", /^Environment=(MIMALLOC_\w+)=(\S+)$/gm],
])("%s gives the runner memory as the local stack and the benchmarks do", (path, line) => {
  expect(Object.fromEntries([...read(path).matchAll(line)].map(([, name, value]) => [name, value]))).toEqual(runnerMemory);
});
