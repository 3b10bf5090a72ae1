/** Keys of webhook endpoints, and the signatures made with them (Standard Webhooks 1.0). WebCrypto: the Worker makes keys, the runner signs. */
import { fromBase64, toBase64 } from "../byte-text.ts";

/** `hmac-sha256`: a shared secret, signatures `v1`. `ed25519`: the receiver knows a public key only, signatures `v1a`. */
export const signingSchemes = ["hmac-sha256", "ed25519"] as const;
export type SigningScheme = (typeof signingSchemes)[number];

/** `secret`: `whsec_` or `whsk_` and base64. `publicKey`: `whpk_` and base64, of ed25519 only. */
export type SigningKey = { secret: string; publicKey: string | null };

const secretBytes = 32;
const prefixes = { shared: "whsec_", private: "whsk_", public: "whpk_" } as const;

/** Makes a key: 32 random bytes, or an ed25519 pair, whose `whsk_` holds seed and public key as libsodium keeps them. */
export const createSigningKey = async (
  scheme: SigningScheme,
  randomBytes: (size: number) => Uint8Array<ArrayBuffer>,
): Promise<SigningKey> => {
  if (scheme === "hmac-sha256") return { secret: prefixes.shared + toBase64(randomBytes(secretBytes)), publicKey: null };
  const seed = randomBytes(secretBytes);
  const pair = await crypto.subtle.importKey("pkcs8", pkcs8Of(seed), "Ed25519", true, ["sign"]);
  const exported = await crypto.subtle.exportKey("jwk", pair);
  const publicText = "x" in exported ? (exported.x ?? "") : "";
  const publicBytes = bytesOf(publicText);
  return {
    secret: prefixes.private + toBase64(Uint8Array.from([...seed, ...publicBytes])),
    publicKey: prefixes.public + toBase64(publicBytes),
  };
};

/** Signs with one key. Returns one entry of the header `webhook-signature`. */
export type Sign = (signed: BufferSource) => Promise<string>;

/** Imports a secret for signing. Worth keeping: importing costs more than signing. Throws if it is not a secret of a known form. */
export const openSigner = async (secret: string): Promise<Sign> => {
  if (secret.startsWith(prefixes.shared)) {
    const bytes = bytesOf(secret.slice(prefixes.shared.length));
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return async (signed) => `v1,${toBase64(new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)))}`;
  }
  if (!secret.startsWith(prefixes.private)) throw new Error("a signing secret begins with whsec_ or whsk_");
  const seed = bytesOf(secret.slice(prefixes.private.length)).subarray(0, secretBytes);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8Of(seed), "Ed25519", false, ["sign"]);
  return async (signed) => `v1a,${toBase64(new Uint8Array(await crypto.subtle.sign("Ed25519", key, signed)))}`;
};

/**
 * The headers of one attempt. `id` is the same for every attempt of an event, `timestampSeconds` is the attempt's. The signed text is
 * `id.timestamp.body`; the ids have no dot. During a rotation there are two signatures, separated by a space.
 */
export const signedHeaders = async (
  { id, timestampSeconds, body }: { id: string; timestampSeconds: number; body: string },
  signers: readonly Sign[],
): Promise<Record<string, string>> => {
  const signed = new TextEncoder().encode(`${id}.${timestampSeconds}.${body}`);
  const signatures = await Promise.all(signers.map((sign) => sign(signed)));
  return { "webhook-id": id, "webhook-timestamp": String(timestampSeconds), "webhook-signature": signatures.join(" ") };
};

/** RFC 8410: the fixed header of a private key of ed25519, and its seed. */
const pkcs8Of = (seed: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, ...seed]);

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => {
  const bytes = fromBase64(base64);
  if (bytes === undefined) throw new Error("a key is base64");
  return bytes;
};
