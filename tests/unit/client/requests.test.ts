/** What the client sends and how often, and what its callers get when it fails. The port is `fetch`. */
import { describe, expect, it } from "vitest";
import { type CreateBatchExport, SpillwayClient, SpillwayError } from "../../../openapi/client/index.ts";
import { defaultRetry, type RetryOptions, retryingFetch } from "../../../openapi/client/retrying-fetch.ts";

const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  Response.json(
    {
      type: "about:blank",
      title: "",
      status,
      detail: "The sentence.",
      instance: "/",
      code,
      requestId: "req_1",
      help: "What to do.",
      errors: [{ path: "query.filter[0]", message: "Unknown column." }],
    },
    { status, headers: { "content-type": "application/problem+json", ...headers } },
  );

/** Answers in order; the last one again and again. */
const answering = (...answers: (() => Response | Promise<Response>)[]) => {
  const requests: Request[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    requests.push(request.clone());
    // A call that never ends would never let the test end.
    if (requests.length > 50) throw new Error("asked again and again");
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    if (answer === undefined) throw new Error("no answer was given to the test");
    return answer();
  };
  return { requests, fetch };
};
const broken = () => Promise.reject(new TypeError("fetch failed"));
const ok = () => Response.json({ data: [], nextCursor: null });

/** Sends once through the retries, with delays that are noted instead of waited for and the largest jitter. */
const repeated = async (request: Request, given: ReturnType<typeof answering>, retry: Partial<RetryOptions> = {}) => {
  const delays: number[] = [];
  const send = retryingFetch(
    { ...defaultRetry, ...retry },
    {
      fetch: given.fetch,
      wait: async (ms) => {
        delays.push(ms);
      },
      random: () => 1,
      nowMs: () => Date.parse("2026-11-29T12:00:00Z"),
    },
  );
  const outcome = await send(request).catch((error: unknown) => error);
  return { outcome, delays, count: given.requests.length };
};
const get = () => new Request("http://api.test/x");
const post = (headers: Record<string, string> = {}) => new Request("http://api.test/x", { method: "POST", body: '{"a":1}', headers });

