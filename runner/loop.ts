/** 3 CLAIM and the life of a job in this process: poll, claim, hold the lease, run the handler, settle. Knows nothing of exports. */
import { type AppError, toAppError } from "../core/errors.ts";
import { jobKinds } from "../core/jobs/kinds.ts";
import { nextAttempt } from "../core/jobs/next-attempt.ts";
import type { ClaimedJob } from "../db/queue/claim-job.ts";
import type { Outcome } from "../db/queue/settle-job.ts";
import { type Handlers, JobCancelled, LeaseLost, RunnerStopping } from "./deps.ts";
import type { Events } from "./events.ts";
import { type HeldLease, holdLease, type LeaseDeps } from "./lease.ts";

export type LoopConfig = {
  concurrency: number;
  pollMs: number;
  pollIdleMs: number;
  pulseSeconds: number;
  selfFenceSeconds: number;
  graceSeconds: number;
};

export type LoopDeps = LeaseDeps & {
  handlers: Handlers;
  events: Events;
  random: () => number;
  claim: () => Promise<ClaimedJob | undefined>;
};

export type Loop = {
  /** Resolves when the loop has stopped and every job was settled or given back. */
  stop: () => Promise<void>;
  /** Looks for work now instead of at the next poll. */
  poke: () => void;
};

/** Rejects when the lease is lost; never settles otherwise. */
const lostLease = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const look = () => {
      if (signal.reason instanceof LeaseLost) reject(signal.reason);
    };
    if (signal.aborted) look();
    else signal.addEventListener("abort", look, { once: true });
  });

/** A database that has gone silent holds up nothing but this one question; a claim that arrives late is rescued when its lease ends. */
const claimTimeoutMs = 20_000;

const answered = <R>({ clock }: Pick<LoopDeps, "clock">, answer: Promise<R>): Promise<R> =>
  new Promise((resolve, reject) => {
    const timer = clock.startTimer(claimTimeoutMs, () => {
      timer.stop();
      reject(new Error(`no answer within ${claimTimeoutMs} ms`));
    });
    answer.finally(timer.stop).then(resolve, reject);
  });

/** After the grace, an attempt that does not end by itself is left behind: its lease ends without it. */
const leaveBehindMs = 15_000;

export const startLoop = (deps: LoopDeps, config: LoopConfig): Loop => {
  const running = new Map<string, { lease: HeldLease; done: Promise<void> }>();
  let isStopping = false;
  let wake = () => {};

  const runJob = async (job: ClaimedJob, lease: HeldLease) => {
    const startedMs = deps.clock.nowMs();
    deps.events.emit("job.claimed", { job });
    const handler = deps.handlers[job.kind];
    if (handler === undefined) throw new Error(`no handler for ${job.kind}`);
    let outcome: Outcome = { state: "completed" };
    let failure: AppError | undefined;
    let isHeld = true;
    try {
      // A database that has gone silent answers nothing: the end of the lease ends the attempt all the same.
      await Promise.race([handler.run({ job, signal: lease.signal, assertHeld: lease.assertHeld }), lostLease(lease.signal)]);
    } catch (error) {
      // Once the signal has fired, its reason is why everything else failed.
      const reason: unknown = lease.signal.aborted ? lease.signal.reason : error;
      if (reason instanceof LeaseLost) {
        deps.log("warn", "lease_lost", { job_id: job.id, attempt: job.attempt });
        deps.events.emit("job.leaseLost", { job });
        return;
      }
      if (reason instanceof JobCancelled) outcome = { state: "cancelled" };
      else if (reason instanceof RunnerStopping) outcome = { state: "available" };
      else {
        failure = toAppError(reason);
        const described = { code: failure.code, message: failure.message, detail: failure.detail };
        const next = nextAttempt(failure, { attempt: job.attempt, maxAttempts: job.maxAttempts, random: deps.random() });
        outcome =
          next.decision === "discard"
            ? { state: "discarded", error: described }
            : { state: "retryable", error: described, delaySeconds: next.delaySeconds };
      }
      isHeld = await settleSurely(job, handler.settle, outcome);
    } finally {
      lease.release();
    }
    const seconds = (deps.clock.nowMs() - startedMs) / 1000;
    deps.log(failure === undefined ? "info" : "warn", "job_attempt", {
      job_id: job.id,
      kind: job.kind,
      project_id: job.projectId,
      attempt: job.attempt,
      state: outcome.state,
      seconds,
      ...(failure === undefined ? {} : { error_code: failure.code, error: failure.message, detail: failure.detail }),
    });
    if (!isHeld) deps.events.emit("job.leaseLost", { job });
    else deps.events.emit("job.settled", { job, state: outcome.state, seconds, ...(failure === undefined ? {} : { error: failure }) });
  };

  /** Whether the outcome was written. One that cannot be now is tried again while the lease lasts; after that the reaper decides. */
  const settleSurely = async (
    job: ClaimedJob,
    settle: (job: ClaimedJob, outcome: Outcome) => Promise<boolean>,
    outcome: Outcome,
  ): Promise<boolean> => {
    for (let tries = 1; ; tries++) {
      try {
        const isHeld = await settle(job, outcome);
        if (!isHeld) deps.log("warn", "lease_lost", { job_id: job.id, attempt: job.attempt });
        return isHeld;
      } catch (error) {
        deps.log("error", "settle_failed", { job_id: job.id, detail: String(error) });
        if (tries === 5) return false;
        await deps.clock.wait(500 * tries);
      }
    }
  };

  const startJob = (job: ClaimedJob) => {
    const lease = holdLease(deps, job, {
      pulseSeconds: config.pulseSeconds,
      selfFenceSeconds: config.selfFenceSeconds,
      maxRunSeconds: jobKinds[job.kind].maxRunSeconds,
    });
    const done = runJob(job, lease)
      .catch((error: unknown) => deps.log("error", "job_crashed", { job_id: job.id, detail: String(error) }))
      .finally(() => {
        running.delete(job.leaseId);
        wake();
      });
    running.set(job.leaseId, { lease, done });
  };

  const poll = async () => {
    let idleMs = config.pollMs;
    while (!isStopping) {
      let job: ClaimedJob | undefined;
      if (running.size < config.concurrency) {
        try {
          job = await answered(deps, deps.claim());
        } catch (error) {
          deps.log("error", "claim_failed", { detail: String(error) });
        }
      }
      if (job !== undefined) {
        startJob(job);
        idleMs = config.pollMs;
        continue;
      }
      const waitMs = idleMs * (0.75 + deps.random() / 2);
      idleMs = Math.min(config.pollIdleMs, idleMs * 1.5);
      await new Promise<void>((resolve) => {
        const timer = deps.clock.startTimer(waitMs, () => wake());
        wake = () => {
          timer.stop();
          resolve();
        };
      });
    }
  };
  const polling = poll();

  return {
    poke: () => wake(),
    stop: async () => {
      isStopping = true;
      wake();
      await polling;
      const all = [...running.values()];
      const grace = new AbortController();
      await Promise.race([
        Promise.all(all.map(({ done }) => done)),
        deps.clock.wait(config.graceSeconds * 1000, grace.signal).catch(() => {}),
      ]);
      grace.abort(new RunnerStopping());
      for (const { lease } of running.values()) lease.abort(new RunnerStopping());
      const last = new AbortController();
      await Promise.race([
        Promise.all(all.map(({ done }) => done)),
        deps.clock
          .wait(leaveBehindMs, last.signal)
          .then(() => deps.log("error", "jobs_left_behind", { jobs: running.size }))
          .catch(() => {}),
      ]);
      last.abort(new RunnerStopping());
    },
  };
};
