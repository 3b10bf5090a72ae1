/** Types of outbox events, each with the schema of its payload. A new type needs only an entry here; consumers name the types they want. */
import { z } from "zod";
import { integrationKinds } from "../integrations/integration.ts";
import { runCauses } from "../integrations/run-state.ts";

/** Fields of every export event. Older readers ignore fields they do not know. */
const about = { batchExportId: z.string(), name: z.string() };
const failure = z.object({ code: z.string(), message: z.string() });
const instant = z.iso.datetime();
/** Fields of every event of an integration. */
const integration = { integrationId: z.string(), name: z.string(), kind: z.enum(integrationKinds) };

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
  /** A fault of its settings or credentials has switched the integration off. */
  "integration.disabled": z.object({ ...integration, error: failure, deliveredThrough: instant.nullable() }),
  /** It keeps failing. Told once, until it has recovered. */
  "integration.failing": z.object({ ...integration, error: failure, failures: z.int(), deliveredThrough: instant.nullable() }),
  /** It has delivered a window after `integration.failing` or `integration.overdue`. */
  "integration.recovered": z.object({ ...integration, deliveredThrough: instant.nullable() }),
  /** It is behind its schedule by two intervals. Told once, until it has caught up. */
  "integration.overdue": z.object({ ...integration, dueAt: instant, deliveredThrough: instant.nullable() }),
  /** Everything in a window was delivered. `rejected`: rows the sink refused. */
  "integration.run_completed": z.object({
    ...integration,
    runId: z.string(),
    cause: z.enum(runCauses),
    windowStart: instant,
    windowEnd: instant,
    rows: z.int(),
    bytes: z.int(),
    sent: z.int(),
    accepted: z.int(),
    rejected: z.int(),
    /** For storage: where the manifest of the window is. */
    manifestKey: z.string().nullable(),
  }),
  /** The delivery of a window was given up: no attempt is left, or a fault has switched the integration off. */
  "integration.run_failed": z.object({
    ...integration,
    runId: z.string(),
    cause: z.enum(runCauses),
    windowStart: instant,
    windowEnd: instant,
    error: failure,
  }),
  /** A fault has switched the endpoint off: 410, an address that is not allowed, or days of failures. */
  "webhook.endpoint_disabled": z.object({ endpointId: z.string(), name: z.string(), error: failure }),
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
