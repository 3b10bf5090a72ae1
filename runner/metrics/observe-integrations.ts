/** Metrics: how far integrations are behind, and how many are overdue. */
import type { Meter } from "@opentelemetry/api";
import type { IntegrationLag } from "../../services/integrations/measure-integrations.ts";
import type { Clock } from "../deps.ts";
import { createCachedMeasurement } from "./create-cached-measurement.ts";
import type { Report } from "./create-report.ts";
import { metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export type IntegrationMeasurementDeps = {
  clock: Clock;
  measureIntegrations: () => Promise<IntegrationLag[]>;
  /** Called with each failure. */
  report: Report;
};

export const observeIntegrations = (meter: Meter, { clock, measureIntegrations, report }: IntegrationMeasurementDeps): void => {
  const lag = meter.createObservableGauge(metrics.integrationLag.name, optionsOf(metrics.integrationLag));
  const overdue = meter.createObservableGauge(metrics.integrationOverdue.name, optionsOf(metrics.integrationOverdue));
  const measure = createCachedMeasurement({
    clock,
    measure: measureIntegrations,
    onFailure: (error) => report("integrations_not_measured", error),
  });
  meter.addBatchObservableCallback(
    async (result) => {
      for (const row of await measure()) {
        result.observe(lag, row.lagSeconds, { kind: row.kind });
        result.observe(overdue, row.overdue, { kind: row.kind });
      }
    },
    [lag, overdue],
  );
};
