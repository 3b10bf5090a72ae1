import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, setLangfuseTracerProvider, startActiveObservation, startObservation } from "@langfuse/tracing";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { Langfuse } from "langfuse";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { untilIngested } from "../support/until-ingested.ts";

let stack: Stack;
let dir: string;
let open: OpenDatabase;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "spillway-sdks-"));
  chmodSync(dir, 0o755);
  stack = await startStack({ dataDir: dir, apiPort: 0, env: { SPILLWAY_POLL_MS: "30" } });
  open = openPostgres(stack.postgresUrl, { connectionsMax: 2 });
}, 120_000);
afterAll(async () => {
  await open.close();
  await stack.stop();
  rmSync(dir, { recursive: true, force: true });
});

const settled = (seconds?: number) => untilIngested(open.db, seconds);

const authorization = () => `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}`;

/** Rows of an export made through the API, as a user gets them. */
const exported = async (tableName: string, filter: object[]): Promise<Record<string, unknown>[]> => {
  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${stack.apiUrl}${path}`, {
      ...init,
      headers: { authorization: authorization(), "content-type": "application/json" },
    });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  const created = (await (
    await call("/api/public/batch-exports", { method: "POST", body: JSON.stringify({ format: "JSONL", query: { tableName, filter } }) })
  ).json()) as { id: string };
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const now = (await (await call(`/api/public/batch-exports/${created.id}`)).json()) as { status: string; log: string | null };
    if (now.status === "FAILED") throw new Error(String(now.log));
    if (now.status === "COMPLETED") {
      const text = await (await call(`/api/public/batch-exports/${created.id}/download`)).text();
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    }
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  throw new Error("the export did not end in 20 s");
};

const ofTrace = (traceId: string) => [{ column: "traceId", type: "string", operator: "=", value: traceId }];

describe("langfuse 3", () => {
  it("traces, spans, generations, events, scores and updates appear in an export, field for field", async () => {
    const langfuse = new Langfuse({
      publicKey: stack.publicKey,
      secretKey: stack.secretKey,
      baseUrl: stack.apiUrl,
      release: "r1",
      environment: "staging",
    });
    const failures: unknown[] = [];
    langfuse.on("error", (error: unknown) => failures.push(error));
    const trace = langfuse.trace({
      name: "chat",
      userId: "user-1",
      sessionId: "session-1",
      tags: ["beta", "alpha"],
      metadata: { plan: "pro", nested: { deep: [1, 2] } },
      version: "2.0",
      input: { question: "why?" },
      public: true,
    });
    const span = trace.span({ name: "retrieve", input: { k: 3 }, metadata: { index: "docs" }, level: "DEBUG" });
    const generation = span.generation({
      name: "answer",
      model: "gpt-4o-2024-08-06",
      modelParameters: { temperature: 0.2, maxTokens: 100 },
      input: [{ role: "user", content: "why? 😀" }],
    });
    generation.event({ name: "first token", input: "event input", level: "WARNING", statusMessage: "slow" });
    generation.end({
      output: { role: "assistant", content: "because" },
      usage: { input: 1000, output: 200, unit: "TOKENS" },
      completionStartTime: new Date(),
    });
    span.end({ output: ["a", "b"] });
    trace.update({ output: "because", tags: ["gamma"], name: "chat renamed" });
    trace.score({ name: "helpful", value: 0.9, comment: "good" });
    generation.score({ name: "tone", value: "kind", dataType: "CATEGORICAL" });
    await langfuse.shutdownAsync();
    expect(failures).toEqual([]);
    await settled();

    const rows = await exported("events", ofTrace(trace.id));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(["answer", "first token", "retrieve"]);
    for (const row of rows)
      expect(row).toMatchObject({
        traceId: trace.id,
        traceName: "chat renamed",
        userId: "user-1",
        sessionId: "session-1",
        tags: ["alpha", "beta", "gamma"],
        release: "r1",
        environment: "staging",
        helpful: [0.9],
      });
    const row = (name: string) => rows.find((one) => one["name"] === name) ?? {};
    expect(row("answer")).toMatchObject({
      id: generation.id,
      type: "GENERATION",
      parentObservationId: span.id,
      providedModelName: "gpt-4o-2024-08-06",
      modelParameters: { temperature: 0.2, maxTokens: 100 },
      input: [{ role: "user", content: "why? 😀" }],
      output: { role: "assistant", content: "because" },
      usageDetails: { input: "1000", output: "200", total: "1200" },
      totalCost: "0.0045",
      tone: ["kind"],
    });
    expect(row("retrieve")).toMatchObject({
      type: "SPAN",
      level: "DEBUG",
      input: { k: 3 },
      output: ["a", "b"],
      metadata: { index: "docs" },
    });
    expect(row("first token")).toMatchObject({
      type: "EVENT",
      level: "WARNING",
      statusMessage: "slow",
      parentObservationId: generation.id,
      input: "event input",
    });

    const [whole] = await exported("traces", [{ column: "id", type: "string", operator: "=", value: trace.id }]);
    expect(whole).toMatchObject({
      name: "chat renamed",
      userId: "user-1",
      sessionId: "session-1",
      version: "2.0",
      public: true,
      input: { question: "why?" },
      output: "because",
      tags: ["alpha", "beta", "gamma"],
    });
    expect(whole?.["metadata"]).toMatchObject({ plan: "pro" });
    const scores = await exported("scores", ofTrace(trace.id));
    expect(scores.map(({ name, value, stringValue, comment }) => [name, value, stringValue, comment]).toSorted()).toMatchObject([
      ["helpful", 0.9, null, "good"],
      ["tone", expect.anything(), "kind", null],
    ]);
  });

  it("two thousand events sent as an application sends them all arrive", async () => {
    const langfuse = new Langfuse({ publicKey: stack.publicKey, secretKey: stack.secretKey, baseUrl: stack.apiUrl, flushAt: 100 });
    const sessionId = "load";
    for (let t = 0; t < 100; t++) {
      const trace = langfuse.trace({ id: `load-${t}`, name: "load", sessionId });
      for (let s = 0; s < 9; s++) trace.span({ id: `load-${t}-${s}`, name: `span ${s}`, input: { t, s } }).end({ output: s });
    }
    await langfuse.shutdownAsync();
    await settled(120);
    const rows = await exported("events", [{ column: "sessionId", type: "string", operator: "=", value: sessionId }]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(900);
    expect(rows.length).toBe(900);
    expect(rows.every(({ output, endTime }) => output !== null && endTime !== null)).toBe(true);
  });
});

describe("@langfuse/tracing with @langfuse/otel", () => {
  it("observations of every kind with their trace appear in an export, field for field", async () => {
    const processor = new LangfuseSpanProcessor({
      publicKey: stack.publicKey,
      secretKey: stack.secretKey,
      baseUrl: stack.apiUrl,
      environment: "staging",
      release: "r2",
    });
    const provider = new NodeTracerProvider({ spanProcessors: [processor] });
    provider.register();
    setLangfuseTracerProvider(provider);
    let traceId = "";
    await startActiveObservation(
      "agent run",
      async (agent) => {
        traceId = agent.traceId;
        await propagateAttributes(
          { userId: "user-9", sessionId: "session-9", tags: ["otel"], traceName: "the run", metadata: { tier: "gold" } },
          async () => {
            agent.update({ input: { task: "do it" }, output: { done: true } });
            const tool = startObservation("lookup", { input: { q: "x" }, output: "found" }, { asType: "tool" });
            tool.end();
            const generation = startObservation(
              "call",
              {
                model: "gpt-4o",
                modelParameters: { temperature: 1 },
                input: [{ role: "user", content: "hi" }],
                output: { role: "assistant", content: "hello" },
                usageDetails: { input: 10, output: 20 },
                costDetails: { total: 0.5 },
                level: "WARNING",
                statusMessage: "odd",
              },
              { asType: "generation" },
            );
            generation.end();
          },
        );
      },
      { asType: "agent" },
    );
    await processor.forceFlush();
    await provider.shutdown();
    await settled();
    const rows = await exported("events", ofTrace(traceId));
    expect(rows.map(({ name, type }) => [name, type]).toSorted()).toEqual([
      ["agent run", "AGENT"],
      ["call", "GENERATION"],
      ["lookup", "TOOL"],
    ]);
    for (const row of rows)
      expect(row).toMatchObject({
        traceName: "the run",
        userId: "user-9",
        sessionId: "session-9",
        tags: ["otel"],
        environment: "staging",
        release: "r2",
      });
    const row = (name: string) => rows.find((one) => one["name"] === name) ?? {};
    expect(row("call")).toMatchObject({
      providedModelName: "gpt-4o",
      modelParameters: { temperature: 1 },
      input: [{ role: "user", content: "hi" }],
      output: { role: "assistant", content: "hello" },
      usageDetails: { input: "10", output: "20", total: "30" },
      totalCost: "0.5",
      level: "WARNING",
      statusMessage: "odd",
      parentObservationId: row("agent run")["id"],
    });
    expect(row("agent run")).toMatchObject({ input: { task: "do it" }, output: { done: true } });
    expect(row("lookup")).toMatchObject({ input: { q: "x" }, output: "found" });
  });
});

describe.each<[string, (config: { url: string; headers: Record<string, string> }) => SpanExporter]>([
  ["protobuf", (config) => new ProtobufExporter(config) as unknown as SpanExporter],
  ["JSON", (config) => new JsonExporter(config) as unknown as SpanExporter],
])("a plain OpenTelemetry exporter in %s", (_, createExporter) => {
  it("spans with GenAI attributes become generations and tools of one trace", async () => {
    const exporter = createExporter({ url: `${stack.apiUrl}/api/public/otel/v1/traces`, headers: { Authorization: authorization() } });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const tracer = provider.getTracer("my-app", "1.2.3");
    const root = tracer.startSpan("POST /chat", { kind: SpanKind.SERVER, attributes: { "user.id": "user-7", "session.id": "session-7" } });
    const traceId = root.spanContext().traceId;
    const { trace, context } = await import("@opentelemetry/api");
    const within = trace.setSpan(context.active(), root);
    const chat = tracer.startSpan(
      "chat gpt-4o",
      {
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.system": "openai",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.request.temperature": 0.3,
          "gen_ai.usage.input_tokens": 30,
          "gen_ai.usage.output_tokens": 12,
          "gen_ai.input.messages": JSON.stringify([{ role: "user", content: "hi" }]),
          "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: "hello" }]),
        },
      },
      within,
    );
    chat.end();
    const tool = tracer.startSpan(
      "execute_tool search",
      { attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" } },
      within,
    );
    tool.setStatus({ code: SpanStatusCode.ERROR, message: "no network" });
    tool.end();
    root.end();
    await provider.forceFlush();
    await provider.shutdown();
    await settled();
    const rows = await exported("events", ofTrace(traceId));
    expect(rows).toHaveLength(3);
    const row = (type: string) => rows.find((one) => one["type"] === type) ?? {};
    expect(row("GENERATION")).toMatchObject({
      providedModelName: "gpt-4o",
      usageDetails: { input: "30", output: "12", total: "42" },
      input: [{ role: "user", content: "hi" }],
      output: [{ role: "assistant", content: "hello" }],
      parentObservationId: row("SPAN")["id"],
    });
    expect(row("TOOL")).toMatchObject({ name: "search", level: "ERROR", statusMessage: "no network" });
    for (const one of rows) expect(one).toMatchObject({ userId: "user-7", sessionId: "session-7", traceName: "POST /chat" });
  });
});

describe("OTLP", () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, type: string, headers: Record<string, string> = {}) =>
    fetch(`${stack.apiUrl}/api/public/otel/v1/traces`, {
      method: "POST",
      headers: { authorization: authorization(), "content-type": type, ...headers },
      body,
    });

  it("a span that cannot be taken is counted, and its neighbours are stored", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const span = (spanId: string) => ({
      traceId,
      spanId,
      name: spanId,
      startTimeUnixNano: "1777636800000000000",
      endTimeUnixNano: "1777636801000000000",
    });
    const response = await post(
      JSON.stringify({
        resourceSpans: [
          { scopeSpans: [{ spans: [span("b7ad6b7169203331"), { ...span("00"), spanId: "not hex" }, span("b7ad6b7169203332")] }] },
        ],
      }),
      "application/json",
    );
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { partialSuccess: { rejectedSpans: string; errorMessage: string } };
    expect(Number(answer.partialSuccess.rejectedSpans)).toBe(1);
    expect(answer.partialSuccess.errorMessage).toMatch(/\w+ \w+/);
    await settled();
    expect(await exported("events", ofTrace(traceId))).toHaveLength(2);
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, string, Record<string, string>, number]>([
    ["nothing", "{}", "application/json", {}, 200],
    ["another content type", "{}", "text/plain", {}, 415],
    ["no JSON", "{", "application/json", {}, 400],
    ["garbage as protobuf", new Uint8Array([255, 255, 255, 255, 1]), "application/x-protobuf", {}, 400],
    ["a gzip header and nothing else", new Uint8Array([31, 139]), "application/json", { "content-encoding": "gzip" }, 400],
  ])("%s: a clean answer", async (_name, body, type, headers, status) => {
    expect((await post(body, type, headers)).status).toBe(status);
  });
});
