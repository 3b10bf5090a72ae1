/**
 * The loop of kinds that are claimed `pooledByKey`: many jobs at once, mostly waiting for others' servers. Jobs are claimed many under one
 * lease, and each ends by itself. Outcomes are written in groups: whatever has ended while one group is written goes into the next, so that
 * groups grow with the load and a single outcome waits for none.
 */
import type { JobKind } from "../../core/jobs/kinds.ts";
import { describeFailure } from "../../db/postgres/failure.ts";
import type { KeyedBatch, KeyedJob } from "../../db/queue/claim-keyed-jobs.ts";
import type { Bus } from "../bus.ts";
import { type Clock, LeaseLost, type Log, type PooledHandler, type PooledResult } from "../deps.ts";
import type { KeyLimits } from "./key-limits.ts";
import { type HeldLease, holdLease, type LeaseTimes } from "./lease.ts";
import { asList, type Polling, type PollingConfig, startPolling } from "./polling.ts";
import { settleWithRetry } from "./settle-with-retry.ts";

type PoolLoopDeps = {
  kind: JobKind;
  clock: Clock;
  log: Log;
  emit: Bus["emit"];
  random: () => number;
  isDue?: () => Promise<boolean>;
  limits: KeyLimits;
  claim: (jobsMax: number, allowances: Record<string, number>) => Promise<KeyedBatch | undefined>;
  /** Returns how many jobs are still held. */
  heartbeat: (leaseId: string) => Promise<number>;
  handler: PooledHandler;
};

/** Jobs in one claim and outcomes in one group, so that statements stay short. */
const jobsAtOnceMax = 64;

type Ended = { job: KeyedJob; leaseId: string; result: PooledResult; onSettled: () => void };

export const startPoolLoop = (deps: PoolLoopDeps, config: PollingConfig & LeaseTimes): Polling => {
  const { kind, clock, log, limits, handler } = deps;
  const ended: Ended[] = [];
  let isSettling = false;
  /** The last claim took all that it might: asking again at once would find nothing. */
  let isExhausted = false;
  let groupsSettled = 0;

  const settleGroups = async (): Promise<void> => {
    if (isSettling) return;
    isSettling = true;
    try {
      while (ended.length > 0) await settleGroup(ended.splice(0, jobsAtOnceMax));
    } finally {
      isSettling = false;
    }
  };

  /** Frees the places whatever becomes of the settlement: what is not settled is claimed again once its lease expires. */
  const settleGroup = async (group: readonly Ended[]): Promise<void> => {
    const startedMs = clock.steadyMs();
    const held = await settleWithRetry({ clock, log }, { kind, jobs: group.length }, () => handler.settle(group));
    const heldIds = new Set(held ?? []);
    for (const { job, result, onSettled } of group) {
      limits.ended(job.concurrencyKey, result.means);
      if (heldIds.has(job.id)) deps.emit("pool.settled", { kind, state: result.state, code: result.code });
      else deps.emit("batch.leaseLost", { kind, jobs: 1 });
      onSettled();
    }
    log("info", "pool_settled", { kind, jobs: group.length, held: heldIds.size, seconds: (clock.steadyMs() - startedMs) / 1000 });
    isExhausted = false;
    groupsSettled++;
    polling.wake();
  };

  const settled = (job: KeyedJob, leaseId: string, result: PooledResult): Promise<void> =>
    new Promise((resolve) => {
      ended.push({ job, leaseId, result, onSettled: resolve });
      settleGroups().catch((error: unknown) => log("error", "settle_crashed", { kind, detail: describeFailure(error) }));
    });

  /** Jobs of a batch that cannot be begun keep their lease until it expires. */
  const runBatch = async ({ leaseId, jobs }: KeyedBatch, lease: HeldLease): Promise<void> => {
    deps.emit("batch.claimed", { kind, jobs: jobs.length });
    try {
      const attempt = await handler.open(jobs).catch((error: unknown) => {
        log("error", "pool_batch_lost", { kind, jobs: jobs.length, detail: describeFailure(error) });
        return undefined;
      });
      if (attempt === undefined) {
        for (const { concurrencyKey } of jobs) limits.ended(concurrencyKey, null);
        deps.emit("batch.leaseLost", { kind, jobs: jobs.length });
        return;
      }
      await Promise.all(jobs.map(async (job) => settled(job, leaseId, await attempt(job, lease.signal))));
    } finally {
      lease.release();
    }
  };

  const polling = startPolling<KeyedBatch>(
    {
      clock,
      log,
      random: deps.random,
      isDue: deps.isDue,
      claim: async () => {
        const jobsMax = Math.min(jobsAtOnceMax, limits.free());
        const wasExhausted = isExhausted;
        isExhausted = false;
        if (wasExhausted || jobsMax <= 0) return [];
        const before = groupsSettled;
        const batch = await deps.claim(jobsMax, limits.allowances());
        isExhausted = batch !== undefined && batch.jobs.length < jobsMax && before === groupsSettled;
        return asList(batch);
      },
      start: (batch) => {
        const { leaseId, jobs } = batch;
        for (const { concurrencyKey } of jobs) limits.began(concurrencyKey);
        const lease = holdLease(
          {
            clock,
            log,
            heartbeat: async () => ((await deps.heartbeat(leaseId)) === 0 ? "lost" : "held"),
            outOfTime: () => new LeaseLost(),
          },
          { lease_id: leaseId },
          config,
        );
        const done = runBatch(batch, lease).catch((error: unknown) =>
          log("error", "batch_crashed", { lease_id: leaseId, detail: describeFailure(error) }),
        );
        return { done, abort: lease.abort };
      },
    },
    config,
  );
  return polling;
};
