import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { LangfuseAPIClient } from "@langfuse/core";
import { sql } from "drizzle-orm";
import { Langfuse } from "langfuse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Model } from "../../api/routes/models/resource.ts";
import { defaultModels } from "../../core/models/default-models/index.ts";
import { execute, type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import type { Stack } from "../../local/stack.ts";
import { startTestStack } from "../support/start-test-stack.ts";
import { untilIngested } from "../support/until-ingested.ts";

type Key = { projectId: string; publicKey: string; secretKey: string };
type Json = Record<string, unknown>;

let stack: Stack;
let open: OpenDatabase;

beforeAll(async () => {
  stack = await startTestStack();
  open = openPostgres(stack.postgresUrl, { connectionsMax: 2 });
});
afterAll(async () => {
  await open.close();
  await stack.stop();
});

const admin = async (path: string, body: object): Promise<Record<string, string>> => {
  const response = await fetch(`${stack.apiUrl}/api/admin/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Record<string, string>;
};

const newProject = async (scopes = ["models:CUD", "traces:read", "ingestion:write", "auditLogs:read"], role = "OWNER"): Promise<Key> => {
  const organization = await admin("organizations", { name: "Models" });
  const project = await admin("projects", { organizationId: organization["id"], name: "Models" });
  const user = await admin("users", { email: `${randomUUID()}@example.com` });
  await admin("memberships", { organizationId: organization["id"], userId: user["id"], role });
  const key = (await admin("api-keys", { projectId: project["id"], userId: user["id"], scopes })) as unknown as Key;
  return { ...key, projectId: project["id"] ?? "" };
};

type Sent = { body?: unknown; raw?: string; headers?: Record<string, string> };

const call = async (key: Key | null, method: string, path: string, { body, raw, headers = {} }: Sent = {}) => {
  const response = await fetch(`${stack.apiUrl}/api/public/${path}`, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Basic ${btoa(`${key.publicKey}:${key.secretKey}`)}` }),
      "content-type": "application/json",
      ...headers,
    },
    ...(body === undefined && raw === undefined ? {} : { body: raw ?? JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: (text === "" ? {} : JSON.parse(text)) as Json };
};

/** Own models and defaults, of all pages, in their order. */
const listAll = async (key: Key): Promise<Json[]> => {
  const pages = await Promise.all([1, 2, 3].map((page) => call(key, "GET", `models?page=${page}&limit=100`)));
  return pages.flatMap(({ json }) => json["data"] as Json[]);
};

const create = async (key: Key, body: Json): Promise<Json & { id: string }> => {
  const { status, json, text } = await call(key, "POST", "models", { body });
  expect(status, text).toBe(200);
  return Model.parse(json);
};

const gpt4o: Json = { modelName: "gpt-4o", matchPattern: "(?i)^gpt-4o$", inputPrice: 0.001, outputPrice: 0.002, unit: "TOKENS" };

type Generation = { id: string; model?: string; startTime?: string; usageDetails?: Record<string, number>; type?: string } & Json;

const ingest = async (key: Key, ...generations: Generation[]): Promise<void> => {
  const batch = generations.map(({ type = "generation-create", ...body }) => ({
    id: randomUUID(),
    timestamp: new Date().toISOString(),
    type,
    body: { traceId: "t", model: "gpt-4o", startTime: "2026-06-01T00:00:00Z", usageDetails: { input: 10, output: 5 }, ...body },
  }));
  const { status, json } = await call(key, "POST", "ingestion", { body: { batch } });
  expect([status, json["errors"]]).toEqual([207, []]);
  await untilIngested(open.db);
};

const observation = async (key: Key, id: string): Promise<Json> => {
  const { status, json, text } = await call(key, "GET", `observations/${id}`);
  expect(status, text).toBe(200);
  return json;
};
const costOf = async (key: Key, id: string) => {
  const { modelId, calculatedTotalCost } = await observation(key, id);
  return { modelId, cost: calculatedTotalCost };
};

const defaultGpt4o = { modelId: "default_gpt-4o_2024-10-02", cost: 0.000075 };

