/**
 * The job kinds. An entry defines everything about a kind: loops, switches and dead letters derive from it, and the compiler demands its
 * handler in runner/jobs/index.ts.
 */
import { z } from "zod";
import type { ErrorCode } from "../errors.ts";
import { entityTypes } from "../ingestion/event.ts";
import { integrationMailEvents } from "../integrations/mail-text.ts";
import { attemptsMax } from "../webhooks/schedule.ts";

/** How runners claim jobs of a kind. */
export type Claiming =
  /** One by one, with an exact limit of running jobs per project across all runners (`job_slots`). All such kinds share one loop. */
  | { how: "limitedPerProject" }
  /** One by one, with projects taking turns. `concurrency`: jobs at once per runner, of which a single project leaves one to the others. */
  | { how: "roundRobin"; concurrency: number }
  /** Many under one lease. Jobs with one ordering key (column `lane`) never run in two places at once. */
  | { how: "batchedByOrderingKey" }
  /**
   * Many at a time, each settled by itself, with concurrency keys (column `concurrency_key`) taking turns. `concurrency`: jobs at once per
   * runner. `keyConcurrency`: jobs of one key at once, approached step by step while they succeed; a key that fails has one.
   */
  | { how: "pooledByKey"; concurrency: number; keyConcurrency: number };

type JobKindEntry = {
  payload: z.ZodType;
  /** Attempts until the job is discarded. */
  maxAttempts: number;
  /** Longest time of one attempt, even with heartbeats. */
  maxRunSeconds: number;
  /** Error code of an attempt that exceeds `maxRunSeconds`. */
  timeoutCode: ErrorCode;
  /** Within a project, jobs with lower values run first. */
  priority: number;
  claiming: Claiming;
  /**
   * `accepted`: the sender was told that the job will be done, so it is retried through outages, and kept as a dead letter if it fails for
   * good.
   * `failable`: an error that retrying cannot fix ends the job at once, and its owner is told.
   */
  durability: "accepted" | "failable";
  /** What an expired lease costs a job: an attempt, or only a counted loss, since another job in the runner may be at fault. */
  onExpiredLease: "spendAttempt" | "countLoss";
  /** Environment variable that switches off a runner's loop for the kind. */
  queueSwitch: `QUEUE_CONSUMER_${string}_QUEUE_IS_ENABLED`;
};

/** The route that events were sent to. */
const eventSources = ["api", "otel"] as const;
export type EventSource = (typeof eventSources)[number];

const origin = z.strictObject({ apiKey: z.string(), sdkName: z.string(), sdkVersion: z.string() });

/** Delivers one window of an integration. `isManual` is of jobs that an older version enqueued, and counts no more. */
export const IntegrationRunPayload = z.strictObject({ integrationId: z.string(), isManual: z.boolean().optional() });

const deliversWindow = <Switch extends JobKindEntry["queueSwitch"]>(queueSwitch: Switch) =>
  ({
    payload: IntegrationRunPayload,
    maxAttempts: 8,
    maxRunSeconds: 6 * 3600,
    timeoutCode: "INTEGRATION_TIMED_OUT",
    priority: 100,
    claiming: { how: "roundRobin", concurrency: 2 },
    durability: "failable",
    onExpiredLease: "spendAttempt",
    queueSwitch,
  }) as const satisfies JobKindEntry;

