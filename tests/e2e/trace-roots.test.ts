import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, setLangfuseTracerProvider, startActiveObservation } from "@langfuse/tracing";
import { context, SpanKind, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { beforeAll, describe, expect, it } from "vitest";
import { waitSeconds } from "../support/wait-seconds.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { authorization, connection, exported, json, post, settled, stack } = useWholeStack();

type Attributes = Record<string, string | boolean>;
type Span = { traceId: string; spanId: string; parentSpanId?: string; name: string; at?: number; attributes?: Attributes };
type Service = { name?: string; version?: string; scope?: string };

const attributesOf = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "string" ? { stringValue: value } : { boolValue: value },
  }));
const nanos = (at: number) => String(1_795_341_600_000_000_000n + BigInt(at) * 1_000_000n);

const send = async ({ name = "svc", version, scope = "my.scope" }: Service, ...spans: Span[]): Promise<void> => {
  const resource = { "service.name": name, ...(version === undefined ? {} : { "service.version": version }) };
  const body = {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [
          {
            scope: { name: scope, version: "1.0" },
            spans: spans.map(({ at = 0, attributes = {}, ...span }) => ({
              ...span,
              kind: 1,
              startTimeUnixNano: nanos(at),
              endTimeUnixNano: nanos(at + 100),
              attributes: attributesOf(attributes),
            })),
          },
        ],
      },
    ],
  };
  expect((await post(JSON.stringify(body), {}, "otel/v1/traces")).status).toBe(200);
};

let counter = 0;
const newTraceId = (): string => (++counter).toString(16).padStart(32, "b");
const newSpanId = (): string => (++counter).toString(16).padStart(16, "c");
const lostParent = "00f067aa0ba902b7";

const read = async (traceId: string) => {
  await settled();
  return json<{ name: string | null; metadata: Record<string, Record<string, unknown>>; observations: Record<string, unknown>[] }>(
    `traces/${traceId}`,
  );
};
const exportedNames = async (traceId: string) => {
  const found = await exported("events", [{ column: "traceId", type: "string", operator: "=", value: traceId }]);
  return found
    .map(({ name, traceName, userId, id, parentObservationId }) => ({ name, traceName, userId, id, parentObservationId }))
    .toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
};

describe("a trace whose topmost span has a parent that never comes", () => {
  it("has name, input and output of the root of the application, where one is marked", async () => {
    const [traceId, root, llm] = [newTraceId(), newSpanId(), newSpanId()];
    await send(
      { scope: "langfuse-sdk" },
      {
        ...{ traceId, spanId: root, parentSpanId: lostParent, name: "handle-request" },
        attributes: {
          "langfuse.observation.type": "span",
          "langfuse.internal.is_app_root": true,
          "langfuse.observation.input": "question",
          "langfuse.observation.output": "answer",
          "user.id": "u1",
        },
      },
      { traceId, spanId: llm, parentSpanId: root, name: "llm", at: 5, attributes: { "langfuse.observation.type": "generation" } },
    );
    expect(await read(traceId)).toMatchObject({ name: "handle-request", input: "question", output: "answer", userId: "u1" });
    expect(await exportedNames(traceId)).toEqual([
      { name: "handle-request", traceName: "handle-request", userId: "u1", id: root, parentObservationId: lostParent },
      { name: "llm", traceName: "handle-request", userId: "u1", id: llm, parentObservationId: root },
    ]);
  });

  it("is named after it without a mark as well, until one above it comes", async () => {
    const [traceId, chat, gateway] = [newTraceId(), newSpanId(), newSpanId()];
    await send(
      {},
      {
        ...{ traceId, spanId: chat, parentSpanId: gateway, name: "POST /chat" },
        attributes: { "gen_ai.operation.name": "chat", "input.value": "q", "output.value": "a" },
      },
    );
    expect(await read(traceId)).toMatchObject({
      name: "POST /chat",
      input: "q",
      output: "a",
      metadata: { resourceAttributes: { "service.name": "svc" } },
    });
    expect(await exportedNames(traceId)).toMatchObject([{ traceName: "POST /chat" }]);
    await send(
      { name: "gw" },
      { traceId, spanId: gateway, parentSpanId: lostParent, name: "gateway", at: -100, attributes: { "input.value": "Q" } },
    );
    expect(await read(traceId)).toMatchObject({
      ...{ name: "gateway", input: "Q", output: null },
      metadata: { resourceAttributes: { "service.name": "gw" } },
      observations: expect.arrayContaining([expect.objectContaining({ id: chat, parentObservationId: gateway })]),
    });
    expect(await exportedNames(traceId)).toMatchObject([{ traceName: "gateway" }, { traceName: "gateway" }]);
  });
});