describe("a model of the project's own", () => {
  it("prices what is ingested after it; deleted, what is stored keeps its cost until its next event or a replay, and new calls cost the default again", async () => {
    const key = await newProject();
    const { id } = await create(key, gpt4o);
    await ingest(key, { id: "first" }, { id: "replayed" });
    expect(await costOf(key, "first")).toEqual({ modelId: id, cost: 0.02 });
    expect(await observation(key, "first")).toMatchObject({ inputPrice: 0.001, outputPrice: 0.002, totalPrice: null });

    expect((await call(key, "DELETE", `models/${id}`)).status).toBe(204);
    expect((await call(key, "GET", `models/${id}`)).status).toBe(404);
    expect((await call(key, "DELETE", `models/${id}`)).status).toBe(404);
    // A runner keeps models for a minute; another one has none yet.
    await stack.restartRunner();
    await ingest(key, { id: "second" });
    expect(await costOf(key, "second")).toEqual(defaultGpt4o);
    expect(await costOf(key, "first")).toEqual({ modelId: id, cost: 0.02 });
    await ingest(key, { id: "first", type: "generation-update", name: "again" });
    expect(await costOf(key, "first")).toEqual(defaultGpt4o);
    expect(await costOf(key, "replayed")).toEqual({ modelId: id, cost: 0.02 });
    const replay = spawnSync(bunPath, [`${repositoryRoot}cli/operator/ingestion.ts`, "replay", "--project", key.projectId], {
      env: { ...process.env, SPILLWAY_DATA_DIR: stack.dataDir },
      encoding: "utf8",
    });
    expect(replay.status, replay.stderr).toBe(0);
    await untilIngested(open.db);
    expect(await costOf(key, "replayed")).toEqual(defaultGpt4o);
  });

  it("counts from its start on; of several the newest that had started, then the one made last", async () => {
    const key = await newProject();
    const early = await create(key, { ...gpt4o, startDate: "2026-05-01", inputPrice: 1, outputPrice: null });
    const replaced = await create(key, { ...gpt4o, startDate: "2026-07-01T00:00:00Z", inputPrice: 2, outputPrice: null });
    const late = await create(key, { ...gpt4o, startDate: "2026-07-01T02:00:00+02:00", inputPrice: 3, outputPrice: null });
    await ingest(
      key,
      { id: "before", startTime: "2026-04-30T23:59:59.999Z" },
      { id: "early", startTime: "2026-05-01T00:00:00Z" },
      { id: "late", startTime: "2026-07-01T00:00:00Z" },
    );
    expect(await costOf(key, "before")).toEqual(defaultGpt4o);
    expect(await costOf(key, "early")).toEqual({ modelId: early.id, cost: 10 });
    expect(await costOf(key, "late")).toEqual({ modelId: late.id, cost: 30 });
    const ofName = (await listAll(key)).filter(({ modelName }) => modelName === "gpt-4o").map((model) => model["id"]);
    expect(ofName).toEqual([late.id, replaced.id, early.id, "default_gpt-4o_2024-10-02", "default_gpt-4o_2024-05-13"]);
  });

  it("has tiers by usage, model parameters and metadata", async () => {
    const key = await newProject();
    const { pricingTiers } = await create(key, {
      modelName: "house",
      matchPattern: "^house-",
      pricingTiers: [
        { name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: 1, audio: 7 } },
        { name: "Long", priority: 1, conditions: [{ usageDetailPattern: "^IN", operator: "gt", value: 100 }], prices: { input: 2 } },
        {
          name: "Flex",
          priority: 2,
          conditions: [
            { source: "model_parameters", key: "service_tier", operator: "in", values: ["flex", "batch"] },
            { source: "metadata", key: "tenant", operator: "in", values: ["a"] },
          ],
          prices: { input: 0.5 },
        },
      ],
    });
    expect(pricingTiers).toMatchObject([
      { name: "Standard", isDefault: true, conditions: [] },
      { name: "Long", conditions: [{ usageDetailPattern: "^IN", operator: "gt", value: 100, caseSensitive: false }] },
      { name: "Flex", conditions: [{ source: "model_parameters", values: ["flex", "batch"] }, { source: "metadata" }] },
    ]);
    const flex = { modelParameters: { service_tier: "batch" }, metadata: { tenant: "a" } };
    await ingest(
      key,
      { id: "standard", model: "house-1", usageDetails: { input: 100, audio: 1 } },
      { id: "long", model: "house-2", usageDetails: { input: 101 } },
      { id: "flex", model: "house-3", usageDetails: { input: 2 }, ...flex },
      { id: "not flex", model: "house-3", usageDetails: { input: 2 }, modelParameters: flex.modelParameters },
    );
    const costs = await Promise.all(["standard", "long", "flex", "not%20flex"].map((id) => costOf(key, id)));
    expect(costs.map(({ cost }) => cost)).toEqual([107, 202, 1, 2]);
  });

  it("keeps every digit of its prices, sent as numbers or as strings", async () => {
    const key = await newProject();
    const prices = '{"input":0.123456789012345678,"output":"0.000000000000000001","other":2.50e-6}';
    const raw = `{"modelName":"m","matchPattern":"^m$","pricingTiers":[{"name":"S","isDefault":true,"priority":0,"conditions":[],"prices":${prices}}]}`;
    const { text, json } = await call(key, "POST", "models", { raw });
    expect(text).toContain('"prices":{"input":0.123456789012345678,"other":0.0000025,"output":0.000000000000000001}}]');
    expect(text).toContain('"inputPrice":0.123456789012345678,"outputPrice":0.000000000000000001,"totalPrice":null');
    expect((await call(key, "GET", `models/${json["id"]}`)).text).toBe(text);
    const [row] = await execute<{ prices: Json }>(
      open.db,
      sql`select pricing_tiers -> 0 -> 'prices' as prices from models where id = ${json["id"]}`,
    );
    expect(row?.prices).toEqual({ input: "0.123456789012345678", output: "0.000000000000000001", other: "0.0000025" });
  });

  it("counts tokens with the tokenizer of the model it names", async () => {
    const key = await newProject();
    const model = {
      ...gpt4o,
      modelName: "own",
      matchPattern: "^own$",
      tokenizerId: "openai",
      tokenizerConfig: { tokenizerModel: "gpt-4o" },
    };
    expect(await create(key, model)).toMatchObject({ tokenizerId: "openai", tokenizerConfig: { tokenizerModel: "o200k_base" } });
    await ingest(key, { id: "counted", model: "own", usageDetails: undefined as never, input: "two words", output: "three words here" });
    expect(await costOf(key, "counted")).toMatchObject({ cost: 2 * 0.001 + 3 * 0.002 });
  });

  it("is made once by requests with one Idempotency-Key; another body is refused, also where only the last digits differ", async () => {
    const key = await newProject();
    const raw = (price: string) => JSON.stringify(gpt4o).replace("0.001", price);
    const send = (body: string) => call(key, "POST", "models", { raw: body, headers: { "idempotency-key": "k" } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(raw("0.123456789012345678"))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ json }) => json["id"])).size).toBe(1);
    const other = await send(raw("0.123456789012345679"));
    expect([other.status, other.json["code"]]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
    await call(key, "DELETE", `models/${answers[0]?.json["id"]}`);
    const again = await send(raw("0.123456789012345678"));
    expect([again.status, again.json]).toEqual([200, answers[0]?.json]);
  });

  it("is one of at most 200, however many are made at once", async () => {
    const key = await newProject();
    await execute(
      open.db,
      sql`insert into models (id, project_id, model_name, match_pattern, pricing_tiers)
        select ${key.projectId} || n, ${key.projectId}, 'n', '^n$', '[]' from generate_series(1, 197) n`,
    );
    const answers = await Promise.all(Array.from({ length: 6 }, () => call(key, "POST", "models", { body: gpt4o })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 422, 422, 422]);
    expect(answers.find(({ status }) => status === 422)?.json["code"]).toBe("TOO_MANY_MODELS");
  });

  it("has patterns that come to at most 20,000 steps with those of the project's other models", async () => {
    const key = await newProject();
    await execute(
      open.db,
      sql`insert into models (id, project_id, model_name, match_pattern, pricing_tiers)
        select ${key.projectId} || n, ${key.projectId}, 'n', ${`^${"n".repeat(290)}$`}, '[]' from generate_series(1, 67) n`,
    );
    await create(key, gpt4o);
    const refused = await call(key, "POST", "models", { body: { ...gpt4o, matchPattern: `^${"m".repeat(290)}$` } });
    expect([refused.status, refused.json["code"]]).toEqual([422, "TOO_MANY_MODELS"]);
    expect(refused.json["detail"] ?? refused.json["message"]).toContain("20000");
  });

  it.each([
    "(((((((){255}){255}){255}){255}){255}){255}){255}",
    "(((((((|){255}){255}){255}){255}){255}){255}){255}",
    "((((a*)*){255}){255}){255,}",
    "((.{255}){255}){255}",
    "(?=a)b",
    "(a)\\1",
  ])("with the pattern %s is refused with its field, and the API answers other projects", async (pattern) => {
    const [key, canary] = [await newProject(), await newProject()];
    const tier = { name: "S", isDefault: true, priority: 0, conditions: [], prices: { input: 1 } };
    const condition = { usageDetailPattern: pattern, operator: "gt", value: 1 };
    const other = { ...tier, name: "T", isDefault: false, priority: 1, conditions: [condition] };
    const asked = Promise.all([
      ...Array.from({ length: 20 }, () => call(key, "POST", "models", { body: { ...gpt4o, matchPattern: pattern } })),
      call(key, "POST", "models", { body: { modelName: "m", matchPattern: "^m$", pricingTiers: [tier, other] } }),
    ]);
    expect((await call(canary, "GET", "models")).status).toBe(200);
    const answers = await asked;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    expect(JSON.stringify(answers[0]?.json)).toContain("matchPattern");
    expect(JSON.stringify(answers.at(-1)?.json)).toContain("usageDetailPattern");
  });

  it("leaves audit rows when made and deleted, with its actor", async () => {
    const key = await newProject();
    const { id } = await create(key, gpt4o);
    await call(key, "DELETE", `models/${id}`);
    const { json } = await call(key, "GET", `audit-logs?resourceType=model&resourceId=${id}`);
    expect(json["data"]).toMatchObject([
      { action: "delete", type: "API_KEY", before: { id, modelName: "gpt-4o" }, after: null },
      { action: "create", type: "API_KEY", before: null, after: { id, pricingTiers: [{ prices: { input: "0.001" } }] } },
    ]);
  });
});

