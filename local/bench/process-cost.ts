/** What a process of the local stack has cost, from Linux's /proc. */
import { readFileSync } from "node:fs";

const ticksMs = 10;

/** Fields of proc_pid_stat(5) from the third on. */
const statOf = (pid: number): number[] => (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1] ?? "").split(" ").map(Number);

/** CPU time since its start, in milliseconds; without its children. */
export const cpuMs = (pid: number): number => {
  const [user = 0, system = 0] = statOf(pid).slice(11, 13);
  return (user + system) * ticksMs;
};

/** Page faults since its start that needed no disk: memory that it touched for the first time, or again after giving it back. */
export const minorFaults = (pid: number): number => statOf(pid)[7] ?? 0;

/** Most memory it has held at once, in megabytes of a million bytes. */
export const peakMb = (pid: number): number =>
  (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024) / 1e6;
