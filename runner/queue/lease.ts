/**
 * The lease of what runs: heartbeats keep it, and end the work when it is lost, cancelled or out of time.
 * A heartbeat that cannot reach the database for `selfFenceSeconds` ends the work before the lease does, so two runners never work at once.
 */
import { describeFailure } from "../../db/postgres/failure.ts";
import type { Heartbeat } from "../../db/queue/heartbeat-job.ts";
import { type Clock, JobCancelled, LeaseLost, type Log } from "../deps.ts";

export type LeaseTimes = { heartbeatSeconds: number; selfFenceSeconds: number; maxRunSeconds: number };

type LeaseDeps = {
  clock: Clock;
  log: Log;
  heartbeat: () => Promise<Heartbeat>;
  /** Why the work ends when its time is over. */
  outOfTime: () => Error;
};

export type HeldLease = { signal: AbortSignal; abort: (reason: Error) => void; assertHeld: () => Promise<void>; release: () => void };

/** `fields` name the work in the log. */
export const holdLease = (deps: LeaseDeps, fields: Record<string, unknown>, times: LeaseTimes): HeldLease => {
  const controller = new AbortController();
  const abort = (reason: Error) => {
    if (!controller.signal.aborted) controller.abort(reason);
  };
  const startedMs = deps.clock.steadyMs();
  let confirmedMs = startedMs;
  let isBeating = false;

  const beat = async () => {
    const askedMs = deps.clock.steadyMs();
    const answer = await deps.heartbeat();
    if (answer === "lost") abort(new LeaseLost());
    else confirmedMs = askedMs;
    if (answer === "cancelRequested") abort(new JobCancelled());
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
      await beat();
      controller.signal.throwIfAborted();
    },
    release: timer.stop,
  };
};

/** Rejects when the lease is lost; never settles otherwise. A database that has gone silent answers nothing: this ends the attempt all the same. */
export const lostLease = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const look = () => {
      if (signal.reason instanceof LeaseLost) reject(signal.reason);
    };
    if (signal.aborted) look();
    else signal.addEventListener("abort", look, { once: true });
  });