describe("retries", () => {
  it.each([
    ["a broken connection", broken, "CONNECTION_FAILED"],
    ["500", () => problem(500, "INTERNAL"), "INTERNAL"],
    ["503", () => problem(503, "DATABASE_UNAVAILABLE"), "DATABASE_UNAVAILABLE"],
    ["the 502 of a proxy", () => new Response("<html>", { status: 502 }), "UNEXPECTED_RESPONSE"],
  ])("after %s repeat a GET three times, with delays that double, and then give the error", async (_, answer, code) => {
    const { outcome, delays, count } = await repeated(get(), answering(answer));
    expect(count).toBe(4);
    expect(delays).toEqual([500, 1000, 2000]);
    expect(outcome).toMatchObject({ name: "SpillwayError", code });
  });

  it("repeat a POST with an Idempotency-Key, key and body unchanged", async () => {
    const given = answering(broken, () => problem(503, "DATABASE_UNAVAILABLE"), ok);
    const { outcome } = await repeated(post({ "idempotency-key": "k" }), given);
    expect(outcome).toBeInstanceOf(Response);
    expect(await Promise.all(given.requests.map(async (one) => [one.headers.get("idempotency-key"), await one.text()]))).toEqual([
      ["k", '{"a":1}'],
      ["k", '{"a":1}'],
      ["k", '{"a":1}'],
    ]);
  });

  it.each([
    ["a broken connection", broken],
    ["503", () => problem(503, "DATABASE_UNAVAILABLE", { "retry-after": "1" })],
  ])("never repeat a POST without a key after %s", async (_, answer) => {
    expect((await repeated(post(), answering(answer))).count).toBe(1);
  });

  it("repeat any method after 429, which was not begun", async () => {
    const limited = () => problem(429, "RATE_LIMITED", { "retry-after": "7" });
    const { count, delays } = await repeated(post(), answering(limited, ok));
    expect(count).toBe(2);
    // What the API asks for, and never less.
    expect(delays).toEqual([7500]);
  });

  it("wait until the date of a Retry-After", async () => {
    const limited = () => problem(429, "RATE_LIMITED", { "retry-after": "Sun, 29 Nov 2026 12:00:30 GMT" });
    expect((await repeated(get(), answering(limited, ok))).delays).toEqual([30_500]);
  });

  it("give the error at once when the API asks for more patience than the caller has", async () => {
    const limited = () => problem(429, "RATE_LIMITED", { "retry-after": "3600" });
    const { outcome, count } = await repeated(get(), answering(limited));
    expect(count).toBe(1);
    expect(outcome).toMatchObject({ code: "RATE_LIMITED", retryAfterSeconds: 3600 });
  });

  it.each([400, 401, 403, 404, 409, 422])("never repeat %i", async (status) => {
    expect(
      (
        await repeated(
          get(),
          answering(() => problem(status, "NOT_FOUND")),
        )
      ).count,
    ).toBe(1);
  });

  it("repeat a 409 that says when the first request will be done", async () => {
    const inFlight = () => problem(409, "IDEMPOTENCY_KEY_IN_FLIGHT", { "retry-after": "1" });
    expect((await repeated(post({ "idempotency-key": "k" }), answering(inFlight, ok))).count).toBe(2);
  });

  it("take a server that never answers for a broken connection", async () => {
    const silent = answering(() => new Promise<Response>(() => {}));
    silent.fetch = (
      (base) => (request: Request) =>
        Promise.race([base(request), rejected(request.signal)])
    )(silent.fetch);
    const { outcome, count } = await repeated(get(), silent, { timeoutMs: 5, attemptsMax: 2 });
    expect(count).toBe(2);
    expect(outcome).toMatchObject({ code: "CONNECTION_FAILED" });
  });

  it("stop at once, with the reason of the signal, when a caller gives up", async () => {
    const caller = new AbortController();
    const given = answering(() => {
      caller.abort(new Error("enough"));
      return problem(503, "DATABASE_UNAVAILABLE");
    });
    const client = new SpillwayClient({ baseUrl: "http://api.test", secretKey: "sk", fetch: given.fetch, retry: { delayMsMin: 60_000 } });
    await expect(client.exports.get("bex_1", { signal: caller.signal })).rejects.toThrow("enough");
    expect(given.requests.length).toBe(1);
  });
});

