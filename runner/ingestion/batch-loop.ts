/** Ingestion, the loop: claims batches, keeps their lease, processes and settles them. Two batches at once: while one is read, the other is written. */
import type { JobKind } from "../../core/jobs/kinds.ts";
import { postgresFailure } from "../../db/postgres/failure.ts";
import type { JobBatch } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import { type Clock, LeaseLost, type Log, RunnerStopping } from "../deps.ts";
import type { Events } from "../events.ts";

export type BatchLoopDeps = {
  kind: JobKind;
  clock: Clock;
  log: Log;
  emit: Events["emit"];
  random: () => number;
  claim: () => Promise<JobBatch | undefined>;
  heartbeat: (leaseId: string) => Promise<number>;
  process: (batch: JobBatch, signal: AbortSignal) => Promise<BatchOutcome>;
  settle: (leaseId: string, outcome: BatchOutcome) => Promise<number>;
};

export type BatchLoopConfig = {
  concurrency: number;
  pollMs: number;
  pollIdleMs: number;
  pulseSeconds: number;
  selfFenceSeconds: number;
  maxRunSeconds: number;
  graceSeconds: number;
};

const settlesMax = 5;

/** Without the values of a statement that failed. */
const describe = (error: unknown): string => postgresFailure(error)?.detail ?? String(error);

export const startBatchLoop = (deps: BatchLoopDeps, config: BatchLoopConfig): { stop: () => Promise<void>; poke: () => void } => {
  const running = new Set<{ controller: AbortController; done: Promise<void> }>();
  let isStopping = false;
  const wakes = new Set<() => void>();

  const runBatch = async (batch: JobBatch, controller: AbortController): Promise<void> => {
    const startedMs = deps.clock.steadyMs();
    let confirmedMs = startedMs;
    const observed = { kind: deps.kind, jobs: batch.jobs.length };
    deps.emit("batch.claimed", observed);
    const pulse = deps.clock.startTimer(config.pulseSeconds * 1000, () => {
      const askedMs = deps.clock.steadyMs();
      if (askedMs - confirmedMs > config.selfFenceSeconds * 1000 || askedMs - startedMs > config.maxRunSeconds * 1000)
        controller.abort(new LeaseLost());
      deps.heartbeat(batch.leaseId).then(
        (held) => {
          if (held === 0) controller.abort(new LeaseLost());
          else confirmedMs = askedMs;
        },
        (error: unknown) => deps.log("warn", "heartbeat_failed", { lease_id: batch.leaseId, detail: describe(error) }),
      );
    });
    try {
      const outcome = await deps.process(batch, controller.signal).catch((error: unknown): BatchOutcome => {
        if (controller.signal.reason instanceof RunnerStopping)
          return { doneIds: [], failed: [], released: batch.jobs.map(({ id }) => ({ id, lane: null })) };
        throw error;
      });
      const held = await settleSurely(batch.leaseId, outcome);
      const seconds = (deps.clock.steadyMs() - startedMs) / 1000;
      deps.log("info", "ingestion_batch", {
        jobs: batch.jobs.length,
        done: outcome.doneIds.length,
        failed: outcome.failed.length,
        released: outcome.released.length,
        held,
        seconds,
      });
      if (held === 0) deps.emit("batch.leaseLost", observed);
      else
        deps.emit("batch.settled", {
          ...observed,
          completed: outcome.doneIds.length,
          released: outcome.released.length,
          failed: outcome.failed.map(({ error, isFinal }) => ({ code: error.code, isFinal })),
          seconds,
        });
    } catch (error) {
      // The lease ends by itself and the jobs are given out again.
      deps.log("warn", "ingestion_batch_lost", {
        lease_id: batch.leaseId,
        jobs: batch.jobs.length,
        detail: describe(controller.signal.aborted ? controller.signal.reason : error),
      });
      deps.emit("batch.leaseLost", observed);
    } finally {
      pulse.stop();
    }
  };

  /** An outcome that cannot be written now is tried again: otherwise all of it would be done anew when the lease has ended, at the cost of an attempt. */
  const settleSurely = async (leaseId: string, outcome: BatchOutcome): Promise<number> => {
    for (let tries = 1; ; tries++) {
      try {
        return await deps.settle(leaseId, outcome);
      } catch (error) {
        if (tries === settlesMax) throw error;
        deps.log("warn", "settle_failed", { lease_id: leaseId, detail: describe(error) });
        await deps.clock.wait(500 * tries);
      }
    }
  };

  const rest = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = () => {
        timer.stop();
        wakes.delete(wake);
        resolve();
      };
      const timer = deps.clock.startTimer(milliseconds, wake);
      wakes.add(wake);
    });

  const poll = async () => {
    let idleMs = config.pollMs;
    while (!isStopping) {
      let batch: JobBatch | undefined;
      try {
        batch = await deps.claim();
      } catch (error) {
        deps.log("error", "claim_failed", { detail: describe(error) });
      }
      if (batch === undefined) {
        await rest(idleMs * (0.75 + deps.random() / 2));
        idleMs = Math.min(config.pollIdleMs, idleMs * 1.5);
        continue;
      }
      idleMs = config.pollMs;
      const controller = new AbortController();
      const entry = { controller, done: runBatch(batch, controller) };
      running.add(entry);
      await entry.done;
      running.delete(entry);
    }
  };
  const polling = Promise.all(Array.from({ length: config.concurrency }, poll));

  return {
    poke: () => {
      for (const wake of [...wakes]) wake();
    },
    stop: async () => {
      isStopping = true;
      for (const wake of [...wakes]) wake();
      const grace = new AbortController();
      await Promise.race([polling, deps.clock.wait(config.graceSeconds * 1000, grace.signal).catch(() => {})]);
      grace.abort(new RunnerStopping());
      for (const { controller } of running) controller.abort(new RunnerStopping());
      await polling;
    },
  };
};
