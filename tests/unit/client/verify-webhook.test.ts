/** The client accepts what the reference library signs, and nothing else. */
import { generateKeyPairSync, sign } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { verifyWebhook } from "../../../openapi/client/index.ts";

/** The example of the specification's own tests (libraries/javascript/src/index.test.ts of standard-webhooks, read 2026-11-29). */
const vector = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const nowMs = 1_764_420_000_000;
const timestamp = nowMs / 1000;
const body = '{"type":"export.completed","data":{"name":"Größe 😀"}}';
const secret = vector.secret;
const headersOf = (signature: string, overrides: Record<string, string> = {}) => ({
  "webhook-id": "msg_1",
  "webhook-timestamp": String(timestamp),
  "webhook-signature": signature,
  ...overrides,
});
const signed = new Webhook(secret).sign("msg_1", new Date(nowMs), body);
const other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const keys = generateKeyPairSync("ed25519");
const publicKey = `whpk_${Buffer.from(keys.publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64")}`;
const signedByKey = `v1a,${sign(null, Buffer.from(`msg_1.${timestamp}.${body}`), keys.privateKey).toString("base64")}`;

describe("verifyWebhook", () => {
  it("accepts the published vector", async () => {
    const headers = headersOf(vector.signature, { "webhook-id": vector.id, "webhook-timestamp": String(vector.timestamp) });
    expect(await verifyWebhook(vector.body, headers, vector.secret, { nowMs: vector.timestamp * 1000 })).toEqual({ test: 2432232314 });
  });

  it.each([
    ["text and an object", body, headersOf(signed)],
    ["bytes and Headers", new TextEncoder().encode(body), new Headers(headersOf(signed))],
    [
      "headers as Node writes them",
      body,
      Object.fromEntries(Object.entries(headersOf(signed)).map(([name, value]) => [name.toUpperCase(), [value]])),
    ],
    ["several signatures, as in a rotation", body, headersOf(`v1,AAAA ${signedByKey} ${signed}`)],
  ])("takes %s", async (_, given, headers) => {
    expect(await verifyWebhook(given, headers, secret, { nowMs })).toEqual(JSON.parse(body));
  });

  it("accepts either secret during a rotation", async () => {
    expect(await verifyWebhook(body, headersOf(signed), [other, secret], { nowMs })).toEqual(JSON.parse(body));
  });

  it("accepts ed25519 by the public key, and only under v1a", async () => {
    expect(await verifyWebhook(body, headersOf(signedByKey), publicKey, { nowMs })).toEqual(JSON.parse(body));
    await expect(verifyWebhook(body, headersOf(signedByKey.replace("v1a", "v1")), publicKey, { nowMs })).rejects.toThrow();
    await expect(verifyWebhook(`${body} `, headersOf(signedByKey), publicKey, { nowMs })).rejects.toThrow();
  });

  it.each([
    ["another body", `${body} `, headersOf(signed), secret],
    ["another id", body, headersOf(signed, { "webhook-id": "msg_2" }), secret],
    ["another time", body, headersOf(signed, { "webhook-timestamp": String(timestamp + 1) }), secret],
    ["another secret", body, headersOf(signed), other],
    ["no secret", body, headersOf(signed), []],
    ["no signature", body, headersOf(""), secret],
    ["an unknown version", body, headersOf(signed.replace("v1", "v2")), secret],
    ["a signature that is not base64", body, headersOf("v1,%%%"), secret],
    ["a time that is no number", body, headersOf(signed, { "webhook-timestamp": "1e9" }), secret],
  ])("refuses %s", async (_, given, headers, secrets) => {
    await expect(verifyWebhook(given, headers, secrets, { nowMs })).rejects.toMatchObject({ code: "INVALID_WEBHOOK" });
  });

  it.each([-301, 301])("refuses what is %i seconds away, and takes what is 300", async (seconds) => {
    const at = (offset: number) => verifyWebhook(body, headersOf(signed), secret, { nowMs: nowMs + offset * 1000 });
    await expect(at(seconds)).rejects.toMatchObject({ code: "INVALID_WEBHOOK" });
    expect(await at(seconds - Math.sign(seconds))).toEqual(JSON.parse(body));
  });
});
