/** Webhooks as a user has them: an endpoint by the API, a real export, verified requests, the log, redelivery, and no secret shown twice. */
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scopes as allScopes } from "../../core/auth/scopes.ts";
import { execute } from "../../db/postgres/client.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type Received, type Receiver, startReceiver } from "../support/webhooks.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { authorization, db, newProject, stack } = useWholeStack();
type Json = Record<string, unknown>;
type Answer = { status: number; body: Json; headers: Headers; text: string };

let key: ProjectKey;
let foreign: ProjectKey;
let receiver: Receiver;
/** Texts of all answers but those that show a secret. */
const answers: string[] = [];
const secrets: string[] = [];
beforeAll(async () => {
  key = await newProject("webhooks");
  foreign = await newProject("foreign-webhooks");
  receiver = await startReceiver();
});
afterAll(() => receiver.stop());

const send = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  of: ProjectKey = key,
): Promise<Answer> => {
  const init: RequestInit = { method, headers: { authorization: authorization(of), "content-type": "application/json", ...headers } };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${stack().apiUrl}/api/public/${path}`, init);
  const text = await response.text();
  const parsed = text.startsWith("{") ? (JSON.parse(text) as Json) : {};
  if (typeof parsed["secret"] === "string") secrets.push(parsed["secret"]);
  else answers.push(text);
  return { status: response.status, text, headers: response.headers, body: parsed };
};
const endpoints = "webhook-endpoints";
const create = async (path: string, more: object = {}): Promise<Answer> =>
  send("POST", endpoints, { name: path.slice(1), url: receiver.url(path), ...more });
const headersOf = ({ headers }: Received) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const requestsTo = (path: string) => receiver.requests.filter((one) => one.path === path);
const payloadOf = ({ body }: Received) => JSON.parse(body) as { type: string; timestamp: string; data: Json };

/** Asks until the delivery has ended. */
const ended = async (path: string): Promise<Json> => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    const { body } = await send("GET", path);
    if (body["state"] !== "waiting") return body;
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  throw new Error("the delivery did not end");
};

describe("an endpoint", () => {
  it("is told of an export by requests that the standard's library verifies, and completed ones carry the manifest", async () => {
    const created = await create("/export", { eventTypes: ["export.queued", "export.started", "export.completed"] });
    expect(created.status).toBe(201);
    expect(created.headers.get("cache-control")).toBe("no-store");
    expect(created.body).toMatchObject({
      state: "healthy",
      enabled: true,
      signing: "hmac-sha256",
      publicKey: null,
      projectId: key.projectId,
    });
    const asked = { name: "for webhooks", format: "JSONL", metadata: { pipeline: "nightly" }, query: { tableName: "traces", filter: [] } };
    const { body: exported } = await send("POST", "batch-exports", asked);
    await receiver.arrived("/export", 3);
    const requests = requestsTo("/export");
    for (const request of requests) new Webhook(String(created.body["secret"])).verify(request.body, headersOf(request));
    expect(requests.map((request) => payloadOf(request).type)).toEqual(["export.queued", "export.started", "export.completed"]);
    const { data: manifest } = { data: (await send("GET", `batch-exports/${String(exported["id"])}/manifest`)).body };
    expect(payloadOf(requests[2] as Received).data).toMatchObject({
      batchExportId: exported["id"],
      manifest,
      metadata: { pipeline: "nightly" },
    });
    const page = await send("GET", `${endpoints}/${String(created.body["id"])}/deliveries?limit=2`);
    expect((page.body["data"] as Json[]).map(({ type }) => type)).toEqual(["export.completed", "export.started"]);
    const rest = await send("GET", `${endpoints}/${String(created.body["id"])}/deliveries?cursor=${String(page.body["nextCursor"])}`);
    expect((rest.body["data"] as Json[]).map(({ type }) => type)).toEqual(["export.queued"]);
    expect(rest.body["nextCursor"]).toBeNull();
  });

  it("is created once for one Idempotency-Key, with the same answer", async () => {
    const body = { name: "once", url: receiver.url("/once") };
    const headers = { "idempotency-key": "webhook-once" };
    const [first, second] = [await send("POST", endpoints, body, headers), await send("POST", endpoints, body, headers)];
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect((await send("POST", endpoints, { ...body, name: "other" }, headers)).body["code"]).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("shows its secret at creation and rotation only, and an ed25519 one never", async () => {
    const { body } = await create("/secret");
    const path = `${endpoints}/${String(body["id"])}`;
    const rotated = await send("POST", `${path}/rotate-secret`, { overlapHours: 2 });
    expect(rotated.body["secret"]).toMatch(/^whsec_/);
    expect(rotated.body["secret"]).not.toBe(body["secret"]);
    expect(Date.parse(String(rotated.body["previousSecretUntil"]))).toBeGreaterThan(Date.now() + 3_600_000);
    const signed = await create("/ed25519", { signing: "ed25519" });
    expect(signed.body).toMatchObject({ secret: null, publicKey: expect.stringMatching(/^whpk_/) });
    expect((await send("POST", `${endpoints}/${String(signed.body["id"])}/rotate-secret`, {})).body).toMatchObject({
      secret: null,
      previousPublicKey: signed.body["publicKey"],
    });
    for (const shown of [await send("GET", path), await send("GET", endpoints), await send("PATCH", path, { name: "renamed" })])
      expect(shown.text).not.toContain("whsec_");
  });

  it("is changed, switched off and on, and deleted, each with an audit row that holds no secret", async () => {
    const { body } = await create("/life", { eventTypes: ["export.failed"] });
    const path = `${endpoints}/${String(body["id"])}`;
    expect((await send("PATCH", path, { eventTypes: null, description: "d", enabled: false })).body).toMatchObject({
      eventTypes: null,
      description: "d",
      state: "disabled",
      fault: null,
    });
    expect((await send("POST", `${path}/redeliver`, {})).body["code"]).toBe("WEBHOOK_ENDPOINT_DISABLED");
    expect((await send("PATCH", path, { enabled: true })).body).toMatchObject({ state: "healthy", description: "d" });
    expect((await send("DELETE", path)).status).toBe(204);
    expect((await send("GET", path)).status).toBe(404);
    const { body: audits } = await send("GET", `audit-logs?resourceId=${String(body["id"])}`);
    expect((audits["data"] as Json[]).map(({ action }) => action)).toEqual(["delete", "update", "update", "create"]);
    expect(JSON.stringify(audits)).not.toMatch(/whsec_|v1\./);
  });
});

describe("a delivery", () => {
  it("of a test shows request and answer, and is sent again with its id", async () => {
    receiver.answer("/test", 500);
    const { body } = await create("/test");
    const path = `${endpoints}/${String(body["id"])}`;
    const asked = await send("POST", `${path}/test`, { type: "integration.run.failed" });
    expect(asked.status).toBe(202);
    const location = String(asked.headers.get("location")).replace("/api/public/", "");
    const failed = await ended(location);
    expect(failed).toMatchObject({ state: "failed", isTest: true, attempts: 1, responseStatus: 500, type: "integration.run.failed" });
    expect(failed["log"]).toMatchObject([{ responseStatus: 500, url: receiver.url("/test"), error: { code: "WEBHOOK_REFUSED" } }]);
    expect((failed["log"] as Json[])[0]?.["requestHeaders"]).toMatchObject({ "webhook-id": failed["eventId"], "webhook-signature": "v1" });
    expect((await send("GET", path)).body).toMatchObject({ state: "healthy", failures: 0 });
    receiver.answer("/test", 204);
    expect((await send("POST", `${location}/redeliver`)).body["state"]).toBe("waiting");
    expect(await ended(location)).toMatchObject({ state: "delivered", attempts: 2, responseStatus: 204 });
    expect(new Set(requestsTo("/test").map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    for (const [query, count] of [
      ["state=delivered", 1],
      ["state=failed", 0],
      ["type=integration.run.failed", 1],
      ["type=export.failed", 0],
      ["from=2026-01-01T00:00:00Z&to=2020-01-01T00:00:00Z", 0],
    ] as const)
      expect([query, ((await send("GET", `${path}/deliveries?${query}`)).body["data"] as Json[]).length]).toEqual([query, count]);
    expect((await send("POST", `${path}/redeliver`, { state: "delivered" })).body).toEqual({ redelivered: 0, hasMore: false });
  });
});

describe("access", () => {
  it("is the project's alone: another one finds nothing by any id, in any route", async () => {
    const { body } = await create("/foreign");
    const id = String(body["id"]);
    const { body: delivery } = await send("POST", `${endpoints}/${id}/test`, { type: "export.failed" });
    const routes: [string, string, unknown][] = [
      ["GET", `${endpoints}/${id}`, undefined],
      ["PATCH", `${endpoints}/${id}`, { enabled: false }],
      ["DELETE", `${endpoints}/${id}`, undefined],
      ["POST", `${endpoints}/${id}/rotate-secret`, {}],
      ["POST", `${endpoints}/${id}/test`, { type: "export.failed" }],
      ["GET", `${endpoints}/${id}/deliveries`, undefined],
      ["GET", `${endpoints}/${id}/deliveries/${String(delivery["id"])}`, undefined],
      ["POST", `${endpoints}/${id}/deliveries/${String(delivery["id"])}/redeliver`, undefined],
      ["POST", `${endpoints}/${id}/redeliver`, {}],
    ];
    const { body: own } = await send("POST", endpoints, { name: "own", url: receiver.url("/own") }, {}, foreign);
    routes.push(["GET", `${endpoints}/${String(own["id"])}/deliveries/${String(delivery["id"])}`, undefined]);
    for (const [method, path, sent] of routes)
      expect([method, path, (await send(method, path, sent, {}, foreign)).status]).toEqual([method, path, 404]);
    expect(((await send("GET", endpoints, undefined, {}, foreign)).body["data"] as Json[]).map((one) => one["id"])).toEqual([own["id"]]);
    expect((await send("GET", `${endpoints}/${id}`)).body["enabled"]).toBe(true);
  });

  it("needs the scope webhooks:CRUD", async () => {
    const without = allScopes.filter((scope) => scope !== "webhooks:CRUD");
    await execute(
      db(),
      sql`update api_keys set scopes = array(select json_array_elements_text(${JSON.stringify(without)}::json)) where public_key = ${foreign.publicKey}`,
    );
    expect((await send("GET", endpoints, undefined, {}, foreign)).body["code"]).toBe("FORBIDDEN_SCOPE");
    expect((await send("POST", endpoints, { name: "x", url: "https://example.com" }, {}, foreign)).status).toBe(403);
  });

  it("with bad input is answered with the field", async () => {
    const url = "https://example.com/hook";
    const cases: [object, number, string][] = [
      [{ name: "x" }, 400, "url"],
      [{ name: "", url }, 400, "name"],
      [{ name: "x", url, eventTypes: [] }, 400, "eventTypes"],
      [{ name: "x", url, eventTypes: ["export.gone"] }, 400, "eventTypes[0]"],
      [{ name: "x", url, signing: "rsa" }, 400, "signing"],
      [{ name: "x", url: "https://10.0.0.5/" }, 422, "url"],
      [{ name: "x", url: "https://metadata.google.internal/" }, 422, "url"],
      [{ name: "x", url: "ftp://example.com/" }, 400, "url"],
      [{ name: "x", url: "https://u:p@example.com/" }, 400, "url"],
    ];
    for (const [body, status, field] of cases) {
      const answer = await send("POST", endpoints, body);
      const paths = ((answer.body["errors"] ?? []) as { path: string }[]).map(({ path }) => path);
      expect([body, answer.status, paths]).toEqual([body, status, [field]]);
    }
    const { body } = await create("/bad-input");
    const path = `${endpoints}/${String(body["id"])}`;
    expect((await send("PATCH", path, { url: "https://127.0.0.2/" })).status).toBe(422);
    expect((await send("POST", `${path}/test`, { type: "export.expiring" })).status).toBe(400);
    expect((await send("POST", `${path}/rotate-secret`, { overlapHours: 10_000 })).status).toBe(400);
    expect((await send("GET", `${path}/deliveries?state=gone`)).status).toBe(400);
    expect((await send("GET", `${path}/deliveries?cursor=x`)).body["code"]).toBe("INVALID_CURSOR");
  });
});

it("no answer but those of creation and rotation holds a secret", () => {
  expect(secrets.length).toBeGreaterThan(5);
  const all = answers.join("\n");
  for (const secret of secrets) expect(all).not.toContain(secret.slice(6, 40));
});
