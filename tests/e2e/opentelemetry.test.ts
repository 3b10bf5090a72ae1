import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../openapi/client/generated/client/index.ts";
import { getObservation, getSession, getTrace, listObservations, listTraces } from "../../openapi/client/generated/sdk.gen.ts";
import { unsaidOfObservation } from "../support/unsaid-of-observation.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { authorization, exported, settled, stack } = useWholeStack();

const startMs = Date.UTC(2026, 4, 1, 10);
const at = (seconds: number): Date => new Date(startMs + seconds * 1000);
const iso = (seconds: number): string => at(seconds).toISOString();

type ExporterConfig = { url: string; headers: Record<string, string> };

describe.each<[string, (config: ExporterConfig) => SpanExporter]>([
  ["protobuf", (config) => new ProtobufExporter(config) as unknown as SpanExporter],
  ["json", (config) => new JsonExporter(config) as unknown as SpanExporter],
])("a plain OpenTelemetry exporter in %s: spans with GenAI attributes", (encoding, createExporter) => {
  const sessionId = `session-${encoding}`;
  let ids: { trace: string; root: string; chat: string; tool: string };

  beforeAll(async () => {
    const exporter = createExporter({ url: `${stack().apiUrl}/api/public/otel/v1/traces`, headers: { Authorization: authorization() } });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const tracer = provider.getTracer("my-app", "1.2.3");
    const root = tracer.startSpan("POST /chat", {
      kind: SpanKind.SERVER,
      startTime: at(0),
      attributes: { "user.id": "user-7", "session.id": sessionId, "deployment.environment.name": "staging", "http.status": 200 },
    });
    const within = trace.setSpan(context.active(), root);
    const chat = tracer.startSpan(
      "chat gpt-4o",
      {
        startTime: at(1),
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.system": "openai",
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.request.temperature": 0.3,
          "gen_ai.usage.input_tokens": 30,
          "gen_ai.usage.output_tokens": 12,
          "gen_ai.input.messages": JSON.stringify([{ role: "user", content: "hi 😀" }]),
          "gen_ai.output.messages": JSON.stringify([{ role: "assistant", content: "hello" }]),
        },
      },
      within,
    );
    chat.end(at(2.5));
    const tool = tracer.startSpan(
      "execute_tool search",
      { startTime: at(3), attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" } },
      within,
    );
    tool.setStatus({ code: SpanStatusCode.ERROR, message: "no network" });
    tool.end(at(4));
    root.end(at(5));
    ids = {
      trace: root.spanContext().traceId,
      root: root.spanContext().spanId,
      chat: chat.spanContext().spanId,
      tool: tool.spanContext().spanId,
    };
    await provider.forceFlush();
    await provider.shutdown();
    await settled();
  });

  /** What a span carries beside its own attributes; numbers among these are text. */
  const metadata = (attributes: Record<string, string>) => ({
    scope: { name: "my-app", version: "1.2.3", attributes: {} },
    attributes,
    resourceAttributes: expect.objectContaining({ "telemetry.sdk.language": "nodejs" }),
  });
  const written = () => ({ projectId: stack().projectId, createdAt: expect.any(String), updatedAt: expect.any(String) });
  const attributesOfRoot = {
    "user.id": "user-7",
    "session.id": sessionId,
    "deployment.environment.name": "staging",
    "http.status": "200",
  };
  const expectedTrace = () => ({
    id: ids.trace,
    ...written(),
    externalId: null,
    timestamp: iso(0),
    name: "POST /chat",
    environment: "staging",
    userId: "user-7",
    sessionId,
    release: null,
    version: null,
    tags: [],
    public: false,
    bookmarked: false,
    input: null,
    output: null,
    metadata: expect.objectContaining(metadata(attributesOfRoot)),
  });
  const unsaid = () => ({
    ...unsaidOfObservation,
    ...written(),
    traceId: ids.trace,
    parentObservationId: ids.root,
    environment: "default",
    version: null,
  });
  /** In the order of their start. */
  const observations = () => [
    {
      ...unsaid(),
      id: ids.root,
      type: "SPAN",
      name: "POST /chat",
      parentObservationId: null,
      environment: "staging",
      startTime: iso(0),
      endTime: iso(5),
      latency: 5,
      metadata: { ...metadata(attributesOfRoot), kind: "SERVER" },
    },
    {
      ...unsaid(),
      id: ids.chat,
      type: "GENERATION",
      name: "chat gpt-4o",
      startTime: iso(1),
      endTime: iso(2.5),
      latency: 1.5,
      input: [{ role: "user", content: "hi 😀" }],
      output: [{ role: "assistant", content: "hello" }],
      metadata: metadata({
        "gen_ai.operation.name": "chat",
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": "0.3",
        "gen_ai.usage.input_tokens": "30",
        "gen_ai.usage.output_tokens": "12",
      }),
      model: "gpt-4o",
      modelId: "default_gpt-4o_2024-10-02",
      modelParameters: { temperature: 0.3 },
      usageDetails: { input: 30, output: 12, total: 42 },
      costDetails: { input: 0.000075, output: 0.00012, total: 0.000195 },
      usagePricingTierId: "default_gpt-4o_2024-10-02_standard",
      usagePricingTierName: "Standard",
      inputPrice: 0.0000025,
      outputPrice: 0.00001,
      calculatedInputCost: 0.000075,
      calculatedOutputCost: 0.00012,
      calculatedTotalCost: 0.000195,
      usage: { unit: "TOKENS", input: 30, output: 12, total: 42 },
      promptTokens: 30,
      completionTokens: 12,
      totalTokens: 42,
    },
    {
      ...unsaid(),
      id: ids.tool,
      type: "TOOL",
      name: "search",
      startTime: iso(3),
      endTime: iso(4),
      latency: 1,
      level: "ERROR",
      statusMessage: "no network",
      metadata: metadata({ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" }),
    },
  ];
  const request = () => ({ client: createClient({ baseUrl: stack().apiUrl, auth: stack().secretKey }), throwOnError: true as const });

  it("are read back through the API as a generation and a tool of one trace, field for field", async () => {
    const { data } = await getTrace({ ...request(), path: { traceId: ids.trace } });
    const figures = { latency: 5, totalCost: 0.000195, htmlPath: expect.stringContaining(ids.trace) };
    expect(data).toEqual({ ...expectedTrace(), ...figures, observations: observations(), scores: [] });

    const listed = await listTraces({ ...request(), query: { sessionId } });
    expect(listed.data.data).toEqual([{ ...expectedTrace(), ...figures, observations: [ids.root, ids.chat, ids.tool], scores: [] }]);
    const found = await listObservations({ ...request(), query: { traceId: ids.trace } });
    expect(found.data.data.toReversed()).toEqual(observations());
    for (const observation of observations())
      expect((await getObservation({ ...request(), path: { observationId: observation.id } })).data).toEqual(observation);
    expect((await getSession({ ...request(), path: { sessionId } })).data).toEqual({
      id: sessionId,
      projectId: stack().projectId,
      createdAt: iso(0),
      environment: "staging",
      traces: [expectedTrace()],
    });
  });

  it("appear in an export, field for field", async () => {
    const rows = await exported("events", [{ column: "traceId", type: "string", operator: "=", value: ids.trace }]);
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row).toMatchObject({ userId: "user-7", sessionId, traceName: "POST /chat" });
    const row = (id: string) => rows.find((one) => one["id"] === id);
    expect(row(ids.chat)).toMatchObject({
      type: "GENERATION",
      name: "chat gpt-4o",
      startTime: at(1).toISOString().replace("Z", "000Z"),
      endTime: at(2.5).toISOString().replace("Z", "000Z"),
      providedModelName: "gpt-4o",
      modelParameters: { temperature: 0.3 },
      usageDetails: { input: "30", output: "12", total: "42" },
      totalCost: "0.000195",
      input: [{ role: "user", content: "hi 😀" }],
      output: [{ role: "assistant", content: "hello" }],
      parentObservationId: ids.root,
    });
    expect(row(ids.tool)).toMatchObject({ type: "TOOL", name: "search", level: "ERROR", statusMessage: "no network" });
    expect(row(ids.root)).toMatchObject({ type: "SPAN", environment: "staging" });
  });
});
