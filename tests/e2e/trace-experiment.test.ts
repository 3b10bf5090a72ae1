/** Reads of the public API on workerd while they are compared with the aggregates of traces. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { traceAggregateRow, type WrittenTrace } from "../../core/ingestion/aggregate-rows.ts";
import { startNeonRelay } from "../../local/neon-relay.ts";
import type { Stack } from "../../local/stack.ts";
import { startWorker } from "../../local/workerd/start.ts";
import { type QueryHook, startQueryHook } from "../support/query-hook.ts";
import { patient, startTestStack } from "../support/start-test-stack.ts";
import { stored } from "../support/trace-set.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

type Json = Record<string, unknown>;
type Api = { url: string; lines: (event: string) => Json[]; stop: () => Promise<void> };

const database = `test_${randomUUID().replaceAll("-", "")}`;
const nowMs = Date.now();
const iso = (ms: number) => new Date(ms).toISOString();
const hourMs = 3600_000;

let hook: QueryHook;
let stack: Stack;
let relay: ReturnType<typeof startNeonRelay>;
/** Compares, and reports both answers; answers from the aggregate; answers from it where a read begins lately. */
let [comparing, returning, returningLate]: Api[] = [];

const clickhouse = async (query: string, rows?: readonly object[]): Promise<void> => {
  const url = new URL(inject("clickhouseUrl"));
  url.search = new URLSearchParams({ database, query }).toString();
  const response = await fetch(url, { method: "POST", body: (rows ?? []).map((row) => JSON.stringify(row)).join("\n") });
  if (!response.ok) throw new Error(await response.text());
};

const startApi = async (name: string, env: Record<string, string>): Promise<Api> => {
  const { salt } = JSON.parse(readFileSync(join(stack.dataDir, "secrets.json"), "utf8")) as { salt: string };
  const logFile = join(stack.dataDir, `${name}.log`);
  const { url, stop } = await startWorker({
    bundle: inject("workerBundle"),
    dataDir: join(stack.dataDir, name),
    logFile,
    bindings: {
      DATABASE_URL: stack.postgresUrl,
      NEON_WS_PROXY: relay.address,
      CLICKHOUSE_URL: hook.url,
      CLICKHOUSE_DB: database,
      SALT: salt,
      ...patient,
      LANGFUSE_EXPERIMENT_COMPARE_READ_FROM_AGGREGATING_MERGE_TREES: "true",
      LANGFUSE_EXPERIMENT_SAMPLING_RATE: "1",
      ...env,
    },
  });
  const lines = (event: string) =>
    readFileSync(logFile, "utf8")
      .split("\n")
      .flatMap((line) => (line.includes(`"${event}"`) ? [JSON.parse(line.slice(line.indexOf("{"))) as Json] : []));
  return { url, lines, stop: () => stop() };
};

const get = async (api: Api | { url: string } | undefined, path: string, query: Record<string, string> = {}) => {
  const url = new URL(`${api?.url}/api/public/${path}`);
  url.search = new URLSearchParams(query).toString();
  const response = await fetch(url, { headers: { authorization: `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}` } });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return { text, json: JSON.parse(text) as Json, requestId: response.headers.get("x-request-id") };
};

/** The report of a request, waited for. */
const reportOf = (api: Api | undefined, requestId: string | null): Promise<Json> =>
  vi.waitFor(
    () => {
      const found = api?.lines("trace_read_compared").find((line) => line["request_id"] === requestId);
      if (found === undefined) throw new Error("no report yet");
      return found;
    },
    { timeout: waitSeconds * 1000, interval: 50 },
  );

const traceOf = (id: string, more: Partial<WrittenTrace> = {}): WrittenTrace => ({
  id,
  project_id: stack.projectId,
  environment: "default",
  timestamp: stored(nowMs - hourMs),
  name: "trace",
  user_id: null,
  session_id: "s",
  release: null,
  version: null,
  tags: ["b", "a"],
  public: false,
  bookmarked: true,
  input: '{"b": 1, "a": 2}',
  output: "text",
  metadata: { b: "1", a: "{}" },
  created_at: stored(nowMs),
  updated_at: stored(nowMs),
  event_ts: stored(nowMs),
  ...more,
});

beforeAll(async () => {
  hook = await startQueryHook(inject("clickhouseUrl"));
  stack = await startTestStack({
    withRunner: false,
    env: {
      CLICKHOUSE_URL: inject("clickhouseUrl"),
      CLICKHOUSE_DB: database,
      LANGFUSE_S3_BATCH_EXPORT_ENABLED: "false",
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: inject("s3").endpoint,
    },
  });
  relay = startNeonRelay(stack.postgresUrl);
  [comparing, returning, returningLate] = await Promise.all([
    startApi("comparing", { LANGFUSE_EXPERIMENT_ADD_QUERY_RESULT_TO_SPAN_PROJECT_IDS: stack.projectId }),
    startApi("returning", { LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT: "true" }),
    startApi("returning-late", { LANGFUSE_EXPERIMENT_RETURN_NEW_RESULT_SHORT_TERM: "true" }),
  ]);
  const [alike, differing] = [traceOf("alike"), traceOf("differing", { session_id: "other", timestamp: stored(nowMs - 2 * hourMs) })];
  await clickhouse("INSERT INTO traces FORMAT JSONEachRow", [
    { ...alike, is_deleted: 0 },
    { ...differing, name: "in traces", environment: "traces", is_deleted: 0 },
  ]);
  await clickhouse("INSERT INTO traces_mt FORMAT JSONEachRow", [
    traceAggregateRow(alike),
    traceAggregateRow({ ...differing, name: "in the aggregate", environment: "aggregate" }),
  ]);
});
afterAll(async () => {
  await Promise.all([comparing, returning, returningLate].map((api) => api?.stop()));
  await relay.stop();
  await stack.stop();
  hook.stop();
});

