/** Metrics: depth of the queue and age of its oldest due job. */
import type { Meter } from "@opentelemetry/api";
import type { WaitingJobs } from "../../db/queue/measure-queue.ts";
import type { Clock } from "../deps.ts";
import { createCachedMeasurement } from "./create-cached-measurement.ts";
import type { Report } from "./create-report.ts";
import { metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export type QueueDeps = {
  clock: Clock;
  measureQueue: () => Promise<WaitingJobs[]>;
  /** Called with each failure. */
  report: Report;
};

export const observeQueue = (meter: Meter, deps: QueueDeps): void => {
  const depth = meter.createObservableGauge(metrics.queueDepth.name, optionsOf(metrics.queueDepth));
  const age = meter.createObservableGauge(metrics.queueOldestAge.name, optionsOf(metrics.queueOldestAge));
  const measure = createQueueMeasurement(deps);
  meter.addBatchObservableCallback(
    async (result) => {
      for (const { kind, due, oldestSeconds } of await measure()) {
        result.observe(depth, due, { kind });
        result.observe(age, oldestSeconds, { kind });
      }
    },
    [depth, age],
  );
};

/** Never rejects; returns an empty list if nothing is known. */
export const createQueueMeasurement = ({ clock, measureQueue, report }: QueueDeps): (() => Promise<readonly WaitingJobs[]>) =>
  createCachedMeasurement({ clock, measure: measureQueue, onFailure: (error) => report("queue_not_measured", error) });
