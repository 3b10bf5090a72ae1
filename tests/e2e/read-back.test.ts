import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Observation } from "../../api/routes/observations/resource.ts";
import { Score, ScoreOnPage, ScoreV1, ScoreV1OnPage } from "../../api/routes/scores/resource.ts";
import { Session, SessionWithTraces } from "../../api/routes/sessions/resource.ts";
import { TraceWithDetails, TraceWithFullDetails } from "../../api/routes/traces/resource.ts";
import { defaultModels } from "../../core/models/default-models/index.ts";
import type { Stack } from "../../local/stack.ts";
import { startTestStack } from "../support/start-test-stack.ts";

type Key = { projectId: string; publicKey: string; secretKey: string };
type Row = Record<string, unknown>;
type Json = Record<string, unknown>;

const database = `test_${randomUUID().replaceAll("-", "")}`;
/** Under another name than its own, as an operator may have it. */
const eventsTable = "events_full";
const bytesMax = 2_000_000;
const observationsMax = 300;

let stack: Stack;

const clickhouse = async (sql: string, body?: string): Promise<string> => {
  const url = new URL(inject("clickhouseUrl"));
  url.searchParams.set("database", database);
  if (body !== undefined) url.searchParams.set("query", sql);
  const response = await fetch(url, { method: "POST", body: body ?? sql });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
};