describe("which model a name would match", () => {
  const match = async (key: Key, modelName: string, startTime?: string) => {
    const { status, json, text } = await call(key, "POST", "models/match", { body: { modelName, ...(startTime && { startTime }) } });
    expect(status, text).toBe(200);
    return json as { model: { id: string; modelName: string } | null; matchedName: string | null; names: string[] };
  };

  it("is what prices calls of that name: own before defaults, by the start of the call, with the spellings that are tried", async () => {
    const key = await newProject();
    const own = await create(key, { ...gpt4o, startDate: "2026-05-01" });
    const nested = "openrouter/openai/gpt-4o";
    expect(await match(key, nested, "2026-05-01T00:00:00Z")).toMatchObject({
      model: { id: own.id },
      matchedName: "gpt-4o",
      names: [nested, "openai/gpt-4o", "gpt-4o"],
    });
    const before = await match(key, nested, "2026-04-30T23:59:59.999Z");
    expect(before.model?.modelName).toBe("gpt-4o");
    expect(before.model?.id).not.toBe(own.id);
    for (const { name, at } of [
      { name: nested, at: "2026-05-02T00:00:00Z" },
      { name: nested, at: "2026-04-01T00:00:00Z" },
    ]) {
      const id = randomUUID();
      await ingest(key, { id, model: name, startTime: at });
      expect((await costOf(key, id)).modelId).toBe((await match(key, name, at)).model?.id);
    }
    expect(await match(key, "nobody/knows-this")).toEqual({ model: null, matchedName: null, names: ["nobody/knows-this"] });
  });

  it("is answered by a key that may read, for names of at most 500 characters, and knows no other project's models", async () => {
    const [key, other] = await Promise.all([newProject(), newProject()]);
    await create(other, { ...gpt4o, modelName: "secret", matchPattern: "^secret$" });
    expect((await match(key, "secret")).model).toBeNull();
    expect((await match(other, "secret")).model?.modelName).toBe("secret");
    expect((await call(await newProject(["ingestion:write"]), "POST", "models/match", { body: { modelName: "x" } })).status).toBe(403);
    for (const body of [{ modelName: "" }, { modelName: "x".repeat(501) }, { modelName: "x", startTime: "yesterday" }, {}])
      expect((await call(key, "POST", "models/match", { body })).status).toBe(400);
  });
});

