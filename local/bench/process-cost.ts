/** What a process of the local stack has cost, from Linux's /proc. */
import { readFileSync } from "node:fs";

const ticksMs = 10;

/** CPU time since its start, in milliseconds; without its children. */
export const cpuMs = (pid: number): number => {
  const [, fields = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
  return (user + system) * ticksMs;
};

/** Most memory it has held at once, in megabytes of a million bytes. */
export const peakMb = (pid: number): number =>
  (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024) / 1e6;
