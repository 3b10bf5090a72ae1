/**
 * Metrics of the runner: what is counted, what is observed, and where it goes. Never fails or delays a job: recording is in memory, and
 * export failures are logged, at most once a minute. Memory: one number or histogram per combination of attributes.
 */

import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { Bus } from "../bus.ts";
import type { Log } from "../deps.ts";
import { metricDefinitions, optionsOf } from "./definitions.ts";
import { type IntegrationMeasurementDeps, observeIntegrations } from "./observe-integrations.ts";
import { type OutboxMeasurementDeps, observeOutbox } from "./observe-outbox.ts";
import { observeQueue, type QueueDeps } from "./observe-queue.ts";
import { createPushReader, type PushConfig } from "./push-reader.ts";
import { recordEvents } from "./record-events.ts";
import { serveScrape } from "./serve-scrape.ts";

type MetricsConfig = {
  prometheus: { host: string; port: number } | null;
  otlp: PushConfig | null;
};

type MetricsDeps = Omit<QueueDeps & OutboxMeasurementDeps & IntegrationMeasurementDeps, "report"> & {
  events: Pick<Bus, "on">;
  log: Log;
  memoryBytes: () => number;
  /** Identifies this process among all runners. */
  instanceId: string;
};

/** Longest time to send what is left when the runner stops. The rest is dropped. */
const flushMs = 5000;
const reportEveryMs = 60_000;

/** Counts nothing if no destination is configured. */
export const startMetrics = (deps: MetricsDeps, config: MetricsConfig): { stop: () => Promise<void> } => {
  if (config.prometheus === null && config.otlp === null) return { stop: async () => {} };
  const report = createReport(deps);
  const scraped = config.prometheus === null ? null : new ScrapeReader();
  const provider = new MeterProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": "spillway-runner", "service.instance.id": deps.instanceId }),
    ),
    readers: [...(scraped === null ? [] : [scraped]), ...(config.otlp === null ? [] : [createPushReader(config.otlp, report)])],
  });
  const meter = provider.getMeter("spillway");
  recordEvents(meter, deps.events);
  observeQueue(meter, { ...deps, report });
  observeOutbox(meter, { ...deps, report });
  observeIntegrations(meter, { ...deps, report });
  meter
    .createObservableUpDownCounter(metricDefinitions.processMemory.name, optionsOf(metricDefinitions.processMemory))
    .addCallback((result) => result.observe(deps.memoryBytes()));
  const server =
    config.prometheus === null || scraped === null ? null : serveScrape(config.prometheus, { scrape: () => scraped.text(), report });
  return {
    stop: async () => {
      await Promise.all([
        server?.stop(),
        provider.shutdown({ timeoutMillis: flushMs }).catch((error: unknown) => report("metrics_not_sent", error)),
      ]);
    },
  };
};

/** Collects metrics when asked. */
class ScrapeReader extends MetricReader {
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, false, true);

  /** Returns all metrics in the Prometheus text format. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.collect();
    return this.#serializer.serialize(resourceMetrics);
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Logs at most one line a minute per event, with the number of failures it stands for. */
const createReport = ({ clock, log }: Pick<MetricsDeps, "clock" | "log">): ((event: string, error: unknown) => void) => {
  let saidMs = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return (event, error) => {
    if (clock.steadyMs() - saidMs < reportEveryMs) {
      unsaid++;
      return;
    }
    log("warn", event, { detail: String(error), failures_before: unsaid });
    saidMs = clock.steadyMs();
    unsaid = 0;
  };
};
