/** The API's representation of an API key, and the bodies that create and rotate one. */
import { z } from "@hono/zod-openapi";
import { scopes } from "../../../core/auth/scopes.ts";
import { isStorableInstant, notStorableInstant, storableText } from "../../../core/storable.ts";
import type { ApiKeyRow } from "../../../services/tenants/api-key-columns.ts";
import { iso } from "../iso.ts";

const instant = z.iso.datetime();

export const CreateApiKey = z
  .strictObject({
    scopes: z
      .array(z.enum(scopes))
      .min(1)
      .max(scopes.length)
      .describe("At most those of your own key. The new key has the owner of yours, and never more than the owner's role allows."),
    note: storableText(200).optional(),
    expiresAt: z.iso
      .datetime({ offset: true })
      .refine(isStorableInstant, notStorableInstant)
      .optional()
      .describe("In the future. Required, and no later than your own key's, if that expires."),
  })
  .openapi("CreateApiKey");

const overlapSecondsMax = 7 * 86_400;

export const RotateApiKey = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(overlapSecondsMax)
      .default(86_400)
      .describe("How long the former secret stays valid: 24 hours by default, at most 7 days; 0 ends it at once."),
  })
  .openapi("RotateApiKey");

export const ApiKey = z
  .object({
    id: z.string(),
    publicKey: z.string(),
    displaySecretKey: z.string().describe("Start and end of the secret."),
    note: z.string().nullable(),
    scopes: z.array(z.string()),
    userId: z.string().describe("The owner, whose role bounds the scopes."),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable().describe("To the minute."),
    rotatedAt: instant.nullable(),
    previousSecretExpiresAt: instant.nullable().describe("Until when the secret before the last rotation is valid."),
  })
  .openapi("ApiKey");

export const ApiKeyWithSecret = ApiKey.extend({ secretKey: z.string().describe("Shown once. Only its hash is stored.") }).openapi(
  "ApiKeyWithSecret",
);

export const showApiKey = (row: ApiKeyRow): z.infer<typeof ApiKey> => ({
  id: row.id,
  publicKey: row.publicKey,
  displaySecretKey: row.displaySecretKey,
  note: row.note,
  scopes: row.scopes,
  userId: row.userId,
  createdAt: row.createdAt.toISOString(),
  expiresAt: iso(row.expiresAt),
  lastUsedAt: iso(row.lastUsedAt),
  rotatedAt: iso(row.rotatedAt),
  previousSecretExpiresAt: iso(row.previousExpiresAt),
});
