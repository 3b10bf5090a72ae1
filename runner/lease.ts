/**
 * The lease of one running job: pulses keep it, and end the job when it is lost, cancelled or out of time.
 * A pulse that cannot reach the database for `selfFenceSeconds` ends the job before the lease does, so two runners never work at once.
 */
import { AppError } from "../core/errors.ts";
import type { ClaimedJob } from "../db/queue/claim-job.ts";
import type { Heartbeat } from "../db/queue/heartbeat-job.ts";
import { type Clock, JobCancelled, LeaseLost, type Log } from "./deps.ts";

export type LeaseTimes = { pulseSeconds: number; selfFenceSeconds: number; maxRunSeconds: number };

export type LeaseDeps = { clock: Clock; log: Log; heartbeat: (job: ClaimedJob) => Promise<Heartbeat> };

export type HeldLease = { signal: AbortSignal; abort: (reason: Error) => void; assertHeld: () => Promise<void>; release: () => void };

export const holdLease = (deps: LeaseDeps, job: ClaimedJob, times: LeaseTimes): HeldLease => {
  const controller = new AbortController();
  const abort = (reason: Error) => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const startedMs = deps.clock.steadyMs();
  let confirmedMs = startedMs;
  let isBeating = false;

  const beat = async () => {
    const askedMs = deps.clock.steadyMs();
    const answer = await deps.heartbeat(job);
    if (answer === "lost") abort(new LeaseLost());
    else confirmedMs = askedMs;
    if (answer === "cancelRequested") abort(new JobCancelled());
  };

  const pulse = async () => {
    const nowMs = deps.clock.steadyMs();
    if (nowMs - confirmedMs > times.selfFenceSeconds * 1000) return abort(new LeaseLost());
    if (nowMs - startedMs > times.maxRunSeconds * 1000) return abort(new AppError({ code: "EXPORT_TIMED_OUT" }));
    if (isBeating) return;
    isBeating = true;
    try {
      await beat();
    } catch (error) {
      deps.log("warn", "heartbeat_failed", { job_id: job.id, detail: String(error) });
    } finally {
      isBeating = false;
    }
  };

  const timer = deps.clock.startTimer(times.pulseSeconds * 1000, () => void pulse());
  return {
    signal: controller.signal,
    abort,
    assertHeld: async () => {
      await beat();
      controller.signal.throwIfAborted();
    },
    release: timer.stop,
  };
};
