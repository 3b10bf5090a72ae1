import { Langfuse } from "langfuse";
import { beforeAll, describe, expect, it } from "vitest";
import { iso, sendConversation, sessionId, traceId } from "../support/langfuse-3-conversation.ts";
import { unsaidOfObservation } from "../support/unsaid-of-observation.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { connection, settled, stack } = useWholeStack();

let langfuse: Langfuse;
beforeAll(async () => {
  langfuse = new Langfuse(connection());
  await sendConversation(connection());
  await settled();
});

const written = () => ({ projectId: stack().projectId, createdAt: expect.any(String), updatedAt: expect.any(String) });
const byId = <Item extends { id: string }>(items: readonly Item[]): Item[] => items.toSorted((a, b) => (a.id < b.id ? -1 : 1));

const firstTrace = () => ({
  id: traceId,
  ...written(),
  externalId: null,
  timestamp: iso(0),
  name: "chat renamed",
  environment: "staging",
  userId: "user-3",
  sessionId,
  release: "r1",
  version: "2.0",
  tags: ["alpha", "beta", "gamma"],
  public: true,
  bookmarked: false,
  input: { question: "why?" },
  output: "because",
  metadata: { plan: "pro", nested: { deep: [1, 2], more: "x" }, kept: true },
});
const secondTrace = () => ({
  id: "trace-3b",
  ...written(),
  externalId: null,
  timestamp: iso(60),
  name: "second",
  environment: "staging",
  userId: null,
  sessionId,
  release: "r1",
  version: null,
  tags: [],
  public: false,
  bookmarked: false,
  input: "again",
  output: null,
  metadata: {},
});
const costs = { latency: 5, totalCost: 0.3545, htmlPath: expect.stringContaining(traceId) };

const unsaid = () => ({ ...unsaidOfObservation, ...written(), traceId, environment: "staging", version: null, latency: null });

/** In the order of their ids. */
const observations = () => [
  {
    ...unsaid(),
    id: "event-3",
    type: "EVENT",
    name: "first token",
    parentObservationId: "generation-3",
    startTime: iso(2.5),
    input: "event input",
    output: [null, false, 0],
    level: "WARNING",
    statusMessage: "slow",
    metadata: { n: 1.5 },
  },
  {
    ...unsaid(),
    id: "generation-3",
    type: "GENERATION",
    name: "answer",
    parentObservationId: "span-3",
    startTime: iso(2),
    completionStartTime: iso(2.5),
    endTime: iso(4),
    latency: 2,
    timeToFirstToken: 0.5,
    version: "g1",
    model: "gpt-4o-2024-08-06",
    modelId: "default_gpt-4o-2024-08-06_2024-08-06",
    modelParameters: { temperature: 0.2, maxTokens: 100, stop: ["a", "b"] },
    input: [{ role: "user", content: "why? 😀" }],
    output: { role: "assistant", content: "because" },
    metadata: { finish: "stop" },
    promptName: "explain",
    promptVersion: 7,
    usageDetails: { input: 1000, output: 200, total: 1200 },
    costDetails: { input: 0.0025, output: 0.002, total: 0.0045 },
    usagePricingTierId: "default_gpt-4o-2024-08-06_2024-08-06_standard",
    usagePricingTierName: "Standard",
    inputPrice: 0.0000025,
    outputPrice: 0.00001,
    calculatedInputCost: 0.0025,
    calculatedOutputCost: 0.002,
    calculatedTotalCost: 0.0045,
    usage: { unit: "TOKENS", input: 1000, output: 200, total: 1200 },
    promptTokens: 1000,
    completionTokens: 200,
    totalTokens: 1200,
  },
  {
    ...unsaid(),
    id: "priced-3",
    type: "GENERATION",
    name: "priced by the caller",
    parentObservationId: "span-3",
    startTime: iso(4),
    endTime: iso(5),
    latency: 1,
    model: "in-house",
    usageDetails: { input: 10, output: 5, input_cached_tokens: 3, total: 18 },
    costDetails: { input: 0.1, output: 0.25, total: 0.35 },
    calculatedInputCost: 0.1,
    calculatedOutputCost: 0.25,
    calculatedTotalCost: 0.35,
    usage: { unit: "TOKENS", input: 13, output: 5, total: 18 },
    promptTokens: 13,
    completionTokens: 5,
    totalTokens: 18,
  },
  {
    ...unsaid(),
    id: "span-3",
    type: "SPAN",
    name: "retrieve",
    parentObservationId: null,
    startTime: iso(1),
    endTime: iso(6),
    latency: 5,
    level: "DEBUG",
    statusMessage: "found 2",
    version: "s1",
    input: { k: 3 },
    output: ["a", "b"],
    metadata: { index: "docs", hits: 2 },
  },
];

