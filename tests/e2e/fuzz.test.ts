/**
 * The whole OpenAPI document under fuzz, with the ids of earlier answers, and the matrix of every operation and another project's ids.
 * SPILLWAY_FUZZ_EXAMPLES sets the examples per operation, SPILLWAY_FUZZ_SEED the seed, which is printed and another one in each long run.
 */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { localOwner } from "../../local/stack-secrets.ts";
import { answerFault, type Operation, operations } from "../support/api-document.ts";
import { type FuzzRequest, requestOf, withIds } from "../support/fuzz-requests.ts";
import { usePeople } from "../support/people.ts";
import { seedFrom } from "../support/property-seed.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const examples = Number(process.env["SPILLWAY_FUZZ_EXAMPLES"] ?? 2);
const seed = seedFrom("SPILLWAY_FUZZ_SEED");
/** Requests under way at a time. */
const parallel = 8;
const canary = `CANARY${crypto.randomUUID().replaceAll("-", "")}`;

const { accepted, authorization, call, db, ingest, json, newProject, settled, stack } = useWholeStack({
  env: {
    ENCRYPTION_KEY: "ab".repeat(32),
    // Nothing is sent to the addresses that the fuzzer makes up.
    QUEUE_CONSUMER_WEBHOOK_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_BLOB_STORAGE_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_POSTHOG_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_MIXPANEL_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_INTEGRATION_QUEUE_IS_ENABLED: "false",
  },
});
const people = usePeople({ db, apiUrl: () => stack().apiUrl });
const unique = uniqueIds();
const event = eventWith(unique);

let foreign: ProjectKey;
/** Ids of the other project, by the path in front of the parameter. */
let foreignIds: Record<string, string>;
/** The key that the fuzzer sends. */
let ownKeyId: string;

const firstId = ({ data }: Record<string, unknown>): string => (data as { id: string }[])[0]?.id ?? "";

const asForeign = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
  const response = await call(path, init, { authorization: authorization(foreign) });
  return { ...((await response.json()) as object), httpStatus: response.status };
};
const post = (body: object): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

