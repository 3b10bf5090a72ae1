import { LangfuseClient } from "@langfuse/client";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import {
  propagateAttributes,
  setActiveTraceAsPublic,
  setActiveTraceIO,
  setLangfuseTracerProvider,
  startActiveObservation,
  startObservation,
} from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { beforeAll, describe, expect, it } from "vitest";
import { unsaidOfObservation } from "../support/unsaid-of-observation.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { connection, exported, settled, stack } = useWholeStack();

const startMs = Date.UTC(2026, 4, 1, 10);
const at = (seconds: number): Date => new Date(startMs + seconds * 1000);
const iso = (seconds: number): string => at(seconds).toISOString();

const sessionId = "session-5";
let client: LangfuseClient;
let ids: { trace: string; agent: string; tool: string; generation: string; event: string };

/** A run with everything the SDK can say, and scores of every type by the client, as an application sends both in one breath. */
const send = async (): Promise<void> => {
  const keys = { ...connection(), timeout: waitSeconds };
  client = new LangfuseClient(keys);
  const processor = new LangfuseSpanProcessor({ ...keys, environment: "staging", release: "r2" });
  const provider = new NodeTracerProvider({ spanProcessors: [processor] });
  provider.register();
  setLangfuseTracerProvider(provider);
  await startActiveObservation(
    "agent run",
    (agent) =>
      propagateAttributes(
        { userId: "user-5", sessionId, tags: ["otel", "beta"], traceName: "the run", version: "v5", metadata: { tier: "gold" } },
        async () => {
          agent.update({ input: { task: "do it" }, output: { done: true }, metadata: { attempt: 1, nested: { deep: [1, 2] } } });
          setActiveTraceIO({ input: { question: "why?" }, output: "because" });
          setActiveTraceAsPublic();
          const tool = startObservation("lookup", { input: { q: "x" }, output: "found" }, { asType: "tool", startTime: at(1) });
          tool.end(at(2));
          const generation = startObservation(
            "call",
            {
              model: "gpt-4o",
              modelParameters: { temperature: 1 },
              input: [{ role: "user", content: "hi 😀" }],
              output: { role: "assistant", content: "hello" },
              completionStartTime: at(3.5),
              usageDetails: { input: 10, output: 20 },
              costDetails: { input: 0.2, output: 0.3 },
              level: "WARNING",
              statusMessage: "odd",
              version: "g5",
              prompt: { name: "explain", version: 7, isFallback: false },
            },
            { asType: "generation", startTime: at(3) },
          );
          const event = startObservation("first token", { input: "event input", level: "DEBUG" }, { asType: "event", startTime: at(3.5) });
          generation.end(at(4));
          client.score.activeTrace({ id: "score-trace", name: "solved", value: 1, dataType: "BOOLEAN", comment: "at once" });
          client.score.activeObservation({ id: "score-active", name: "effort", value: 0.25, metadata: { by: "judge" } });
          client.score.observation(generation, { id: "score-word", name: "tone", value: "kind", dataType: "CATEGORICAL" });
          client.score.trace(generation, { id: "score-number", name: "helpful", value: 0.9 });
          agent.end(at(6));
          ids = { trace: agent.traceId, agent: agent.id, tool: tool.id, generation: generation.id, event: event.id };
        },
      ),
    { asType: "agent", startTime: at(0), endOnExit: false },
  );
  client.score.create({ id: "score-session", sessionId, name: "whole", value: "all good", dataType: "TEXT" });
  await client.flush();
  await processor.forceFlush();
  await provider.shutdown();
  await settled();
};

beforeAll(send);

const written = () => ({ projectId: stack().projectId, createdAt: expect.any(String), updatedAt: expect.any(String) });
const byId = <Item extends { id: string }>(items: readonly Item[]): Item[] => items.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** What the SDK says of itself and its process beside the metadata of the application. */
const itself = { scope: expect.objectContaining({ name: "langfuse-sdk" }), resourceAttributes: expect.any(Object) };

const trace = () => ({
  id: ids.trace,
  ...written(),
  externalId: null,
  timestamp: iso(0),
  name: "the run",
  environment: "staging",
  userId: "user-5",
  sessionId,
  release: "r2",
  version: "v5",
  tags: ["beta", "otel"],
  public: true,
  bookmarked: false,
  input: { question: "why?" },
  output: "because",
  metadata: { tier: "gold", attempt: 1, nested: { deep: [1, 2] }, ...itself },
});
const figures = () => ({ latency: 6, totalCost: 0.5, htmlPath: expect.stringContaining(ids.trace) });

const unsaid = () => ({
  ...unsaidOfObservation,
  ...written(),
  traceId: ids.trace,
  parentObservationId: ids.agent,
  environment: "staging",
  version: "v5",
  metadata: itself,
  latency: null,
});