/** In the order of their ids; of traces and observations. */
const scores = () => {
  const shared = { ...written(), traceId, timestamp: expect.any(String), source: "API", environment: "staging", authorUserId: null };
  const unset = { configId: null, queueId: null, comment: null, metadata: {} };
  const score = (id: string, observationId: string | null, said: object) => ({ ...shared, ...unset, id, observationId, ...said });
  return [
    score("score-boolean", "span-3", { name: "relevant", dataType: "BOOLEAN", value: 0, stringValue: "False" }),
    score("score-number", null, {
      name: "helpful",
      dataType: "NUMERIC",
      value: 0.9,
      stringValue: null,
      comment: "good",
      metadata: { by: "judge" },
    }),
    score("score-word", "generation-3", { name: "tone", dataType: "CATEGORICAL", value: 0, stringValue: "kind", comment: "soft" }),
  ];
};
const sessionScore = () => ({
  ...scores()[0],
  id: "score-session",
  traceId: null,
  observationId: null,
  sessionId,
  name: "solved",
  value: 1,
  stringValue: "True",
  comment: "whole session",
});

describe("langfuse 3: what was sent is read back, field for field", () => {
  it("by fetchTrace: the trace with its observations and scores", async () => {
    const { data } = await langfuse.fetchTrace(traceId);
    const { observations: found, scores: scored, ...trace } = data;
    expect(trace).toEqual({ ...firstTrace(), ...costs });
    expect(byId(found)).toEqual(observations());
    expect(byId(scored)).toEqual(scores());
  });

  it("by fetchTraces, with ids in place of observations and scores", async () => {
    const { data, meta } = await langfuse.fetchTraces({ sessionId, orderBy: "timestamp.asc" });
    expect(meta).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
    expect(data).toEqual([
      {
        ...firstTrace(),
        ...costs,
        observations: ["span-3", "generation-3", "event-3", "priced-3"],
        scores: expect.arrayContaining(["score-boolean", "score-number", "score-word"]),
      },
      { ...secondTrace(), latency: 0, totalCost: 0, htmlPath: expect.stringContaining("trace-3b"), observations: [], scores: [] },
    ]);
    expect((await langfuse.fetchTraces({ userId: "user-3", tags: ["alpha", "gamma"] })).data.map(({ id }) => id)).toEqual([traceId]);
  });

  it("by fetchObservations and fetchObservation", async () => {
    expect(byId((await langfuse.fetchObservations({ traceId })).data)).toEqual(observations());
    for (const observation of observations()) expect((await langfuse.fetchObservation(observation.id)).data).toEqual(observation);
    expect((await langfuse.fetchObservations({ traceId, type: "GENERATION", name: "answer" })).data.map(({ id }) => id)).toEqual([
      "generation-3",
    ]);
  });

  it("by fetchSessions, and a session with its traces", async () => {
    const session = { id: sessionId, projectId: stack().projectId, createdAt: iso(0), environment: "staging" };
    expect((await langfuse.fetchSessions()).data).toEqual([session]);
    expect(await langfuse.api.sessionsGet(sessionId)).toEqual({ ...session, traces: [firstTrace(), secondTrace()] });
  });

  it("by its API client: scores of every type, of traces, observations and sessions", async () => {
    const { data, meta } = await langfuse.api.scoreV2Get({ environment: ["staging"] });
    const trace = { userId: "user-3", tags: ["alpha", "beta", "gamma"], environment: "staging", sessionId };
    const unscoped = { sessionId: null, datasetRunId: null };
    expect(meta.totalItems).toBe(4);
    expect(byId(data)).toEqual(
      byId([...scores().map((score) => ({ ...score, ...unscoped, trace })), { ...sessionScore(), datasetRunId: null, trace: null }]),
    );
    expect(await langfuse.api.scoreV2GetById("score-session")).toEqual({ ...sessionScore(), datasetRunId: null });
  });

  it("by its API client: traces and observations", async () => {
    expect(await langfuse.api.traceGet(traceId)).toEqual((await langfuse.fetchTrace(traceId)).data);
    expect(await langfuse.api.traceList({ sessionId })).toEqual(await langfuse.fetchTraces({ sessionId }));
    expect(await langfuse.api.observationsGet("span-3")).toEqual(observations()[3]);
    expect((await langfuse.api.observationsGetMany({ traceId })).data).toHaveLength(4);
    expect((await langfuse.api.sessionsList({})).meta.totalItems).toBe(1);
  });
});
