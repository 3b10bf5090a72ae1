/** Proves that a webhook is from Spillway: Standard Webhooks (https://www.standardwebhooks.com, read 2026-11-29), `v1` and `v1a`, by WebCrypto. */
import { SpillwayError } from "./spillway-error.ts";

export type WebhookHeaders = Headers | Record<string, string | readonly string[] | undefined>;

export type VerifyOptions = {
  /** How far `webhook-timestamp` may be from now, in both directions. Default 300. */
  toleranceSeconds?: number | undefined;
  nowMs?: number | undefined;
};

/**
 * Answers the event of a webhook. `body` is the body as it arrived, not parsed and written again. `secrets` are `whsec_…` of an endpoint
 * or its `whpk_…` public key; during a rotation give both. Throws INVALID_WEBHOOK. Comparisons take the same time whatever was sent.
 */
export const verifyWebhook = async <Event = unknown>(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { toleranceSeconds = 300, nowMs = Date.now() }: VerifyOptions = {},
): Promise<Event> => {
  const [id, timestamp, signatures] = (["webhook-id", "webhook-timestamp", "webhook-signature"] as const).map((name) =>
    headerOf(headers, name),
  );
  if (!id || !timestamp || !signatures)
    throw invalid("The headers webhook-id, webhook-timestamp and webhook-signature belong to a webhook.");
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds)
    throw invalid(`The webhook is not from the last ${toleranceSeconds} seconds, or the clock of this machine is wrong.`);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signed = concat(new TextEncoder().encode(`${id}.${timestamp}.`), bytes);
  for (const secret of typeof secrets === "string" ? [secrets] : secrets)
    for (const signature of signatures.split(" "))
      if (await isSignedBy(secret, signature, signed)) return JSON.parse(new TextDecoder().decode(bytes)) as Event;
  throw invalid("No signature of the webhook fits a secret.");
};

const headerOf = (headers: WebhookHeaders, name: string): string | undefined => {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === "string" ? value : value?.[0];
};

/** `v1,…` is an HMAC by a `whsec_` secret, `v1a,…` is signed by the private half of a `whpk_` key. */
const isSignedBy = async (secret: string, signature: string, signed: Uint8Array<ArrayBuffer>): Promise<boolean> => {
  const isPublic = secret.startsWith("whpk_");
  const [version, encoded = ""] = signature.split(",");
  if (version !== (isPublic ? "v1a" : "v1")) return false;
  const given = fromBase64(encoded);
  const keyBytes = fromBase64(secret.replace(/^wh(sec|pk)_/, ""));
  if (keyBytes === undefined || keyBytes.byteLength === 0) throw new TypeError("A secret is whsec_ or whpk_ with base64 behind it.");
  if (given === undefined) return false;
  const algorithm = isPublic ? { name: "Ed25519" } : { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", keyBytes, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm.name, key, given, signed);
};

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    // Not base64.
    return undefined;
  }
};

const concat = (first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> => {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
};

const invalid = (message: string): SpillwayError =>
  new SpillwayError({ code: "INVALID_WEBHOOK", message, help: "Answer 400 and do nothing else with the request." });