/** In the order of their start. */
const observations = () => [
  {
    ...unsaid(),
    id: ids.agent,
    type: "AGENT",
    name: "agent run",
    parentObservationId: null,
    startTime: iso(0),
    endTime: iso(6),
    latency: 6,
    input: { task: "do it" },
    output: { done: true },
    metadata: { attempt: 1, nested: { deep: [1, 2] }, ...itself },
  },
  {
    ...unsaid(),
    id: ids.tool,
    type: "TOOL",
    name: "lookup",
    startTime: iso(1),
    endTime: iso(2),
    latency: 1,
    input: { q: "x" },
    output: "found",
  },
  {
    ...unsaid(),
    id: ids.generation,
    type: "GENERATION",
    name: "call",
    startTime: iso(3),
    completionStartTime: iso(3.5),
    endTime: iso(4),
    latency: 1,
    timeToFirstToken: 0.5,
    level: "WARNING",
    statusMessage: "odd",
    version: "g5",
    input: [{ role: "user", content: "hi 😀" }],
    output: { role: "assistant", content: "hello" },
    model: "gpt-4o",
    modelId: "default_gpt-4o_2024-10-02",
    modelParameters: { temperature: 1 },
    promptName: "explain",
    promptVersion: 7,
    usageDetails: { input: 10, output: 20, total: 30 },
    costDetails: { input: 0.2, output: 0.3, total: 0.5 },
    inputPrice: 0.0000025,
    outputPrice: 0.00001,
    calculatedInputCost: 0.2,
    calculatedOutputCost: 0.3,
    calculatedTotalCost: 0.5,
    usage: { unit: "TOKENS", input: 10, output: 20, total: 30 },
    promptTokens: 10,
    completionTokens: 20,
    totalTokens: 30,
  },
  { ...unsaid(), id: ids.event, type: "EVENT", name: "first token", startTime: iso(3.5), input: "event input", level: "DEBUG" },
];

/** In the order of their ids; of traces and observations. */
const scores = () => {
  const shared = { ...written(), traceId: ids.trace, timestamp: expect.any(String), source: "API", environment: "default" };
  const unset = { authorUserId: null, configId: null, queueId: null, comment: null, stringValue: null, metadata: {} };
  const score = (id: string, observationId: string | null, said: object) => ({ ...shared, ...unset, id, observationId, ...said });
  return [
    score("score-active", ids.agent, { name: "effort", dataType: "NUMERIC", value: 0.25, metadata: { by: "judge" } }),
    score("score-number", null, { name: "helpful", dataType: "NUMERIC", value: 0.9 }),
    score("score-trace", null, { name: "solved", dataType: "BOOLEAN", value: 1, stringValue: "True", comment: "at once" }),
    score("score-word", ids.generation, { name: "tone", dataType: "CATEGORICAL", value: 0, stringValue: "kind" }),
  ];
};