const rejected = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("a call", () => {
  const clientOf = (fetch: (request: Request) => Promise<Response>, options: object = {}) =>
    new SpillwayClient({
      baseUrl: "http://api.test/",
      publicKey: "pk",
      secretKey: "sk",
      fetch,
      retry: { delayMsMin: 0, delayMsMax: 0 },
      ...options,
    });
  const example: CreateBatchExport = { format: "PARQUET", query: { tableName: "events", filter: [], orderBy: null } };

  it("throws an error with all that the API says", async () => {
    const { fetch } = answering(() => problem(400, "INVALID_FILTER"));
    const error = await clientOf(fetch)
      .exports.get("bex_1")
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(SpillwayError);
    expect(error).toMatchObject({
      code: "INVALID_FILTER",
      message: "The sentence.",
      status: 400,
      requestId: "req_1",
      help: "What to do.",
      fields: [{ path: "query.filter[0]", message: "Unknown column." }],
    });
  });

  it("whose answer breaks off in the middle is repeated with the same key, or fails as a broken connection", async () => {
    const cut = (): Response => {
      const begin = new TextEncoder().encode('{"id":"bex_1",');
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(begin),
        pull: (controller) => controller.error(new TypeError("terminated")),
      });
      return new Response(body, { status: 201, headers: { "content-type": "application/json" } });
    };
    const body: CreateBatchExport = { format: "CSV", query: { tableName: "events", filter: [], orderBy: null } };
    const once = answering(cut, () => Response.json({ id: "bex_1" }, { status: 201 }));
    expect(await clientOf(once.fetch).exports.create(body)).toMatchObject({ id: "bex_1" });
    const keys = once.requests.map(({ headers }) => headers.get("idempotency-key"));
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    const always = answering(cut);
    await expect(clientOf(always.fetch).exports.get("bex_1")).rejects.toMatchObject({ name: "SpillwayError", code: "CONNECTION_FAILED" });
    expect(always.requests.length).toBe(4);
  });

  it("that creates an API key does without a key of its own where the server cannot keep the answer", async () => {
    const refused = () => problem(422, "ENCRYPTION_DISABLED");
    const given = answering(refused, () => Response.json({ id: "key_1", secretKey: "sk" }, { status: 201 }));
    const client = clientOf(given.fetch, { retry: false });
    expect(await client.apiKeys.create({ scopes: ["batchExports:read"] })).toMatchObject({ id: "key_1" });
    expect(given.requests.map(({ headers }) => headers.has("idempotency-key"))).toEqual([true, false]);
    const always = answering(refused);
    const call = clientOf(always.fetch, { retry: false }).apiKeys.create({ scopes: ["batchExports:read"] }, { idempotencyKey: "mine" });
    await expect(call).rejects.toMatchObject({ code: "ENCRYPTION_DISABLED" });
    expect(always.requests.length).toBe(1);
  });

  it("that creates carries a key of its own, the same in each repetition", async () => {
    const given = answering(broken, () => Response.json({ id: "bex_1" }, { status: 202 }));
    const client = clientOf(given.fetch);
    expect((await client.exports.create(example)).id).toBe("bex_1");
    await client.exports.create(example);
    const [first, second, other] = given.requests.map((one) => one.headers.get("idempotency-key"));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  it("sends the caller's key, headers, query and path", async () => {
    const given = answering(ok);
    const client = clientOf(given.fetch);
    await client.exports.create(example, { idempotencyKey: "nightly", headers: { "x-a": "b" } });
    await client.integrations.listRuns("a/b", { limit: 5 });
    expect(given.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST http://api.test/api/public/batch-exports",
      "GET http://api.test/api/public/integrations/a%2Fb/runs?limit=5",
    ]);
    expect(Object.fromEntries(given.requests[0]?.headers ?? [])).toMatchObject({ "idempotency-key": "nightly", "x-a": "b" });
  });

  it.each([
    [{}, `Basic ${btoa("pk:sk")}`],
    [{ publicKey: undefined }, "Bearer sk"],
    [{ secretKey: undefined }, "Bearer pk"],
  ])("with %o authenticates as %s", async (keys, expected) => {
    const given = answering(ok);
    await clientOf(given.fetch, keys).projects.list();
    expect(given.requests[0]?.headers.get("authorization")).toBe(expected);
  });

  it("of an administrator carries the admin key alone", async () => {
    const given = answering(ok);
    await clientOf(given.fetch, { adminKey: "admin" }).administration.listUsers();
    expect(given.requests[0]?.headers.get("authorization")).toBe("Bearer admin");
  });

  it.each([
    ["a page", () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["half an object", () => new Response('{"id":', { headers: { "content-type": "application/json" } })],
  ])("that is answered with %s says that this is not the API", async (_, answer) => {
    await expect(clientOf(answering(answer).fetch).exports.get("bex_1")).rejects.toMatchObject({ code: "UNEXPECTED_RESPONSE" });
  });

  it("that deletes answers nothing", async () => {
    const { fetch } = answering(() => new Response(null, { status: 204 }));
    expect(await clientOf(fetch).exports.delete("bex_1")).toBeUndefined();
  });
});

