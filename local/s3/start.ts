/** Starts the embedded S3 store with its buckets. */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { answers, bunPath, type Service, startService } from "../service.ts";

type LocalS3 = Service & { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string; dataDir: string };

export const startS3 = async (options: {
  dataDir: string;
  logFile: string;
  port?: number;
  buckets: readonly string[];
}): Promise<LocalS3> => {
  mkdirSync(options.dataDir, { recursive: true });
  const port = options.port ?? (await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const service = await startService({
    name: "S3",
    command: bunPath,
    args: [fileURLToPath(new URL("./server.ts", import.meta.url)), options.dataDir, String(port), ...options.buckets],
    logFile: options.logFile,
    isReady: () => answers(endpoint),
  });
  return { ...service, endpoint, region: "us-east-1", accessKeyId: "S3RVER", secretAccessKey: "S3RVER", dataDir: options.dataDir };
};
