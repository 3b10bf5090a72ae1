/** Every metric of the runner: name, type, unit (UCUM), attributes and meaning. A test compares the table in docs/operations.md with it. */

export type MetricDefinition = {
  name: string;
  type: "counter" | "upDownCounter" | "histogram" | "gauge";
  unit: string;
  /** Attributes with small, closed sets of values. Never use ids. */
  attributes: readonly string[];
  meaning: string;
  /** Upper bounds of the histogram's buckets. */
  boundaries?: readonly number[];
};

const seconds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const exported = ["table", "format", "outcome"] as const;

export const metricDefinitions = {
  ingestionEvents: {
    name: "langfuse.ingestion.event",
    type: "counter",
    unit: "{event}",
    attributes: ["entity_type", "source"],
    meaning: "events whose entity was written; counted again when a batch is repeated after a crash",
  },
  ingestionEventDistribution: {
    name: "langfuse.ingestion.event_distribution",
    type: "histogram",
    unit: "{event}",
    attributes: ["entity_type", "source"],
    meaning: "events in one file; a file holds the events of one entity in one request",
    boundaries: counts,
  },
  ingestionSampling: {
    name: "langfuse.ingestion.sampling",
    type: "counter",
    unit: "{event}",
    attributes: ["sampling_decision"],
    meaning: "events of OpenTelemetry requests of projects with a sampling rate, `in` or `out`",
  },
  ingestionBatchDuration: {
    name: "spillway.ingestion.batch.duration",
    type: "histogram",
    unit: "s",
    attributes: [],
    meaning: "from the claim of a batch of `ingestion.merge` to the end of its settling",
    boundaries: seconds,
  },
  ingestionBatchSize: {
    name: "spillway.ingestion.batch.size",
    type: "histogram",
    unit: "{job}",
    attributes: [],
    meaning: "jobs in one batch",
    boundaries: counts,
  },
  jobsClaimed: {
    name: "spillway.job.claimed",
    type: "counter",
    unit: "{job}",
    attributes: ["kind"],
    meaning: "attempts started",
  },
  jobsSettled: {
    name: "spillway.job.settled",
    type: "counter",
    unit: "{job}",
    attributes: ["kind", "state"],
    meaning: "attempts ended, by the resulting state of the job; `available`: given back",
  },
  jobFailures: {
    name: "spillway.job.failures",
    type: "counter",
    unit: "{failure}",
    attributes: ["kind", "error_code"],
    meaning: "attempts that failed, by the code of docs/errors.md",
  },
  deadLetters: {
    name: "spillway.job.dead_letters",
    type: "counter",
    unit: "{job}",
    attributes: ["kind"],
    meaning: "jobs whose last attempt failed",
  },
  leasesLost: {
    name: "spillway.job.lost_leases",
    type: "counter",
    unit: "{lease}",
    attributes: ["kind"],
    meaning: "attempts, or whole batches, that ended with their lease; nothing was settled",
  },
  jobsRunning: {
    name: "spillway.job.running",
    type: "upDownCounter",
    unit: "{job}",
    attributes: ["kind"],
    meaning: "jobs this runner works on now",
  },
  attemptDuration: {
    name: "spillway.job.attempt.duration",
    type: "histogram",
    unit: "s",
    attributes: ["kind", "state"],
    meaning: "from claim to settled; jobs that are claimed in batches are in `spillway.ingestion.batch.duration`",
    boundaries: seconds,
  },
  queueDepth: {
    name: "spillway.queue.depth",
    type: "gauge",
    unit: "{job}",
    attributes: ["kind"],
    meaning: "jobs that are due and not claimed, counted up to 10,000; all runners report the same number: take the maximum, not the sum",
  },
  queueOldestAge: {
    name: "spillway.queue.oldest_due.age",
    type: "gauge",
    unit: "s",
    attributes: ["kind"],
    meaning: "how long the oldest of them has been due; 0 if none is",
  },
  exportRows: {
    name: "spillway.export.rows",
    type: "counter",
    unit: "{row}",
    attributes: exported,
    meaning: "rows in the files when a pass ended, resumed ones included; `completed` sums to what was delivered",
  },
  exportBytes: {
    name: "spillway.export.bytes",
    type: "counter",
    unit: "By",
    attributes: exported,
    meaning: "bytes of those files, compressed as they are stored",
  },
  exportDuration: {
    name: "spillway.export.duration",
    type: "histogram",
    unit: "s",
    attributes: exported,
    meaning: "one pass of an attempt, from its plan to its end",
    boundaries: seconds,
  },
  exportSlices: {
    name: "spillway.export.slices",
    type: "counter",
    unit: "{slice}",
    attributes: exported,
    meaning: "slices in those files",
  },
  exportSlicesResumed: {
    name: "spillway.export.slices_resumed",
    type: "counter",
    unit: "{slice}",
    attributes: exported,
    meaning: "slices of completed exports that an earlier attempt had uploaded",
  },
  exportRestarts: {
    name: "spillway.export.restarts",
    type: "counter",
    unit: "{restart}",
    attributes: ["table", "format", "reason"],
    meaning:
      "restarts of exports within an attempt: rows were re-keyed during the read (`rows_rekeyed`), or a repeated read gave other bytes than were uploaded (`replay_differs`)",
  },
  integrationRuns: {
    name: "spillway.integration.runs",
    type: "counter",
    unit: "{window}",
    attributes: ["kind"],
    meaning: "windows of integrations that were delivered",
  },
  integrationRows: {
    name: "spillway.integration.rows",
    type: "counter",
    unit: "{row}",
    attributes: ["kind", "table", "outcome"],
    meaning: "rows of delivered windows, `accepted` or `rejected` by the destination",
  },
  integrationBytes: {
    name: "spillway.integration.bytes",
    type: "counter",
    unit: "By",
    attributes: ["kind", "table"],
    meaning: "bytes of delivered files, after compression",
  },
  integrationFailures: {
    name: "spillway.integration.failures",
    type: "counter",
    unit: "{attempt}",
    attributes: ["kind", "error_code"],
    meaning: "attempts to deliver a window that failed",
  },
  integrationLag: {
    name: "spillway.integration.lag",
    type: "gauge",
    unit: "s",
    attributes: ["kind"],
    meaning: "how far the integration that is farthest behind is behind, of those that are switched on; every runner shows the same",
  },
  integrationOverdue: {
    name: "spillway.integration.overdue",
    type: "gauge",
    unit: "{integration}",
    attributes: ["kind"],
    meaning: "integrations that are two intervals behind; every runner shows the same",
  },
  webhookAttempts: {
    name: "spillway.webhook.attempts",
    type: "counter",
    unit: "{attempt}",
    attributes: ["outcome", "error_code"],
    meaning:
      "webhook requests, by what became of the delivery: `delivered`, `retry`, `failed` (given up) or `disable` (given up, and the endpoint switched off)",
  },
  webhookDuration: {
    name: "spillway.webhook.duration",
    type: "histogram",
    unit: "s",
    attributes: ["outcome"],
    meaning: "one webhook request, from connecting to the end of the answer",
    boundaries: seconds,
  },
  webhookWaiting: {
    name: "spillway.webhook.waiting",
    type: "gauge",
    unit: "{delivery}",
    attributes: [],
    meaning:
      "deliveries that wait for their first or next attempt, or for an earlier one of their object, counted to 10,000; every runner shows the same",
  },
  webhookLag: {
    name: "spillway.webhook.lag",
    type: "gauge",
    unit: "s",
    attributes: [],
    meaning: "how long the oldest of those waits that were never tried; receivers that are down do not count; 0 if none does",
  },
  outboxConsumed: {
    name: "spillway.outbox.consumed",
    type: "counter",
    unit: "{event}",
    attributes: ["consumer", "event_type"],
    meaning: "events of the outbox that a consumer has consumed",
  },
  outboxFailures: {
    name: "spillway.outbox.failures",
    type: "counter",
    unit: "{failure}",
    attributes: ["consumer", "error_code"],
    meaning: "events that a consumer could not consume, by the code of docs/errors.md; each is put off and handed over again",
  },
  outboxWaiting: {
    name: "spillway.outbox.waiting",
    type: "gauge",
    unit: "{event}",
    attributes: ["consumer"],
    meaning: "events a consumer has still to consume, counted to 10,000; every runner shows the same: take the greatest, not the sum",
  },
  outboxOldestAge: {
    name: "spillway.outbox.oldest_waiting.age",
    type: "gauge",
    unit: "s",
    attributes: ["consumer"],
    meaning: "how long ago the first of them was written: how far the consumer is behind; 0 where none waits",
  },
  sweptObjects: {
    name: "spillway.sweep.objects",
    type: "counter",
    unit: "{object}",
    attributes: ["outcome"],
    meaning: "leftover objects that were `removed`, or could not be (`failed`)",
  },
  processMemory: {
    name: "process.memory.usage",
    type: "upDownCounter",
    unit: "By",
    attributes: [],
    meaning: "resident memory of the process",
  },
} as const satisfies Record<string, MetricDefinition>;

export const optionsOf = ({ meaning, unit, boundaries }: MetricDefinition) => ({
  description: meaning,
  unit,
  ...(boundaries === undefined ? {} : { advice: { explicitBucketBoundaries: [...boundaries] } }),
});
