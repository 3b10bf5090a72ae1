/** Starts the embedded mail server, which accepts everything and stores each mail as a file. */
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { bunPath, type Service, startService } from "../service.ts";

type LocalMail = Service & { url: string };

export const startMailbox = async (options: { mailboxDir: string; logFile: string; port?: number }): Promise<LocalMail> => {
  mkdirSync(options.mailboxDir, { recursive: true });
  const port = options.port ?? (await freePort());
  const service = await startService({
    name: "mail",
    command: bunPath,
    args: [fileURLToPath(new URL("./server.ts", import.meta.url)), options.mailboxDir, String(port)],
    logFile: options.logFile,
    isReady: () =>
      new Promise((resolve) => {
        const socket = connect(port, "127.0.0.1", () => resolve(true));
        socket.on("error", () => resolve(false));
        socket.on("connect", () => socket.end());
      }),
  });
  return { ...service, url: `smtp://127.0.0.1:${port}` };
};
