import type { ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { spawnBound } from "../../local/spawn-bound.ts";
import type { StackFile } from "../../local/stack-file.ts";
import { aliveAfter, descendantsOf, groupOf } from "../support/processes.ts";
import { isLong } from "../support/property-runs.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let dir: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "spillway-stack-"));
  chmodSync(dir, 0o755);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGTERM");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Boot = {
  child: ChildProcess;
  output: () => string;
  /** Resolves once it has printed this. */
  says: (pattern: RegExp) => Promise<void>;
  ended: Promise<number | null>;
  ready: Promise<StackFile>;
};

/** `npm start` with its own data and a free port. */
const boot = (name: string, env: Record<string, string> = {}): Boot => {
  const child = spawnBound(bunPath, [join(repositoryRoot, "local/start.ts")], {
    env: { ...process.env, SPILLWAY_DATA_DIR: join(dir, name), SPILLWAY_API_PORT: "0", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  started.push(child);
  let output = "";
  // Once all that it has printed is there, too.
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      for (const look of looks) look();
    });
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (pattern.test(output)) resolve();
      };
      looks.add(look);
      look();
      void ended.then((status) => reject(new Error(`ended with ${status}: ${output}`)));
    });
  const ready = says(/Ctrl-C stops it/).then(() => JSON.parse(readFileSync(join(dir, name, "stack.json"), "utf8")) as StackFile);
  // Not every test waits for a stack that is meant not to come up.
  ready.catch(() => {});
  return { child, output: () => output, says, ended, ready };
};

/** Every process of a stack but the one that started the others. */
const partsOf = ({ child }: Boot): number[] => descendantsOf(child.pid ?? 0);
const goneSeconds = waitSeconds;

const isHealthy = async (stack: StackFile) => (await fetch(`${stack.apiUrl}/ready`)).status === 200;

describe("npm start", () => {
  it("two stacks run side by side; Ctrl-C ends every process of one and leaves the other alone; a second start keeps data and keys", async () => {
    const [one, two] = [boot("one"), boot("two")];
    const [first, second] = await Promise.all([one.ready, two.ready]);
    expect([await isHealthy(first), await isHealthy(second)]).toEqual([true, true]);
    expect(statSync(join(dir, "one", "stack.json")).mode & 0o777).toBe(0o600);
    const parts = partsOf(one);
    expect(parts).toEqual(expect.arrayContaining(Object.values(first.pids)));
    one.child.kill("SIGINT");
    expect(await one.ended).toBe(0);
    expect(await aliveAfter(parts, goneSeconds)).toEqual([]);
    expect(await isHealthy(second)).toBe(true);
    two.child.kill("SIGTERM");
    expect(await two.ended).toBe(0);
    const again = boot("one");
    const reborn = await again.ready;
    expect([reborn.projectId, reborn.publicKey, reborn.secretKey]).toEqual([first.projectId, first.publicKey, first.secretKey]);
    const listed = await fetch(`${reborn.apiUrl}/api/public/batch-exports`, {
      headers: { authorization: `Basic ${btoa(`${reborn.publicKey}:${reborn.secretKey}`)}` },
    });
    expect(listed.status).toBe(200);
    again.child.kill("SIGINT");
    expect(await again.ended).toBe(0);
  });

  it("what the environment says of the API reaches it, and empty means unset", async () => {
    const first = boot("two");
    const { projectId } = await first.ready;
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const again = boot("two", {
      CLICKHOUSE_DB: "",
      LANGFUSE_S3_EVENT_UPLOAD_BUCKET: "",
      LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS: `${projectId}:0`,
    });
    const { apiUrl, publicKey, secretKey } = await again.ready;
    const sent = await fetch(`${apiUrl}/api/public/ingestion`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${publicKey}:${secretKey}`)}`, "content-type": "application/json" },
      body: JSON.stringify({ batch: [{ id: "e", type: "trace-create", timestamp: "2026-01-01T00:00:00Z", body: { id: "t" } }] }),
    });
    expect(await sent.json()).toMatchObject({ successes: [{ id: "e", status: 204 }] });
    again.child.kill("SIGTERM");
    expect(await again.ended).toBe(0);
  });

  it("refuses a port on which another service answers, names the variable, and does not say that it is ready", async () => {
    const other = createServer((_request, response) => response.end("ok"));
    const port = await new Promise<number>((resolve) => other.listen(0, "127.0.0.1", () => resolve((other.address() as AddressInfo).port)));
    try {
      const stack = boot("port", { SPILLWAY_API_PORT: String(port) });
      expect(await stack.ended).toBe(1);
      expect(stack.output()).toContain(`Port ${port} cannot be used`);
      expect(stack.output()).toContain("SPILLWAY_API_PORT");
      expect(stack.output()).not.toContain("ready");
    } finally {
      other.close();
    }
  });

  it.each([
    ["a port that is none", { SPILLWAY_API_PORT: "abc" }, "SPILLWAY_API_PORT must be a port"],
    ["a data directory it cannot write", { SPILLWAY_DATA_DIR: "/proc/spillway" }, "Set SPILLWAY_DATA_DIR to another"],
  ])("refuses %s, and says what to do", async (_what, env, said) => {
    const stack = boot("refused", env);
    expect(await stack.ended).toBe(1);
    expect(stack.output()).toContain(said);
  });

  it("refuses a data directory that another stack uses, and says what to do", async () => {
    const first = boot("one");
    await first.ready;
    const second = boot("one");
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/Another stack .* SPILLWAY_DATA_DIR/);
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
  });

  it.each(isLong ? ["runner", "ClickHouse", "Postgres", "S3", "mail", "worker"] : ["runner", "ClickHouse", "worker"])(
    "ends with status 1, names the log and leaves no process behind when the %s is killed",
    async (part) => {
      const stack = boot("crash");
      const { pids } = await stack.ready;
      const pid = Object.entries(pids).find(([name]) => name.toLowerCase().includes(part.toLowerCase()))?.[1];
      expect(pid).toBeGreaterThan(0);
      const parts = partsOf(stack);
      process.kill(pid ?? 0, "SIGKILL");
      expect(await stack.ended).toBe(1);
      expect(stack.output()).toMatch(/The .* ended by itself .* Its log is .*\.log/);
      expect(await aliveAfter(parts, goneSeconds)).toEqual([]);
    },
  );

  it("killed itself, it leaves no process behind, and the next start waits for what ends slowly and goes on with the data", async () => {
    const killed = boot("killed");
    const first = await killed.ready;
    const parts = partsOf(killed);
    expect(parts).toEqual(expect.arrayContaining(Object.values(first.pids)));
    // It can be ended, but not asked; and nobody ends it before the next start has seen it.
    const postgres = first.pids["Postgres"] ?? 0;
    process.kill(-postgres, "SIGSTOP");
    killed.child.kill("SIGKILL");
    await killed.ended;
    const again = boot("killed");
    try {
      await again.says(/waiting for the .*Postgres \(process \d+\).* of a stack that was killed/);
    } finally {
      for (const pid of groupOf(postgres)) if (pid !== postgres) process.kill(pid, "SIGCONT");
    }
    const reborn = await again.ready;
    expect(reborn.secretKey).toBe(first.secretKey);
    expect(await isHealthy(reborn)).toBe(true);
    expect(await aliveAfter(parts, goneSeconds)).toEqual([]);
    again.child.kill("SIGTERM");
    expect(await again.ended).toBe(0);
  });
});
