/** Metrics: webhooks that wait, and for how long. */
import type { Meter } from "@opentelemetry/api";
import type { WaitingDeliveries } from "../../services/webhooks/measure-deliveries.ts";
import type { Clock } from "../deps.ts";
import { createCachedMeasurement } from "./create-cached-measurement.ts";
import type { Report } from "./create-report.ts";
import { metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export type WebhookMeasurementDeps = {
  clock: Clock;
  measureWebhooks: () => Promise<WaitingDeliveries[]>;
  /** Called with each failure. */
  report: Report;
};

export const observeWebhooks = (meter: Meter, { clock, measureWebhooks, report }: WebhookMeasurementDeps): void => {
  const waiting = meter.createObservableGauge(metrics.webhookWaiting.name, optionsOf(metrics.webhookWaiting));
  const lag = meter.createObservableGauge(metrics.webhookLag.name, optionsOf(metrics.webhookLag));
  const measure = createCachedMeasurement({
    clock,
    measure: measureWebhooks,
    onFailure: (error) => report("webhooks_not_measured", error),
  });
  meter.addBatchObservableCallback(
    async (result) => {
      for (const row of await measure()) {
        result.observe(waiting, row.waiting);
        result.observe(lag, row.lagSeconds);
      }
    },
    [waiting, lag],
  );
};
