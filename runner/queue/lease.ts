/**
 * Holds the lease of running work. Heartbeats extend it, and abort the work if it is lost, cancelled or out of time.
 * If heartbeats cannot reach the database for `selfFenceSeconds`, the work is aborted before its lease ends, so that two runners never work
 * at once.
 */
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Heartbeat } from "../../db/queue/heartbeat-job.ts";
import { type Clock, JobCancelled, LeaseLost, type Log } from "../deps.ts";

export type LeaseTimes = { heartbeatSeconds: number; selfFenceSeconds: number; maxRunSeconds: number };

type LeaseDeps = {
  clock: Clock;
  log: Log;
  heartbeat: () => Promise<Heartbeat>;
  /** Creates the reason to abort with when time is up. */
  outOfTime: () => Error;
};

export type HeldLease = { signal: AbortSignal; abort: (reason: Error) => void; assertHeld: () => Promise<void>; release: () => void };

/** `fields` identify the work in the log. */
export const holdLease = (deps: LeaseDeps, fields: Record<string, unknown>, times: LeaseTimes): HeldLease => {
  const controller = new AbortController();
  const abort = (reason: Error) => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const startedMs = deps.clock.steadyMs();
  let confirmedMs = startedMs;
  let isBeating = false;

  /** After `completed` the handler is about to return: nothing to abort. If it does not, the self-fence ends it. */
  const beat = async (): Promise<Heartbeat> => {
    const askedMs = deps.clock.steadyMs();
    const answer = await deps.heartbeat();
    if (answer === "lost") abort(new LeaseLost());
    if (answer === "held" || answer === "cancelRequested") confirmedMs = askedMs;
    if (answer === "cancelRequested") abort(new JobCancelled());
    return answer;
  };

  const heartbeat = async () => {
    const nowMs = deps.clock.steadyMs();
    if (nowMs - confirmedMs > times.selfFenceSeconds * 1000) return abort(new LeaseLost());
    if (nowMs - startedMs > times.maxRunSeconds * 1000) return abort(deps.outOfTime());
    if (isBeating) return;
    isBeating = true;
    try {
      await beat();
    } catch (error) {
      deps.log("warn", "heartbeat_failed", { ...fields, detail: describeFailure(error) });
    } finally {
      isBeating = false;
    }
  };

  const timer = deps.clock.startTimer(times.heartbeatSeconds * 1000, () => void heartbeat());
  return {
    signal: controller.signal,
    abort,
    assertHeld: async () => {
      const answer = await beat();
      controller.signal.throwIfAborted();
      if (answer === "completed") throw new LeaseLost();
    },
    release: timer.stop,
  };
};

/** Rejects if the lease is lost and never settles otherwise. Ends the attempt even while a call to the database hangs. */
export const lostLease = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const rejectIfLost = () => {
      if (signal.reason instanceof LeaseLost) reject(signal.reason);
    };
    if (signal.aborted) rejectIfLost();
    else signal.addEventListener("abort", rejectIfLost, { once: true });
  });
