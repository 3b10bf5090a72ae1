import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import type { StackFile } from "../../local/stack.ts";

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

type Boot = { child: ChildProcess; output: () => string; ended: Promise<number | null>; ready: Promise<StackFile> };

/** `npm start` with its own data and a free port. */
const boot = (name: string): Boot => {
  const child = spawn(bunPath, [join(repositoryRoot, "local/start.ts")], {
    env: { ...process.env, SPILLWAY_DATA_DIR: join(dir, name), SPILLWAY_API_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ready = new Promise<StackFile>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8");
        if (output.includes("Ctrl-C stops it")) resolve(JSON.parse(readFileSync(join(dir, name, "stack.json"), "utf8")) as StackFile);
      });
    void ended.then((status) => reject(new Error(`ended with ${status}: ${output}`)));
  });
  // Not every test waits for a stack that is meant not to come up.
  ready.catch(() => {});
  return { child, output: () => output, ended, ready };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const isHealthy = async (stack: StackFile) => (await fetch(`${stack.apiUrl}/ready`)).status === 200;

describe("npm start", () => {
  it("two stacks run side by side; Ctrl-C ends every process of one and leaves the other alone; a second start keeps data and keys", async () => {
    const [one, two] = [boot("one"), boot("two")];
    const [first, second] = await Promise.all([one.ready, two.ready]);
    expect([await isHealthy(first), await isHealthy(second)]).toEqual([true, true]);
    expect(statSync(join(dir, "one", "stack.json")).mode & 0o777).toBe(0o600);
    one.child.kill("SIGINT");
    expect(await one.ended).toBe(0);
    expect(Object.entries(first.pids).filter(([, pid]) => isAlive(pid))).toEqual([]);
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

  it("refuses a data directory that another stack uses, and says what to do", async () => {
    const first = boot("shared");
    await first.ready;
    const second = boot("shared");
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/Another stack .* SPILLWAY_DATA_DIR/);
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
  });

  it.each(["runner", "ClickHouse", "Postgres", "S3", "mail", "worker"])(
    "ends with status 1 and names the log when the %s dies",
    async (part) => {
      const stack = boot(`crash-${part}`);
      const { pids } = await stack.ready;
      const pid = Object.entries(pids).find(([name]) => name.toLowerCase().includes(part.toLowerCase()))?.[1];
      expect(pid).toBeGreaterThan(0);
      process.kill(pid ?? 0, "SIGKILL");
      expect(await stack.ended).toBe(1);
      expect(stack.output()).toMatch(/The .* ended by itself .* Its log is .*\.log/);
      expect(Object.entries(pids).filter(([, other]) => isAlive(other))).toEqual([]);
    },
  );
});
