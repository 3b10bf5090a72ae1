/**
 * Metrics of the runner: what is counted, what is observed, and where it goes. Never fails or delays a job: recording is in memory, and
 * export failures are logged, at most once a minute. Memory: one number or histogram per combination of attributes.
 */

import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { Bus } from "../bus.ts";
import type { Report } from "./create-report.ts";
import { metricDefinitions, optionsOf } from "./definitions.ts";
import { type IntegrationMeasurementDeps, observeIntegrations } from "./observe-integrations.ts";
import { type OutboxMeasurementDeps, observeOutbox } from "./observe-outbox.ts";
import { observeQueue, type QueueDeps } from "./observe-queue.ts";
import { observeWebhooks, type WebhookMeasurementDeps } from "./observe-webhooks.ts";
import { createPushReader, type PushConfig } from "./push-reader.ts";
import { recordEvents } from "./record-events.ts";

type MetricsConfig = {
  /** Where the page of metrics is served; null if it is not. */
  prometheus: { host: string; port: number } | null;
  otlp: PushConfig | null;
};

type MetricsDeps = QueueDeps &
  OutboxMeasurementDeps &
  IntegrationMeasurementDeps &
  WebhookMeasurementDeps & {
    events: Pick<Bus, "on">;
    report: Report;
    memoryBytes: () => number;
    /** Identifies this process among all runners. */
    instanceId: string;
  };

export type Metrics = { scrape: (() => Promise<string>) | null; stop: () => Promise<void> };

/** Longest time to send what is left when the runner stops. The rest is dropped. */
const flushMs = 5000;

/** Counts nothing if no destination is configured. `scrape` returns all metrics in the Prometheus text format; null if nobody scrapes. */
export const startMetrics = (deps: MetricsDeps, config: MetricsConfig): Metrics => {
  if (config.prometheus === null && config.otlp === null) return { scrape: null, stop: async () => {} };
  const { report } = deps;
  const scraped = config.prometheus === null ? null : new ScrapeReader();
  const provider = new MeterProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": "spillway-runner", "service.instance.id": deps.instanceId }),
    ),
    readers: [...(scraped === null ? [] : [scraped]), ...(config.otlp === null ? [] : [createPushReader(config.otlp, report)])],
  });
  const meter = provider.getMeter("spillway");
  recordEvents(meter, deps.events);
  observeQueue(meter, deps);
  observeOutbox(meter, deps);
  observeIntegrations(meter, deps);
  observeWebhooks(meter, deps);
  meter
    .createObservableUpDownCounter(metricDefinitions.processMemory.name, optionsOf(metricDefinitions.processMemory))
    .addCallback((result) => result.observe(deps.memoryBytes()));
  return {
    scrape: scraped === null ? null : () => scraped.text(),
    stop: () => provider.shutdown({ timeoutMillis: flushMs }).catch((error: unknown) => report("metrics_not_sent", error)),
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
