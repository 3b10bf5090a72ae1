/** The `data` of a sample of each webhook event: what a test send carries, and what docs/webhook-samples/ shows. */
import type { WebhookData, WebhookEventType } from "./event-types.ts";

const exported = {
  projectId: "prj_sample",
  batchExportId: "exp_sample",
  name: "Errors of last week",
  metadata: { team: "quality" },
  url: "https://spillway.example.com/api/public/batch-exports/exp_sample",
};
const integration = {
  projectId: "prj_sample",
  integrationId: "int_sample",
  name: "warehouse",
  kind: "blob_storage" as const,
  url: "https://spillway.example.com/api/public/integrations/int_sample",
};
const window = {
  runId: "run_sample",
  cause: "schedule" as const,
  windowStart: "2026-11-01T13:00:00.000Z",
  windowEnd: "2026-11-01T14:00:00.000Z",
};
const deliveredThrough = "2026-11-01T14:00:00.000Z";

/** When the events of the samples happened. */
export const sampleTimestamp = "2026-11-01T14:05:00.000Z";

export const webhookSamples: { [T in WebhookEventType]: WebhookData<T> } = {
  "export.queued": { ...exported, cause: "created", error: null },
  "export.started": { ...exported, attempt: 1 },
  "export.completed": {
    ...exported,
    rows: 1200,
    bytes: 48_210,
    truncated: false,
    expiresAt: "2026-11-08T14:05:00.000Z",
    downloadUrl: `${exported.url}/download`,
    manifestUrl: `${exported.url}/manifest`,
    manifest: {
      version: 1,
      schemaVersion: 1,
      exportId: exported.batchExportId,
      projectId: exported.projectId,
      tableName: "observations",
      format: "PARQUET",
      compression: "none",
      columns: ["id", "traceId", "startTime", "level", "statusMessage"],
      scoreColumns: {},
      privacy: [],
      warnings: [],
      window: { start: "2026-10-25T00:00:11.402000Z", cutoff: "2026-11-01T14:04:57.120000Z" },
      queryHash: "9f2b6c0d1e3a48577c21d5b0a96f4e8813c7de5a02b94f6178e0acd35b2f9e41",
      files: [
        {
          key: "exports/prj_sample/exp_sample/1-0a1b2c3d/export.parquet",
          name: "errors-of-last-week.parquet",
          rows: 1200,
          bytes: 48_210,
          contentType: "application/vnd.apache.parquet",
          crc32: "1c291ca3",
        },
      ],
      rows: 1200,
      bytes: 48_210,
      matchedRows: 1200,
      rowLimit: 10_000_000,
      truncated: false,
      slices: 1,
      attempt: 1,
      slicesResumed: 0,
      startedAt: "2026-11-01T14:04:57.310Z",
      finishedAt: "2026-11-01T14:05:00.000Z",
      metadata: exported.metadata,
    },
  },
  "export.failed": {
    ...exported,
    error: { code: "CLICKHOUSE_RESOURCES", message: "ClickHouse ran out of memory or time" },
  },
  "export.cancelled": exported,
  "export.expired": { ...exported, expiresAt: "2026-11-01T14:00:00.000Z" },
  "integration.run.completed": {
    ...integration,
    ...window,
    rows: 5400,
    bytes: 1_204_882,
    sent: 0,
    accepted: 5400,
    rejected: 0,
    manifestKey: "spillway/manifests/2026-11-01T13.json",
  },
  "integration.run.failed": {
    ...integration,
    ...window,
    error: { code: "S3_UNAVAILABLE", message: "The object store does not answer" },
  },
  "integration.disabled": {
    ...integration,
    error: { code: "S3_ACCESS_DENIED", message: "The object store refused our credentials" },
    deliveredThrough,
  },
  "integration.recovered": { ...integration, deliveredThrough },
  "integration.overdue": { ...integration, dueAt: "2026-11-01T15:00:00.000Z", deliveredThrough },
};

/** The body of a sample as it is sent. */
export const sampleBody = (type: WebhookEventType, timestamp: string): string =>
  JSON.stringify({ type, timestamp, data: webhookSamples[type] });
