/** The Idempotency-Key as a state machine: requests with one key, in any interleaving, on a real Postgres. */
import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppEnv } from "../../api/deps.ts";
import { idempotent } from "../../api/middleware/idempotent.ts";
import { problemAnswer, requestError } from "../../api/middleware/problem.ts";
import { AppError } from "../../core/errors.ts";
import { createKeyring } from "../../core/integrations/sealed-secret.ts";
import { type Database, execute, type OpenDatabase } from "../../db/postgres/client.ts";
import { organizations } from "../../db/postgres/schema/tenants.ts";
import { pruneJobs } from "../../db/queue/prune-jobs.ts";
import { openOwnDatabase } from "../support/postgres-database.ts";

let open: OpenDatabase;
let db: Database;
beforeAll(async () => {
  open = await openOwnDatabase(12);
  db = open.db;
});
afterAll(() => open.close());

const keyring = createKeyring({
  present: "a".repeat(64),
  previous: [],
  randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
});

type Outcome = "create" | "refuse" | "break";
type Sent = { caller?: string; key: string; body: string; outcome?: Outcome };

/** An API of one creating route. It creates an organisation named for the body; `pause` runs in its transaction, after that. */
const apiOf = (pause: () => Promise<unknown> = async () => {}, { showsSecret = false, hasKeyring = true } = {}) => {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set("requestId", "req_test");
    c.set("db", db);
    c.set("keyring", hasKeyring ? keyring : null);
    c.set("actor", { apiKeyId: c.req.header("caller") ?? "key_a" } as never);
    await next();
  });
  app.onError((error, c) => problemAnswer(c, requestError(error)));
  app.post("/things/:outcome", idempotent({ showsSecret }), async (c) => {
    const { name } = await c.req.json<{ name: string }>();
    const id = randomUUID();
    await c.get("db").insert(organizations).values({ id, name });
    await pause();
    if (c.req.param("outcome") === "refuse") throw new AppError({ code: "INVALID_FILTER" });
    if (c.req.param("outcome") === "break") throw new Error("broken");
    c.header("location", `/things/${id}`);
    return c.json({ id, secret: `secret-${name}` }, 201);
  });
  return async ({ caller = "key_a", key, body, outcome = "create" }: Sent) => {
    const headers = { caller, "content-type": "application/json", "idempotency-key": key };
    const response = await app.request(`/things/${outcome}`, { method: "POST", headers, body });
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get("location"),
      isReplay: response.headers.get("idempotent-replayed") === "true",
    };
  };
};

const createdNamed = async (name: string): Promise<number> =>
  (await db.select({ id: organizations.id }).from(organizations).where(sql`name = ${name}`)).length;

