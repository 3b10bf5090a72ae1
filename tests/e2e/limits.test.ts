/** Limits as a user meets them: Idempotency-Keys on every creating operation, quotas, bursts. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { startNeonRelay } from "../../local/neon-relay.ts";
import { insertEvents, sampleEvents } from "../../local/sample-data.ts";
import { startWorker } from "../../local/workerd/start.ts";
import { documentOfApi, undeclared } from "../support/declared-answers.ts";
import { patient } from "../support/start-test-stack.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

// The runner starts when an export is to be completed: until then exports wait.
const { stack, db, newProject, authorization } = useWholeStack({ withRunner: false });
const document = documentOfApi();
const undeclaredIn = undeclared(document);

type Json = Record<string, unknown>;
type Sent = { body?: unknown; key?: ProjectKey; idempotencyKey?: string; baseUrl?: string };

const send = async (method: string, path: string, { body, key, idempotencyKey, baseUrl = stack().apiUrl }: Sent = {}) => {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    headers: {
      authorization: path.startsWith("/api/admin") ? `Bearer ${stack().adminKey}` : authorization(key),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = (text === "" ? {} : JSON.parse(text)) as Json;
  const code = response.ok ? undefined : String(json["code"]);
  expect(undeclaredIn({ method, path, status: response.status, code })).toBeUndefined();
  return { status: response.status, headers: response.headers, text, json };
};

const exportsPath = "/api/public/batch-exports";
const exportBody = { format: "JSONL", query: { tableName: "events", filter: [] } };
const setPlan = async (key: ProjectKey, body: Json): Promise<void> => {
  expect((await send("PATCH", `/api/admin/projects/${key.projectId}`, { body })).status).toBe(200);
};
const countOf = async (table: string, key: ProjectKey): Promise<number> =>
  (await execute<{ n: number }>(db(), sql`select count(*)::int as n from ${sql.identifier(table)} where project_id = ${key.projectId}`))[0]
    ?.n ?? 0;

describe("an Idempotency-Key", () => {
  it("of 100 requests at once makes one export and one job, and all get the same answer", async () => {
    const key = await newProject("once");
    const sent = { body: exportBody, key, idempotencyKey: "once" };
    const answers = await Promise.all(Array.from({ length: 100 }, () => send("POST", exportsPath, sent)));
    const made = answers.filter(({ status }) => status === 202);
    expect(made.length).toBeGreaterThan(0);
    // On a busy machine some may wait longer for the first than they may.
    for (const { status, json } of answers) if (status !== 202) expect([status, json["code"]]).toEqual([409, "IDEMPOTENCY_KEY_IN_FLIGHT"]);
    expect(new Set(made.map(({ text, headers }) => `${text} ${headers.get("location")}`)).size).toBe(1);
    expect(made.filter(({ headers }) => headers.get("idempotent-replayed") === null)).toHaveLength(1);
    expect([await countOf("batch_exports", key), await countOf("jobs", key)]).toEqual([1, 1]);
  });

  it("works on every operation that takes one: the same answer to the same request, 422 for another, and nothing twice", async () => {
    const integration = (name: string) => ({
      kind: "blob_storage",
      name,
      enabled: true,
      schedule: { frequency: "hourly" },
      settings: { type: "S3", bucketName: "warehouse", region: "eu-central-1", prefix: `${name}/`, fileType: "JSONL" },
      secret: { accessKeyId: "key", secretAccessKey: "secret" },
    });
    const created = async (path: string, body: unknown) => (await send("POST", path, { body })).json;
    const integrationId = (await created("/api/public/integrations", integration("again")))["id"];
    await execute(db(), sql`update integrations set cursor = now() - interval '1 hour' where id = ${String(integrationId)}`);
    const endpoint = (name: string) => ({ name, url: "https://example.com/hook", eventTypes: ["export.completed"] });
    const endpointId = (await created("/api/public/webhook-endpoints", endpoint("again")))["id"];
    const former = (await created(exportsPath, exportBody))["id"];
    await send("POST", `${exportsPath}/${former}/cancel`);
    const organization = (await created("/api/admin/organizations", { name: "o" }))["id"];
    const user = (await created("/api/admin/users", { email: "once@example.com" }))["id"];
    await created("/api/admin/memberships", { organizationId: organization, userId: user, role: "OWNER" });
    const project = (await created("/api/admin/projects", { organizationId: organization, name: "p" }))["id"];
    const keyOf = () => created("/api/admin/api-keys", { projectId: project, userId: user, scopes: ["traces:read"] });
    const own = await created("/api/public/api-keys", { scopes: ["traces:read"] });
    const range = { from: "2020-01-01T00:00:00Z", to: "2020-01-01T02:00:00Z" };
    const ofIntegration = (operation: string, body: unknown = undefined) => [
      `/api/public/integrations/${integrationId}/${operation}`,
      body,
    ];
    const model = { modelName: "m", matchPattern: "^m$", inputPrice: 1 };
    const cases: Record<string, unknown[]> = {
      createScore: ["/api/public/scores", { traceId: "t", name: "n", value: 1 }],
      createBatchExport: [exportsPath, exportBody],
      rerunBatchExport: [`${exportsPath}/${former}/rerun`, undefined],
      createComment: ["/api/public/comments", { objectType: "TRACE", objectId: "t", content: "c" }],
      createModel: ["/api/public/models", model],
      createIntegration: ["/api/public/integrations", integration("once")],
      runIntegration: ofIntegration("run"),
      backfillIntegration: ofIntegration("backfill", range),
      validateIntegration: ofIntegration("validate"),
      redeliverRejections: ofIntegration("redeliver"),
      createWebhookEndpoint: ["/api/public/webhook-endpoints", endpoint("once")],
      rotateWebhookSecret: [`/api/public/webhook-endpoints/${endpointId}/rotate-secret`, {}],
      testWebhookEndpoint: [`/api/public/webhook-endpoints/${endpointId}/test`, { type: "export.completed" }],
      createApiKey: ["/api/public/api-keys", { scopes: ["traces:read"] }],
      rotateApiKey: [`/api/public/api-keys/${own["id"]}/rotate`, {}],
      createInvitation: ["/api/public/invitations", { email: "invited-once@example.com", role: "VIEWER" }],
      adminCreateOrganization: ["/api/admin/organizations", { name: "once" }],
      adminCreateProject: ["/api/admin/projects", { organizationId: organization, name: "once" }],
      adminCreateUser: ["/api/admin/users", { email: "twice@example.com" }],
      adminCreateMembership: ["/api/admin/memberships", { organizationId: organization, userId: user, role: "ADMIN" }],
      adminCreateApiKey: ["/api/admin/api-keys", { projectId: project, userId: user, scopes: ["traces:read"] }],
      adminRotateApiKey: [`/api/admin/api-keys/${(await keyOf())["id"]}/rotate`, {}],
    };
    const taking = Object.values(document.paths).flatMap(({ post }) => {
      const { operationId = "", parameters = [] } = (post ?? {}) as { operationId?: string; parameters?: { name: string }[] };
      return parameters.some(({ name }) => name === "idempotency-key") ? [operationId] : [];
    });
    expect(Object.keys(cases).toSorted()).toEqual(taking.toSorted());
    for (const [operationId, [path, body]] of Object.entries(cases)) {
      const sent = { body, idempotencyKey: `once-${operationId}` };
      const first = await send("POST", String(path), sent);
      const second = await send("POST", String(path), sent);
      const other = await send("POST", String(path), { ...sent, body: { ...(body as object), other: 1 } });
      expect([operationId, first.status < 300 ? "created" : first.text]).toEqual([operationId, "created"]);
      expect([operationId, second.status, second.text]).toEqual([operationId, first.status, first.text]);
      expect([operationId, second.headers.get("location")]).toEqual([operationId, first.headers.get("location")]);
      // Some take no body, and a score may have any field.
      if (body !== undefined) expect([operationId, other.status, other.json["code"]]).toEqual([operationId, 422, "IDEMPOTENCY_KEY_REUSED"]);
    }
  });

  it("whose first request is under way is refused with 409 after a while", async () => {
    const sent = { body: exportBody, idempotencyKey: "held" };
    const { publicKey } = stack();
    await db().transaction(async (tx) => {
      await tx.execute(
        sql`insert into idempotent_requests (caller, key, request_hash) select id, 'held', '' from api_keys where public_key = ${publicKey}`,
      );
      const answer = await send("POST", exportsPath, sent);
      expect([answer.status, answer.json["code"], answer.headers.get("retry-after")]).toEqual([409, "IDEMPOTENCY_KEY_IN_FLIGHT", "1"]);
      await tx.execute(sql`delete from idempotent_requests where key = 'held'`);
    });
    expect((await send("POST", exportsPath, sent)).status).toBe(202);
  });

  it("of a refused request is free again, and the secrets it was answered with are nowhere in the database", async () => {
    const key = await newProject("free");
    const refused = await send("POST", exportsPath, { body: { format: "TEXT" }, key, idempotencyKey: "k" });
    const valid = await send("POST", exportsPath, { body: exportBody, key, idempotencyKey: "k" });
    expect([refused.status, valid.status]).toEqual([400, 202]);
    const secrets: string[] = [];
    for (const [index, path] of ["/api/public/api-keys", "/api/public/api-keys"].entries()) {
      const made = await send("POST", path, { body: { scopes: ["traces:read"] }, key, idempotencyKey: `s${index}` });
      secrets.push(String(made.json["secretKey"]));
    }
    const tables = await execute<{ name: string }>(
      db(),
      sql`select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    for (const { name } of tables) {
      const rows = await execute<{ row: string }>(db(), sql`select t::text as row from ${sql.identifier(name)} t`);
      for (const secret of secrets)
        for (const text of [secret, btoa(secret).replace(/=+$/, "")])
          expect([name, rows.filter(({ row }) => row.includes(text))]).toEqual([name, []]);
    }
  });
});

/** Quotas count by the hours of the clock. A day ends with one of them. */
const hourNow = () => Math.floor(Date.now() / 3_600_000);

