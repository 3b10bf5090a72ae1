/** Metrics: counts the runner's events. Recording adds to a number in memory; listeners are guarded (runner/bus.ts). */

import type { Attributes, Meter } from "@opentelemetry/api";
import type { JobKind } from "../../core/jobs/kinds.ts";
import { type JobState, jobState } from "../../core/jobs/state.ts";
import type { Bus } from "../bus.ts";
import { type MetricDefinition, metricDefinitions as metrics, optionsOf } from "./definitions.ts";

export const recordEvents = (meter: Meter, { on }: Pick<Bus, "on">): void => {
  recordJobs(meter, on);
  recordIngestion(meter, on);
  recordExports(meter, on);
  recordIntegrations(meter, on);
  recordWebhooks(meter, on);
  recordOutbox(meter, on);
};

type Record = (value: number, attributes?: Attributes) => void;

const recorder = (meter: Meter, definition: MetricDefinition): Record => {
  switch (definition.type) {
    case "counter": {
      const counter = meter.createCounter(definition.name, optionsOf(definition));
      // A zero is not recorded: it would create a series for an outcome that never happened.
      return (value, attributes) => {
        if (value > 0) counter.add(value, attributes);
      };
    }
    case "upDownCounter": {
      const counter = meter.createUpDownCounter(definition.name, optionsOf(definition));
      return (value, attributes) => counter.add(value, attributes);
    }
    case "histogram": {
      const histogram = meter.createHistogram(definition.name, optionsOf(definition));
      return (value, attributes) => histogram.record(value, attributes);
    }
    case "gauge": {
      const gauge = meter.createGauge(definition.name, optionsOf(definition));
      return (value, attributes) => gauge.record(value, attributes);
    }
    default:
      return definition.type satisfies never;
  }
};

/** Counts single jobs and batches. Every claim ends in a settlement or a lost lease, and so stops running. */
const recordJobs = (meter: Meter, on: Bus["on"]): void => {
  const claimed = recorder(meter, metrics.jobsClaimed);
  const running = recorder(meter, metrics.jobsRunning);
  const settled = recorder(meter, metrics.jobsSettled);
  const failures = recorder(meter, metrics.jobFailures);
  const deadLetters = recorder(meter, metrics.deadLetters);
  const leasesLost = recorder(meter, metrics.leasesLost);
  const attemptDuration = recorder(meter, metrics.attemptDuration);
  const batchDuration = recorder(meter, metrics.ingestionBatchDuration);
  const batchSize = recorder(meter, metrics.ingestionBatchSize);

  const begin = (kind: JobKind, jobs: number) => {
    claimed(jobs, { kind });
    running(jobs, { kind });
  };
  const settle = (kind: JobKind, state: JobState, jobs: number) => {
    settled(jobs, { kind, state });
    if (state === jobState.discarded) deadLetters(jobs, { kind });
  };
  const lose = (kind: JobKind, jobs: number) => {
    running(-jobs, { kind });
    leasesLost(1, { kind });
  };

  on("job.claimed", ({ job }) => begin(job.kind, 1));
  on("job.leaseLost", ({ job }) => lose(job.kind, 1));
  on("job.settled", ({ job: { kind }, state, seconds, error }) => {
    running(-1, { kind });
    settle(kind, state, 1);
    attemptDuration(seconds, { kind, state });
    if (error !== undefined) failures(1, { kind, error_code: error.code });
  });

  on("pool.settled", ({ kind, state, code }) => {
    running(-1, { kind });
    settle(kind, state, 1);
    if (code !== null) failures(1, { kind, error_code: code });
  });

  on("batch.claimed", ({ kind, jobs }) => begin(kind, jobs));
  on("batch.leaseLost", ({ kind, jobs }) => lose(kind, jobs));
  on("batch.settled", ({ kind, jobs, completed, released, failed, seconds }) => {
    running(-jobs, { kind });
    settle(kind, "completed", completed);
    settle(kind, jobState.available, released);
    for (const { code, isFinal } of failed) {
      settle(kind, isFinal ? jobState.discarded : jobState.retryable, 1);
      failures(1, { kind, error_code: code });
    }
    batchDuration(seconds);
    batchSize(jobs);
  });
};

const recordIngestion = (meter: Meter, on: Bus["on"]): void => {
  const events = recorder(meter, metrics.ingestionEvents);
  const distribution = recorder(meter, metrics.ingestionEventDistribution);
  const sampling = recorder(meter, metrics.ingestionSampling);
  on("ingestion.written", ({ files }) => {
    for (const { entityType, source, events: count } of files) {
      const attributes = { entity_type: entityType, source };
      events(count, attributes);
      distribution(count, attributes);
    }
  });
  on("ingestion.sampled", ({ eventsIn, eventsOut }) => {
    sampling(eventsIn, { sampling_decision: "in" });
    sampling(eventsOut, { sampling_decision: "out" });
  });
};

const recordExports = (meter: Meter, on: Bus["on"]): void => {
  const rows = recorder(meter, metrics.exportRows);
  const bytes = recorder(meter, metrics.exportBytes);
  const duration = recorder(meter, metrics.exportDuration);
  const slices = recorder(meter, metrics.exportSlices);
  const slicesResumed = recorder(meter, metrics.exportSlicesResumed);
  const restarts = recorder(meter, metrics.exportRestarts);
  const swept = recorder(meter, metrics.sweptObjects);
  on("export.ended", ({ table, format, outcome, reached, seconds }) => {
    const attributes = { table, format, outcome };
    rows(reached.rows, attributes);
    bytes(reached.bytes, attributes);
    slices(reached.slices, attributes);
    slicesResumed(reached.slicesResumed, attributes);
    duration(seconds, attributes);
  });
  on("export.restarted", ({ table, format, reason }) => restarts(1, { table, format, reason }));
  on("sweep.ended", ({ removed, failed }) => {
    swept(removed, { outcome: "removed" });
    swept(failed, { outcome: "failed" });
  });
};

const recordIntegrations = (meter: Meter, on: Bus["on"]): void => {
  const runs = recorder(meter, metrics.integrationRuns);
  const rows = recorder(meter, metrics.integrationRows);
  const bytes = recorder(meter, metrics.integrationBytes);
  const failures = recorder(meter, metrics.integrationFailures);
  on("integration.delivered", ({ kind, tables }) => {
    runs(1, { kind });
    for (const [table, { accepted, rejected, bytes: written }] of Object.entries(tables)) {
      rows(accepted, { kind, table, outcome: "accepted" });
      rows(rejected, { kind, table, outcome: "rejected" });
      bytes(written, { kind, table });
    }
  });
  on("integration.failed", ({ kind, code }) => failures(1, { kind, error_code: code }));
};

const recordWebhooks = (meter: Meter, on: Bus["on"]): void => {
  const attempts = recorder(meter, metrics.webhookAttempts);
  const duration = recorder(meter, metrics.webhookDuration);
  on("webhook.attempted", ({ outcome, code, seconds }) => {
    attempts(1, { outcome, ...(code === null ? {} : { error_code: code }) });
    duration(seconds, { outcome });
  });
};

const recordOutbox = (meter: Meter, on: Bus["on"]): void => {
  const consumed = recorder(meter, metrics.outboxConsumed);
  const failures = recorder(meter, metrics.outboxFailures);
  on("outbox.consumed", ({ consumer, type }) => consumed(1, { consumer, event_type: type }));
  on("outbox.postponed", ({ consumer, error }) => failures(1, { consumer, error_code: error.code }));
};