describe("requests with one key", () => {
  it("create at most one thing in any interleaving, and all answers to the same request are the same", async () => {
    const request = fc.record({
      body: fc.constantFrom("a", "b"),
      outcome: fc.constantFrom<Outcome>("create", "create", "refuse", "break"),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(request, { minLength: 2, maxLength: 6 }), async (scheduler, requests) => {
        const key = randomUUID();
        const send = apiOf(() => scheduler.schedule(Promise.resolve()));
        const nameOf = (body: string) => `${key}-${body}`;
        const answers = await scheduler.waitFor(
          Promise.all(
            requests.map(async (one) => ({ ...one, ...(await send({ ...one, key, body: JSON.stringify({ name: nameOf(one.body) }) })) })),
          ),
        );
        const created = answers.filter(({ status }) => status === 201);
        const stored = (await createdNamed(nameOf("a"))) + (await createdNamed(nameOf("b")));
        expect(stored).toBe(created.length === 0 ? 0 : 1);
        expect(new Set(created.map(({ text, location }) => `${text} ${location}`)).size).toBe(stored);
        expect(created.filter(({ isReplay }) => !isReplay)).toHaveLength(stored);
        expect(new Set(created.map(({ body }) => body)).size).toBe(stored);
        for (const { status, outcome } of answers) expect([201, 422, outcome === "refuse" ? 400 : 500]).toContain(status);
        // Whoever wanted to create has created, was given the answer, or was told of the other request.
        if (requests.some(({ outcome }) => outcome === "create")) expect(stored).toBe(1);
      }),
      { numRuns: 40 },
    );
  });

  it("wait for the first, and are told that it is under way if that takes long", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = () => {};
    const beginning = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const slow = apiOf(async () => {
      begun();
      await finished;
    });
    const sent = { key: randomUUID(), body: '{"name":"slow"}' };
    const first = slow(sent);
    await beginning;
    const early = await slow(sent);
    expect([early.status, JSON.parse(early.text)]).toMatchObject([409, { code: "IDEMPOTENCY_KEY_IN_FLIGHT" }]);
    finish();
    const { text } = await first;
    expect(await slow(sent)).toMatchObject({ status: 201, text, isReplay: true });
  });

  it("of two callers, or with two keys, are two requests", async () => {
    const send = apiOf();
    const name = randomUUID();
    const body = JSON.stringify({ name });
    for (const one of [{ key: "one" }, { key: "one", caller: "key_b" }, { key: "two" }])
      expect(await send({ ...one, body })).toMatchObject({ status: 201, isReplay: false });
    expect(await createdNamed(name)).toBe(3);
  });

  it("to another path are refused, and a spelling of the same JSON is not", async () => {
    const send = apiOf();
    const key = randomUUID();
    const { text } = await send({ key, body: '{"name":"x","n":1}' });
    expect(await send({ key, body: '{ "n": 1.0, "name": "\\u0078" }' })).toMatchObject({ status: 201, text });
    expect(await send({ key, body: '{"name":"x","n":1}', outcome: "refuse" })).toMatchObject({ status: 422 });
    expect(await send({ key, body: '{"name":"x","n":1.0000000000000000001}' })).toMatchObject({ status: 422 });
  });

  it("with a key that is empty, too long or not storable, or a body nested without end, are refused", async () => {
    const send = apiOf();
    const body = '{"name":"x"}';
    expect((await send({ key: "k".repeat(255), body })).status).toBe(201);
    for (const key of ["", "k".repeat(256)]) expect((await send({ key, body })).status).toBe(400);
    expect((await send({ key: randomUUID(), body: `${"[".repeat(200_000)}${"]".repeat(200_000)}` })).status).toBe(400);
  });
});

describe("kept answers", () => {
  it("count for 24 hours, and are pruned after that", async () => {
    const send = apiOf();
    const sent = { key: randomUUID(), body: JSON.stringify({ name: randomUUID() }) };
    const age = (hours: number) =>
      execute(db, sql`update idempotent_requests set created_at = now() - make_interval(hours => ${hours}) where key = ${sent.key}`);
    const first = await send(sent);
    await age(23);
    expect(await send(sent)).toMatchObject({ text: first.text, isReplay: true });
    await age(25);
    const second = await send(sent);
    expect(second).toMatchObject({ status: 201, isReplay: false });
    expect(second.text).not.toBe(first.text);
    await age(23);
    await pruneJobs(db, { keepDays: 30 });
    expect(await send(sent)).toMatchObject({ text: second.text, isReplay: true });
    await age(25);
    await pruneJobs(db, { keepDays: 30 });
    expect(await execute(db, sql`select key from idempotent_requests where key = ${sent.key}`)).toEqual([]);
  });

  it("that show a secret are sealed for their caller and key, and given again", async () => {
    const send = apiOf(undefined, { showsSecret: true });
    const [one, other] = [randomUUID(), randomUUID()];
    const first = await send({ key: one, body: '{"name":"planted"}' });
    await send({ key: other, body: '{"name":"planted"}' });
    expect(first.text).toContain("secret-planted");
    expect(await send({ key: one, body: '{"name":"planted"}' })).toMatchObject({ status: 201, text: first.text, isReplay: true });
    const rows = await execute<{ row: string }>(db, sql`select r::text as row from idempotent_requests r where key in (${one}, ${other})`);
    expect(rows).toHaveLength(2);
    for (const { row } of rows) expect(row).not.toMatch(/secret-planted|cGxhbnRlZA/);
    await execute(
      db,
      sql`update idempotent_requests set body = (select body from idempotent_requests where key = ${other}) where key = ${one}`,
    );
    const moved = await send({ key: one, body: '{"name":"planted"}' });
    expect([moved.status, JSON.parse(moved.text)]).toMatchObject([500, { code: "SECRET_UNREADABLE" }]);
  });

  it("that show a secret are not kept without a key to seal them: the request is refused before it creates anything", async () => {
    const send = apiOf(undefined, { showsSecret: true, hasKeyring: false });
    const name = randomUUID();
    const refused = await send({ key: randomUUID(), body: JSON.stringify({ name }) });
    expect([refused.status, JSON.parse(refused.text), await createdNamed(name)]).toMatchObject([422, { code: "ENCRYPTION_DISABLED" }, 0]);
  });
});