describe("a trace with several roots, or told about by spans below its root", () => {
  it("is named after the first root, with all that is its own", async () => {
    const traceId = newTraceId();
    const content = (input: string, output: string) => ({ "input.value": input, "output.value": output });
    await send({ name: "gw", version: "1.0.0" }, { traceId, spanId: newSpanId(), name: "gateway", attributes: content("Q", "A") });
    await settled();
    await send(
      { name: "wk", version: "9.9.9" },
      { traceId, spanId: newSpanId(), name: "worker", at: 300, attributes: content("job", "done") },
    );
    expect(await read(traceId)).toMatchObject({ name: "gateway", input: "Q", output: "A", version: "1.0.0" });
  });

  it("keeps version, scope and resource of its root, whoever passes on the user", async () => {
    const [traceId, root] = [newTraceId(), newSpanId()];
    await send({ name: "A", version: "1.0.0" }, { traceId, spanId: root, name: "root-a", attributes: { "user.id": "u" } });
    await send(
      { name: "B", version: "9.9.9", scope: "other" },
      { traceId, spanId: newSpanId(), parentSpanId: root, name: "child-b", at: 300, attributes: { "user.id": "u" } },
    );
    const found = await read(traceId);
    expect(found).toMatchObject({ name: "root-a", version: "1.0.0", userId: "u", metadata: { scope: { name: "my.scope" } } });
    expect(found.metadata["resourceAttributes"]).toMatchObject({ "service.name": "A" });
  });

  it("has an input that was set by hand beside the output its root has", async () => {
    const traceId = newTraceId();
    const attributes = { "gen_ai.operation.name": "chat", "langfuse.trace.input": "Q", "output.value": "A" };
    await send({}, { traceId, spanId: newSpanId(), name: "chat", attributes });
    expect(await read(traceId)).toMatchObject({ name: "chat", input: "Q", output: "A" });
  });
});

describe("the Langfuse SDK below an instrumentation of HTTP that is not exported", () => {
  let ids: { trace: string; root: string; http: string };

  beforeAll(async () => {
    const processor = new LangfuseSpanProcessor({ ...connection(), timeout: waitSeconds, environment: "staging", release: "r9" });
    const provider = new NodeTracerProvider({ spanProcessors: [processor] });
    provider.register();
    setLangfuseTracerProvider(provider);
    const http = provider.getTracer("@opentelemetry/instrumentation-http").startSpan("POST /answer", { kind: SpanKind.SERVER });
    await context.with(trace.setSpan(context.active(), http), () =>
      startActiveObservation("answer", async (root) => {
        ids = { trace: root.traceId, root: root.id, http: http.spanContext().spanId };
        root.update({ input: { question: "why?" }, output: { answer: "because" } });
        await propagateAttributes({ userId: "user-9", sessionId: "session-9" }, () =>
          startActiveObservation("call", (call) => void call.update({ model: "gpt-4o", input: "hi", output: "hello" }), {
            asType: "generation",
          }),
        );
      }),
    );
    http.end();
    await processor.forceFlush();
    await provider.shutdown();
  });

  it("names its trace after its topmost observation", async () => {
    expect(await read(ids.trace)).toMatchObject({
      ...{ name: "answer", userId: "user-9", sessionId: "session-9", environment: "staging", release: "r9" },
      ...{ input: { question: "why?" }, output: { answer: "because" } },
    });
    const names = await exportedNames(ids.trace);
    expect(names.map(({ name, traceName, userId }) => [name, traceName, userId]).toSorted()).toEqual([
      ["answer", "answer", "user-9"],
      ["call", "answer", "user-9"],
    ]);
    expect(names.find(({ name }) => name === "answer")?.parentObservationId).toBe(ids.http);
  });
});

type ExporterConfig = { url: string; headers: Record<string, string> };

describe.each<[string, (config: ExporterConfig) => SpanExporter]>([
  ["protobuf", (config) => new ProtobufExporter(config) as unknown as SpanExporter],
  ["json", (config) => new JsonExporter(config) as unknown as SpanExporter],
])("two traces whose spans have the same ids, in %s", (encoding, createExporter) => {
  it("have an observation each, read, filtered and exported under their own trace", async () => {
    const spanIds = [newSpanId(), newSpanId()];
    const run = async (name: string): Promise<string> => {
      const traceId = newTraceId();
      let next = 0;
      const exporter = createExporter({ url: `${stack().apiUrl}/api/public/otel/v1/traces`, headers: { Authorization: authorization() } });
      const provider = new BasicTracerProvider({
        resource: resourceFromAttributes({ "service.name": name }),
        idGenerator: { generateTraceId: () => traceId, generateSpanId: () => spanIds[next++] ?? "" },
        spanProcessors: [new SimpleSpanProcessor(exporter)],
      });
      const tracer = provider.getTracer("my-app");
      const root = tracer.startSpan(`${name} root`);
      tracer.startSpan(`${name} child`, {}, trace.setSpan(context.active(), root)).end();
      root.end();
      await provider.forceFlush();
      await provider.shutdown();
      await settled();
      return traceId;
    };
    const [first, second] = [await run(`${encoding} first`), await run(`${encoding} second`)];
    const [root = "", child = ""] = spanIds;
    for (const [traceId, name, prefix] of [
      [first, `${encoding} first`, ""],
      [second, `${encoding} second`, `${second}-`],
    ] as const) {
      const trace = await read(traceId);
      expect(trace).toMatchObject({ name: `${name} root`, metadata: { resourceAttributes: { "service.name": name } } });
      const byName = (a: { name?: unknown }, b: { name?: unknown }) => (String(a.name) < String(b.name) ? -1 : 1);
      expect(trace.observations.toSorted(byName)).toMatchObject([
        { id: `${prefix}${child}`, traceId, name: `${name} child`, parentObservationId: `${prefix}${root}` },
        { id: `${prefix}${root}`, traceId, name: `${name} root`, parentObservationId: null },
      ]);
      expect(await json(`observations/${prefix}${root}`)).toMatchObject({ traceId, name: `${name} root` });
      expect((await exportedNames(traceId)).toSorted(byName)).toMatchObject([
        { id: `${prefix}${child}`, name: `${name} child`, traceName: `${name} root`, parentObservationId: `${prefix}${root}` },
        { id: `${prefix}${root}`, name: `${name} root`, traceName: `${name} root` },
      ]);
    }
  });
});