describe("defaults and other projects", () => {
  it("defaults are on the pages once each and can be read, but not deleted", async () => {
    const key = await newProject();
    const ids: unknown[] = [];
    for (let page = 1, totalPages = 1; page <= totalPages; page++) {
      const { json } = await call(key, "GET", `models?page=${page}&limit=7`);
      const { data, meta } = json as { data: Json[]; meta: { totalItems: number; totalPages: number } };
      expect(meta).toEqual({ page, limit: 7, totalItems: defaultModels.length, totalPages: Math.ceil(defaultModels.length / 7) });
      for (const model of data) expect(Model.parse(model)).toMatchObject({ isLangfuseManaged: true, unit: "TOKENS" });
      ids.push(...data.map(({ id }) => id));
      totalPages = meta.totalPages;
    }
    expect(ids.toSorted()).toEqual(defaultModels.map(({ id }) => id).toSorted());
    const one = "default_gpt-4.1_2025-04-14";
    expect((await call(key, "GET", `models/${one}`)).json).toMatchObject({
      id: one,
      inputPrice: 0.000002,
      outputPrice: 0.000008,
      tokenizerId: "openai",
    });
    const refused = await call(key, "DELETE", `models/${one}`);
    expect([refused.status, refused.json["code"]]).toEqual([409, "MODEL_NOT_DELETABLE"]);
    expect((await call(key, "GET", `models/${one}`)).status).toBe(200);
  });

  it("another project neither sees a model, nor deletes it, nor is priced by it", async () => {
    const [key, other] = [await newProject(), await newProject()];
    const { id } = await create(key, gpt4o);
    for (const method of ["GET", "DELETE"]) expect((await call(other, method, `models/${id}`)).status).toBe(404);
    expect((await call(other, "GET", "models")).json["meta"]).toMatchObject({ totalItems: defaultModels.length });
    await ingest(other, { id: "theirs" });
    expect(await costOf(other, "theirs")).toEqual(defaultGpt4o);
    expect((await call(key, "GET", `models/${id}`)).status).toBe(200);
  });

  it.each<[string, string[], string, number, number]>([
    ["models:CUD alone", ["models:CUD"], "OWNER", 403, 200],
    ["traces:read alone", ["traces:read"], "OWNER", 200, 403],
    ["both, of a member", ["models:CUD", "traces:read"], "MEMBER", 200, 200],
    ["both, of a viewer", ["models:CUD", "traces:read"], "VIEWER", 200, 403],
  ])("a key with %s", async (_, scopes, role, reading, writing) => {
    const key = await newProject(scopes, role);
    for (const path of ["models", "models/default_gpt-4o_2024-05-13"]) expect((await call(key, "GET", path)).status).toBe(reading);
    expect((await call(key, "POST", "models", { body: gpt4o })).status).toBe(writing);
    expect((await call(key, "DELETE", "models/none")).status).toBe(writing === 200 ? 404 : 403);
  });

  it("nobody without a key gets anything", async () => {
    for (const [method, path] of [
      ["GET", "models"],
      ["POST", "models"],
      ["GET", "models/x"],
      ["DELETE", "models/x"],
    ] as const)
      expect((await call(null, method, path)).status).toBe(401);
  });
});