beforeAll(async () => {
  foreign = await newProject("foreign");
  const events = (text: string, owner: string) => [
    event("trace-create", {
      id: `${owner}-trace`,
      name: text,
      sessionId: `${owner}-session`,
      userId: text,
      input: { text },
      tags: [text],
      metadata: { k: text },
    }),
    event("span-create", { id: `${owner}-observation`, traceId: `${owner}-trace`, name: text, input: text, metadata: { k: text } }),
    event("generation-create", { id: `${owner}-call`, traceId: `${owner}-trace`, name: text, model: "gpt-4o", output: text }),
    event("score-create", { id: `${owner}-score`, traceId: `${owner}-trace`, name: "quality", value: 1, comment: text }),
  ];
  await accepted(events("own text", "own"));
  expect((await ingest(events(canary, "foreign"), { authorization: authorization(foreign) })).errors).toEqual([]);
  await settled();
  const [integration, blob] = [
    await asForeign(
      "integrations",
      post({
        kind: "posthog",
        name: canary,
        schedule: { frequency: "daily" },
        enabled: false,
        settings: { hostName: "https://eu.i.posthog.com" },
        secret: { projectApiKey: `phc_${canary}` },
      }),
    ),
    await asForeign(
      "integrations",
      post({
        kind: "blob_storage",
        name: canary,
        schedule: { frequency: "daily" },
        enabled: false,
        settings: { type: "S3", bucketName: "foreign-bucket", region: "eu-central-1" },
        secret: { accessKeyId: canary, secretAccessKey: canary },
      }),
    ),
  ];
  const [exported, comment, model] = [
    await asForeign("batch-exports", post({ format: "JSONL", name: canary, metadata: { k: canary }, query: { tableName: "traces" } })),
    await asForeign("comments", post({ objectType: "TRACE", objectId: "foreign-trace", content: canary })),
    await asForeign("models", post({ modelName: canary, matchPattern: canary, unit: "TOKENS", inputPrice: 1 })),
  ];
  const endpoint = await asForeign(
    "webhook-endpoints",
    post({ name: canary, url: `https://example.com/${canary}`, eventTypes: ["export.completed"], enabled: false }),
  );
  expect(endpoint["httpStatus"]).toBe(201);
  const [delivery] = await execute<{ id: string }>(
    db(),
    sql`insert into webhook_deliveries (endpoint_id, project_id, event_id, event_type, object_id, body, state, finished_at)
      values (${endpoint["id"]}, ${foreign.projectId}, ${`evt_${canary}`}, 'export.completed', 'foreign', ${JSON.stringify({ text: canary })}, 'failed', now())
      returning id`,
  );
  const invitation = await asForeign("invitations", post({ email: `${canary.toLowerCase()}@example.com`, role: "VIEWER" }));
  expect(invitation["httpStatus"]).toBe(201);
  ownKeyId = firstId(await json("api-keys"));
  const foreignKeyId = firstId(await asForeign("api-keys"));
  const { id: validation } = await asForeign(`integrations/${String(integration["id"])}/validate`, post({}));
  const { data: runs } = await asForeign(`integrations/${String(integration["id"])}/runs`);
  expect([integration, blob, exported, comment, model].map((one) => [one["httpStatus"], one["detail"], one["errors"]])).toEqual(
    [201, 201, 202, 201, 200].map((status) => [status, undefined, undefined]),
  );
  const id = (of: Record<string, unknown>) => String(of["id"]);
  const [organization] = await execute<{ id: string }>(db(), sql`select org_id as id from projects where id = ${foreign.projectId}`);
  foreignIds = {
    "/api/public/batch-exports/": id(exported),
    "/api/public/traces/": "foreign-trace",
    "/api/public/observations/": "foreign-observation",
    "/api/public/scores/": "foreign-score",
    "/api/public/v2/scores/": "foreign-score",
    "/api/public/sessions/": "foreign-session",
    "/api/public/comments/": id(comment),
    "/api/public/models/": id(model),
    "/api/public/integrations/": id(integration),
    "/api/public/integrations/{id}/runs/": String((runs as { id: string }[])[0]?.id ?? "run_foreign"),
    "/api/public/integrations/{id}/validations/": String(validation),
    "/api/public/integrations/blob-storage/": id(blob),
    "/api/public/webhook-endpoints/": id(endpoint),
    "/api/public/webhook-endpoints/{id}/deliveries/": delivery?.id ?? "",
    "/api/public/api-keys/": foreignKeyId,
    "/api/public/members/": firstId(await asForeign("members")),
    "/api/public/invitations/": id(invitation),
    "/api/public/account/sessions/": "ses_foreign",
    "/api/public/account/organizations/": organization?.id ?? "",
  };
});

type Sent = { status: number; contentType: string; text: string; location: string };

/** Headers of a person who has signed in as the owner of the own project. */
let ownSession: Record<string, string>;

/** `as`: the headers that say who asks, else those of a key. */
const send = async ({ method, path, isAdmin }: Operation, request: FuzzRequest, as?: Record<string, string>): Promise<Sent> => {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => segment(String(request.path[name] ?? "x")));
  const url = new URL(`${stack().apiUrl}${filled}`);
  for (const [name, value] of Object.entries(request.query)) url.searchParams.set(name, asText(value));
  const headers = new Headers(as ?? { authorization: isAdmin ? `Bearer ${stack().adminKey}` : authorization() });
  for (const [name, value] of Object.entries(request.header)) if (/^[\x20-\x7e]+$/.test(asText(value))) headers.set(name, asText(value));
  if (request.body !== undefined) headers.set("content-type", "application/json");
  const stop = new AbortController();
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    signal: stop.signal,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const contentType = response.headers.get("content-type") ?? "";
  const location = response.headers.get("location") ?? "";
  if (!contentType.startsWith("text/event-stream")) return { status: response.status, contentType, text: await response.text(), location };
  const first = await response.body?.getReader().read();
  stop.abort();
  return { status: response.status, contentType, text: new TextDecoder().decode(first?.value), location };
};

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 3000);
/** `.` and `..` would lead to another path, and the end of one leads to its parent. */
const segment = (value: string): string => (/^\.{0,2}$/.test(value) ? "x" : encodeURIComponent(value.toWellFormed().slice(0, 500)));

