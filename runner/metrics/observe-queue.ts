/** Metrics: depth of the queue and age of its oldest due job, asked of the database rarely, however many readers collect and however often. */
import type { Meter } from "@opentelemetry/api";
import type { WaitingJobs } from "../../db/queue/measure-queue.ts";
import type { Clock } from "../deps.ts";
import { metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export type QueueDeps = {
  clock: Clock;
  measureQueue: () => Promise<WaitingJobs[]>;
  /** Where a failure is told. */
  report: (event: string, error: unknown) => void;
};

/** Measured at most this often. */
const measureMs = 15_000;
/** What is older is not shown: the queue may be another one by now. */
const staleMs = 60_000;
/** A collection waits this long for the database; after that it shows what is known. */
const waitMs = 2000;

export const observeQueue = (meter: Meter, deps: QueueDeps): void => {
  const depth = meter.createObservableGauge(metrics.queueDepth.name, optionsOf(metrics.queueDepth));
  const age = meter.createObservableGauge(metrics.queueOldestAge.name, optionsOf(metrics.queueOldestAge));
  const look = createQueueLook(deps);
  meter.addBatchObservableCallback(
    async (result) => {
      for (const { kind, due, oldestSeconds } of await look()) {
        result.observe(depth, due, { kind });
        result.observe(age, oldestSeconds, { kind });
      }
    },
    [depth, age],
  );
};

/** Never rejects; nothing where nothing is known. One question at a time. */
export const createQueueLook = ({ clock, measureQueue, report }: QueueDeps): (() => Promise<readonly WaitingJobs[]>) => {
  let known: { atMs: number; waiting: readonly WaitingJobs[] } | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  const ask = async () => {
    askedMs = clock.steadyMs();
    try {
      known = { atMs: clock.steadyMs(), waiting: await measureQueue() };
    } catch (error) {
      known = undefined;
      report("queue_not_measured", error);
    } finally {
      asking = undefined;
    }
  };
  return async () => {
    if (asking === undefined && clock.steadyMs() - askedMs >= measureMs) asking = ask();
    if (asking !== undefined) {
      const answered = new AbortController();
      await Promise.race([asking, clock.wait(waitMs, answered.signal).catch(() => {})]);
      answered.abort(new Error("answered"));
    }
    return known !== undefined && clock.steadyMs() - known.atMs < staleMs ? known.waiting : [];
  };
};
