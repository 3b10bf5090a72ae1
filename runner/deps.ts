/** What the loop and the handlers of the runner are given. Everything foreign (clock, chance, fetch) is here, so that tests can replace it. */
import type { AppError } from "../core/errors.ts";
import type { EntityType } from "../core/ingestion/event.ts";
import type { BatchKind, EventSource, JobKind, SingleKind } from "../core/jobs/kinds.ts";
import type { JobBatch } from "../db/queue/claim-batch.ts";
import type { ClaimedJob } from "../db/queue/claim-job.ts";
import type { BatchOutcome } from "../db/queue/settle-batch.ts";
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

/** Code for a kind whose jobs are claimed many at a time: what became of each of them. */
export type BatchHandler = { process: (batch: JobBatch, signal: AbortSignal) => Promise<BatchOutcome> };

/** One for each kind; null for a kind that this runner cannot work on. */
export type Handlers = Record<SingleKind, Handler | null> & Record<BatchKind, BatchHandler | null>;

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

/** How one pass of an export ended. `failed` may be tried again; `released` is given back at a shutdown; `restarted` is followed by another try at once. */
export type ExportOutcome = "completed" | "failed" | "cancelled" | "released" | "lease_lost" | "restarted";
/** How far it had got: what is in its files, with what it has gone on behind. */
export type ExportReached = { rows: number; bytes: number; slices: number; slicesResumed: number };

/** One file of events whose entity was written. */
export type WrittenFile = { entityType: EntityType; source: EventSource; events: number };

/** After `claimed` comes exactly one of `settled` and `leaseLost`, for jobs and for batches. */
export type RunnerEvents = {
  "job.claimed": { job: ClaimedJob };
  "job.settled": { job: ClaimedJob; state: Outcome["state"]; seconds: number; error?: AppError };
  "job.leaseLost": { job: ClaimedJob };
  "batch.claimed": { kind: JobKind; jobs: number };
  "batch.settled": {
    kind: JobKind;
    jobs: number;
    completed: number;
    released: number;
    failed: readonly { code: string; isFinal: boolean }[];
    seconds: number;
  };
  "batch.leaseLost": { kind: JobKind; jobs: number };
  "ingestion.written": { files: readonly WrittenFile[] };
  /** Events of one request of a project that is sampled. */
  "ingestion.sampled": { eventsIn: number; eventsOut: number };
  "export.ended": { table: string; format: string; outcome: ExportOutcome; reached: ExportReached; seconds: number };
  "export.restarted": { table: string; format: string; reason: "rows_rekeyed" | "replay_differs" };
  "outbox.consumed": { consumer: string; type: string };
  "outbox.postponed": { consumer: string; error: AppError };
  "sweep.ended": { removed: number; failed: number };
};
