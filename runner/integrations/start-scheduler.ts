/** Looks for due integrations and for overdue ones, on ticks that croner gives. The schedules and cursors themselves are in Postgres. */
import { Cron } from "croner";
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Log } from "../deps.ts";

type SchedulerDeps = {
  log: Log;
  /** Enqueues due runs; returns how many there were. */
  enqueueDue: () => Promise<number>;
  /** Announces overdue integrations; returns their ids. */
  announceOverdue: () => Promise<string[]>;
};

/** Runs in every runner: what it does is safe in many at once. A tick that finds the one before still at work is skipped. */
export const startScheduler = (deps: SchedulerDeps, { tickSeconds }: { tickSeconds: number }): { stop: () => Promise<void> } => {
  let running = Promise.resolve();
  const every = (name: string, seconds: number, work: () => Promise<unknown>): Cron =>
    new Cron("* * * * * *", { interval: seconds, protect: true, unref: true }, () => {
      const done = work().then(
        () => {},
        (error: unknown) => deps.log("error", "scheduler_failed", { task: name, detail: describeFailure(error) }),
      );
      running = Promise.all([running, done]).then(() => {});
      return done;
    });
  const crons = [
    every("due", tickSeconds, async () => {
      while ((await deps.enqueueDue()) > 0);
    }),
    every("overdue", Math.max(60, tickSeconds), async () => {
      for (const id of await deps.announceOverdue()) deps.log("warn", "integration_overdue", { integration_id: id });
    }),
  ];
  return {
    stop: async () => {
      for (const cron of crons) cron.stop();
      await running;
    },
  };
};