describe("bad input is refused with its field, and nothing is stored", () => {
  it.each<[string, Sent, number, string | null]>([
    ["no body", {}, 400, null],
    ["no JSON", { raw: "{" }, 400, null],
    ["a list", { raw: "[]" }, 400, ""],
    ["a body nested deeply", { raw: `{"tokenizerConfig":${"[".repeat(50_000)}${"]".repeat(50_000)}}` }, 400, "modelName"],
    ["a body above a megabyte", { raw: `{"modelName":"${"x".repeat(1_100_000)}"}` }, 413, null],
    ["a pattern that is none", { body: { ...gpt4o, matchPattern: "(" } }, 400, "matchPattern"],
    ["a price of 1e400", { raw: JSON.stringify(gpt4o).replace("0.001", "1e400") }, 400, "inputPrice"],
    ["a price of 1e-400", { raw: JSON.stringify(gpt4o).replace("0.001", "1e-400") }, 400, "inputPrice"],
    [
      "a price a double rounds to a fit one",
      { raw: JSON.stringify(gpt4o).replace("0.001", "0.1000000000000000000001") },
      400,
      "inputPrice",
    ],
    ["a price of many digits", { raw: JSON.stringify(gpt4o).replace("0.001", `0.${"1".repeat(100_000)}`) }, 400, "inputPrice"],
    ["a negative price", { body: { ...gpt4o, outputPrice: -1 } }, 400, "outputPrice"],
    ["a name with NUL", { body: { ...gpt4o, modelName: "\u0000" } }, 400, "modelName"],
    ["half a surrogate pair", { body: { ...gpt4o, matchPattern: "\ud800" } }, 400, "matchPattern"],
    ["a start no calendar has", { body: { ...gpt4o, startDate: "2026-02-30" } }, 400, "startDate"],
    ["a kind named __proto__", { raw: '{"pricingTiers":[{"prices":{"__proto__":1}}]}' }, 400, "pricingTiers[0].prices.__proto__"],
    ["a project", { body: { ...gpt4o, projectId: "other" } }, 400, "projectId"],
    ["an empty Idempotency-Key", { body: gpt4o, headers: { "idempotency-key": "" } }, 400, "idempotency-key"],
  ])("%s", async (_, sent, status, field) => {
    const key = await newProject();
    const answer = await call(key, "POST", "models", sent);
    expect(answer.status, answer.text).toBe(status);
    const errors = answer.json["errors"] as { path: string; message: string }[];
    if (field !== null) expect(errors.map(({ path }) => path)).toContain(field);
    expect((await call(key, "GET", "models")).json["meta"]).toMatchObject({ totalItems: defaultModels.length });
  });

  it.each(["models?page=0", "models?limit=101", "models?limit=x", "models/%00", `models/${"x".repeat(501)}`])("GET %s", async (path) => {
    expect((await call(await newProject(), "GET", path)).status).toBe(400);
  });
});

