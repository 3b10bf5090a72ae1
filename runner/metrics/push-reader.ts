/** Metrics: sends all of them to a collector at every interval, as OTLP in JSON over HTTP. */
import { AggregationTemporalityPreference, OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import {
  AggregationTemporality,
  AggregationType,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";

export type PushConfig = { url: string; headers: Record<string, string>; intervalMs: number };

/** The collector has this long to answer, tries included. */
const sendMsMax = 10_000;

export const createPushReader = (
  { url, headers, intervalMs }: PushConfig,
  report: (event: string, error: unknown) => void,
): PeriodicExportingMetricReader => {
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

/** The reader tells failures to a global handler only. */
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