beforeAll(async () => {
  stack = await startTestStack({
    withRunner: false,
    env: {
      CLICKHOUSE_URL: inject("clickhouseUrl"),
      CLICKHOUSE_DB: database,
      CLICKHOUSE_EVENTS_TABLE: eventsTable,
      LANGFUSE_S3_BATCH_EXPORT_ENABLED: "false",
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: inject("s3").endpoint,
      LANGFUSE_MAX_OBSERVATIONS_PER_TRACE: String(observationsMax),
      LANGFUSE_API_TRACE_OBSERVATIONS_SIZE_LIMIT_BYTES: String(bytesMax),
    },
  });
  await clickhouse(`CREATE TABLE IF NOT EXISTS ${eventsTable} AS events`);
  // What was stored twice stays stored twice.
  for (const table of ["traces", "observations", "scores"]) await clickhouse(`SYSTEM STOP MERGES ${table}`);
});
afterAll(async () => {
  await stack.stop();
  await clickhouse(`DROP DATABASE IF EXISTS ${database} SYNC`);
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

const newProject = async (scopes: string[] = ["traces:read", "comments:CRUD"]): Promise<Key> => {
  const organization = await admin("organizations", { name: "Read" });
  const project = await admin("projects", { organizationId: organization["id"], name: "Read" });
  const user = await admin("users", { email: `${randomUUID()}@example.com` });
  await admin("memberships", { organizationId: organization["id"], userId: user["id"], role: "OWNER" });
  const key = (await admin("api-keys", { projectId: project["id"], userId: user["id"], scopes })) as unknown as Key;
  return { ...key, projectId: project["id"] ?? "" };
};

type Query = Record<string, string | readonly string[]>;

const get = async (key: Key | null, path: string, query: Query = {}) => {
  const url = new URL(`${stack.apiUrl}/api/public/${path}`);
  for (const [name, values] of Object.entries(query)) for (const value of [values].flat()) url.searchParams.append(name, value);
  const response = await fetch(url, {
    headers: key === null ? {} : { authorization: `Basic ${btoa(`${key.publicKey}:${key.secretKey}`)}` },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as Json };
};

const page = async (key: Key, path: string, query: Query = {}) => {
  const { status, json, text } = await get(key, path, query);
  expect(status, text).toBe(200);
  return json as { data: Json[]; meta: { page: number; limit: number; totalItems: number; totalPages: number } };
};
const cursorPage = async (key: Key, path: string, query: Query): Promise<{ data: Row[]; meta: { cursor?: string } }> => {
  const { status, json, text } = await get(key, path, query);
  expect([status, text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  return json as never;
};
const idsOf = async (key: Key, path: string, query: Query = {}): Promise<unknown[]> => {
  const { data, meta } = await page(key, path, query);
  expect(meta.totalItems).toBe(data.length);
  return data.map(({ id }) => id);
};
const sorted = (ids: readonly unknown[]) => ids.map(String).toSorted();

const at = (ms: number) => new Date(ms).toISOString().replace("T", " ").replace("Z", "");
const baseMs = Date.UTC(2026, 2, 10, 12);
const iso = (offsetMs: number) => new Date(baseMs + offsetMs).toISOString();
const dayMs = 86_400_000;

const stored = { created_at: at(baseMs + 1), updated_at: at(baseMs + 2), event_ts: at(baseMs), is_deleted: 0 };

const traceRow = (key: Key, id: string, more: Row = {}): Row => ({
  id,
  project_id: key.projectId,
  timestamp: at(baseMs),
  name: "trace",
  user_id: null,
  session_id: null,
  release: null,
  version: null,
  environment: "default",
  tags: [],
  public: false,
  bookmarked: false,
  input: null,
  output: null,
  metadata: {},
  ...stored,
  ...more,
});

const observationRow = (key: Key, id: string, more: Row = {}): Row => ({
  id,
  trace_id: "t",
  project_id: key.projectId,
  environment: "default",
  type: "SPAN",
  parent_observation_id: null,
  start_time: at(baseMs),
  end_time: null,
  name: "observation",
  metadata: {},
  level: "DEFAULT",
  status_message: null,
  version: null,
  input: null,
  output: null,
  provided_model_name: null,
  internal_model_id: null,
  model_parameters: null,
  usage_details: {},
  cost_details: {},
  completion_start_time: null,
  prompt_id: null,
  prompt_name: null,
  prompt_version: null,
  ...stored,
  ...more,
});

const scoreRow = (key: Key, id: string, more: Row = {}): Row => ({
  id,
  project_id: key.projectId,
  timestamp: at(baseMs),
  environment: "default",
  trace_id: "t",
  session_id: null,
  dataset_run_id: null,
  observation_id: null,
  name: "quality",
  value: 0.5,
  source: "API",
  comment: null,
  metadata: {},
  author_user_id: null,
  config_id: null,
  data_type: "NUMERIC",
  string_value: null,
  queue_id: null,
  long_string_value: "",
  ...stored,
  ...more,
});

const insert = (table: string, rows: readonly Row[]) =>
  clickhouse(`INSERT INTO ${table} FORMAT JSONEachRow`, rows.map((row) => JSON.stringify(row)).join("\n"));

describe("shapes", () => {
  let key: Key;
  beforeAll(async () => {
    key = await newProject();
    await insert("traces", [
      traceRow(key, "full", {
        timestamp: at(baseMs + 7),
        name: "checkout",
        user_id: "u",
        session_id: "s",
        release: "r1",
        version: "v1",
        environment: "prod",
        tags: ["b", "a"],
        public: true,
        bookmarked: true,
        input: '{"question": "why?"}',
        output: "because",
        metadata: { plan: "pro", seats: "3", nested: '{"a":[1]}', empty: "" },
      }),
      traceRow(key, "bare", { name: "", timestamp: at(baseMs + dayMs) }),
    ]);
    await insert("observations", [
      observationRow(key, "o2", { trace_id: "full", start_time: at(baseMs + 10), end_time: at(baseMs + 20) }),
      observationRow(key, "o1", {
        trace_id: "full",
        environment: "prod",
        type: "GENERATION",
        parent_observation_id: "o2",
        start_time: at(baseMs + 9),
        end_time: at(baseMs + 1243),
        completion_start_time: at(baseMs + 509),
        name: "answer",
        metadata: { k: "[1,2]" },
        level: "WARNING",
        status_message: "slow",
        version: "v2",
        input: '[{"role":"user"}]',
        output: '"text"',
        provided_model_name: "gpt-4o",
        internal_model_id: "m1",
        model_parameters: '{"temperature":0.5}',
        usage_details: { input: 10, input_cached: 5, output: 3, total: 18 },
        cost_details: { input: "0.000250000001", output: "0.0005", total: "0.000750000001" },
        prompt_id: "p",
        prompt_name: "prompt",
        prompt_version: 4,
        usage_pricing_tier_id: "tier",
        usage_pricing_tier_name: "Standard",
      }),
    ]);
    await insert("scores", [
      scoreRow(key, "s2", {
        trace_id: "full",
        observation_id: "o1",
        timestamp: at(baseMs + 2),
        data_type: "BOOLEAN",
        value: 1,
        string_value: "True",
      }),
      scoreRow(key, "s1", {
        trace_id: "full",
        timestamp: at(baseMs + 1),
        environment: "prod",
        source: "ANNOTATION",
        comment: "well",
        metadata: { by: '"me"' },
        author_user_id: "author",
        config_id: "config",
        queue_id: "queue",
      }),
      scoreRow(key, "correction", {
        trace_id: "full",
        timestamp: at(baseMs + 6),
        data_type: "CORRECTION",
        value: 0,
        long_string_value: "right",
      }),
      scoreRow(key, "text", { trace_id: "full", timestamp: at(baseMs + 3), data_type: "TEXT", value: 0, long_string_value: "a long text" }),
      scoreRow(key, "session", {
        trace_id: null,
        session_id: "s",
        timestamp: at(baseMs + 4),
        data_type: "CATEGORICAL",
        value: 2,
        string_value: "calm",
      }),
      scoreRow(key, "run", { trace_id: null, dataset_run_id: "run-1", timestamp: at(baseMs + 5) }),
    ]);
  });

  const full = () => ({
    id: "full",
    projectId: key.projectId,
    externalId: null,
    timestamp: iso(7),
    name: "checkout",
    environment: "prod",
    userId: "u",
    sessionId: "s",
    release: "r1",
    version: "v1",
    tags: ["b", "a"],
    public: true,
    bookmarked: true,
    input: { question: "why?" },
    output: "because",
    metadata: { plan: "pro", seats: 3, nested: { a: [1] }, empty: "" },
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const metrics = () => ({ latency: 1.234, totalCost: 0.000750000001, htmlPath: `/project/${key.projectId}/traces/full` });
  const o1 = () => ({
    id: "o1",
    projectId: key.projectId,
    traceId: "full",
    parentObservationId: "o2",
    type: "GENERATION",
    name: "answer",
    environment: "prod",
    startTime: iso(9),
    endTime: iso(1243),
    completionStartTime: iso(509),
    level: "WARNING",
    statusMessage: "slow",
    version: "v2",
    input: [{ role: "user" }],
    output: "text",
    metadata: { k: [1, 2] },
    model: "gpt-4o",
    modelId: "m1",
    modelParameters: { temperature: 0.5 },
    promptId: "p",
    promptName: "prompt",
    promptVersion: 4,
    usageDetails: { input: 10, input_cached: 5, output: 3, total: 18 },
    costDetails: { input: 0.000250000001, output: 0.0005, total: 0.000750000001 },
    usagePricingTierId: "tier",
    usagePricingTierName: "Standard",
    inputPrice: null,
    outputPrice: null,
    totalPrice: null,
    calculatedInputCost: 0.000250000001,
    calculatedOutputCost: 0.0005,
    calculatedTotalCost: 0.000750000001,
    usage: { unit: "TOKENS", input: 15, output: 3, total: 18 },
    unit: "TOKENS",
    promptTokens: 15,
    completionTokens: 3,
    totalTokens: 18,
    latency: 1.234,
    timeToFirstToken: 0.5,
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const o2 = () => ({
    id: "o2",
    projectId: key.projectId,
    traceId: "full",
    parentObservationId: null,
    type: "SPAN",
    name: "observation",
    environment: "default",
    startTime: iso(10),
    endTime: iso(20),
    completionStartTime: null,
    level: "DEFAULT",
    statusMessage: null,
    version: null,
    input: null,
    output: null,
    metadata: {},
    model: null,
    modelId: null,
    modelParameters: null,
    promptId: null,
    promptName: null,
    promptVersion: null,
    usageDetails: {},
    costDetails: {},
    usagePricingTierId: null,
    usagePricingTierName: null,
    inputPrice: null,
    outputPrice: null,
    totalPrice: null,
    calculatedInputCost: null,
    calculatedOutputCost: null,
    calculatedTotalCost: null,
    usage: { unit: "TOKENS", input: 0, output: 0, total: 0 },
    unit: "TOKENS",
    promptTokens: 0,
    completionTokens: 0,
    totalTokens: 0,
    latency: 0.01,
    timeToFirstToken: null,
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const s1 = () => ({
    id: "s1",
    projectId: key.projectId,
    traceId: "full",
    observationId: null,
    timestamp: iso(1),
    name: "quality",
    source: "ANNOTATION",
    dataType: "NUMERIC",
    value: 0.5,
    stringValue: null,
    comment: "well",
    metadata: { by: "me" },
    environment: "prod",
    authorUserId: "author",
    configId: "config",
    queueId: "queue",
    createdAt: iso(1),
    updatedAt: iso(2),
  });
  const s2 = () => ({
    ...s1(),
    id: "s2",
    observationId: "o1",
    timestamp: iso(2),
    source: "API",
    dataType: "BOOLEAN",
    value: 1,
    stringValue: "True",
    comment: null,
    metadata: {},
    environment: "default",
    authorUserId: null,
    configId: null,
    queueId: null,
  });
  const text = () => ({
    ...s2(),
    id: "text",
    observationId: null,
    timestamp: iso(3),
    dataType: "TEXT",
    value: 0,
    stringValue: "a long text",
  });
  const ofFull = { userId: "u", tags: ["b", "a"], environment: "prod", sessionId: "s" };

  it("a page of traces has the ids of what belongs to each, and metrics", async () => {
    const { data, meta } = await page(key, "traces");
    expect(meta).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
    expect(data[1]).toEqual({ ...full(), ...metrics(), observations: ["o1", "o2"], scores: ["s1", "s2", "text", "correction"] });
    expect(data[0]).toEqual({
      ...full(),
      id: "bare",
      timestamp: iso(dayMs),
      name: null,
      environment: "default",
      userId: null,
      sessionId: null,
      release: null,
      version: null,
      tags: [],
      public: false,
      bookmarked: false,
      input: null,
      output: null,
      metadata: {},
      latency: 0,
      totalCost: 0,
      htmlPath: `/project/${key.projectId}/traces/bare`,
      observations: [],
      scores: [],
    });
    for (const trace of data) TraceWithDetails.parse(trace);
  });

  it("a trace alone has its observations and scores in the order of their time", async () => {
    const { status, json, headers } = await get(key, "traces/full");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(json).toEqual({ ...full(), ...metrics(), observations: [o1(), o2()], scores: [s1(), s2(), text()] });
    TraceWithFullDetails.parse(json);
    const bare = await get(key, "traces/bare");
    expect(bare.json).toMatchObject({ id: "bare", observations: [], scores: [], latency: 0, totalCost: 0 });
  });

  it("groups of fields that are not asked for are left out", async () => {
    const { data } = await page(key, "traces", { fields: "core, scores" });
    const { input: _input, output: _output, metadata: _metadata, ...core } = full();
    const { htmlPath } = metrics();
    expect(data[1]).toEqual({
      ...core,
      htmlPath,
      latency: -1,
      totalCost: -1,
      observations: [],
      scores: ["s1", "s2", "text", "correction"],
    });
    const { json } = await get(key, "traces/full", { fields: "observations" });
    expect(json).toEqual({ ...core, htmlPath, latency: -1, totalCost: -1, observations: [o1(), o2()], scores: [] });
    const { json: scored } = await get(key, "traces/full", { fields: "scores,metrics" });
    expect(scored).toEqual({ ...core, ...metrics(), observations: [], scores: [s1(), s2(), text()] });
  });

  it("observations, on a page and alone", async () => {
    const { data } = await page(key, "observations");
    expect(data).toEqual([o2(), o1()]);
    for (const observation of data) Observation.parse(observation);
    expect((await get(key, "observations/o1")).json).toEqual(o1());
  });

  it("scores: version 1 knows those of traces and observations but no corrections, version 2 all", async () => {
    const first = await page(key, "scores");
    expect(first.data).toEqual([
      { ...text(), trace: ofFull },
      { ...s2(), trace: ofFull },
      { ...s1(), trace: ofFull },
    ]);
    for (const score of first.data) ScoreV1OnPage.parse(score);
    const second = await page(key, "v2/scores");
    const more = { sessionId: null, datasetRunId: null };
    expect(second.data).toEqual([
      { ...text(), ...more, id: "correction", timestamp: iso(6), dataType: "CORRECTION", stringValue: "right", trace: ofFull },
      {
        ...s2(),
        ...more,
        id: "run",
        traceId: null,
        observationId: null,
        datasetRunId: "run-1",
        timestamp: iso(5),
        dataType: "NUMERIC",
        value: 0.5,
        stringValue: null,
        trace: null,
      },
      {
        ...s2(),
        ...more,
        id: "session",
        traceId: null,
        observationId: null,
        sessionId: "s",
        timestamp: iso(4),
        dataType: "CATEGORICAL",
        value: 2,
        stringValue: "calm",
        trace: null,
      },
      {
        ...text(),
        ...more,
        trace: ofFull,
      },
      { ...s2(), ...more, trace: ofFull },
      { ...s1(), ...more, trace: ofFull },
    ]);
    for (const score of second.data) ScoreOnPage.parse(score);
    const bare = await page(key, "v2/scores", { fields: "score", scoreIds: "s1" });
    expect(bare.data).toEqual([{ ...s1(), ...more }]);
    const { json } = await get(key, "scores/s1");
    expect(json).toEqual(s1());
    ScoreV1.parse(json);
    const { json: session } = await get(key, "v2/scores/session");
    expect(session).toMatchObject({ id: "session", sessionId: "s", traceId: null, stringValue: "calm" });
    Score.parse(session);
    expect((await get(key, "scores/session")).status).toBe(404);
    expect((await get(key, "scores/correction")).status).toBe(404);
    expect((await get(key, "scores/text")).json).toEqual(text());
  });

  it("sessions, on a page and with their traces", async () => {
    const { data } = await page(key, "sessions");
    const session = { id: "s", projectId: key.projectId, createdAt: iso(7), environment: "prod" };
    expect(data).toEqual([session]);
    for (const one of data) Session.parse(one);
    const { json } = await get(key, "sessions/s");
    expect(json).toEqual({ ...session, traces: [full()] });
    SessionWithTraces.parse(json);
  });
});

describe("what was stored comes back", () => {
  const deep = `${"[".repeat(1100)}${"]".repeat(1100)}`;
  it.each<[string, string | null, unknown]>([
    ["nothing", null, null],
    ["an empty text", "", null],
    ["an object", '{"a": {"b": [1, null, "x"]}}', { a: { b: [1, null, "x"] } }],
    ["an object over several lines", '{\r\n "a":\n "b\\nc"}\n', { a: "b\nc" }],
    ["a text in quotes", '"quoted"', "quoted"],
    ["a short number", "42", 42],
    ["a long number, which may be an id", "12345678901234567890", "12345678901234567890"],
    ["a long decimal number", "0.12345678901234567890", "0.12345678901234567890"],
    ["true", "true", true],
    ["null", "null", null],
    ["two values", "1 2", "1 2"],
    ["JSON that breaks off", '{"a": 1', '{"a": 1'],
    ["what ends an object early", '"}],"x":[{"', '"}],"x":[{"'],
    ["text", "=1+1 \t'\"\\ {id:String} $$ ${doc:Raw} 👩‍🚀 \u0000 \u2028", "=1+1 \t'\"\\ {id:String} $$ ${doc:Raw} 👩‍🚀 \u0000 \u2028"],
    ["text with line breaks", "a\r\nb\n", "a\r\nb\n"],
    ["half a surrogate pair", '{"a":"\\ud800"}', '{"a":"\\ud800"}'],
    ["more levels than are read", deep, deep],
    [
      "names that objects of JavaScript have",
      '{"__proto__": {"x": 1}, "constructor": 2}',
      JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'),
    ],
  ])("%s", async (_name, text, shown) => {
    const key = await stackKey();
    const id = randomUUID();
    await insert("traces", [traceRow(key, id, { input: text, output: text, metadata: text === null ? {} : { k: text } })]);
    await insert("observations", [
      observationRow(key, id, { trace_id: id, input: text, output: text, metadata: text === null ? {} : { k: text } }),
    ]);
    const { json } = await get(key, `traces/${id}`);
    const observation = (json["observations"] as Json[])[0];
    const metadata = text === null ? {} : { k: text === "" ? "" : shown };
    for (const found of [json, observation, (await get(key, `observations/${id}`)).json]) {
      expect(found?.["input"]).toEqual(shown);
      expect(found?.["output"]).toEqual(shown);
      expect(found?.["metadata"]).toEqual(metadata);
    }
  });

  it("counts and costs keep all their digits", async () => {
    const key = await newProject();
    await insert("observations", [
      observationRow(key, "a", {
        usage_details: { input: "18446744073709551615", input_b: "18446744073709551615", total: "9007199254740993" },
        cost_details: { input: "999999.999999999999", total: "0.000000000001" },
        input: '{"id": 9007199254740993, "price": 1.10}',
      }),
    ]);
    const { text, json } = await get(key, "observations/a");
    expect(text).toContain('"usageDetails":{"input":18446744073709551615,"input_b":18446744073709551615,"total":9007199254740993}');
    expect(text).toContain('"promptTokens":36893488147419103230,');
    expect(text).toContain('"costDetails":{"input":999999.999999999999,"total":0.000000000001}');
    expect(text).toContain('"calculatedInputCost":999999.999999999999,');
    expect(text).toContain('{"id": 9007199254740993, "price": 1.10}');
    expect(json["calculatedTotalCost"]).toBe(1e-12);
  });

  it("prices are those of the tier an observation was priced by, else of the default", async () => {
    const key = await newProject();
    const model = defaultModels.find(({ pricingTiers }) => pricingTiers.length > 1);
    const [standard, long] = model?.pricingTiers ?? [];
    if (model === undefined || standard === undefined || long === undefined) throw new Error("no default model has two tiers");
    expect(standard.prices["input"]).not.toBe(long.prices["input"]);
    await insert("traces", [traceRow(key, "t")]);
    await insert("observations", [
      observationRow(key, "a", { internal_model_id: model.id }),
      observationRow(key, "b", { internal_model_id: model.id, usage_pricing_tier_id: standard.id }),
      observationRow(key, "c", { internal_model_id: model.id, usage_pricing_tier_id: long.id }),
      observationRow(key, "d", { internal_model_id: "unknown", usage_pricing_tier_id: long.id }),
      observationRow(key, "e"),
    ]);
    const pricesOf = ({ id, inputPrice, outputPrice, totalPrice }: Json) => [id, inputPrice, outputPrice, totalPrice];
    const expected = [
      ["a", Number(standard.prices["input"]), Number(standard.prices["output"]), null],
      ["b", Number(standard.prices["input"]), Number(standard.prices["output"]), null],
      ["c", Number(long.prices["input"]), Number(long.prices["output"]), null],
      ["d", null, null, null],
      ["e", null, null, null],
    ];
    expect(((await get(key, "traces/t")).json["observations"] as Json[]).map(pricesOf)).toEqual(expected);
    const { data } = await page(key, "observations");
    expect(data.map(pricesOf).toSorted()).toEqual(expected);
    expect(pricesOf((await get(key, "observations/c")).json)).toEqual(expected[2] ?? []);
  });

  it("costs of a trace are added exactly", async () => {
    const key = await newProject();
    await insert("traces", [traceRow(key, "t")]);
    await insert(
      "observations",
      Array.from({ length: 10 }, (_, i) => observationRow(key, `o${i}`, { cost_details: { total: "0.1" } })),
    );
    expect((await get(key, "traces/t")).text).toContain('"totalCost":1,');
    expect((await page(key, "traces")).data[0]?.["totalCost"]).toBe(1);
  });
});

let shared: Promise<Key> | undefined;
const stackKey = () => (shared ??= newProject());

describe("filters", () => {
  let key: Key;
  beforeAll(async () => {
    key = await newProject();
    const odd = 'it\'s "a\\b" {id:String}, 100%';
    await insert("traces", [
      traceRow(key, "t1", {
        user_id: "u1",
        session_id: "s1",
        name: "a",
        tags: ["x", "y"],
        environment: "prod",
        version: "1",
        release: "r1",
        metadata: { plan: "pro" },
        bookmarked: true,
      }),
      traceRow(key, "t2", {
        user_id: "u2",
        session_id: "s1",
        name: "b",
        tags: ["y"],
        environment: "staging",
        version: "2",
        release: "r2",
        timestamp: at(baseMs + 1000),
      }),
      traceRow(key, "t3", {
        user_id: odd,
        session_id: odd,
        name: odd,
        tags: ["x,y", odd],
        environment: "default",
        version: odd,
        release: odd,
        timestamp: at(baseMs + 2000),
      }),
    ]);
    await insert("observations", [
      observationRow(key, "o1", {
        trace_id: "t1",
        name: "a",
        type: "GENERATION",
        level: "ERROR",
        version: "1",
        environment: "prod",
        cost_details: { total: "0.5" },
        end_time: at(baseMs + 500),
      }),
      observationRow(key, "o2", {
        trace_id: "t2",
        name: "b",
        parent_observation_id: "o1",
        level: "DEBUG",
        environment: "staging",
        start_time: at(baseMs + 1000),
      }),
      observationRow(key, "o3", {
        trace_id: "t3",
        name: odd,
        type: "TOOL",
        version: odd,
        parent_observation_id: odd,
        start_time: at(baseMs + 2000),
      }),
    ]);
    await insert("scores", [
      scoreRow(key, "c1", {
        trace_id: "t1",
        name: "quality",
        value: 0.1,
        source: "EVAL",
        config_id: "cfg",
        queue_id: "q",
        environment: "prod",
        metadata: { by: "x" },
      }),
      scoreRow(key, "c2", {
        trace_id: "t2",
        observation_id: "o2",
        name: "topic",
        value: 1,
        data_type: "CATEGORICAL",
        string_value: "refund",
        timestamp: at(baseMs + 1000),
        environment: "staging",
      }),
      scoreRow(key, "c3", {
        trace_id: "t3",
        observation_id: "o3",
        name: odd,
        value: 0,
        data_type: "BOOLEAN",
        string_value: "False",
        source: "ANNOTATION",
        timestamp: at(baseMs + 2000),
      }),
      scoreRow(key, "c4", { trace_id: null, session_id: "s1", name: "mood", value: -3, timestamp: at(baseMs + 3000) }),
      scoreRow(key, "c5", {
        trace_id: null,
        dataset_run_id: "run",
        name: "run",
        data_type: "TEXT",
        value: 0,
        long_string_value: "x",
        timestamp: at(baseMs + 4000),
      }),
    ]);
  });

  const odd = 'it\'s "a\\b" {id:String}, 100%';
  const json = (...filters: object[]) => JSON.stringify(filters);

  it.each<[string, Query, string[]]>([
    ["traces", {}, ["t1", "t2", "t3"]],
    ["traces", { userId: "u1" }, ["t1"]],
    ["traces", { userId: odd }, ["t3"]],
    ["traces", { userId: "' OR 1=1 --" }, []],
    ["traces", { name: "b" }, ["t2"]],
    ["traces", { name: odd }, ["t3"]],
    ["traces", { tags: "y" }, ["t1", "t2"]],
    ["traces", { tags: ["x", "y"] }, ["t1"]],
    ["traces", { tags: "x,y" }, ["t1"]],
    ["traces", { tags: ["x,y", odd] }, ["t3"]],
    ["traces", { environment: "prod" }, ["t1"]],
    ["traces", { environment: ["prod", "staging"] }, ["t1", "t2"]],
    ["traces", { environment: "prod,staging" }, ["t1", "t2"]],
    ["traces", { sessionId: "s1" }, ["t1", "t2"]],
    ["traces", { sessionId: odd }, ["t3"]],
    ["traces", { version: "1" }, ["t1"]],
    ["traces", { version: odd }, ["t3"]],
    ["traces", { release: "r2" }, ["t2"]],
    ["traces", { release: odd }, ["t3"]],
    ["traces", { fromTimestamp: iso(1000) }, ["t2", "t3"]],
    ["traces", { fromTimestamp: "2026-03-10T14:00:01.000001+02:00" }, ["t3"]],
    ["traces", { toTimestamp: iso(1000) }, ["t1"]],
    ["traces", { toTimestamp: "2026-03-10T12:00:01.0000001Z" }, ["t1", "t2"]],
    ["traces", { fromTimestamp: iso(1), toTimestamp: iso(2000) }, ["t2"]],
    ["traces", { sessionId: "s1", name: "b" }, ["t2"]],
    ["traces", { userId: "", tags: "", environment: "", filter: "", orderBy: "", fields: "", page: "", limit: "" }, ["t1", "t2", "t3"]],
    ["traces", { unknown: "1", expand: "true" }, ["t1", "t2", "t3"]],
    ["traces", { filter: json({ type: "stringObject", column: "metadata", key: "plan", operator: "=", value: "pro" }) }, ["t1"]],
    ["traces", { filter: json({ type: "boolean", column: "bookmarked", operator: "=", value: true }) }, ["t1"]],
    ["traces", { filter: json({ type: "number", column: "totalCost", operator: ">=", value: 0.5 }) }, ["t1"]],
    ["traces", { filter: json({ type: "number", column: "errorCount", operator: "=", value: 0 }) }, ["t2", "t3"]],
    ["traces", { filter: json({ type: "numberObject", column: "scores_avg", key: "quality", operator: ">", value: 0 }) }, ["t1"]],
    ["traces", { filter: json({ type: "string", column: "sessionId", operator: "=", value: "s1" }), userId: "u2" }, ["t2"]],
    ["traces", { filter: json({ type: "null", column: "release", operator: "is null", value: "" }) }, []],
    ["observations", { name: "a" }, ["o1"]],
    ["observations", { name: odd }, ["o3"]],
    ["observations", { userId: "u2" }, ["o2"]],
    ["observations", { userId: odd }, ["o3"]],
    ["observations", { type: "GENERATION" }, ["o1"]],
    ["observations", { type: "AGENT" }, []],
    ["observations", { level: "ERROR" }, ["o1"]],
    ["observations", { traceId: "t2" }, ["o2"]],
    ["observations", { version: "1" }, ["o1"]],
    ["observations", { version: odd }, ["o3"]],
    ["observations", { parentObservationId: "o1" }, ["o2"]],
    ["observations", { parentObservationId: odd }, ["o3"]],
    ["observations", { environment: ["prod", "staging"] }, ["o1", "o2"]],
    ["observations", { fromStartTime: iso(1000) }, ["o2", "o3"]],
    ["observations", { toStartTime: iso(1000) }, ["o1"]],
    ["observations", { filter: json({ type: "number", column: "latency", operator: ">=", value: 0.5 }) }, ["o1"]],
    ["observations", { filter: json({ type: "arrayOptions", column: "traceTags", operator: "any of", value: ["x"] }) }, ["o1"]],
    ["scores", {}, ["c1", "c2", "c3"]],
    ["v2/scores", {}, ["c1", "c2", "c3", "c4", "c5"]],
    ["v2/scores", { userId: "u1" }, ["c1"]],
    ["scores", { userId: odd }, ["c3"]],
    ["v2/scores", { dataType: "TEXT" }, ["c5"]],
    ["scores", { dataType: "TEXT" }, []],
    ["scores", { dataType: "BOOLEAN" }, ["c3"]],
    ["scores", { configId: "cfg" }, ["c1"]],
    ["scores", { queueId: "q" }, ["c1"]],
    ["scores", { traceTags: "y" }, ["c1", "c2"]],
    ["scores", { traceTags: ["x", "y"] }, ["c1"]],
    ["scores", { environment: ["prod", "staging"] }, ["c1", "c2"]],
    ["scores", { name: odd }, ["c3"]],
    ["v2/scores", { fromTimestamp: iso(2000) }, ["c3", "c4", "c5"]],
    ["v2/scores", { toTimestamp: iso(2000) }, ["c1", "c2"]],
    ["scores", { source: "EVAL" }, ["c1"]],
    ["v2/scores", { value: "0.1", operator: "=" }, ["c1"]],
    ["v2/scores", { value: "0", operator: "=" }, ["c3", "c5"]],
    ["v2/scores", { value: "0", operator: "!=" }, ["c1", "c2", "c4"]],
    ["v2/scores", { value: "0.1", operator: "<" }, ["c3", "c4", "c5"]],
    ["v2/scores", { value: "0.1", operator: "<=" }, ["c1", "c3", "c4", "c5"]],
    ["v2/scores", { value: "0.1", operator: ">" }, ["c2"]],
    ["v2/scores", { value: "0.1", operator: ">=" }, ["c1", "c2"]],
    ["v2/scores", { value: "0", operator: "!=", name: "mood", environment: "default" }, ["c4"]],
    ["v2/scores", { scoreIds: "c1, c5,nope" }, ["c1", "c5"]],
    ["v2/scores", { sessionId: "s1" }, ["c4"]],
    ["v2/scores", { traceId: "t2" }, ["c2"]],
    ["v2/scores", { datasetRunId: "run" }, ["c5"]],
    ["v2/scores", { observationId: "o2,o3" }, ["c2", "c3"]],
    ["scores", { traceId: "t2" }, ["c1", "c2", "c3"]],
    ["v2/scores", { filter: json({ type: "stringObject", column: "metadata", key: "by", operator: "=", value: "x" }) }, ["c1"]],
    ["v2/scores", { filter: json({ type: "string", column: "configId", operator: "=", value: "cfg" }) }, ["c1"]],
    ["sessions", {}, ["s1", odd]],
    ["sessions", { environment: "prod" }, ["s1"]],
    ["sessions", { environment: "staging" }, []],
    ["sessions", { environment: ["prod", "default"] }, ["s1", odd]],
    ["sessions", { fromTimestamp: iso(2000) }, [odd]],
    ["sessions", { fromTimestamp: "2026-03-10T12:00:02.000001Z" }, []],
    ["sessions", { toTimestamp: iso(2000) }, ["s1"]],
    ["sessions", { toTimestamp: iso(0) }, []],
  ])("%s %j", async (path, query, expected) => {
    expect(sorted(await idsOf(key, path, query))).toEqual(sorted(expected));
  });

  it("a filter on comments is answered", async () => {
    const response = await fetch(`${stack.apiUrl}/api/public/comments`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${key.publicKey}:${key.secretKey}`)}`, "content-type": "application/json" },
      body: JSON.stringify({ objectType: "TRACE", objectId: "t2", content: "look" }),
    });
    expect(response.status).toBe(201);
    const about = (operator: string, value: number) => json({ type: "number", column: "commentCount", operator, value });
    expect(await idsOf(key, "traces", { filter: about(">", 0) })).toEqual(["t2"]);
    expect(sorted(await idsOf(key, "traces", { filter: about("=", 0) }))).toEqual(["t1", "t3"]);
  });
});

describe("pages", () => {
  let key: Key;
  const names = Array.from({ length: 23 }, (_, i) => `p${i}`);
  beforeAll(async () => {
    key = await newProject();
    // One instant for all, in several parts.
    for (const some of [names.slice(0, 10), names.slice(10)]) {
      await insert(
        "traces",
        some.map((id) => traceRow(key, id, { session_id: `session-${id}`, name: "same" })),
      );
      await insert(
        "observations",
        some.map((id) => observationRow(key, id)),
      );
      await insert(
        "scores",
        some.map((id) => scoreRow(key, id)),
      );
    }
  });

  it.each<[string, Query]>([
    ["traces", {}],
    ["traces", { orderBy: "name.asc" }],
    ["traces", { orderBy: "timestamp.asc" }],
    ["traces", { orderBy: "totalCost.desc" }],
    ["observations", {}],
    ["scores", {}],
    ["v2/scores", {}],
    ["sessions", {}],
  ])("%s %j: every row is on one page, though all are of one instant", async (path, query) => {
    const seen: unknown[] = [];
    for (let number = 1; number <= 7; number++) {
      const { data, meta } = await page(key, path, { ...query, page: String(number), limit: "4" });
      expect(meta).toEqual({ page: number, limit: 4, totalItems: 23, totalPages: 6 });
      expect(data).toHaveLength([4, 4, 4, 4, 4, 3, 0][number - 1] ?? 0);
      seen.push(...data.map(({ id }) => id));
    }
    const expected = path === "sessions" ? names.map((id) => `session-${id}`) : names;
    expect(sorted(seen)).toEqual(sorted(expected));
  });

  it("a page far behind the end is empty", async () => {
    const { data, meta } = await page(key, "traces", { page: "1000000000", limit: "100" });
    expect(data).toEqual([]);
    expect(meta).toMatchObject({ totalItems: 23, totalPages: 1 });
  });

  it("an empty project has empty pages", async () => {
    const empty = await newProject();
    for (const path of ["traces", "observations", "scores", "v2/scores", "sessions"])
      expect(await page(empty, path)).toEqual({ data: [], meta: { page: 1, limit: 50, totalItems: 0, totalPages: 0 } });
  });
});

describe("order", () => {
  let key: Key;
  beforeAll(async () => {
    key = await newProject();
    await insert("traces", [
      traceRow(key, "b", { name: "1", user_id: "z", release: "2", version: "1", session_id: "k", public: true, timestamp: at(baseMs) }),
      traceRow(key, "a", {
        name: "3",
        user_id: null,
        release: "1",
        version: "3",
        session_id: "l",
        bookmarked: true,
        timestamp: at(baseMs + 1),
      }),
      traceRow(key, "c", { name: "2", user_id: "y", release: "3", version: "2", session_id: "j", timestamp: at(baseMs + 2) }),
    ]);
    await insert("observations", [observationRow(key, "o", { trace_id: "a", cost_details: { total: "2" }, end_time: at(baseMs + 5) })]);
  });

  it.each([
    ["", "c,a,b"],
    ["timestamp.asc", "b,a,c"],
    ["timestamp.DESC", "c,a,b"],
    ["id.asc", "a,b,c"],
    ["id.desc", "c,b,a"],
    ["name.asc", "b,c,a"],
    ["userId.desc", "b,c,a"],
    ["release.asc", "a,b,c"],
    ["version.desc", "a,c,b"],
    ["sessionId.asc", "c,b,a"],
    ["public.desc", "b,c,a"],
    ["bookmarked.desc", "a,c,b"],
    ["totalCost.desc", "a,c,b"],
  ])("%s gives %s", async (orderBy, expected) => {
    const { data } = await page(key, "traces", { orderBy });
    expect(data.map(({ id }) => id).join()).toBe(expected);
  });

  it("observations, scores and sessions come newest first", async () => {
    await insert("observations", [
      observationRow(key, "newer", { start_time: at(baseMs + 9) }),
      observationRow(key, "older", { start_time: at(baseMs - 9) }),
    ]);
    await insert("scores", [scoreRow(key, "older", { timestamp: at(baseMs - 9) }), scoreRow(key, "newer", { timestamp: at(baseMs + 9) })]);
    expect(await idsOf(key, "observations")).toEqual(["newer", "o", "older"]);
    expect(await idsOf(key, "v2/scores")).toEqual(["newer", "older"]);
    expect(await idsOf(key, "sessions")).toEqual(["j", "l", "k"]);
  });
});

describe("one row for each id: the newest version, wherever it is stored", () => {
  const later = (steps: number) => ({ event_ts: at(baseMs + steps * 1000) });
  const places = [
    ["the same key", {}],
    ["another instant of the day", { shift: 3600_000 }],
    ["another day", { shift: 3 * dayMs }],
    ["another month", { shift: 60 * dayMs }],
    ["an earlier month", { shift: -60 * dayMs }],
  ] as const;
  const tables = [
    ["traces", "timestamp", traceRow, "version", "traces/"],
    ["observations", "start_time", observationRow, "version", "observations/"],
    ["scores", "timestamp", scoreRow, "comment", "v2/scores/"],
  ] as const;

  for (const [table, time, make, field, path] of tables)
    describe(table, () => {
      const list = table === "scores" ? "v2/scores" : table;
      it.each(places)("written again at %s", async (_where, place) => {
        const key = await newProject();
        const shift = "shift" in place ? place.shift : 0;
        await insert(table, [make(key, "x", { [field]: "old" }), make(key, "still", {})]);
        await insert(table, [make(key, "x", { [field]: "new", [time]: at(baseMs + shift), ...later(1) })]);
        const { data, meta } = await page(key, list);
        expect(meta.totalItems).toBe(2);
        expect(data.filter(({ id }) => id === "x").map((row) => row[field])).toEqual(["new"]);
        expect((await get(key, `${path}x`)).json).toMatchObject({ id: "x", [field]: "new" });
        // What only the old version fulfils finds nothing.
        const filter = JSON.stringify([{ type: "string", column: field, operator: "=", value: "old" }]);
        expect(await idsOf(key, list, { filter })).toEqual([]);
        if (shift !== 0) {
          const [from, to] = table === "observations" ? ["fromStartTime", "toStartTime"] : ["fromTimestamp", "toTimestamp"];
          expect(await idsOf(key, list, { [from]: iso(0), [to]: iso(1) })).toEqual(["still"]);
          expect(await idsOf(key, list, { [from]: iso(shift), [to]: iso(shift + 1) })).toEqual(["x"]);
        }
      });

      it.each(places)("deleted at %s", async (_where, place) => {
        const key = await newProject();
        const shift = "shift" in place ? place.shift : 0;
        await insert(table, [make(key, "x", {}), make(key, "still", {})]);
        await insert(table, [make(key, "x", { [time]: at(baseMs + shift), is_deleted: 1, ...later(1) })]);
        expect(await idsOf(key, list)).toEqual(["still"]);
        expect((await get(key, `${path}x`)).status).toBe(404);
      });

      it("moved, the old place written again as deleted with the same version", async () => {
        const key = await newProject();
        await insert(table, [make(key, "x", { [field]: "old" })]);
        await insert(table, [
          make(key, "x", { [field]: "new", [time]: at(baseMs + 60 * dayMs), ...later(1) }),
          make(key, "x", { [field]: "old", is_deleted: 1, ...later(1) }),
        ]);
        const { data, meta } = await page(key, list);
        expect(data.map((row) => row[field])).toEqual(["new"]);
        expect(meta.totalItems).toBe(1);
        expect((await get(key, `${path}x`)).json).toMatchObject({ [field]: "new" });
      });

      it("written twice alike", async () => {
        const key = await newProject();
        for (let times = 0; times < 2; times++) await insert(table, [make(key, "x", {})]);
        expect(await idsOf(key, list)).toEqual(["x"]);
        expect((await get(key, `${path}x`)).status).toBe(200);
      });

      it("written back to a place it had left", async () => {
        const key = await newProject();
        await insert(table, [make(key, "x", { [field]: "first" })]);
        await insert(table, [make(key, "x", { [field]: "second", [time]: at(baseMs + 60 * dayMs), ...later(1) })]);
        await insert(table, [make(key, "x", { [field]: "third", ...later(2) })]);
        const { data } = await page(key, list);
        expect(data.map((row) => row[field])).toEqual(["third"]);
      });
    });

  it.each([
    ["before it is written again", ["old", "new"]],
    ["after it was written again", ["new", "old"]],
  ])("what belongs to a moved row, the old place deleted with the same version %s", async (_when, order) => {
    const key = await newProject();
    const placesOf = (make: (more: Row) => Row, time: string): Record<string, Row> => ({
      old: make({ is_deleted: 1, ...later(1) }),
      new: make({ [time]: at(baseMs + 60 * dayMs), ...later(1) }),
    });
    const trace = placesOf((more) => traceRow(key, "t", { user_id: "u", session_id: "s", tags: ["x"], ...more }), "timestamp");
    const observation = placesOf((more) => observationRow(key, "o", { cost_details: { total: "2" }, ...more }), "start_time");
    const score = placesOf((more) => scoreRow(key, "c", more), "timestamp");
    for (const place of order) {
      await insert("traces", [trace[place] ?? {}]);
      await insert("observations", [observation[place] ?? {}]);
      await insert("scores", [score[place] ?? {}]);
    }
    expect((await page(key, "traces")).data).toMatchObject([{ id: "t", observations: ["o"], scores: ["c"], totalCost: 2 }]);
    expect(await idsOf(key, "observations", { userId: "u" })).toEqual(["o"]);
    expect(await idsOf(key, "scores", { traceTags: "x" })).toEqual(["c"]);
    expect((await page(key, "scores")).data).toMatchObject([{ id: "c", trace: { userId: "u" } }]);
    expect(await idsOf(key, "sessions")).toEqual(["s"]);
  });

  it("an observation whose type changed is one", async () => {
    const key = await newProject();
    await insert("observations", [observationRow(key, "x", { type: "SPAN" })]);
    await insert("observations", [observationRow(key, "x", { type: "GENERATION", ...later(1) })]);
    expect(await idsOf(key, "observations")).toEqual(["x"]);
    expect(await idsOf(key, "observations", { type: "SPAN" })).toEqual([]);
    expect(await idsOf(key, "observations", { type: "GENERATION" })).toEqual(["x"]);
    expect((await get(key, "observations/x")).json["type"]).toBe("GENERATION");
  });

  it("what moved to another trace is in that one alone, and what was deleted in none", async () => {
    const key = await newProject();
    await insert("traces", [traceRow(key, "t1"), traceRow(key, "t2")]);
    await insert("observations", [
      observationRow(key, "moved", { trace_id: "t1", cost_details: { total: "1" } }),
      observationRow(key, "gone", { trace_id: "t2", cost_details: { total: "10" } }),
    ]);
    await insert("scores", [scoreRow(key, "score", { trace_id: "t1" }), scoreRow(key, "gone", { trace_id: "t2" })]);
    await insert("observations", [
      observationRow(key, "moved", { trace_id: "t2", start_time: at(baseMs + dayMs), cost_details: { total: "2" }, ...later(1) }),
      observationRow(key, "gone", { trace_id: "t2", start_time: at(baseMs + dayMs), is_deleted: 1, ...later(1) }),
    ]);
    await insert("scores", [
      scoreRow(key, "score", { trace_id: "t2", name: "other", ...later(1) }),
      scoreRow(key, "gone", { trace_id: "t2", name: "other", is_deleted: 1, ...later(1) }),
    ]);
    const { data } = await page(key, "traces", { orderBy: "id.asc" });
    expect(data).toMatchObject([
      { id: "t1", observations: [], scores: [], totalCost: 0 },
      { id: "t2", observations: ["moved"], scores: ["score"], totalCost: 2 },
    ]);
    const ids = (list: unknown) => (list as Json[]).map(({ id }) => id);
    const [first, second] = [(await get(key, "traces/t1")).json, (await get(key, "traces/t2")).json];
    expect([ids(first["observations"]), ids(first["scores"]), first["totalCost"]]).toEqual([[], [], 0]);
    expect([ids(second["observations"]), ids(second["scores"]), second["totalCost"]]).toEqual([["moved"], ["score"], 2]);
  });

  it("a trace that left a session is not in it, and a session without traces is none", async () => {
    const key = await newProject();
    await insert("traces", [
      traceRow(key, "a", { session_id: "one" }),
      traceRow(key, "b", { session_id: "one", timestamp: at(baseMs + 5) }),
      traceRow(key, "c", { session_id: "three" }),
    ]);
    await insert("traces", [
      traceRow(key, "a", { session_id: "two", timestamp: at(baseMs + dayMs), ...later(1) }),
      traceRow(key, "c", { session_id: "three", is_deleted: 1, ...later(1) }),
    ]);
    const { data } = await page(key, "sessions");
    expect(data.map(({ id, createdAt }) => [id, createdAt])).toEqual([
      ["two", iso(dayMs)],
      ["one", iso(5)],
    ]);
    const { json } = await get(key, "sessions/one");
    expect((json["traces"] as Json[]).map(({ id }) => id)).toEqual(["b"]);
    expect((await get(key, "sessions/three")).status).toBe(404);
  });
});

describe("only what is in the project of the key", () => {
  const hostile = [
    "a/b",
    "a b",
    "it's",
    '"',
    "\\",
    "' OR '1'='1",
    "{id:String}",
    "../admin",
    "%2F",
    "100%",
    "a?b#c",
    "日本 👩‍🚀",
    "a\nb",
    "nul\u0000",
    "${doc:Raw}",
    "x".repeat(2000),
  ];

  it.each(hostile)("the id %j is found, with what belongs to it", async (id) => {
    const key = await stackKey();
    const session = `${id}-${randomUUID()}`;
    await insert("traces", [traceRow(key, session, { session_id: session })]);
    await insert("observations", [observationRow(key, session, { trace_id: session })]);
    await insert("scores", [scoreRow(key, session, { trace_id: session })]);
    const path = encodeURIComponent(session);
    const { json } = await get(key, `traces/${path}`);
    expect(json).toMatchObject({ id: session, observations: [{ id: session }], scores: [{ id: session }] });
    expect(json["htmlPath"]).toMatch(/^\/project\/[\w-]+\/traces\/[\w.%-]+$/);
    expect(decodeURIComponent(String(json["htmlPath"]))).toBe(`/project/${key.projectId}/traces/${session}`);
    for (const kind of ["observations", "scores", "v2/scores"])
      expect((await get(key, `${kind}/${path}`)).json).toMatchObject({ id: session });
    expect((await get(key, `sessions/${path}`)).json).toMatchObject({ id: session, traces: [{ id: session }] });
    const found = await page(key, "traces", {
      filter: JSON.stringify([{ type: "stringOptions", column: "id", operator: "any of", value: [session] }]),
    });
    expect(found.data).toMatchObject([{ id: session, observations: [session], scores: [session] }]);
  });

  it("ids of another project are not found, nor in any list", async () => {
    const [mine, other] = [await newProject(), await newProject()];
    await insert("traces", [traceRow(other, "t", { session_id: "s" })]);
    await insert("observations", [observationRow(other, "o")]);
    await insert("scores", [scoreRow(other, "c")]);
    for (const path of ["traces/t", "observations/o", "scores/c", "v2/scores/c", "sessions/s"]) {
      expect((await get(other, path)).status).toBe(200);
      const answer = await get(mine, path);
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ code: "NOT_FOUND", status: 404 });
      expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    }
    for (const path of ["traces", "observations", "scores", "v2/scores", "sessions"])
      expect((await page(mine, path, { projectId: other.projectId })).data).toEqual([]);
    // Equal ids in two projects do not mix.
    await insert("traces", [traceRow(mine, "t")]);
    expect((await get(mine, "traces/t")).json).toMatchObject({ projectId: mine.projectId, sessionId: null, observations: [], scores: [] });
    expect((await page(mine, "traces")).data).toMatchObject([{ projectId: mine.projectId, observations: [], scores: [] }]);
  });

  it("without a key 401, without the scope 403", async () => {
    const narrow = await newProject(["batchExports:read"]);
    for (const path of [
      "traces",
      "traces/t",
      "observations",
      "observations/o",
      "scores",
      "scores/s",
      "v2/scores",
      "v2/scores/s",
      "sessions",
      "sessions/s",
      "v2/observations",
      "v3/scores",
      "projects",
    ]) {
      expect((await get(null, path)).status).toBe(401);
      expect((await get(narrow, path)).json).toMatchObject({ status: 403, code: "FORBIDDEN_SCOPE" });
    }
  });
});

describe("wrong values are refused with their field", () => {
  const filter = (more: object) => JSON.stringify([{ type: "string", column: "name", operator: "=", value: "x", ...more }]);
  it.each<[string, Query, string, string?]>([
    ["traces", { page: "0" }, "page"],
    ["traces", { page: "-1" }, "page"],
    ["traces", { page: "1.5" }, "page"],
    ["traces", { page: "one" }, "page"],
    ["traces", { page: "1e30" }, "page"],
    ["traces", { limit: "0" }, "limit"],
    ["traces", { limit: "101" }, "limit"],
    ["traces", { limit: "NaN" }, "limit"],
    ["observations", { limit: "101" }, "limit"],
    ["scores", { limit: "101" }, "limit"],
    ["sessions", { page: "0" }, "page"],
    ["traces", { userId: ["a", "b"] }, "userId"],
    ["traces", { fromTimestamp: "yesterday" }, "fromTimestamp"],
    ["traces", { fromTimestamp: "2026-02-30T00:00:00Z" }, "fromTimestamp"],
    ["traces", { toTimestamp: "2026-01-01" }, "toTimestamp"],
    ["sessions", { fromTimestamp: "1" }, "fromTimestamp"],
    ["observations", { fromStartTime: "1" }, "fromStartTime"],
    ["observations", { toStartTime: "2026-01-01T00:00:00" }, "toStartTime"],
    ["traces", { orderBy: "timestamp" }, "orderBy"],
    ["traces", { orderBy: "timestamp.up" }, "orderBy"],
    ["traces", { orderBy: "nope.asc" }, "orderBy", "INVALID_ORDER_BY"],
    ["traces", { orderBy: "(SELECT 1).asc" }, "orderBy", "INVALID_ORDER_BY"],
    ["traces", { orderBy: "metadata.asc" }, "orderBy", "INVALID_ORDER_BY"],
    ["traces", { fields: "core,all" }, "fields[1]"],
    ["traces/t", { fields: "all" }, "fields[0]"],
    ["traces", { filter: "{" }, "filter"],
    ["traces", { filter: "{}" }, "filter"],
    ["traces", { filter: filter({ column: "nope" }) }, "filter[0].column", "INVALID_FILTER"],
    ["traces", { filter: filter({ operator: "like" }) }, "filter[0].operator", "INVALID_FILTER"],
    ["traces", { filter: filter({ type: "number" }), userId: "x" }, "filter[0].type", "INVALID_FILTER"],
    ["traces", { filter: filter({ value: 1 }) }, "filter[0].value", "INVALID_FILTER"],
    ["observations", { type: "generation" }, "type"],
    ["observations", { level: "FATAL" }, "level"],
    ["scores", { dataType: "NUMBER" }, "dataType"],
    ["scores", { source: "api" }, "source"],
    ["scores", { value: "x", operator: "=" }, "value"],
    ["scores", { value: "1" }, "operator"],
    ["scores", { operator: "=" }, "value"],
    ["scores", { value: "1", operator: "==" }, "operator"],
    ["scores", { fields: "scores" }, "fields[0]"],
    ["v2/scores", { fields: "score", userId: "u" }, "fields"],
  ])("%s %j", async (path, query, field, code = "INVALID_REQUEST") => {
    const { status, json, headers } = await get(await stackKey(), path, query);
    expect(status).toBe(400);
    expect(headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(json["code"]).toBe(code);
    expect([...new Set((json["errors"] as { path: string }[]).map((error) => error.path))]).toEqual([field]);
  });
});

describe("what is too large for one answer is refused, with what to do", () => {
  const fat = "x".repeat(700_000);

  const refused = async (key: Key, path: string, query: Query = {}) => {
    const { status, json } = await get(key, path, query);
    expect(json).toMatchObject({ status: 422, code: "ANSWER_TOO_LARGE" });
    expect(status).toBe(422);
    expect(String(json["help"])).toContain("limit");
    return String(json["detail"]);
  };

  it("observations by cursor, but for those who leave their payloads out", async () => {
    const key = await newProject();
    const event = (id: string) => ({
      project_id: key.projectId,
      trace_id: "t",
      span_id: id,
      start_time: at(baseMs),
      input: fat,
      event_ts: at(baseMs),
    });
    await insert(eventsTable, ["a", "b", "c"].map(event));
    expect(await refused(key, "v2/observations", { fields: "io" })).toContain("2.10 MB");
    const { data } = await cursorPage(key, "v2/observations", {});
    expect(data.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    const one = await cursorPage(key, "v2/observations", { fields: "io", limit: "1" });
    expect(one).toMatchObject({ data: [{ id: "c", input: fat }], meta: { cursor: expect.any(String) } });
  });

  it("a trace with too many observations, which come in pages", async () => {
    const key = await newProject();
    await insert("traces", [traceRow(key, "t")]);
    const rows = Array.from({ length: observationsMax }, (_, i) => observationRow(key, `o${i}`));
    await insert("observations", rows);
    expect(((await get(key, "traces/t")).json["observations"] as Json[]).length).toBe(observationsMax);
    // Versions count once.
    await insert("observations", rows);
    expect((await get(key, "traces/t")).status).toBe(200);
    await insert("observations", [observationRow(key, "more")]);
    expect(await refused(key, "traces/t")).toBe(
      `There are ${observationsMax + 1} observations; one answer has at most ${observationsMax}.`,
    );
    expect((await get(key, "traces/t", { fields: "io,scores,metrics" })).status).toBe(200);
    expect((await page(key, "observations", { traceId: "t", page: "4", limit: "100" })).data).toHaveLength(1);
  });

  it("payloads, metadata and comments that come to too many bytes", async () => {
    const key = await newProject();
    for (const i of [1, 2, 3]) {
      await insert("traces", [traceRow(key, `t${i}`, { session_id: "s", metadata: { fat } })]);
      await insert("observations", [observationRow(key, `o${i}`, { trace_id: "t", output: fat })]);
      await insert("scores", [scoreRow(key, `s${i}`, { trace_id: "t", comment: fat })]);
    }
    await insert("traces", [traceRow(key, "t")]);
    expect(await refused(key, "traces")).toMatch(/^The traces come to about 2\.10 MB; one answer has at most 2\.00 MB\.$/);
    expect((await page(key, "traces", { limit: "2" })).data).toHaveLength(2);
    expect((await page(key, "traces", { fields: "core" })).data).toHaveLength(4);
    await refused(key, "sessions/s");
    await refused(key, "observations");
    expect((await page(key, "observations", { limit: "2" })).data).toHaveLength(2);
    await refused(key, "v2/scores");
    await refused(key, "traces/t");
    expect((await get(key, "traces/t", { fields: "io" })).status).toBe(200);
    expect((await get(key, "observations/o1")).json["output"]).toBe(fat);
  });
});