describe("the API clients of the SDKs", () => {
  it("langfuse 3 makes, lists, shows and deletes a model", async () => {
    const key = await newProject();
    const { api } = new Langfuse({ publicKey: key.publicKey, secretKey: key.secretKey, baseUrl: stack.apiUrl });
    const made = await api.modelsCreate({
      ...(gpt4o as { modelName: string; matchPattern: string }),
      startDate: "2026-01-01T00:00:00.000Z",
    });
    expect(made).toMatchObject({ modelName: "gpt-4o", unit: "TOKENS", isLangfuseManaged: false, prices: { input: { price: 0.001 } } });
    expect(await api.modelsGet(made.id)).toEqual(made);
    const pages = await Promise.all([1, 2].map((page) => api.modelsList({ page, limit: 100 })));
    for (const { meta } of pages) expect(meta.totalItems).toBe(defaultModels.length + 1);
    expect(pages.flatMap(({ data }) => data).find(({ id }) => id === made.id)).toEqual(made);
    await api.modelsDelete(made.id);
    await expect(api.modelsGet(made.id)).rejects.toMatchObject({ status: 404 });
  });

  it("@langfuse/core makes, lists, shows and deletes a model with tiers", async () => {
    const key = await newProject();
    const { models } = new LangfuseAPIClient({ environment: stack.apiUrl, username: key.publicKey, password: key.secretKey });
    const made = await models.create({
      modelName: "m",
      matchPattern: "^m$",
      unit: "TOKENS",
      pricingTiers: [{ name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: 1e-7 } }],
    });
    expect(made).toMatchObject({ inputPrice: 1e-7, startDate: null, pricingTiers: [{ name: "Standard", prices: { input: 1e-7 } }] });
    expect(await models.get(made.id)).toEqual(made);
    const count = Math.ceil((defaultModels.length + 1) / 100);
    const pages = await Promise.all(Array.from({ length: count }, (_, at) => models.list({ page: at + 1, limit: 100 })));
    expect(pages.flatMap(({ data }) => data)).toContainEqual(made);
    await models.delete(made.id);
    await expect(models.get(made.id)).rejects.toMatchObject({ statusCode: 404 });
  });
});
