/** The job kinds: one entry gives payload, attempts, maximum run time and priority; the compiler demands the handler in runner/handlers/. */
import { z } from "zod";
import { entityTypes } from "../ingestion/event.ts";

type JobKindEntry = {
  payload: z.ZodType;
  /** Executions until the job is discarded. */
  maxAttempts: number;
  /** Seconds one attempt may run, whatever its heartbeats say. */
  maxRunSeconds: number;
  /** Smaller runs first within a project. */
  priority: number;
  /** Counts against the jobs a project may run at once. Short work does not wait for long exports. */
  hasSlot: boolean;
  /** What was accepted for good: tried for as long as a service is away or refuses us, and never given up at the first failure. */
  isAccepted: boolean;
};

/** Which route events came in by. */
export const eventSources = ["api", "otel"] as const;
export type EventSource = (typeof eventSources)[number];

const origin = z.strictObject({ apiKey: z.string(), sdkName: z.string(), sdkVersion: z.string() });

export const jobKinds = {
  "export.run": {
    payload: z.strictObject({ batchExportId: z.string() }),
    maxAttempts: 8,
    maxRunSeconds: 6 * 3600,
    priority: 100,
    hasSlot: true,
    isAccepted: false,
  },
  /** Tells the user of an export that it has ended or is about to expire. */
  "mail.send": {
    payload: z.strictObject({ batchExportId: z.string(), event: z.enum(["completed", "failed", "expiring"]) }),
    maxAttempts: 8,
    maxRunSeconds: 300,
    priority: 50,
    hasSlot: false,
    isAccepted: false,
  },
  /** One group of events of one entity, stored in the file. Claimed many at a time, by lane; finished ones are deleted. */
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
    priority: 20,
    hasSlot: false,
    isAccepted: true,
  },
  /** One OpenTelemetry request, stored as it came: its spans become events. */
  "ingestion.otel": {
    payload: z.strictObject({ fileKey: z.string(), origin: origin.optional() }),
    maxAttempts: 12,
    maxRunSeconds: 600,
    priority: 20,
    hasSlot: false,
    isAccepted: true,
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
    priority: 80,
    hasSlot: false,
    isAccepted: true,
  },
} as const satisfies Record<string, JobKindEntry>;

export type JobKind = keyof typeof jobKinds;
export type JobPayload<K extends JobKind> = z.infer<(typeof jobKinds)[K]["payload"]>;
