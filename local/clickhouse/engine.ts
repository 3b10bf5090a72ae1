/** Runs the ClickHouse engine in a thread of server.ts: its command line blocks the thread until the process ends. */
import { dlopen, ptr } from "bun:ffi";
import { createRequire } from "node:module";

declare const self: { onmessage: ((event: MessageEvent<{ dataDir: string; port: number }>) => void) | null };

/** The server listens as long as its query runs, and this one never ends. */
const forever =
  "SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0 FORMAT Null";

self.onmessage = ({ data: { dataDir, port } }) => {
  const library = createRequire(import.meta.url).resolve(
    `@chdb/lib-${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}/libchdb.so`,
  );
  const engine = dlopen(library, { chdb_query_cmdline: { args: ["i32", "ptr"], returns: "ptr" } });
  const args = [
    "clickhouse",
    `--path=${dataDir}`,
    `--http_port=${port}`,
    "--listen_host=127.0.0.1",
    "--multiquery",
    "--query",
    `SYSTEM START LISTEN HTTP; ${forever}`,
  ].map((arg) => Buffer.from(`${arg}\0`));
  const argv = new BigUint64Array(args.length + 1);
  for (const [i, arg] of args.entries()) argv[i] = BigInt(ptr(arg));
  engine.symbols.chdb_query_cmdline(args.length, ptr(argv));
};
