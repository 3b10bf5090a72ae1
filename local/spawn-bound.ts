/** A child process that does not outlive this one. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/**
 * Of the shell a copy stays beside the command, in its process group, until nothing holds the other end of the pipe any more. The number of a process is not given
 * to another one while it is that of a group, so the copy can end nothing but the command.
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

export type BoundOptions = Pick<SpawnOptions, "env" | "uid" | "gid"> & {
  stdout: "pipe" | number;
  stderr: "pipe" | "inherit" | number;
  /** How it is asked to end when this process is gone; ten seconds later it is killed. */
  stopSignal?: NodeJS.Signals;
};

/**
 * Starts a command that ends when this process does, whatever it dies of, `kill -9` included: its standard input was a pipe of which only this process holds the
 * other end. The command takes the place of the shell that began it, so `pid` is its own. Ctrl-C in a terminal does not reach it.
 */
export const spawnBound = (command: string, args: readonly string[], options: BoundOptions): ChildProcess => {
  const { stdout, stderr, stopSignal = "SIGTERM", ...rest } = options;
  const child = spawn("/bin/sh", ["-c", script, "sh", stopSignal.slice(3), command, ...args], {
    ...rest,
    detached: true,
    stdio: ["pipe", stdout, stderr],
  });
  child.stdin?.on("error", () => {
    // The child is gone; its exit tells.
  });
  child.once("exit", () => child.stdin?.destroy());
  return child;
};