describe("@langfuse/tracing with @langfuse/otel: what was sent is read back by @langfuse/client, field for field", () => {
  it("the trace with its observations and scores", async () => {
    const { observations: found, scores: scored, ...rest } = await client.api.trace.get(ids.trace);
    expect(rest).toEqual({ ...trace(), ...figures() });
    expect(found).toEqual(observations());
    expect(byId(scored)).toEqual(scores());
    expect(await client.fetchTrace(ids.trace)).toEqual(await client.api.trace.get(ids.trace));
  });

  it("the list of traces", async () => {
    const { data, meta } = await client.api.trace.list({ userId: "user-5", tags: ["otel"], release: "r2" });
    expect(meta).toEqual({ page: 1, limit: 50, totalItems: 1, totalPages: 1 });
    expect(data).toEqual([
      {
        ...trace(),
        ...figures(),
        observations: [ids.agent, ids.tool, ids.generation, ids.event],
        scores: expect.arrayContaining(scores().map(({ id }) => id)),
      },
    ]);
  });

  it("observations", async () => {
    const { data } = await client.api.legacy.observationsV1.getMany({ traceId: ids.trace });
    expect(data.toReversed()).toEqual(observations());
    for (const observation of observations()) expect(await client.fetchObservation(observation.id)).toEqual(observation);
  });

  it("observations in groups of fields, page by page", async () => {
    const fields = "basic,time,io,metadata,model,usage,prompt,metrics,trace_context";
    const all = await client.api.observations.getMany({ traceId: ids.trace, fields, expandMetadata: "resourceAttributes" });
    const context = {
      traceName: "the run",
      tags: ["beta", "otel"],
      release: "r2",
      userId: "user-5",
      sessionId,
      public: true,
      bookmarked: false,
    };
    const same = ["id", "traceId", "type", "name", "startTime", "endTime", "level", "statusMessage", "version", "environment"] as const;
    const alike = ["model", "modelId", "modelParameters", "usageDetails", "costDetails", "promptName", "promptVersion", "latency"] as const;
    const asText = (value: unknown) => (value === null || typeof value === "string" ? value : JSON.stringify(value));
    expect(all.data.toReversed()).toMatchObject(
      observations().map((observation) => ({
        ...context,
        ...Object.fromEntries([...same, ...alike].map((name) => [name, observation[name]])),
        input: asText(observation.input),
        output: asText(observation.output),
        isRootObservation: observation.id === ids.agent,
      })),
    );
    expect(all.data[1]).toMatchObject({ inputPrice: "0.0000025", outputPrice: "0.00001", totalPrice: null, totalCost: 0.5 });
    const { data, meta } = await client.fetchObservations({ traceId: ids.trace, limit: 3 });
    const rest = await client.fetchObservations({ traceId: ids.trace, limit: 3, cursor: meta.cursor ?? "" });
    expect([...data, ...rest.data].map(({ id }) => id)).toEqual(all.data.map(({ id }) => id));
    expect(rest.meta).toEqual({});
  });

  it("the session with its trace", async () => {
    const session = { id: sessionId, projectId: stack().projectId, createdAt: iso(0), environment: "staging" };
    expect((await client.api.sessions.list()).data).toEqual([session]);
    expect(await client.api.sessions.get(sessionId)).toEqual({ ...session, traces: [trace()] });
  });

  it("scores given by client.score to the active trace and observation, to others, and to a session", async () => {
    const { data } = await client.api.scores.getMany({});
    const ofTrace = { userId: "user-5", tags: ["beta", "otel"], environment: "staging", sessionId };
    const unscoped = { sessionId: null, datasetRunId: null };
    const ofSession = { ...scores()[1], ...unscoped, id: "score-session", traceId: null, sessionId };
    const whole = { ...ofSession, name: "whole", dataType: "TEXT", value: 0, stringValue: "all good" };
    expect(byId(data)).toEqual(byId([...scores().map((score) => ({ ...score, ...unscoped, trace: ofTrace })), { ...whole, trace: null }]));
    expect(await client.api.scores.getById("score-session")).toEqual(whole);
  });
});

describe("@langfuse/tracing with @langfuse/otel: what was sent appears in an export, field for field", () => {
  const ofTrace = () => [{ column: "traceId", type: "string", operator: "=", value: ids.trace }];

  it("observations with the fields of their trace", async () => {
    const rows = await exported("events", ofTrace());
    const shared = {
      traceName: "the run",
      userId: "user-5",
      sessionId,
      tags: ["beta", "otel"],
      environment: "staging",
      release: "r2",
      helpful: [0.9],
    };
    const row = (id: string) => rows.find(({ id: other }) => other === id);
    expect(rows).toHaveLength(4);
    expect(row(ids.generation)).toMatchObject({
      ...shared,
      name: "call",
      type: "GENERATION",
      providedModelName: "gpt-4o",
      modelParameters: { temperature: 1 },
      input: [{ role: "user", content: "hi 😀" }],
      output: { role: "assistant", content: "hello" },
      usageDetails: { input: "10", output: "20", total: "30" },
      totalCost: "0.5",
      level: "WARNING",
      statusMessage: "odd",
      version: "g5",
      promptName: "explain",
      parentObservationId: ids.agent,
      tone: ["kind"],
    });
    expect(row(ids.agent)).toMatchObject({ ...shared, type: "AGENT", input: { task: "do it" }, output: { done: true }, effort: [0.25] });
    expect(row(ids.tool)).toMatchObject({ ...shared, name: "lookup", type: "TOOL", input: { q: "x" }, output: "found" });
    expect(row(ids.event)).toMatchObject({ ...shared, name: "first token", type: "EVENT", input: "event input", level: "DEBUG" });
  });

  it("traces and scores", async () => {
    const { id, timestamp, name, userId, release, version, tags, input, output } = trace();
    expect(await exported("traces", [{ column: "id", type: "string", operator: "=", value: ids.trace }])).toMatchObject([
      { id, timestamp, name, userId, sessionId, release, version, tags, public: true, environment: "staging", input, output },
    ]);
    const rows = await exported("scores", []);
    expect(rows.map((row) => [row["name"], row["stringValue"], row["comment"]]).toSorted()).toEqual([
      ["effort", null, null],
      ["helpful", null, null],
      ["solved", "True", "at once"],
      ["tone", "kind", null],
      ["whole", "all good", null],
    ]);
  });
});
