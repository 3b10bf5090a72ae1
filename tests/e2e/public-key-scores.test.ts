import { sql } from "drizzle-orm";
import { LangfuseWeb } from "langfuse";
import { beforeAll, describe, expect, it } from "vitest";
import { scopes } from "../../core/auth/scopes.ts";
import { execute } from "../../db/postgres/client.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { type IngestionAnswer, useWholeStack } from "../support/whole-stack.ts";

const { db, json, post, rows, settled, stack } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

/** Public keys alone, of one project. */
let [mine, other] = ["", ""];
beforeAll(async () => {
  const [owner] = await execute<{ id: string }>(db(), sql`select user_id as id from api_keys where public_key = ${stack().publicKey}`);
  const newKey = async () => {
    const response = await fetch(`${stack().apiUrl}/api/admin/api-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack().adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ projectId: stack().projectId, userId: owner?.id, scopes }),
    });
    expect(response.status).toBe(201);
    return ((await response.json()) as { publicKey: string }).publicKey;
  };
  [mine, other] = [await newKey(), await newKey()];
});

type Sender = "secret" | "mine" | "other";
const headersOf = (sender: Sender): Record<string, string> =>
  sender === "secret" ? {} : { authorization: `Bearer ${sender === "mine" ? mine : other}` };
const score = (id: string, value: number, more: object = {}) => ({ id, traceId: `trace-of-${id}`, name: "good", value, ...more });
const send = async (sender: Sender, body: object): Promise<number> =>
  (await post(JSON.stringify(body), headersOf(sender), "scores")).status;
/** As SDKs do: a machine that is busy may answer 503. */
const sendUntilAnswered = async (sender: Sender, body: object): Promise<number> => {
  for (;;) {
    const status = await send(sender, body);
    if (status < 500) return status;
  }
};
const inBatch = async (sender: Sender, batch: object[]): Promise<IngestionAnswer> =>
  (await (await post(JSON.stringify({ batch }), headersOf(sender))).json()) as IngestionAnswer;
const stored = async (id: string): Promise<unknown> => {
  await settled();
  return (await json(`scores/${id}`))["value"];
};

describe("a score sent with a public key alone", () => {
  it("is made, and changed by the key that made it", async () => {
    const id = unique("score");
    expect(await send("mine", score(id, 1))).toBe(200);
    expect(await stored(id)).toBe(1);
    expect(await send("mine", score(id, 0))).toBe(200);
    expect(await stored(id)).toBe(0);
  });

  it("that a secret key has made is refused, and stays as it is", async () => {
    const id = unique("score");
    expect(await send("secret", score(id, 1, { comment: "theirs" }))).toBe(200);
    expect(await send("mine", score(id, 0, { comment: "mine", metadata: { planted: true } }))).toBe(403);
    const refused = event("score-create", score(id, 0), 3600);
    const kept = event("score-create", score(unique("score"), 1));
    const answer = await inBatch("mine", [refused, kept]);
    expect(answer.errors).toMatchObject([{ id: refused.id, status: 403, error: "Access Scope Denied" }]);
    expect(answer.successes).toEqual([{ id: kept.id, status: 201 }]);
    expect(await stored(id)).toBe(1);
    expect(await json(`scores/${id}`)).toMatchObject({ comment: "theirs", metadata: {} });
  });

  it("that another public key has made is refused, and stays as it is", async () => {
    const id = unique("score");
    expect(await send("mine", score(id, 1))).toBe(200);
    expect(await send("other", score(id, 0))).toBe(403);
    expect(await send("mine", score(id, 0.5))).toBe(200);
    expect(await stored(id)).toBe(0.5);
  });

  it("before a secret key sends the same id is nothing any more then, whatever times it names", async () => {
    const id = unique("score");
    const future = { ...event("score-create", score(id, 0, { name: "squatted", comment: "planted" })), timestamp: "2099-01-01T00:00:00Z" };
    expect((await inBatch("mine", [future])).errors).toEqual([]);
    expect(await stored(id)).toBe(0);
    expect(await send("secret", score(id, 1))).toBe(200);
    expect(await stored(id)).toBe(1);
    expect(await rows(`SELECT name, comment FROM scores FINAL WHERE id = '${id}'`)).toEqual([{ name: "good", comment: null }]);
    expect(await send("mine", score(id, 0))).toBe(403);
  });

  it("under the id of an event of another sender takes the place of no file", async () => {
    const id = unique("score");
    const theirs = event("score-create", score(id, 1));
    expect((await inBatch("secret", [theirs])).errors).toEqual([]);
    expect((await inBatch("mine", [{ ...theirs, body: score(id, 0) }])).errors).toMatchObject([{ status: 403 }]);
    expect(await stored(id)).toBe(1);
  });

  it("at the same time as others is either theirs or nothing, and the same when it is merged again", async () => {
    const ids = Array.from({ length: 20 }, () => unique("score"));
    const senders: Sender[] = ["mine", "secret", "other"];
    const statuses = await Promise.all(
      ids.flatMap((id, n) =>
        senders
          .toSorted((a, b) => ((n * 7 + a.length) % 5) - ((n * 7 + b.length) % 5))
          .map((sender, at) => sendUntilAnswered(sender, score(id, sender === "secret" ? 1 : 0.1 * at))),
      ),
    );
    expect(statuses.filter((status) => status !== 200 && status !== 403)).toEqual([]);
    for (const id of ids) expect(await stored(id)).toBe(1);
  });

  it("by the browser's SDK is taken again and again under its id", async () => {
    const id = unique("score");
    const web = new LangfuseWeb({ publicKey: mine, baseUrl: stack().apiUrl });
    await web.score(score(id, 0));
    await web.score(score(id, 1, { comment: "changed my mind" }));
    expect(await stored(id)).toBe(1);
    expect(await json(`scores/${id}`)).toMatchObject({ comment: "changed my mind" });
  });
});

describe("a key of a user who is no member", () => {
  it("is refused", async () => {
    const admin = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${stack().adminKey}`, "content-type": "application/json" };
      const response = await fetch(`${stack().apiUrl}/api/admin/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const user = await admin("users", { email: `${unique("stranger")}@example.com` });
    const key = { projectId: stack().projectId, userId: user.body["id"], scopes };
    expect(await admin("api-keys", key)).toMatchObject({ status: 400, body: { code: "INVALID_REQUEST", errors: [{ path: "userId" }] } });
    const elsewhere = await admin("organizations", { name: "elsewhere" });
    await admin("memberships", { organizationId: elsewhere.body["id"], userId: user.body["id"], role: "OWNER" });
    expect((await admin("api-keys", key)).status).toBe(400);
    expect((await admin("api-keys", { ...key, userId: "nobody" })).status).toBe(404);
    expect((await admin("api-keys", { ...key, projectId: "nothing" })).status).toBe(404);
  });
});

describe("a method that a path does not know", () => {
  const fill = (path: string) => path.replaceAll(/\{[^}]+\}/g, "x");
  const bodies: [string, RequestInit][] = [
    ["nothing", {}],
    ["JSON", { body: "{}", headers: { "content-type": "application/json" } }],
    ["no JSON", { body: "{", headers: { "content-type": "application/json" } }],
    ["another type", { body: "x", headers: { "content-type": "text/plain" } }],
    ["two megabytes", { body: "x".repeat(2_000_000) }],
    ["a damaged gzip", { body: "x", headers: { "content-encoding": "gzip", "content-type": "application/json" } }],
  ];

  it("is 405 with Allow on every route, whatever the body, with a key and without", async () => {
    const document = (await (await fetch(`${stack().apiUrl}/api/public/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const paths = Object.entries(document.paths);
    expect(paths.length).toBeGreaterThan(30);
    for (const [path] of paths) {
      // `/batch-exports/estimate` is one of `/batch-exports/{id}` as well.
      const known = paths.flatMap(([other, more]) =>
        new RegExp(`^${other.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(fill(path))
          ? Object.keys(more).map((method) => method.toUpperCase())
          : [],
      );
      const wrong = ["PUT", "DELETE", "POST", "PATCH"].filter((method) => !known.includes(method));
      const allowed = [...new Set(known), ...(known.includes("GET") ? ["HEAD"] : [])].toSorted().join(", ");
      for (const method of wrong)
        for (const [, init] of bodies) {
          const response = await fetch(`${stack().apiUrl}${fill(path)}`, { method, ...init });
          await response.text();
          expect([method, path, response.status, response.headers.get("allow")?.split(", ").includes(method)]).toEqual([
            method,
            path,
            405,
            false,
          ]);
          expect(response.headers.get("allow")).toBe(allowed);
        }
    }
  });
});