describe("a list", () => {
  const pagesOf = (...pages: object[]) => answering(...pages.map((page) => () => Response.json(page)));
  const clientOf = (fetch: (request: Request) => Promise<Response>) =>
    new SpillwayClient({ baseUrl: "http://api.test", secretKey: "sk", fetch });
  const queries = (requests: Request[]) => requests.map(({ url }) => new URL(url).search);

  it("by nextCursor gives every item of every page once, and the caller's query with each", async () => {
    const given = pagesOf(
      { data: [{ id: "1" }, { id: "2" }], nextCursor: "c1" },
      { data: [], nextCursor: "c2" },
      { data: [{ id: "3" }], nextCursor: null },
    );
    const ids: string[] = [];
    for await (const { id } of clientOf(given.fetch).exports.list({ limit: 2 })) ids.push(id);
    expect(ids).toEqual(["1", "2", "3"]);
    expect(queries(given.requests)).toEqual(["?limit=2", "?limit=2&cursor=c1", "?limit=2&cursor=c2"]);
  });

  it("by the cursor in meta goes through all pages", async () => {
    const given = pagesOf({ data: [{ id: "1" }], meta: { cursor: "c1" } }, { data: [{ id: "2" }], meta: {} });
    const sizes: number[] = [];
    for await (const page of clientOf(given.fetch).observations.listV2().pages()) sizes.push(page.data.length);
    expect(sizes).toEqual([1, 1]);
    expect(queries(given.requests)).toEqual(["", "?cursor=c1"]);
  });

  it("by page number goes through all pages", async () => {
    const meta = { limit: 1, totalItems: 2, totalPages: 2 };
    const given = pagesOf({ data: [{ id: "1" }], meta: { ...meta, page: 1 } }, { data: [{ id: "2" }], meta: { ...meta, page: 2 } });
    const ids: string[] = [];
    for await (const { id } of clientOf(given.fetch).traces.list({ limit: 1 })) ids.push(id);
    expect(ids).toEqual(["1", "2"]);
    expect(queries(given.requests)).toEqual(["?limit=1", "?limit=1&page=2"]);
  });

  it("asks for nothing before it is read, and for no page that nobody reads", async () => {
    const given = pagesOf({ data: [{ id: "1" }, { id: "2" }], nextCursor: "c1" });
    const list = clientOf(given.fetch).exports.list();
    expect(given.requests.length).toBe(0);
    for await (const _ of list) break;
    expect((await list).nextCursor).toBe("c1");
    expect(given.requests.length).toBe(2);
  });
});

describe("waiting for an export", () => {
  const event = (name: string, data: object) =>
    new Response(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`, { headers: { "content-type": "text/event-stream" } });
  const problemData = (status: number, code: string) => ({
    status,
    code,
    detail: "The sentence.",
    requestId: "req_1",
    help: "",
    errors: [],
  });
  const done = { id: "exp_1", status: "COMPLETED", finishedAt: "2026-11-29T00:00:00Z", error: null };
  /** `streams` answers in order; the export is over once all were. */
  const clientOf = (...streams: (() => Response)[]) => {
    const given = answering(...streams);
    return new SpillwayClient({
      ...{ baseUrl: "http://api.test", secretKey: "sk", retry: false as const },
      fetch: async (request) =>
        request.url.endsWith("/events")
          ? given.fetch(request)
          : Response.json(given.requests.length < streams.length ? { ...done, status: "PROCESSING", finishedAt: null } : done),
    });
  };

  it("goes on after a fault of the server that ends the events", async () => {
    const client = clientOf(
      () => event("problem", problemData(500, "INTERNAL")),
      () => event("end", done),
    );
    expect(await client.exports.waitFor("exp_1", { pollMs: 1 })).toMatchObject({ status: "COMPLETED" });
  });

  it("ends once the key or the export is gone", async () => {
    const client = clientOf(
      () => event("problem", problemData(401, "API_KEY_EXPIRED")),
      () => event("end", done),
    );
    await expect(client.exports.waitFor("exp_1", { pollMs: 1 })).rejects.toMatchObject({ code: "API_KEY_EXPIRED" });
  });
});