/** All texts under names of ids, at any depth. */
const idsIn = (value: unknown, name = ""): string[] => {
  if (typeof value === "string") return /^id$|Id$/.test(name) && value !== "" ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((one) => idsIn(one, name));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => idsIn(one, key));
};

const parsed = (text: string): unknown => (/^[[{]/.test(text) ? JSON.parse(text) : undefined);

/** What the other project reads of its own, without what changes by itself. */
const foreignState = async (): Promise<string> => {
  const objects = [
    "traces/foreign-trace",
    "observations/foreign-observation",
    "v2/scores/foreign-score",
    "sessions/foreign-session",
    "comments",
  ];
  const states = await Promise.all(objects.map((path) => asForeign(path)));
  const [integrations, models, exports] = await Promise.all(
    ["integrations", "models?limit=100", "batch-exports"].map((path) => asForeign(path)),
  );
  const named = (page: Record<string, unknown> = { data: [] }) =>
    (page["data"] as Record<string, unknown>[]).map(
      ({ id, name, modelName, enabled, settings, schedule, metadata, cancelRequestedAt }) => ({
        id,
        name,
        modelName,
        enabled,
        settings,
        schedule,
        metadata,
        cancelRequestedAt,
      }),
    );
  return JSON.stringify(
    [states, named(integrations), named(models).filter(({ modelName }) => modelName === canary), named(exports)],
    null,
    1,
  );
};

/** Where the objects of an operation are: the part of its path in front of the first id, or of the longest such part that begins it. */
const collections = [...new Set(operations.map(({ path }) => path.slice(0, path.indexOf("{"))))].filter((one) => one !== "");
const collectionOf = ({ path }: Operation): string =>
  collections.filter((one) => `${path}/`.startsWith(one)).toSorted((a, b) => b.length - a.length)[0] ?? path;

/**
 * Ids of earlier answers. Most requests get one of their own collection, and mostly a recent one, so that objects are made, used, removed and
 * used again; the others get any id, also another project's.
 */
const createPools = () => {
  const first: Record<string, string> = {
    "/api/public/traces/": "own-trace",
    "/api/public/observations/": "own-observation",
    "/api/public/scores/": "own-score",
    "/api/public/sessions/": "own-session",
  };
  const byCollection = new Map(Object.entries(first).map(([collection, id]) => [collection, [id]]));
  const mixed = { own: [...Object.values(foreignIds), ...Object.values(first)], admin: ["none"] };
  const lastOf = (pool: readonly string[], n: number): string => pool[Math.max(0, pool.length - 1 - n)] ?? "none";
  return {
    pick: (operation: Operation, n: number): string => {
      const kept = byCollection.get(collectionOf(operation));
      const any = operation.isAdmin ? mixed.admin : mixed.own;
      return n % 5 === 0 || kept === undefined ? lastOf(any, n % 400) : lastOf(kept, n % 12);
    },
    add: (operation: Operation, ids: readonly string[]): void => {
      (operation.isAdmin ? mixed.admin : mixed.own).push(...ids);
      const collection = collectionOf(operation);
      byCollection.set(collection, [...(byCollection.get(collection) ?? []), ...ids].slice(-200));
    },
  };
};

const protectedIds = (): Set<string> => new Set([stack().projectId, foreign.projectId, ownKeyId]);

/** Ends a run that hangs: many times what a round takes. */
const hangMs = 600_000 + examples * 20_000;

describe("fuzz", () => {
  it(
    `${examples} requests to each of ${operations.length} operations: documented answers only, nothing of another project`,
    async () => {
      console.info(`fuzz: seed ${seed}, ${examples} examples per operation`);
      const before = await foreignState();
      const pools = createPools();
      const prepared = operations.map((operation, i) => ({
        operation,
        requests: fc.sample(requestOf(operation), { seed: seed + i, numRuns: examples }),
      }));
      const faults = new Map<string, string>();
      const statuses = new Map<number, number>();
      const play = async ({ operation, requests }: (typeof prepared)[number], round: number): Promise<void> => {
        const request = withIds(requests[round], (n) => pools.pick(operation, n));
        if (request === undefined) return;
        const report = (fault: string, answer = ""): void => {
          const key = `${operation.id}: ${fault}`;
          if (faults.has(key)) return;
          faults.set(key, `${JSON.stringify(request).slice(0, 1500)} -> ${answer.slice(0, 500)}`);
          // A long run shows what it finds at once.
          console.warn(`fuzz: ${key} ${faults.get(key)}`);
        };
        try {
          const answer = await send(operation, request);
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          if (answer.status >= 500) report(`status ${answer.status}`, answer.text);
          const fault = answerFault(operation, answer);
          if (fault !== undefined) report(fault, answer.text);
          if (!operation.isAdmin && answer.text.includes(canary)) report("another project's text", answer.text);
          if (answer.status < 300) {
            const known = protectedIds();
            const found = idsIn(parsed(answer.text)).filter((id) => !known.has(id));
            // Keys in use must survive: only ids that the fuzzer created are used with the admin key.
            if (!operation.isAdmin || operation.method === "POST") pools.add(operation, found.slice(0, 20));
          }
        } catch (error) {
          report(error instanceof Error ? error.message.slice(0, 300) : String(error));
        }
      };
      for (let round = 0; round < examples; round++) {
        if (round > 0 && round % 20 === 0) console.info(`fuzz: ${round} rounds, ${JSON.stringify(Object.fromEntries(statuses))}`);
        const order = fc.sample(fc.shuffledSubarray(prepared, { minLength: prepared.length }), { seed: seed + round, numRuns: 1 })[0] ?? [];
        const queue = [...order];
        await Promise.all(
          Array.from({ length: parallel }, async () => {
            for (let next = queue.pop(); next !== undefined; next = queue.pop()) await play(next, round);
          }),
        );
      }
      console.info(`fuzz: ${JSON.stringify(Object.fromEntries(statuses))}`);
      expect([...faults].map(([fault, request]) => `${fault}\n  ${request}`)).toEqual([]);
      expect(await foreignState()).toBe(before);
    },
    hangMs,
  );
});

/** Operations that answer otherwise than 404 for an id of another project, and why that says nothing about it. */
const otherAnswers: Record<string, { status: number; reason: string }> = {
  deleteTrace: { status: 200, reason: "deletes what this project has under the id, which is nothing" },
  deleteScore: { status: 202, reason: "deletes what this project has under the id, which is nothing" },
  endAccountSession: { status: 401, reason: "a session is ended by its person; a key is refused" },
  leaveOrganization: { status: 401, reason: "a person leaves by themselves; a key is refused" },
};
const otherAnswersOfSessions: typeof otherAnswers = {
  endAccountSession: { status: 404, reason: "a session of somebody else is not found" },
  leaveOrganization: { status: 404, reason: "an organisation of others is not found" },
};
/** Parameters that name a part of the API, not an object of a project. */
const notIds = new Set(["table", "format"]);

describe("another project's ids", () => {
  let before: string;
  beforeAll(async () => {
    before = await foreignState();
    const browser = await people.signIn({ email: localOwner });
    const [[name, token] = []] = browser.cookies;
    ownSession = { cookie: `${name}=${token}`, origin: stack().apiUrl, "x-spillway-project": stack().projectId };
  });

  const someIds = (): string[] => ["foreign-trace", "foreign-score", foreignIds["/api/public/batch-exports/"] ?? "", foreign.projectId];

  const withPath = operations.filter(
    ({ parameters, isAdmin }) => !isAdmin && parameters.some((one) => one.in === "path" && !notIds.has(one.name)),
  );

  const callers = withPath.flatMap((operation) =>
    (["a key", "a session"] as const).map((caller) => [operation.id, caller, operation] as const),
  );
  it.each(callers)("in the path of %s with %s", async (_id, caller, operation) => {
    const as = caller === "a key" ? undefined : ownSession;
    const known = as === undefined ? otherAnswers[operation.id] : (otherAnswersOfSessions[operation.id] ?? otherAnswers[operation.id]);
    const path = Object.fromEntries(
      operation.parameters
        .filter((one) => one.in === "path")
        .map(({ name }) => {
          const collection = operation.path.slice(0, operation.path.indexOf(`{${name}}`));
          const id = foreignIds[collection];
          if (id === undefined) throw new Error(`foreignIds has no entry for ${collection}: create such an object in the other project`);
          return [name, id];
        }),
    );
    const [body] =
      operation.body === undefined ? [undefined] : fc.sample(requestOf(operation), { seed, numRuns: 1 }).map((one) => one.body);
    for (const tried of operation.body === undefined ? [undefined] : [{}, body]) {
      const answer = await send(operation, { path, query: {}, header: {}, body: tried }, as);
      // A body that does not fit is refused before the id is looked up.
      const allowed = operation.body === undefined ? [known?.status ?? 404] : [400, 404, 413, known?.status ?? 404];
      expect([operation.id, allowed.includes(answer.status), answer.status]).toEqual([operation.id, true, answer.status]);
      expect(answerFault(operation, answer)).toBeUndefined();
      expect(answer.text).not.toContain(canary);
    }
  });

  const withIdParameters = operations.filter(
    ({ parameters, isAdmin }) => !isAdmin && parameters.some((one) => one.in === "query" && /Ids?$/.test(one.name)),
  );
  it.each(withIdParameters.map((operation) => [operation.id, operation] as const))(
    "in the query of %s find nothing",
    async (_id, operation) => {
      for (const { name } of operation.parameters.filter((one) => one.in === "query" && /Ids?$/.test(one.name)))
        for (const id of someIds()) {
          const answer = await send(operation, { path: {}, query: { [name]: id }, header: {}, body: undefined });
          expect([operation.id, name, answer.status < 500, answer.text.includes(canary)]).toEqual([operation.id, name, true, false]);
        }
    },
  );

  /** Ids in bodies, at any depth, by operation. Each names an object in the caller's own project, so nothing of the other one changes. */
  const bodies = operations.filter(({ body, isAdmin }) => !isAdmin && body !== undefined);
  it.each(bodies.map((operation) => [operation.id, operation] as const))("in the body of %s show nothing of it", async (_id, operation) => {
    const ids = someIds();
    const own = operation.parameters.some((one) => one.in === "path") ? { id: "none" } : {};
    for (const [i, request] of fc.sample(requestOf(operation), { seed, numRuns: ids.length }).entries()) {
      const body = withIds(request.body, () => ids[i] ?? "");
      const answer = await send(operation, { path: own, query: {}, header: {}, body });
      expect([operation.id, answer.status < 500, answer.text.includes(canary)]).toEqual([operation.id, true, false]);
      expect(answerFault(operation, answer)).toBeUndefined();
    }
  });

  it("have changed nothing in the other project", async () => {
    await settled();
    expect(await foreignState()).toBe(before);
  });
});
