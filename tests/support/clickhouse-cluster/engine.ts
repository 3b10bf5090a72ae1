/** Runs a replica in a thread of server.ts: its command line blocks the thread until the process ends. */
import { dlopen, type Pointer, ptr, toArrayBuffer } from "bun:ffi";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Patch, replicaPatches } from "./library-patches.ts";

type Start = { configFile: string; dataDir: string; host: string; port: number };

declare const self: { onmessage: ((event: MessageEvent<Start>) => void) | null };

/** The server listens as long as its query runs, and this one never ends. */
const forever =
  "SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0 FORMAT Null";
const pageBytes = 4096;
const readWriteExecute = 7;

/** Throws where the library is not the build that the patches are for. */
const applyPatches = (library: string, patches: readonly Patch[]): void => {
  const mapping = readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .find((line) => line.endsWith(library));
  const base = Number.parseInt(mapping?.split("-")[0] ?? "", 16);
  const libc = dlopen("libc.so.6", { mprotect: { args: ["u64", "u64", "i32"], returns: "i32" } });
  for (const { at, expected, bytes } of patches) {
    const start = base + at;
    const page = Math.floor(start / pageBytes) * pageBytes;
    if (libc.symbols.mprotect(BigInt(page), BigInt(2 * pageBytes), readWriteExecute) !== 0) throw new Error("mprotect failed");
    const memory = new Uint8Array(toArrayBuffer(start as Pointer, 0, Math.max(bytes.length, expected.length)));
    if (expected.some((byte, i) => memory[i] !== byte)) throw new Error(`another build of the library: ${at.toString(16)} differs`);
    memory.set(bytes);
  }
};

self.onmessage = ({ data: { configFile, dataDir, host, port } }) => {
  const library = createRequire(import.meta.url).resolve("@chdb/lib-linux-x64-gnu/libchdb.so");
  const engine = dlopen(library, { chdb_query_cmdline: { args: ["i32", "ptr"], returns: "ptr" } });
  applyPatches(library, replicaPatches({ host, port }));
  const args = [
    "clickhouse",
    `--config-file=${configFile}`,
    `--path=${dataDir}`,
    "--multiquery",
    "--query",
    `SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; ${forever}`,
  ].map((arg) => Buffer.from(`${arg}\0`));
  const argv = new BigUint64Array(args.length + 1);
  for (const [i, arg] of args.entries()) argv[i] = BigInt(ptr(arg));
  engine.symbols.chdb_query_cmdline(args.length, ptr(argv));
};
