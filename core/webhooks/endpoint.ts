/** Webhook endpoints: the bodies that create and change one, and the states of what is sent to it. */
import { z } from "zod";
import { notStorable, storable, storableText } from "../storable.ts";
import { webhookEventTypeNames } from "./event-types.ts";
import { signingSchemes } from "./signing-key.ts";

/** `waiting`: to be sent, or between attempts. `failed`: given up; it can be sent again. */
export const deliveryStates = ["waiting", "delivered", "failed"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const endpointsMax = 50;

/** Hours for which the former secret also signs after a rotation. */
export const overlapHours = { default: 24, max: 7 * 24 } as const;

const name = z.string().trim().min(1).max(200).refine(storable, notStorable);
const shape = {
  name,
  description: storableText(1000).nullable(),
  url: storableText(2048).describe("Where requests go: a public host, by https. Answers show it whole, so put no secret in it."),
  eventTypes: z
    .array(z.enum(webhookEventTypeNames))
    .min(1)
    .max(webhookEventTypeNames.length)
    .transform((types) => [...new Set(types)])
    .nullable()
    .describe("Events that are sent. Null: all, also types that are added later."),
  enabled: z.boolean(),
};

export const CreateWebhookEndpoint = z.strictObject({
  ...shape,
  description: shape.description.default(null),
  eventTypes: shape.eventTypes.default(null),
  enabled: shape.enabled.default(true),
  signing: z.enum(signingSchemes).default("hmac-sha256"),
});
export type CreateWebhookEndpoint = z.infer<typeof CreateWebhookEndpoint>;

export const UpdateWebhookEndpoint = z.strictObject({
  name: shape.name.optional(),
  description: shape.description.optional(),
  url: shape.url.optional(),
  eventTypes: shape.eventTypes.optional(),
  enabled: shape.enabled.optional().describe("True also forgets the fault that switched it off."),
});
export type UpdateWebhookEndpoint = z.infer<typeof UpdateWebhookEndpoint>;

/** What switched an endpoint off, or made its last attempt fail. `at`: ISO 8601 UTC. */
export type EndpointFault = { code: string; message: string; at: string };
