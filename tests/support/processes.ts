/** What `ps` says of processes, the same on Linux and macOS. */
import { execFileSync } from "node:child_process";

type Process = { pid: number; parent: number; group: number };

/** Without those that have ended and only wait to be asked how. */
const living = (): Process[] =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => !state?.startsWith("Z"))
    .map(([pid, parent, group]) => ({ pid: Number(pid), parent: Number(parent), group: Number(group) }));

/** Everything that comes from a process: its children, theirs, and so on. */
export const descendantsOf = (pid: number, all = living()): number[] =>
  all.filter(({ parent }) => parent === pid).flatMap((child) => [child.pid, ...descendantsOf(child.pid, all)]);

/** The processes of the group that has the number of this one. */
export const groupOf = (pid: number): number[] =>
  living()
    .filter(({ group }) => group === pid)
    .map((one) => one.pid);

export const alive = (pids: readonly number[]): number[] => {
  const all = new Set(living().map(({ pid }) => pid));
  return pids.filter((pid) => all.has(pid));
};

/** Those of them that are still alive after so many seconds. */
export const aliveAfter = async (pids: readonly number[], seconds: number): Promise<number[]> => {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    if (alive(pids).length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return alive(pids);
};
