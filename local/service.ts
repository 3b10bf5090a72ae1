/** One child process of the local stack: started, awaited until ready, watched, and stopped with its parent. */
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type BoundOptions, spawnBound } from "./spawn-bound.ts";

export type Service = {
  name: string;
  pid: number;
  logFile: string;
  /** Resolves when the process has ended, with a short description of how. */
  exited: Promise<string>;
  /** Asks the process to end, and kills it after `graceMs`. */
  stop: (graceMs?: number) => Promise<void>;
};

type ServiceStart = Pick<BoundOptions, "uid" | "gid" | "stopSignal"> & {
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string | undefined>;
  logFile: string;
  /** Polled until it returns true; a service that ends or takes too long has failed. */
  isReady: () => Promise<boolean>;
  timeoutMs?: number;
};

export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url));

/** The Bun that runs this, or the repository's own: vitest may run under Node. */
export const bunPath = process.versions["bun"] === undefined ? `${repositoryRoot}node_modules/bun/bin/bun.exe` : process.execPath;

/** Starts a service, which ends when this process does. */
export const startService = async (start: ServiceStart): Promise<Service> => {
  mkdirSync(dirname(start.logFile), { recursive: true });
  const log = openSync(start.logFile, "a");
  const { uid, gid, stopSignal = "SIGTERM" } = start;
  const child = spawnBound(start.command, start.args, {
    env: { ...process.env, ...start.env },
    stdout: log,
    stderr: log,
    stopSignal,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
  closeSync(log);
  let ended: string | undefined;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string) => {
      ended ??= how;
      resolve(ended);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(signal === null ? `exit status ${code}` : `signal ${signal}`));
  });
  const service: Service = {
    name: start.name,
    pid: child.pid ?? 0,
    logFile: start.logFile,
    exited,
    stop: async (graceMs = 10_000) => {
      if (ended !== undefined) return;
      child.kill(stopSignal);
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
  const deadline = Date.now() + (start.timeoutMs ?? 180_000);
  for (;;) {
    if (ended !== undefined)
      throw new Error(`${start.name} did not start (${ended}). Its log, ${start.logFile}, ends:\n${tail(start.logFile)}`);
    if (await start.isReady().catch(() => false)) return service;
    if (Date.now() > deadline) {
      await service.stop(0);
      throw new Error(`${start.name} did not answer in time. Its log, ${start.logFile}, ends:\n${tail(start.logFile)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const tail = (file: string): string => readFileSync(file, "utf8").split("\n").slice(-12).join("\n");

/** Returns true if the address answers without a server error. */
export const answers = async (url: string): Promise<boolean> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.arrayBuffer();
  return response.status < 500;
};
