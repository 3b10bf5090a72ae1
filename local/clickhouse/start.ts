/** Starts the embedded ClickHouse: the full server from the chdb library, over HTTP on loopback. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { answers, bunPath, type Service, startService } from "../service.ts";

export const startClickHouse = async (options: { dataDir: string; logFile: string; port?: number }): Promise<Service & { url: string }> => {
  mkdirSync(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const service = await startService({
    name: "ClickHouse",
    command: bunPath,
    args: [fileURLToPath(new URL("./server.ts", import.meta.url)), options.dataDir, String(port)],
    // MergeTree tables survive a kill.
    stopSignal: "SIGKILL",
    logFile: options.logFile,
    isReady: () => answers(`${url}/ping`),
  });
  return { ...service, url };
};
