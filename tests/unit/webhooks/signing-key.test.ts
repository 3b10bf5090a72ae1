/** Signatures: the standard's own library and node's ed25519 accept them, and nothing that was altered. */
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { createSigningKey, openSigner, signedHeaders } from "../../../core/webhooks/signing-key.ts";

const random = (size: number) => new Uint8Array(randomBytes(size));
const nowSeconds = () => Math.floor(Date.now() / 1000);
const body = JSON.stringify({ type: "export.cancelled", timestamp: "2026-11-01T00:00:00.000Z", data: { name: "ü 日本 🙂" } });
const headersOf = async (secrets: readonly string[], over: { id?: string; timestampSeconds?: number } = {}) =>
  signedHeaders({ id: "evt_1", timestampSeconds: nowSeconds(), body, ...over }, await Promise.all(secrets.map(openSigner)));

describe("hmac-sha256", () => {
  it("gives the signature of the published example", async () => {
    const sign = await openSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestampSeconds: 1_614_265_330, body: '{"test": 2432232314}' };
    expect((await signedHeaders(message, [sign]))["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  it("has 32 random bytes and is accepted by standardwebhooks, but not with another body, id, time or secret", async () => {
    const { secret, publicKey } = await createSigningKey("hmac-sha256", random);
    expect(Buffer.from(secret.replace(/^whsec_/, ""), "base64")).toHaveLength(32);
    expect(publicKey).toBeNull();
    const headers = await headersOf([secret]);
    const webhook = new Webhook(secret);
    expect(webhook.verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => webhook.verify(body.replace("ü", "u"), headers)).toThrow("No matching signature");
    expect(() => webhook.verify(body, { ...headers, "webhook-id": "evt_2" })).toThrow("No matching signature");
    const earlier = String(Number(headers["webhook-timestamp"]) - 1);
    expect(() => webhook.verify(body, { ...headers, "webhook-timestamp": earlier })).toThrow("No matching signature");
    const other = await createSigningKey("hmac-sha256", random);
    expect(() => new Webhook(other.secret).verify(body, headers)).toThrow("No matching signature");
  });

  it("is refused when it is more than five minutes old", async () => {
    const { secret } = await createSigningKey("hmac-sha256", random);
    const old = await headersOf([secret], { timestampSeconds: nowSeconds() - 301 });
    expect(() => new Webhook(secret).verify(body, old)).toThrow("too old");
  });

  it("verifies with either secret during a rotation", async () => {
    const [now, former] = [await createSigningKey("hmac-sha256", random), await createSigningKey("hmac-sha256", random)];
    const headers = await headersOf([now.secret, former.secret]);
    for (const { secret } of [now, former]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });
});

/** As a receiver reads `whpk_`: 32 raw bytes behind the fixed header of RFC 8410. */
const publicKeyOf = (text: string) => {
  const raw = Buffer.from(text.replace(/^whpk_/, ""), "base64");
  return createPublicKey({ key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]), format: "der", type: "spki" });
};

describe("ed25519", () => {
  it("is verified with the public key alone, and not when anything was altered", async () => {
    const { secret, publicKey } = await createSigningKey("ed25519", random);
    const key = publicKeyOf(publicKey ?? "");
    const { "webhook-signature": entry = "", "webhook-timestamp": timestamp } = await headersOf([secret]);
    const [scheme, signature = ""] = entry.split(",");
    expect(scheme).toBe("v1a");
    const isValid = (text: string) => verify(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
    expect(isValid(`evt_1.${timestamp}.${body}`)).toBe(true);
    for (const altered of [`evt_2.${timestamp}.${body}`, `evt_1.${Number(timestamp) + 1}.${body}`, `evt_1.${timestamp}.${body} `])
      expect(isValid(altered)).toBe(false);
  });

  it("keeps seed and public key together in whsk_, 64 bytes", async () => {
    const { secret, publicKey } = await createSigningKey("ed25519", random);
    const bytes = Buffer.from(secret.replace(/^whsk_/, ""), "base64");
    expect(bytes).toHaveLength(64);
    expect(`whpk_${bytes.subarray(32).toString("base64")}`).toBe(publicKey);
  });
});
