/**
 * Maintenance of every runner: rescues lost jobs, repairs concurrency counters, sweeps the bucket, prunes. Safe in many runners at once.
 */
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Clock, Log } from "../deps.ts";

export type MaintenanceTask = { name: string; everySeconds: number; run: () => Promise<unknown> };

/**
 * Runs each task at its own interval, never twice at once, first after one interval. A failure is logged and the task retried at the next
 * interval.
 */
export const startMaintenance = (
  tasks: readonly MaintenanceTask[],
  { clock, log }: { clock: Clock; log: Log },
): { stop: () => Promise<void> } => {
  const timers: { stop: () => void }[] = [];
  const running = new Set<Promise<void>>();
  for (const task of tasks) {
    let isRunning = false;
    const tick = async () => {
      if (isRunning) return;
      isRunning = true;
      try {
        await task.run();
      } catch (error) {
        log("error", "maintenance_failed", { task: task.name, detail: describeFailure(error) });
      } finally {
        isRunning = false;
      }
    };
    timers.push(
      clock.startTimer(task.everySeconds * 1000, () => {
        const done = tick().finally(() => running.delete(done));
        running.add(done);
      }),
    );
  }
  return {
    stop: async () => {
      for (const timer of timers) timer.stop();
      await Promise.all(running);
    },
  };
};
