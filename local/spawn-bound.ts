/** Starts a child process that never outlives this one. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/**
 * A copy of the shell stays in the command's process group until nothing holds the other end of the pipe. A process number is not reused
 * while it names a group, so the copy can kill only the command.
 */
const script = `exec 3<&0 </dev/null
(
  read -r _ <&3
  kill -s "$1" $$
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $$ || exit; sleep 1; done
  kill -s KILL $$
) >/dev/null 2>&1 &
exec 3<&-
shift
exec "$@"`;

export type BoundOptions = Pick<SpawnOptions, "cwd" | "env" | "uid" | "gid"> & {
  stdout: "pipe" | number;
  stderr: "pipe" | "inherit" | number;
  /** Signal sent when this process is gone; ten seconds later the command is killed. */
  stopSignal?: NodeJS.Signals;
};

/**
 * Starts a command that ends when this process does, even by `kill -9`: its original standard input is a pipe whose other end only this
 * process holds. The command replaces its shell, so `pid` is its own. Ctrl-C does not reach it.
 */
export const spawnBound = (command: string, args: readonly string[], options: BoundOptions): ChildProcess => {
  const { stdout, stderr, stopSignal = "SIGTERM", ...rest } = options;
  const child = spawn("/bin/sh", ["-c", script, "sh", stopSignal.slice(3), command, ...args], {
    ...rest,
    detached: true,
    stdio: ["pipe", stdout, stderr],
  });
  child.stdin?.on("error", () => {
    // The child is gone; its exit event reports that.
  });
  child.once("exit", () => child.stdin?.destroy());
  return child;
};
