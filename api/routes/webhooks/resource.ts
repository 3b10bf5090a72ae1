/** The API's representations of webhook endpoints and deliveries. Secrets are in none but the answers of creation and rotation. */
import { z } from "@hono/zod-openapi";
import { faultHelp } from "../../../core/integrations/fault-help.ts";
import { deliveryStates } from "../../../core/webhooks/endpoint.ts";
import { webhookEventTypeNames } from "../../../core/webhooks/event-types.ts";
import { signingSchemes } from "../../../core/webhooks/signing-key.ts";
import type { EndpointRow } from "../../../services/webhooks/endpoint-row.ts";
import type { AttemptRow, FoundDelivery } from "../../../services/webhooks/list-deliveries.ts";

const instant = z.iso.datetime();
const failure = z.object({ code: z.string(), message: z.string(), help: z.string().describe("What to do about it.") });

export const WebhookEndpoint = z
  .object({
    id: z.string(),
    projectId: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    url: z.string(),
    eventTypes: z.array(z.enum(webhookEventTypeNames)).nullable().describe("Null: all."),
    enabled: z.boolean(),
    signing: z.enum(signingSchemes),
    publicKey: z.string().nullable().describe("`whpk_` and base64: verifies ed25519 signatures. Null with hmac-sha256."),
    previousPublicKey: z.string().nullable(),
    previousSecretUntil: instant.nullable().describe("Until then the former secret signs too."),
    state: z.enum(["healthy", "failing", "disabled"]),
    fault: failure.extend({ at: instant }).nullable().describe("Of the last failed attempt, or what switched it off."),
    failures: z.int().describe("Attempts that failed since the last success."),
    failingSince: instant.nullable(),
    createdBy: z.string().nullable(),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi("WebhookEndpoint");

export const WebhookEndpointWithSecret = WebhookEndpoint.extend({
  secret: z
    .string()
    .nullable()
    .describe("`whsec_` and base64. Shown only here; keep it where the receiver verifies. Null with ed25519: use `publicKey`."),
}).openapi("WebhookEndpointWithSecret");

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const showFailure = (error: { code: string; message: string } | null): z.infer<typeof failure> | null =>
  error === null ? null : { code: error.code, message: error.message, help: faultHelp(error.code) };

export const showEndpoint = (row: EndpointRow): z.infer<typeof WebhookEndpoint> => {
  const fault = showFailure(row.lastError);
  const isFailing = row.enabled && row.failingSince !== null;
  const isOverlapping = row.previousSecretUntil !== null;
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.name,
    description: row.description,
    url: row.url,
    eventTypes: row.eventTypes,
    enabled: row.enabled,
    signing: row.signing,
    publicKey: row.publicKey,
    previousPublicKey: isOverlapping ? row.previousPublicKey : null,
    previousSecretUntil: iso(row.previousSecretUntil),
    state: !row.enabled ? "disabled" : isFailing ? "failing" : "healthy",
    fault:
      fault === null || row.lastError === null || !(isFailing || row.disabledCode !== null) ? null : { ...fault, at: row.lastError.at },
    failures: row.failures,
    failingSince: iso(row.failingSince),
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
};

export const showWithSecret = (row: EndpointRow, secret: string): z.infer<typeof WebhookEndpointWithSecret> => ({
  ...showEndpoint(row),
  secret: row.signing === "ed25519" ? null : secret,
});

export const WebhookDeliverySummary = z
  .object({
    id: z.string(),
    endpointId: z.string(),
    eventId: z.string().describe("The header `webhook-id`, the same for every attempt."),
    type: z.enum(webhookEventTypeNames),
    objectId: z.string().describe("What the event is about: an export or integration."),
    isTest: z.boolean(),
    state: z.enum(deliveryStates).describe("`failed` is given up; it can be redelivered."),
    attempts: z.int(),
    responseStatus: z.int().nullable().describe("Of the last attempt."),
    error: failure.nullable(),
    nextAttemptAt: instant.nullable().describe("Null while it is being sent, or waits for an earlier event of its object."),
    createdAt: instant,
    finishedAt: instant.nullable(),
  })
  .openapi("WebhookDeliverySummary");

const WebhookAttempt = z
  .object({
    startedAt: instant,
    durationMs: z.int(),
    url: z.string(),
    requestHeaders: z.record(z.string(), z.string()).describe("Of the signature only the schemes."),
    responseStatus: z.int().nullable(),
    responseHeaders: z.record(z.string(), z.string()).nullable(),
    responseBody: z.string().nullable().describe("The first 20 kB."),
    error: failure.nullable(),
  })
  .openapi("WebhookAttempt");

export const WebhookDelivery = WebhookDeliverySummary.extend({
  body: z.string().describe("The text that is signed and sent."),
  log: z.array(WebhookAttempt).describe("The newest 30 attempts, the oldest of them first."),
}).openapi("WebhookDelivery");

export const showDeliverySummary = (row: FoundDelivery): z.infer<typeof WebhookDeliverySummary> => ({
  id: row.id,
  endpointId: row.endpointId,
  eventId: row.eventId,
  type: row.eventType,
  objectId: row.objectId,
  isTest: row.isTest,
  state: row.state,
  attempts: row.attempts,
  responseStatus: row.responseStatus,
  error: showFailure(row.lastError),
  nextAttemptAt: row.nextAttemptAt,
  createdAt: row.createdAt.toISOString(),
  finishedAt: iso(row.finishedAt),
});

export const showAttempt = ({ id, deliveryId, startedAt, error, ...same }: AttemptRow): z.infer<typeof WebhookAttempt> => ({
  ...same,
  startedAt: startedAt.toISOString(),
  error: showFailure(error),
});
