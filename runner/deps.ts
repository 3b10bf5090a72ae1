/** What the loop and the handlers of the runner are given. Everything foreign (clock, chance, fetch) is here, so that tests can replace it. */
import type { AppError } from "../core/errors.ts";
import type { JobKind } from "../core/jobs/kinds.ts";
import type { ClaimedJob } from "../db/queue/claim-job.ts";
import type { Outcome } from "../db/queue/settle-job.ts";

export type JobContext = {
  job: ClaimedJob;
  /** Fires when the lease is lost, the job is cancelled, the time is up or the runner stops; `reason` is an AbortReason. */
  signal: AbortSignal;
  /** Asks the database now; throws LeaseLost when the lease is gone and JobCancelled when the job is to be cancelled. */
  assertHeld: () => Promise<void>;
};

/** Code for one job kind. `run` settles success itself, in one transaction with its rows, and throws failure; `settle` writes any other outcome. */
export type Handler = {
  run: (context: JobContext) => Promise<void>;
  settle: (job: ClaimedJob, outcome: Outcome) => Promise<boolean>;
};

export type Handlers = Partial<Record<JobKind, Handler>>;

/** Somebody else may run this job now: stop all I/O and write nothing. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
}
export class JobCancelled extends Error {
  override name = "JobCancelled";
}
/** The runner is being stopped: the job is given back without spending the attempt. */
export class RunnerStopping extends Error {
  override name = "RunnerStopping";
}

/** One structured line a call; never bodies or secrets. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;

export type Clock = {
  nowMs: () => number;
  /** Milliseconds that never jump, for measuring how long something has lasted. */
  steadyMs: () => number;
  /** Resolves after the time, or rejects with the signal's reason. */
  wait: (milliseconds: number, signal?: AbortSignal | undefined) => Promise<void>;
  startTimer: (milliseconds: number, onTick: () => void) => { stop: () => void };
};

export type RunnerEvents = {
  "job.claimed": { job: ClaimedJob };
  "job.settled": { job: ClaimedJob; state: Outcome["state"]; seconds: number; error?: AppError };
  "job.leaseLost": { job: ClaimedJob };
};
