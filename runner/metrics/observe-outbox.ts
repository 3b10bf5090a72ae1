/** Metrics: outbox events that each consumer has still to consume, and the age of the oldest. */
import type { Meter } from "@opentelemetry/api";
import type { WaitingEvents } from "../../db/outbox/measure-outbox.ts";
import type { Clock } from "../deps.ts";
import { createCachedMeasurement } from "./create-cached-measurement.ts";
import type { Report } from "./create-report.ts";
import { metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export type OutboxMeasurementDeps = {
  clock: Clock;
  measureOutbox: () => Promise<WaitingEvents[]>;
  /** Called with each failure. */
  report: Report;
};

export const observeOutbox = (meter: Meter, { clock, measureOutbox, report }: OutboxMeasurementDeps): void => {
  const waiting = meter.createObservableGauge(metrics.outboxWaiting.name, optionsOf(metrics.outboxWaiting));
  const age = meter.createObservableGauge(metrics.outboxOldestAge.name, optionsOf(metrics.outboxOldestAge));
  const measure = createCachedMeasurement({ clock, measure: measureOutbox, onFailure: (error) => report("outbox_not_measured", error) });
  meter.addBatchObservableCallback(
    async (result) => {
      for (const row of await measure()) {
        result.observe(waiting, row.waiting, { consumer: row.consumer });
        result.observe(age, row.oldestSeconds, { consumer: row.consumer });
      }
    },
    [waiting, age],
  );
};