export const jobKinds = {
  "export.run": {
    payload: z.strictObject({ batchExportId: z.string() }),
    maxAttempts: 8,
    maxRunSeconds: 6 * 3600,
    timeoutCode: "EXPORT_TIMED_OUT",
    priority: 100,
    claiming: { how: "limitedPerProject" },
    durability: "failable",
    onExpiredLease: "spendAttempt",
    queueSwitch: "QUEUE_CONSUMER_BATCH_EXPORT_QUEUE_IS_ENABLED",
  },
  /**
   * Mails the user of an export that it has ended or will expire soon, one of the owners of an integration or webhook endpoint what has become
   * of it, or a person a link to sign in.
   */
  "mail.send": {
    payload: z.union([
      z.strictObject({ batchExportId: z.string(), event: z.enum(["completed", "failed", "expiring"]) }),
      z.strictObject({
        integrationId: z.string(),
        userId: z.string(),
        event: z.enum(integrationMailEvents),
        error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
        deliveredThrough: z.iso.datetime().nullable(),
      }),
      z.strictObject({
        webhookEndpointId: z.string(),
        userId: z.string(),
        error: z.strictObject({ code: z.string(), message: z.string() }),
      }),
      /** The token of the link is made when the mail is sent. `publicUrl`: address of the console, without a trailing slash. */
      z.strictObject({ signInLinkId: z.string(), publicUrl: z.url() }),
    ]),
    maxAttempts: 8,
    maxRunSeconds: 300,
    timeoutCode: "INTERNAL",
    priority: 50,
    claiming: { how: "roundRobin", concurrency: 2 },
    durability: "failable",
    onExpiredLease: "spendAttempt",
    queueSwitch: "QUEUE_CONSUMER_MAIL_QUEUE_IS_ENABLED",
  },
  /**
   * Sends one webhook. An endpoint's jobs share a concurrency key. Bun opens at most 256 connections at once: half of them stay for exports
   * and integrations.
   */
  "webhook.deliver": {
    payload: z.strictObject({ deliveryId: z.string() }),
    maxAttempts: attemptsMax,
    maxRunSeconds: 120,
    timeoutCode: "INTERNAL",
    priority: 60,
    claiming: { how: "pooledByKey", concurrency: 128, keyConcurrency: 32 },
    durability: "failable",
    onExpiredLease: "countLoss",
    queueSwitch: "QUEUE_CONSUMER_WEBHOOK_QUEUE_IS_ENABLED",
  },
  "integration.blob_storage": deliversWindow("QUEUE_CONSUMER_BLOB_STORAGE_INTEGRATION_QUEUE_IS_ENABLED"),
  "integration.posthog": deliversWindow("QUEUE_CONSUMER_POSTHOG_INTEGRATION_QUEUE_IS_ENABLED"),
  "integration.mixpanel": deliversWindow("QUEUE_CONSUMER_MIXPANEL_INTEGRATION_QUEUE_IS_ENABLED"),
  /** One group of events of one entity, stored in a file, or one trace of an OpenTelemetry request. Claimed in batches by ordering key. Rows of completed jobs are deleted. */
  "ingestion.merge": {
    payload: z.strictObject({
      entityType: z.enum(entityTypes),
      entityId: z.string(),
      fileKey: z.string(),
      /** Origin of the file. A replayed job reads it from the file. */
      origin: origin.optional(),
      source: z.enum(eventSources).default("api"),
      /** Content of a short file, so that it need not be read from the store. */
      inline: z.string().optional(),
      /**
       * The file is an OpenTelemetry request, and the job is for all that its spans of this trace (`entityId`) write. An older runner does
       * not know the field and leaves the job to others.
       */
      isOtelRequest: z.literal(true).optional(),
    }),
    maxAttempts: 12,
    maxRunSeconds: 600,
    timeoutCode: "INTERNAL",
    priority: 20,
    claiming: { how: "batchedByOrderingKey" },
    durability: "accepted",
    onExpiredLease: "countLoss",
    queueSwitch: "QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED",
  },
  /** A stored OpenTelemetry request whose traces have no jobs yet: it has too many of them, is replayed, or no log names it. */
  "ingestion.otel": {
    payload: z.strictObject({ fileKey: z.string(), origin: origin.optional() }),
    maxAttempts: 12,
    maxRunSeconds: 600,
    timeoutCode: "INTERNAL",
    priority: 20,
    claiming: { how: "roundRobin", concurrency: 4 },
    durability: "accepted",
    onExpiredLease: "countLoss",
    queueSwitch: "QUEUE_CONSUMER_OTEL_INGESTION_QUEUE_IS_ENABLED",
  },
  /** Deletes files, log rows and rows: of some traces or scores, of a project, or of everything older than an instant. */
  "data.delete": {
    payload: z.discriminatedUnion("scope", [
      z.strictObject({ scope: z.literal("traces"), traceIds: z.array(z.string()).min(1).max(1000) }),
      z.strictObject({ scope: z.literal("scores"), scoreIds: z.array(z.string()).min(1).max(1000) }),
      z.strictObject({ scope: z.literal("project") }),
      z.strictObject({ scope: z.literal("before"), before: z.iso.datetime() }),
    ]),
    maxAttempts: 12,
    maxRunSeconds: 3600,
    timeoutCode: "INTERNAL",
    priority: 80,
    claiming: { how: "roundRobin", concurrency: 2 },
    durability: "accepted",
    onExpiredLease: "countLoss",
    queueSwitch: "QUEUE_CONSUMER_DATA_DELETE_QUEUE_IS_ENABLED",
  },
  /** Tries an integration's address and credentials. Its result is kept with the job. */
  "integration.validate": {
    payload: z.strictObject({ integrationId: z.string() }),
    maxAttempts: 2,
    maxRunSeconds: 300,
    timeoutCode: "INTERNAL",
    priority: 40,
    claiming: { how: "roundRobin", concurrency: 2 },
    durability: "failable",
    onExpiredLease: "spendAttempt",
    queueSwitch: "QUEUE_CONSUMER_INTEGRATION_QUEUE_IS_ENABLED",
  },
} as const satisfies Record<string, JobKindEntry>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.infer<(typeof jobKinds)[K]["payload"]>;

export const jobKindNames = Object.keys(jobKinds) as JobKind[];

/** Kinds by how they are claimed. A type, so that a loop that omits a kind does not compile. */
type KindsClaimed<How extends Claiming["how"]> = {
  [K in JobKind]: (typeof jobKinds)[K]["claiming"]["how"] extends How ? K : never;
}[JobKind];
export type BatchKind = KindsClaimed<"batchedByOrderingKey">;
export type PooledKind = KindsClaimed<"pooledByKey">;
export type SingleKind = Exclude<JobKind, BatchKind | PooledKind>;

/** Returns the kinds whose entries match. */
export const kindsWhere = (fits: (entry: JobKindEntry) => boolean): JobKind[] => jobKindNames.filter((kind) => fits(jobKinds[kind]));

/** Kinds that turn ingested data into rows. */
export const ingestionKinds = ["ingestion.merge", "ingestion.otel"] as const satisfies readonly JobKind[];
