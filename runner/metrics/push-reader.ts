/** Metrics: sends all metrics to a collector at each interval, as OTLP JSON over HTTP. */
import { AggregationTemporalityPreference, OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import {
  AggregationTemporality,
  AggregationType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import type { Report } from "./create-report.ts";

export type PushConfig = { url: string; headers: Record<string, string>; intervalMs: number };

/** Longest time for the collector to respond, including retries. */
const sendMsMax = 10_000;

export const createPushReader = ({ url, headers, intervalMs }: PushConfig, report: Report): PeriodicExportingMetricReader => {
  const exporter = new OTLPMetricExporter({
    url,
    headers,
    timeoutMillis: Math.min(intervalMs, sendMsMax),
    temporalityPreference: AggregationTemporalityPreference.CUMULATIVE,
  });
  return new PeriodicExportingMetricReader({
    exporter: reported(exporter, (error) => report("metrics_not_sent", error)),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs,
  });
};

/** Reports failed exports, which the reader itself passes only to a global handler. */
const reported = (exporter: PushMetricExporter, report: (error: unknown) => void): PushMetricExporter => ({
  export: (metrics, done) =>
    exporter.export(metrics, (result) => {
      if (result.error !== undefined) report(result.error);
      done(result);
    }),
  forceFlush: () => exporter.forceFlush(),
  shutdown: () => exporter.shutdown(),
  selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
  selectAggregation: () => ({ type: AggregationType.DEFAULT }),
});
