/**
 * Webhook event types: what a receiver may subscribe to. An entry names the outbox event it is made of, when it is sent, and the schema of
 * its `data`. Fields are only ever added, so receivers must ignore those they do not know.
 */
import { z } from "zod";
import { ExportManifest } from "../exports/manifest.ts";
import { integrationKinds } from "../integrations/integration.ts";
import { runCauses } from "../integrations/run-state.ts";
import type { EventPayload, EventType } from "../outbox/event-types.ts";

const instant = z.iso.datetime();
const failure = z.object({ code: z.string().describe("Of docs/errors.md."), message: z.string() });

const exported = {
  projectId: z.string(),
  batchExportId: z.string(),
  name: z.string(),
  metadata: z.record(z.string(), z.string()).nullable().describe("The pairs given when the export was created."),
  url: z.string().describe("Address of the export in this API."),
};
const integration = {
  projectId: z.string(),
  integrationId: z.string(),
  name: z.string(),
  kind: z.enum(integrationKinds),
  url: z.string().describe("Address of the integration in this API."),
};
const window = {
  runId: z.string(),
  cause: z.enum(runCauses),
  windowStart: instant.describe("Rows written at this instant or later,"),
  windowEnd: instant.describe("and before this one."),
};
const deliveredThrough = instant.nullable().describe("Every row written before is delivered.");

export const webhookEventTypes = {
  "export.queued": {
    outbox: "export.queued",
    when: "An export waits for an attempt: created, retried, or given back after an attempt.",
    data: z.object({
      ...exported,
      cause: z.enum(["created", "retried", "attemptFailed", "released"]),
      error: failure.nullable().describe("Of the attempt that failed."),
    }),
  },
  "export.started": {
    outbox: "export.started",
    when: "An attempt of an export has begun.",
    data: z.object({ ...exported, attempt: z.int() }),
  },
  "export.completed": {
    outbox: "export.completed",
    when: "The files of an export are complete and verified.",
    data: z.object({
      ...exported,
      rows: z.int(),
      bytes: z.int(),
      truncated: z.boolean().describe("The row limit left out rows."),
      expiresAt: instant.describe("When the files are deleted."),
      downloadUrl: z.string().describe("Answers 302 to a signed link; `?file=1` is the second file. Needs an API key."),
      manifestUrl: z.string().describe("The manifest in this API."),
      manifest: ExportManifest.nullable().describe("Null if it is too large for a webhook, or the export is deleted: see `manifestUrl`."),
    }),
  },
  "export.failed": {
    outbox: "export.failed",
    when: "An export is given up: no attempt is left, or retrying cannot help.",
    data: z.object({ ...exported, error: failure }),
  },
  "export.cancelled": { outbox: "export.cancelled", when: "An export was cancelled.", data: z.object(exported) },
  "export.expired": {
    outbox: "export.expired",
    when: "The lifetime of an export is over; its files are deleted.",
    data: z.object({ ...exported, expiresAt: instant }),
  },
  "integration.run.completed": {
    outbox: "integration.run_completed",
    when: "Everything in a window of an integration was delivered.",
    data: z.object({
      ...integration,
      ...window,
      rows: z.int(),
      bytes: z.int(),
      sent: z.int().describe("Events sent to an analytics product: `accepted` and `rejected`."),
      accepted: z.int(),
      rejected: z.int(),
      manifestKey: z.string().nullable().describe("For storage: the key of the window's manifest in the bucket."),
    }),
  },
  "integration.run.failed": {
    outbox: "integration.run_failed",
    when: "The delivery of a window was given up. A later tick takes it up again, unless it is a backfill, which has to be asked for again, or the integration is disabled.",
    data: z.object({ ...integration, ...window, error: failure }),
  },
  "integration.disabled": {
    outbox: "integration.disabled",
    when: "A fault of its settings or credentials has switched an integration off.",
    data: z.object({ ...integration, error: failure, deliveredThrough }),
  },
  "integration.recovered": {
    outbox: "integration.recovered",
    when: "An integration delivers again after it kept failing or was overdue.",
    data: z.object({ ...integration, deliveredThrough }),
  },
  "integration.overdue": {
    outbox: "integration.overdue",
    when: "An integration is two intervals behind its schedule. Sent once, until it has caught up.",
    data: z.object({ ...integration, dueAt: instant, deliveredThrough }),
  },
} as const satisfies Record<string, { outbox: EventType; when: string; data: z.ZodType }>;

export type WebhookEventType = keyof typeof webhookEventTypes;
export type WebhookData<T extends WebhookEventType> = z.infer<(typeof webhookEventTypes)[T]["data"]>;

export const webhookEventTypeNames = Object.keys(webhookEventTypes) as [WebhookEventType, ...WebhookEventType[]];

/** Outbox types that become webhooks. */
export type WebhookSource = (typeof webhookEventTypes)[WebhookEventType]["outbox"];
export const webhookSources: readonly WebhookSource[] = webhookEventTypeNames.map((type) => webhookEventTypes[type].outbox);

/** The webhook type of an outbox type; each outbox type has one entry. */
export const webhookTypeOf = (source: WebhookSource): WebhookEventType => {
  const type = webhookEventTypeNames.find((name) => webhookEventTypes[name].outbox === source);
  if (type === undefined) throw new Error(`no webhook type is made of ${source}`);
  return type;
};

export type SourcePayload = EventPayload<WebhookSource>;

/** The body of a request. `timestamp`: when the event happened, not when it is sent. */
export const WebhookPayload = z.object({
  type: z.enum(webhookEventTypeNames),
  timestamp: instant,
  data: z.record(z.string(), z.unknown()),
});
export type WebhookPayload = z.infer<typeof WebhookPayload>;
