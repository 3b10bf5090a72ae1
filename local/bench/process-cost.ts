/** What a process of the local stack has cost, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

const ticksMs = 10;

/** Fields behind the name, from the state on (proc(5)). */
const statOf = (pid: number): string[] => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];

const sumMs = (fields: readonly string[], from: number, count: number): number =>
  fields.slice(from, from + count).reduce((sum, ticks) => sum + Number(ticks) * ticksMs, 0);

/** CPU time since its start, in milliseconds, with that of its children, of which Postgres has one for each connection. */
export const cpuMs = (pid: number): number => {
  let total = sumMs(statOf(pid), 11, 4);
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = statOf(Number(name));
      if (Number(fields[1]) === pid) total += sumMs(fields, 11, 2);
    } catch {
      // It has ended since it was listed; its time is counted with its parent's next time.
    }
  }
  return total;
};

/** Page faults since its start that needed no disk: memory that it touched for the first time, or again after giving it back. */
export const minorFaults = (pid: number): number => Number(statOf(pid)[7]);

/** Most memory it has held at once, in megabytes of a million bytes. */
export const peakMb = (pid: number): number =>
  (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024) / 1e6;