/** What happens within one hour: where one has ended meanwhile, it is done again in the next one. */
const inOneHour = async <Outcome>(act: () => Promise<Outcome>): Promise<Outcome> => {
  for (;;) {
    const hour = hourNow();
    const outcome = await act();
    if (hourNow() === hour) return outcome;
  }
};

describe("quotas", () => {
  it("are exact with 100 requests at once, and every answer says what is left and when it renews", async () => {
    const { key, answers, limits } = await inOneHour(async () => {
      const own = await newProject(`exact-${crypto.randomUUID()}`);
      await setPlan(own, {
        plan: "hobby",
        overrides: { exportsPerHour: 11, concurrentExports: null, rowsPerDay: null, bytesPerDay: null },
      });
      const all = await Promise.all(Array.from({ length: 100 }, () => send("POST", exportsPath, { body: exportBody, key: own })));
      return { key: own, answers: all, limits: (await send("GET", "/api/public/limits", { key: own })).json };
    });
    const made = answers.filter(({ status }) => status === 202);
    expect([made.length, await countOf("batch_exports", key), await countOf("jobs", key)]).toEqual([11, 11, 11]);
    const left = made.map(({ headers }) => Number(/"exports-per-hour";r=(\d+);t=\d+/.exec(headers.get("ratelimit") ?? "")?.[1]));
    expect(left.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, index) => index));
    for (const { status, json, headers } of answers.filter((answer) => answer.status !== 202)) {
      expect([status, json["code"], headers.get("ratelimit-policy")]).toEqual([429, "QUOTA_EXCEEDED", '"exports-per-hour";q=11;w=3600']);
      expect(Number(headers.get("retry-after"))).toSatisfy((seconds: number) => seconds >= 1 && seconds <= 3600);
      expect(headers.get("ratelimit")).toMatch(/^"exports-per-hour";r=0;t=\d+$/);
      expect(json["detail"]).toMatch(/0 of 11 exports of this hour are left\. It renews at \d{4}-.*:00:00\.000Z\./);
    }
    for (const body of [{}, undefined]) {
      const invalid = await send("POST", exportsPath, { body, key });
      expect([invalid.status, invalid.headers.get("ratelimit-policy")]).toEqual([400, '"exports-per-hour";q=11;w=3600']);
    }
    expect(limits).toMatchObject({
      plan: "hobby",
      burst: null,
      quotas: expect.arrayContaining([expect.objectContaining({ name: "exportsPerHour", limit: 11, used: 11, left: 0 })]),
    });
  });

  it("of rows and bytes are estimated before, refuse what does not fit, and are charged with what was delivered", async () => {
    const key = await newProject("rows");
    const startHour = hourNow();
    const events = sampleEvents({ projectId: key.projectId, events: 300, endMs: Date.now() - 60_000 });
    await insertEvents({ url: stack().clickhouseUrl, database: stack().clickhouseDatabase }, events);
    await setPlan(key, { overrides: { rowsPerDay: 500 } });
    const estimate = () => send("POST", `${exportsPath}/estimate`, { body: { query: exportBody.query }, key });
    const rowsOf = ({ json }: { json: Json }) => (json["quota"] as { quotas: Json[] }).quotas.find(({ name }) => name === "rowsPerDay");
    const before = await estimate();
    expect(before.json).toMatchObject({ rows: 300, quota: { fits: true } });
    expect(rowsOf(before)).toMatchObject({ limit: 500, used: 0, left: 500, cost: 300, windowSeconds: 86_400 });
    const first = await send("POST", exportsPath, { body: exportBody, key });
    expect([first.status, first.headers.get("ratelimit")]).toEqual([202, expect.stringMatching(/"rows-per-day";r=200;t=\d+/)]);
    // It waits, and holds its estimate.
    const second = await send("POST", exportsPath, { body: exportBody, key });
    expect([second.status, second.json["code"], second.json["detail"]]).toEqual([
      429,
      "QUOTA_EXCEEDED",
      expect.stringContaining("300 of the quota rowsPerDay: 200 of 500"),
    ]);
    expect((await estimate()).json).toMatchObject({ quota: { fits: false } });
    const limited = { ...exportBody, query: { ...exportBody.query, limit: 150 } };
    expect((await send("POST", exportsPath, { body: limited, key })).status).toBe(202);
    await stack().restartRunner();
    const finished = async () =>
      (await execute(db(), sql`select 1 from batch_exports where project_id = ${key.projectId} and status = 'COMPLETED'`)).length;
    for (const end = Date.now() + waitSeconds * 1000; (await finished()) < 2 && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 50));
    const [sums] = await execute<{ rows: number; bytes: number }>(
      db(),
      sql`select sum(rows)::int as rows, sum(bytes)::int as bytes from batch_exports where project_id = ${key.projectId}`,
    );
    const { quotas } = (await send("GET", "/api/public/limits", { key })).json as { quotas: { name: string; used: number }[] };
    const isSameHour = hourNow() === startHour;
    const [charged] = await execute(
      db(),
      sql`select sum(exports)::int as exports, sum(rows)::int as rows, sum(bytes)::int as bytes from export_usage where project_id = ${key.projectId}`,
    );
    expect(sums?.rows).toBe(450);
    expect(charged).toEqual({ exports: 2, rows: 450, bytes: sums?.bytes });
    const used = Object.fromEntries(quotas.map((one) => [one.name, one.used]));
    expect(used["concurrentExports"]).toBe(0);
    // What was charged before the hour ended does not count in the next one.
    if (isSameHour) expect(used).toEqual({ concurrentExports: 0, exportsPerHour: 2, rowsPerDay: 450, bytesPerDay: sums?.bytes });
    expect((await send("POST", exportsPath, { key })).status).toBe(400);
    await setPlan(key, { overrides: { rowsPerDay: 299 } });
    const tooLarge = await send("POST", exportsPath, { body: exportBody, key });
    expect([tooLarge.status, tooLarge.json["code"], tooLarge.headers.get("retry-after")]).toEqual([422, "EXPORT_EXCEEDS_QUOTA", null]);
    const again = await send("POST", `${exportsPath}/${first.json["id"]}/rerun`, { key });
    expect([again.status, again.json["code"]]).toEqual([422, "EXPORT_EXCEEDS_QUOTA"]);
  });

  it("are set by administrators alone, and refuse names that do not exist", async () => {
    const path = `/api/admin/projects/${stack().projectId}`;
    expect((await send("PATCH", path, { body: { plan: "gold" } })).status).toBe(400);
    expect((await send("PATCH", path, { body: { overrides: { rowsPerYear: 1 } } })).status).toBe(400);
    expect((await send("PATCH", "/api/admin/projects/nothing", { body: { plan: null } })).status).toBe(404);
    const asKey = await fetch(`${stack().apiUrl}${path}`, { method: "PATCH", headers: { authorization: authorization() }, body: "{}" });
    expect(asKey.status).toBe(401);
  });
});

