/**
 * Ingestion: claims batches, keeps their lease, processes and settles them. Two batches run at once: one is read while the other is
 * written.
 */

import type { JobKind } from "../../core/jobs/kinds.ts";
import type { Tracer } from "../../core/telemetry/tracer.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import type { JobBatch } from "../../db/queue/claim-batch.ts";
import type { BatchOutcome } from "../../db/queue/settle-batch.ts";
import type { Bus } from "../bus.ts";
import { type Clock, LeaseLost, type Log, RunnerStopping } from "../deps.ts";
import { type HeldLease, holdLease, type LeaseTimes, lostLease } from "./lease.ts";
import { asList, type Polling, type PollingConfig, startPolling } from "./polling.ts";
import { settleWithRetry } from "./settle-with-retry.ts";

export type BatchLoopDeps = {
  kind: JobKind;
  clock: Clock;
  log: Log;
  tracer: Tracer;
  emit: Bus["emit"];
  random: () => number;
  isDue?: () => Promise<boolean>;
  claim: () => Promise<JobBatch | undefined>;
  /** Returns how many jobs are still held. */
  heartbeat: (leaseId: string) => Promise<number>;
  process: (batch: JobBatch, signal: AbortSignal) => Promise<BatchOutcome>;
  settle: (leaseId: string, outcome: BatchOutcome) => Promise<number>;
  /** Called when a batch has come to its end after it lost its lease: what it wrote last is to be seen by another attempt. */
  repeat: (batch: JobBatch) => Promise<void>;
};

/** A batch belongs to many traces, so it is a trace of its own with links. The SDK keeps 128. */
const linksOf = ({ jobs }: JobBatch): string[] => [...new Set(jobs.flatMap(({ traceparent }) => traceparent ?? []))].slice(0, 128);

/** Requests named in the line of a batch; a batch may hold jobs of hundreds. */
const requestIdsMax = 20;

const requestsOf = ({ jobs }: JobBatch) => {
  const ids = [...new Set(jobs.flatMap(({ requestId }) => requestId ?? []))];
  return { requests: ids.length, request_ids: ids.slice(0, requestIdsMax) };
};

type BatchLoopConfig = PollingConfig & LeaseTimes;

export const startBatchLoop = (deps: BatchLoopDeps, config: BatchLoopConfig): Polling => {
  const { clock, log } = deps;

  /** Returns undefined if the lease is lost. The jobs are claimed again once it expires. */
  const outcomeOf = async (batch: JobBatch, { signal }: HeldLease, working: Promise<BatchOutcome>): Promise<BatchOutcome | undefined> => {
    try {
      return await Promise.race([working, lostLease(signal)]);
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (reason instanceof RunnerStopping)
        return { doneIds: [], failed: [], released: batch.jobs.map(({ id }) => ({ id, orderingKey: null, isInterrupted: true })) };
      log("warn", "ingestion_batch_lost", { lease_id: batch.leaseId, jobs: batch.jobs.length, detail: describeFailure(reason) });
      return undefined;
    }
  };

  /** Does not hold up the loop, because a batch may hang for good. It does not matter how the batch ends: what it wrote is looked at again. */
  const repeatAtEnd = async (batch: JobBatch, working: Promise<unknown>): Promise<void> => {
    await working.catch(() => {});
    await settleWithRetry({ clock, log }, { lease_id: batch.leaseId }, () => deps.repeat(batch));
  };

  const runBatch = async (batch: JobBatch, lease: HeldLease): Promise<void> => {
    const startedMs = clock.steadyMs();
    const observed = { kind: deps.kind, jobs: batch.jobs.length };
    deps.emit("batch.claimed", observed);
    const span = deps.tracer.start(deps.kind, {
      kind: "consumer",
      parent: null,
      links: linksOf(batch),
      attributes: { "spillway.job.kind": deps.kind, "spillway.batch.jobs": batch.jobs.length },
    });
    let errorType: string | undefined = "lease_lost";
    try {
      const working = deps.process(batch, lease.signal);
      const outcome = await outcomeOf(batch, lease, working);
      const held =
        outcome === undefined
          ? 0
          : await settleWithRetry({ clock, log }, { lease_id: batch.leaseId }, () => deps.settle(batch.leaseId, outcome));
      if (outcome === undefined || held === undefined || held === 0) {
        void repeatAtEnd(batch, working);
        return deps.emit("batch.leaseLost", observed);
      }
      const seconds = (clock.steadyMs() - startedMs) / 1000;
      const { doneIds, failed, released } = outcome;
      errorType = failed[0]?.error.code;
      log("info", "ingestion_batch", {
        lease_id: batch.leaseId,
        ...requestsOf(batch),
        jobs: batch.jobs.length,
        done: doneIds.length,
        failed: failed.length,
        released: released.length,
        held,
        seconds,
      });
      deps.emit("batch.settled", {
        ...observed,
        completed: doneIds.length,
        released: released.length,
        failed: failed.map(({ error, isFinal }) => ({ code: error.code, isFinal })),
        seconds,
      });
    } finally {
      span.end(errorType);
      lease.release();
    }
  };

  return startPolling(
    {
      clock,
      log,
      random: deps.random,
      isDue: deps.isDue,
      claim: async () => asList(await deps.claim()),
      start: (batch) => {
        const lease = holdLease(
          {
            clock,
            log,
            heartbeat: async () => ((await deps.heartbeat(batch.leaseId)) === 0 ? "lost" : "held"),
            outOfTime: () => new LeaseLost(),
          },
          { lease_id: batch.leaseId },
          config,
        );
        const done = runBatch(batch, lease).catch((error: unknown) =>
          log("error", "batch_crashed", { lease_id: batch.leaseId, detail: describeFailure(error) }),
        );
        return { done, abort: lease.abort };
      },
    },
    config,
  );
};
