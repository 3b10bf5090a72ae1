/** The Idempotency-Key header: a repeated request gets the result of the first. */
import { z } from "@hono/zod-openapi";
import { canonicalJson } from "../../core/canonical-json.ts";
import { storableText } from "../../core/storable.ts";
import type { IdempotencyKey } from "../../services/idempotency.ts";

export const IdempotencyHeader = z.object({
  "idempotency-key": storableText(255)
    .min(1)
    .optional()
    .describe("For 24 hours, a repeated key with the same body returns what the first request created."),
});

/** Returns null if no key was sent. */
export const idempotencyOf = async (
  { "idempotency-key": key }: z.infer<typeof IdempotencyHeader>,
  body: unknown,
): Promise<IdempotencyKey | null> => (key === undefined ? null : { key, requestHash: await sha256(canonicalJson(body)) });

const sha256 = async (text: string): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
