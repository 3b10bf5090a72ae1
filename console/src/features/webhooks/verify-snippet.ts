/** How a receiver verifies a request. docs/webhooks.md has whole receivers. */
import type { WebhookEndpoint } from "../../generated/types.gen.ts";

export const verifySnippet = (signing: WebhookEndpoint["signing"]): string => (signing === "ed25519" ? ed25519 : hmac);

const hmac = `// npm install standardwebhooks
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    try {
      const { type, data } = webhook.verify(Buffer.concat(parts).toString(), request.headers);
      console.log(type, data);
      response.writeHead(204).end();
    } catch {
      response.writeHead(400).end();
    }
  });
}).listen(3000);`;

const ed25519 = `import { createServer } from "node:http";
import { createPublicKey, verify } from "node:crypto";

const x = Buffer.from(process.env.WEBHOOK_PUBLIC_KEY.replace("whpk_", ""), "base64").toString("base64url");
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });

const isGenuine = (headers, body) => {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < 300)) return false;
  const signed = Buffer.concat([Buffer.from(\`\${id}.\${timestamp}.\`), body]);
  return signatures.split(" ").some((entry) => {
    const [version, signature = ""] = entry.split(",");
    return version === "v1a" && verify(null, signed, key, Buffer.from(signature, "base64"));
  });
};

createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const body = Buffer.concat(parts);
    if (!isGenuine(request.headers, body)) return response.writeHead(400).end();
    console.log(JSON.parse(body));
    response.writeHead(204).end();
  });
}).listen(3000);`;
