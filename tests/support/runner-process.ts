/** A runner in a process of its own, so that a test can kill, stop and continue it. */
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { spawnBound } from "../../local/spawn-bound.ts";

export type RunnerProcess = {
  child: ChildProcess;
  lines: Record<string, unknown>[];
  /** Resolves when a line with this event has been printed. */
  saw: (event: string) => Promise<void>;
  /** Calls `see` with each line from now on. */
  onLine: (see: (line: Record<string, unknown>) => void) => void;
  signal: (signal: NodeJS.Signals) => void;
  /** Kills it and waits until it is gone. */
  kill: (signal?: NodeJS.Signals) => Promise<void>;
};

/** `program` is that of another folder, such as a bundle. */
export const startRunnerProcess = (
  env: Record<string, string>,
  { cwd = repositoryRoot, program = "runner/main.ts" } = {},
): RunnerProcess => {
  const child = spawnBound(bunPath, [join(cwd, program)], {
    env: { ...process.env, ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines: Record<string, unknown>[] = [];
  const waiting: { event: string; resolve: () => void }[] = [];
  const seeing: ((line: Record<string, unknown>) => void)[] = [];
  let rest = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk.toString("utf8")).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const line = JSON.parse(part) as Record<string, unknown>;
      lines.push(line);
      for (const waiter of waiting) if (waiter.event === line["event"]) waiter.resolve();
      for (const see of seeing) see(line);
    }
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    child,
    lines,
    saw: (event) =>
      lines.some((line) => line["event"] === event) ? Promise.resolve() : new Promise((resolve) => waiting.push({ event, resolve })),
    onLine: (see) => void seeing.push(see),
    signal: (signal) => void child.kill(signal),
    kill: async (signal = "SIGKILL") => {
      child.kill(signal);
      await gone;
    },
  };
};
