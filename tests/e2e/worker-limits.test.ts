/** The Worker within Cloudflare's limits: its size as uploaded, and the CPU time of its start (docs/benchmarks.md). */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, inject, it } from "vitest";
import { startWorker } from "../../local/workerd/start.ts";

/**
 * Ours. Cloudflare takes 3 MB compressed on the free plan and 10 MB on the paid one, and 1 s of CPU for the global scope
 * (https://developers.cloudflare.com/workers/platform/limits/, read 2026-11-29).
 */
const gzipBytesMax = 1_000_000;
const startCpuMsMax = 1000;

const dir = mkdtempSync(join(tmpdir(), "spillway-worker-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("is at most 1 MB compressed", () => {
  const bytes = gzipSync(readFileSync(join(inject("workerBundle"), "worker.js"))).byteLength;
  console.info(`worker: ${bytes} bytes compressed`);
  expect(bytes).toBeLessThan(gzipBytesMax);
});

const bindings = { DATABASE_URL: "postgres://nobody@127.0.0.1:1/x", CLICKHOUSE_URL: "http://127.0.0.1:1", SALT: "salt" };

/** CPU time of workerd from its start to its first answer, in milliseconds. */
const cpuMsOf = async (name: string, bundle: string): Promise<number> => {
  const worker = await startWorker({ dataDir: join(dir, name), logFile: join(dir, `${name}.log`), bundle, bindings });
  // Fields 14 and 15 of proc(5), behind the name in parentheses: user and system time in ticks of 10 ms.
  const fields = readFileSync(`/proc/${worker.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  await worker.stop();
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

it.runIf(process.platform === "linux")("starts within a second of CPU time", async () => {
  mkdirSync(join(dir, "assets"));
  writeFileSync(join(dir, "worker.js"), 'export default { fetch: () => new Response("ok") };\n');
  const empty = await cpuMsOf("empty", dir);
  const whole = await cpuMsOf("whole", inject("workerBundle"));
  console.info(`worker: ${whole - empty} ms of CPU to start, and ${empty} ms for workerd itself`);
  expect(whole - empty).toBeLessThan(startCpuMsMax);
});
