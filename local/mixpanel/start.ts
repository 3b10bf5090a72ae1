/** Starts the local Mixpanel. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { answers, bunPath, type Service, startService } from "../service.ts";

type LocalMixpanel = Service & { url: string; projectToken: string };

export const startMixpanel = async (options: { dataDir: string; logFile: string; port?: number }): Promise<LocalMixpanel> => {
  mkdirSync(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const projectToken = "local-mixpanel-token";
  const service = await startService({
    name: "Mixpanel",
    command: bunPath,
    args: [fileURLToPath(new URL("./server.ts", import.meta.url)), options.dataDir, String(port), projectToken],
    logFile: options.logFile,
    isReady: () => answers(`${url}/received`),
  });
  return { ...service, url, projectToken };
};
