/** The job kinds. One entry says everything about a kind; loops, switches and dead letters derive from it, and the compiler demands its handler in runner/jobs/index.ts. */
import { z } from "zod";
import type { ErrorCode } from "../errors.ts";
import { entityTypes } from "../ingestion/event.ts";

/** How runners take jobs of a kind. */
export type Claiming =
  /** One by one, with an exact limit on how many of a project run at once anywhere (`job_slots`). Kinds of this sort share one loop. */
  | { how: "limitedPerProject" }
  /** One by one, projects taking turns; so many at once in a runner, of which one project leaves one to the others. */
  | { how: "roundRobin"; concurrency: number }
  /** Many under one lease; jobs with one ordering key (column `lane`) run in one place only. */
  | { how: "batchedByOrderingKey" };

type JobKindEntry = {
  payload: z.ZodType;
  /** Executions until the job is discarded. */
  maxAttempts: number;
  /** Seconds one attempt may run, whatever its heartbeats say. */
  maxRunSeconds: number;
  /** How an attempt fails that ran longer. */
  timeoutCode: ErrorCode;
  /** Smaller runs first within a project. */
  priority: number;
  claiming: Claiming;
  /**
   * `accepted`: somebody was told that it is done for good, so it is tried for as long as a service is away or refuses us, and what is given up in the end is kept as a dead letter.
   * `failable`: an error that a retry cannot mend ends it at once, and its owner is told.
   */
  durability: "accepted" | "failable";
  /** What becomes of a job whose lease expired: the attempt is spent, or the loss is counted beside the attempts since the fault may be that of another job in the runner. */
  onExpiredLease: "spendAttempt" | "countLoss";
  /** The environment variable that switches a runner's loop for the kind off. */
  queueSwitch: `QUEUE_CONSUMER_${string}_QUEUE_IS_ENABLED`;
};

/** Which route events came in by. */
const eventSources = ["api", "otel"] as const;
export type EventSource = (typeof eventSources)[number];

const origin = z.strictObject({ apiKey: z.string(), sdkName: z.string(), sdkVersion: z.string() });

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
  /** Tells the user of an export that it has ended or is about to expire. */
  "mail.send": {
    payload: z.strictObject({ batchExportId: z.string(), event: z.enum(["completed", "failed", "expiring"]) }),
    maxAttempts: 8,
    maxRunSeconds: 300,
    timeoutCode: "INTERNAL",
    priority: 50,
    claiming: { how: "roundRobin", concurrency: 2 },
    durability: "failable",
    onExpiredLease: "spendAttempt",
    queueSwitch: "QUEUE_CONSUMER_MAIL_QUEUE_IS_ENABLED",
  },
  /** One group of events of one entity, stored in the file. Claimed many at a time, by ordering key; finished ones are deleted. */
  "ingestion.merge": {
    payload: z.strictObject({
      entityType: z.enum(entityTypes),
      entityId: z.string(),
      fileKey: z.string(),
      /** Of the file; a replayed one tells it itself. */
      origin: origin.optional(),
      source: z.enum(eventSources).default("api"),
      /** What the file holds, where it is short: saves asking the store for it. */
      inline: z.string().optional(),
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
  /** One OpenTelemetry request, stored as it came: its spans become events. */
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
  /** Removes files, log rows and rows of some traces or scores, of a whole project, or of all that is older than an instant. */
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
} as const satisfies Record<string, JobKindEntry>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.infer<(typeof jobKinds)[K]["payload"]>;

export const jobKindNames = Object.keys(jobKinds) as JobKind[];

/** Kinds by how they are claimed; a type, so that a loop that forgets a kind does not compile. */
type KindsClaimed<How extends Claiming["how"]> = {
  [K in JobKind]: (typeof jobKinds)[K]["claiming"]["how"] extends How ? K : never;
}[JobKind];
export type BatchKind = KindsClaimed<"batchedByOrderingKey">;
export type SingleKind = Exclude<JobKind, BatchKind>;

/** Kinds whose entry fits. */
export const kindsWhere = (fits: (entry: JobKindEntry) => boolean): JobKind[] => jobKindNames.filter((kind) => fits(jobKinds[kind]));

/** Kinds that make rows of what was sent. */
export const ingestionKinds = ["ingestion.merge", "ingestion.otel"] as const satisfies readonly JobKind[];
