/** The runner of the local stack, which can be restarted with other settings. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RunnerEnv } from "../runner/env-schema.ts";
import { runnerMemory } from "./runner-memory.ts";
import { bunPath, repositoryRoot, type Service, startService } from "./service.ts";
import { pick, type StackEnv } from "./stack-env.ts";

type RunnerStart = {
  env: StackEnv;
  settings: Record<string, string>;
  /** The started mailbox; undefined where SMTP_CONNECTION_URL names a server. */
  smtpUrl: string | undefined;
  apiUrl: string;
  logFile: string;
};

export const createStackRunner = ({ env, settings, smtpUrl, apiUrl, logFile }: RunnerStart) => {
  let runner: Service | undefined;
  /** `extra` wins over every other setting. */
  const start = async (extra: Record<string, string> = {}): Promise<Service> => {
    // The log holds the lines of earlier runs, too.
    const length = existsSync(logFile) ? readFileSync(logFile, "utf8").length : 0;
    const mailSettings = {
      SMTP_CONNECTION_URL: smtpUrl ?? env["SMTP_CONNECTION_URL"] ?? "",
      EMAIL_FROM_ADDRESS: env["EMAIL_FROM_ADDRESS"] ?? "exports@spillway.local",
      SPILLWAY_PUBLIC_URL: env["SPILLWAY_PUBLIC_URL"] ?? apiUrl,
    };
    runner = await startService({
      name: "runner",
      command: bunPath,
      args: [join(repositoryRoot, "runner", "main.ts")],
      env: {
        ...runnerMemory,
        ...settings,
        ...mailSettings,
        SPILLWAY_POLL_MS: "200",
        ...pick(env, (name) => name in RunnerEnv.shape && !(name in settings) && !(name in mailSettings)),
        ...extra,
      },
      logFile,
      isReady: async () => readFileSync(logFile, "utf8").slice(length).includes('"runner_started"'),
    });
    return runner;
  };
  return {
    start,
    restart: async (extra?: Record<string, string>): Promise<void> => {
      await runner?.stop(0);
      await start(extra);
    },
    stop: async (): Promise<void> => runner?.stop(30_000),
  };
};