const lately = { fromTimestamp: iso(nowMs - 1.5 * hourMs) };
const whole = { fromTimestamp: iso(nowMs - 3 * hourMs) };

describe("a compared read", () => {
  it.each<[string, Record<string, string>, string, string, boolean]>([
    ["traces", {}, "list_public_traces", "traces_all_amt", false],
    ["traces", lately, "list_public_traces", "traces_7d_amt", true],
    [
      "traces",
      { fields: "core", filter: JSON.stringify([{ type: "datetime", column: "startTime", operator: ">", value: lately.fromTimestamp }]) },
      "list_public_traces",
      "traces_7d_amt",
      true,
    ],
    ["traces", { userId: "nobody" }, "list_public_traces", "traces_all_amt", true],
    ["traces/alike", {}, "find_trace_by_id", "traces_all_amt", true],
    ["traces/differing", {}, "find_trace_by_id", "traces_all_amt", false],
    ["sessions", {}, "list_sessions", "traces_all_amt", false],
    ["sessions", lately, "list_sessions", "traces_all_amt", true],
    ["sessions/s", {}, "list_traces_by_session", "traces_all_amt", true],
    ["sessions/other", {}, "list_traces_by_session", "traces_all_amt", false],
  ])("of %s %j is answered as without the experiment, and reported", async (path, query, operation, source, isEqual) => {
    const { text, requestId } = await get(comparing, path, query);
    expect(text).toBe((await get({ url: stack.apiUrl }, path, query)).text);
    const report = await reportOf(comparing, requestId);
    expect(report).toMatchObject({ project_id: stack.projectId, operation, source, is_equal: isEqual, returned: "traces" });
    // The clock of a Worker shows whole milliseconds, in which a query may be over.
    for (const name of ["traces_seconds", "aggregate_seconds"]) expect(report[name]).toBeGreaterThanOrEqual(0);
    expect(report).not.toHaveProperty("failure");
    const { traces, aggregate } = report["results"] as Json;
    if (!isEqual) expect([traces, aggregate]).toEqual([expect.stringContaining("traces"), expect.stringContaining("aggregate")]);
  });

  it("is reported without the answers where these were not asked for", async () => {
    const { requestId } = await get(returning, "traces/alike");
    expect(await reportOf(returning, requestId)).not.toHaveProperty("results");
  });

  it("is answered before the aggregate has answered, which is compared all the same", async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isAsked = false;
    hook.before(async (_, body) => {
      if (!body.includes("FROM traces_all_amt ")) return;
      isAsked = true;
      await released;
    });
    try {
      const { json, requestId } = await get(comparing, "traces/alike");
      expect(json).toMatchObject({ id: "alike" });
      await vi.waitFor(() => expect(isAsked).toBe(true), waitSeconds * 1000);
      // The request is over: its line is written after the answer.
      await vi.waitFor(
        () => expect(comparing?.lines("request").some((line) => line["request_id"] === requestId)).toBe(true),
        waitSeconds * 1000,
      );
      expect(comparing?.lines("trace_read_compared").some((line) => line["request_id"] === requestId)).toBe(false);
      // So that the clock moves on between the two.
      const heldMs = Date.now();
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(heldMs + 1), { interval: 1 });
      release();
      const report = await reportOf(comparing, requestId);
      expect(report).toMatchObject({ is_equal: true, returned: "traces" });
      expect(report["aggregate_seconds"]).toBeGreaterThan(Number(report["traces_seconds"]));
    } finally {
      release();
      hook.before(async () => {});
    }
  });
});

describe("the answer of the aggregate", () => {
  it("is returned where it is to be", async () => {
    for (const [path, query] of [
      ["traces", {}],
      ["traces", { fields: "core,metrics", orderBy: "name.asc", name: "in the aggregate" }],
      ["traces/differing", {}],
      ["sessions", {}],
      ["sessions/other", {}],
    ] as const) {
      const { text, requestId } = await get(returning, path, query);
      expect(text).toContain("aggregate");
      expect(await reportOf(returning, requestId)).toMatchObject({ returned: "aggregate", is_equal: false });
    }
  });

  it("is returned for reads that begin lately only, where that was said", async () => {
    expect((await get(returningLate, "traces", whole)).text).toContain("in the aggregate");
    for (const path of ["traces", "traces/differing", "sessions"]) expect((await get(returningLate, path)).text).not.toContain("aggregate");
  });

  it("is not missed: where it fails, readers get that of traces, and the failure is reported", async () => {
    await clickhouse("RENAME TABLE traces_all_amt TO traces_hidden");
    try {
      for (const path of ["traces", "traces/differing", "sessions", "sessions/other"]) {
        const { text, requestId } = await get(returning, path);
        expect(text).toBe((await get({ url: stack.apiUrl }, path)).text);
        expect(await reportOf(returning, requestId)).toMatchObject({
          returned: "traces",
          is_equal: false,
          aggregate_seconds: null,
          failure: "CLICKHOUSE_QUERY_REJECTED",
        });
      }
    } finally {
      await clickhouse("RENAME TABLE traces_hidden TO traces_all_amt");
    }
  });
});
