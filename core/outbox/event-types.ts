/** Types of outbox events, each with the schema of its payload. A new type needs only an entry here; consumers name the types they want. */
import { z } from "zod";

/** Fields of every export event. Older readers ignore fields they do not know. */
const about = { batchExportId: z.string(), name: z.string() };
const failure = z.object({ code: z.string(), message: z.string() });
const instant = z.iso.datetime();
/** Fields of every event about an integration. */
const ofIntegration = { integrationId: z.string(), name: z.string(), kind: z.string() };

export const eventTypes = {
  /** The export waits for an attempt. `attemptFailed` and `released` follow `export.started`; `retried` follows a final state. */
  "export.queued": z.object({
    ...about,
    cause: z.enum(["created", "retried", "attemptFailed", "released"]),
    error: failure.nullable(),
  }),
  /** An attempt has begun. */
  "export.started": z.object({ ...about, attempt: z.int() }),
  "export.completed": z.object({ ...about, rows: z.int(), bytes: z.int(), truncated: z.boolean(), expiresAt: instant }),
  /** No attempt is left, or the fault is permanent. */
  "export.failed": z.object({ ...about, error: failure }),
  "export.cancelled": z.object(about),
  /** The export's files will be deleted soon. */
  "export.expiring": z.object({ ...about, expiresAt: instant }),
  /** The export's files are passed to the sweep for deletion. */
  "export.expired": z.object({ ...about, expiresAt: instant }),
  /** A window was delivered. */
  "integration.run_completed": z.object({
    ...ofIntegration,
    runId: z.string(),
    windowStart: instant,
    windowEnd: instant,
    rows: z.int(),
    bytes: z.int(),
    rejected: z.int(),
    manifestKey: z.string().nullable(),
  }),
  /** Several attempts in a row have failed. It is tried on. */
  "integration.failing": z.object({ ...ofIntegration, error: failure, failures: z.int() }),
  /** After `integration.failing` or `integration.overdue`: it delivers again. */
  "integration.recovered": z.object({ ...ofIntegration, deliveredThrough: instant }),
  /** A fault that only its owner can mend switched it off. */
  "integration.disabled": z.object({ ...ofIntegration, error: failure }),
  /** What it has delivered is two intervals behind. */
  "integration.overdue": z.object({ ...ofIntegration, deliveredThrough: instant.nullable() }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof eventTypes;
export type EventPayload<T extends EventType> = z.infer<(typeof eventTypes)[T]>;

/**
 * An event as a consumer gets it. `id` is the same each time the event is delivered, `objectId` is the object it is about. `createdAt`: ISO
 * 8601 UTC.
 */
export type OutboxEvent<T extends EventType = EventType> = {
  [K in T]: { id: string; type: K; projectId: string; objectId: string; createdAt: string; payload: EventPayload<K> };
}[T];
