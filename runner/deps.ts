/** Dependencies of the runner's loop and handlers. Everything external (clock, randomness, fetch) is here, so that tests can replace it. */
import type { AppError, ErrorCode } from "../core/errors.ts";
import type { EntityType } from "../core/ingestion/event.ts";
import type { IntegrationKind } from "../core/integrations/integration.ts";
import type { TableResult } from "../core/integrations/run-result.ts";
import type { BatchKind, EventSource, JobKind, PooledKind, SingleKind } from "../core/jobs/kinds.ts";
import type { Span } from "../core/telemetry/tracer.ts";
import type { JobBatch } from "../db/queue/claim-batch.ts";
import type { KeyedJob } from "../db/queue/claim-keyed-jobs.ts";
import type { ClaimedJob } from "../db/queue/claimed-job.ts";
import type { BatchOutcome } from "../db/queue/settle-batch.ts";
import type { Outcome } from "../db/queue/settle-job.ts";

export type JobContext = {
  job: ClaimedJob;
  /** Aborts if the lease is lost, the job is cancelled, time is up or the runner stops. `reason` is an AbortReason. */
  signal: AbortSignal;
  /** Asks the database at once. Throws LeaseLost if the lease is lost and JobCancelled if the job is to be cancelled. */
  assertHeld: () => Promise<void>;
  /** Span of the attempt, a child of the request that caused the job. */
  span: Span;
};

/**
 * Code for one job kind. `run` settles success itself, in one transaction with its rows, and throws on failure. `settle` writes any other
 * outcome.
 */
export type Handler = {
  run: (context: JobContext) => Promise<void>;
  settle: (job: ClaimedJob, outcome: Outcome) => Promise<boolean>;
};

/** Code for a kind whose jobs are claimed in batches. Returns the outcome of each job. */
export type BatchHandler = {
  process: (batch: JobBatch, signal: AbortSignal) => Promise<BatchOutcome>;
  /** Enqueues the jobs of a batch once more, which ended after it had lost its lease. */
  repeat: (batch: JobBatch) => Promise<void>;
};

/** How one attempt of a pooled job ended. */
export type PooledResult = {
  /** What it says about the job's concurrency key; null if nothing. */
  means: "success" | "failure" | null;
  /** Of the job, once this is settled. */
  state: Outcome["state"];
  /** Of the error, if it failed. */
  code: ErrorCode | null;
};

/**
 * Code for a kind whose jobs run many at a time and end each by itself. Methods rather than functions: a handler settles only results that
 * it made, so it may know more of them than the loop does.
 */
export type PooledHandler<Result extends PooledResult = PooledResult> = {
  /** Loads what the jobs need. The attempts that it returns never reject. */
  open(jobs: readonly KeyedJob[]): Promise<(job: KeyedJob, signal: AbortSignal) => Promise<Result>>;
  /** Writes the outcomes of several attempts. Returns the ids of the jobs that were still held. */
  settle(ended: readonly { job: KeyedJob; leaseId: string; result: Result }[]): Promise<string[]>;
};

/** One handler per kind; null for a kind this runner cannot run. */
export type Handlers = Record<SingleKind, Handler | null> &
  Record<BatchKind, BatchHandler | null> &
  Record<PooledKind, PooledHandler | null>;

/** Another runner may run this job now: stop all I/O and write nothing. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
}
export class JobCancelled extends Error {
  override name = "JobCancelled";
}
/** The runner is stopping. The job is released without spending the attempt. */
export class RunnerStopping extends Error {
  override name = "RunnerStopping";
}

/** Writes one structured line per call. Never pass bodies or secrets. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;

export type Clock = {
  nowMs: () => number;
  /** Monotonic clock in milliseconds, for measuring durations. */
  steadyMs: () => number;
  /** Resolves after the time, or rejects with the signal's reason. */
  wait: (milliseconds: number, signal?: AbortSignal | undefined) => Promise<void>;
  startTimer: (milliseconds: number, onTick: () => void) => { stop: () => void };
};

/**
 * How one pass of an export ended. After `failed` the job may be retried, after `released` (a shutdown) it is given back, and after
 * `restarted` another pass follows at once.
 */
export type ExportOutcome = "completed" | "failed" | "cancelled" | "released" | "lease_lost" | "restarted";
/** What a pass has written, including what it resumed behind. */
export type ExportReached = { rows: number; bytes: number; slices: number; slicesResumed: number };

/** One file of events whose entity was written. */
export type WrittenFile = { entityType: EntityType; source: EventSource; events: number };

/** For jobs and for batches, exactly one of `settled` and `leaseLost` follows each `claimed`. */
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
  /** One job of a pool, which was claimed in a batch. */
  "pool.settled": { kind: JobKind; state: Outcome["state"]; code: ErrorCode | null };
  "ingestion.written": { files: readonly WrittenFile[] };
  /** Counts of events in one request of a project that is sampled. */
  "ingestion.sampled": { eventsIn: number; eventsOut: number };
  "export.ended": { table: string; format: string; outcome: ExportOutcome; reached: ExportReached; seconds: number };
  "export.restarted": { table: string; format: string; reason: "rows_rekeyed" | "replay_differs" };
  "integration.delivered": { kind: IntegrationKind; tables: Readonly<Record<string, TableResult>> };
  "integration.failed": { kind: IntegrationKind; code: ErrorCode };
  /** One attempt of a webhook. `outcome`: what became of the delivery. */
  "webhook.attempted": { outcome: "delivered" | "retry" | "failed" | "disable"; code: ErrorCode | null; seconds: number };
  "outbox.consumed": { consumer: string; type: string };
  "outbox.postponed": { consumer: string; error: AppError };
  "sweep.ended": { removed: number; failed: number };
};
