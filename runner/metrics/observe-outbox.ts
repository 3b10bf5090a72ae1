/** Metrics: outbox events that each consumer has still to consume, and the age of the oldest. */
import type { Meter } from "@opentelemetry/api";
import type { WaitingEvents } from "../../db/outbox/measure-outbox.ts";
import type { Clock } from "../deps.ts";
import { createLook } from "./create-look.ts";
import { metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export type OutboxLookDeps = {
  clock: Clock;
  measureOutbox: () => Promise<WaitingEvents[]>;
  /** Called with each failure. */
  report: (event: string, error: unknown) => void;
};

export const observeOutbox = (meter: Meter, { clock, measureOutbox, report }: OutboxLookDeps): void => {
  const waiting = meter.createObservableGauge(metrics.outboxWaiting.name, optionsOf(metrics.outboxWaiting));
  const age = meter.createObservableGauge(metrics.outboxOldestAge.name, optionsOf(metrics.outboxOldestAge));
  const look = createLook({ clock, measure: measureOutbox, onFailure: (error) => report("outbox_not_measured", error) });
  meter.addBatchObservableCallback(
    async (result) => {
      for (const row of await look()) {
        result.observe(waiting, row.waiting, { consumer: row.consumer });
        result.observe(age, row.oldestSeconds, { consumer: row.consumer });
      }
    },
    [waiting, age],
  );
};
