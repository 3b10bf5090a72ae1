/** Starts the local PostHog. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { answers, bunPath, type Service, startService } from "../service.ts";

type LocalPostHog = Service & { url: string; projectToken: string };

export const startPostHog = async (options: { dataDir: string; logFile: string; port?: number }): Promise<LocalPostHog> => {
  mkdirSync(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const projectToken = "phc_local";
  const service = await startService({
    name: "PostHog",
    command: bunPath,
    args: [fileURLToPath(new URL("./server.ts", import.meta.url)), options.dataDir, String(port), projectToken],
    logFile: options.logFile,
    isReady: () => answers(`${url}/received`),
  });
  return { ...service, url, projectToken };
};