describe("bursts", () => {
  let limited: { url: string; stop: () => Promise<void> };
  beforeAll(async () => {
    const relay = startNeonRelay(stack().postgresUrl);
    const worker = await startWorker({
      bundle: inject("workerBundle"),
      dataDir: `${stack().dataDir}/limited`,
      logFile: `${stack().dataDir}/limited.log`,
      bindings: {
        DATABASE_URL: stack().postgresUrl,
        NEON_WS_PROXY: relay.address,
        CLICKHOUSE_URL: stack().clickhouseUrl,
        SALT: "another",
        ...patient,
        SPILLWAY_BURST_REQUESTS: "20",
        SPILLWAY_BURST_SECONDS: "60",
      },
    });
    limited = {
      url: worker.url,
      stop: async () => {
        await worker.stop();
        await relay.stop();
      },
    };
  });
  afterAll(() => limited.stop());

  it("of one key are refused before it is looked up, with the way to an export; another key and the health route are not", async () => {
    const ask = (secret: string, path = "/api/public/limits") =>
      fetch(`${limited.url}${path}`, { headers: { authorization: `Bearer ${secret}` } });
    // A window of the clock may end in between: then the next one is full in any case.
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask("sk-lf-one")));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(20);
    expect(answers.filter(({ status }) => status === 401).length).toBe(60 - refused.length);
    const [one] = refused;
    expect(await one?.json()).toMatchObject({ code: "RATE_LIMITED", help: expect.stringContaining("/api/public/batch-exports") });
    expect(
      Object.fromEntries(["retry-after", "ratelimit", "ratelimit-policy", "link"].map((name) => [name, one?.headers.get(name)])),
    ).toEqual({
      "retry-after": "60",
      ratelimit: '"burst";r=0;t=60',
      "ratelimit-policy": '"burst";q=20;w=60',
      link: '</api/public/batch-exports>; rel="alternate"; title="Create an export"',
    });
    const other = await ask("sk-lf-other");
    expect([other.status, other.headers.get("ratelimit-policy")]).toEqual([401, '"burst";q=20;w=60']);
    expect((await ask("sk-lf-one", "/api/public/health")).status).toBe(200);
  });
});
