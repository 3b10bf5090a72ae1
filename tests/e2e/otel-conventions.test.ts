/** Inputs made after public reports of people who send traces, sent to the API and read back through it and in an export. */
import { beforeAll, describe, expect, it } from "vitest";
import { createClient } from "../../openapi/client/generated/client/index.ts";
import { getTrace } from "../../openapi/client/generated/sdk.gen.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { call, exported, ingest, settled, stack } = useWholeStack();

type Attributes = { [name: string]: string | number | string[] };
type Sent = {
  name?: string;
  kind?: number;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  attributes?: Attributes;
  events?: { timeUnixNano: string; name: string; attributes: Attributes }[];
  status?: { code: number };
  scope?: string;
};

const anyValue = (value: Attributes[string]): object => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  return { arrayValue: { values: value.map(anyValue) } };
};
const pairs = (attributes: Attributes = {}) => Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

const traceIds = new Map<string, string>();
const traceIdOf = (label: string): string => {
  const id = traceIds.get(label) ?? (traceIds.size + 1).toString(16).padStart(32, "c");
  traceIds.set(label, id);
  return id;
};

/** One trace a label; the first span is its root. */
const send = async (label: string, spans: Sent[]): Promise<void> => {
  const traceId = traceIdOf(label);
  const spanIdOf = (index: number) => `${index.toString(16).padStart(4, "a")}${traceId.slice(-12)}`;
  const scopeSpans = spans.map(({ scope = "my.scope", attributes, events = [], ...span }, index) => ({
    scope: { name: scope, version: "1.0" },
    spans: [
      {
        traceId,
        spanId: spanIdOf(index),
        ...(index === 0 ? {} : { parentSpanId: spanIdOf(0) }),
        name: "span",
        kind: 1,
        startTimeUnixNano: "1795341600000000000",
        endTimeUnixNano: "1795341602000000000",
        ...span,
        attributes: pairs(attributes),
        events: events.map((event) => ({ ...event, attributes: pairs(event.attributes) })),
      },
    ],
  }));
  const body = JSON.stringify({ resourceSpans: [{ resource: { attributes: pairs({ "service.name": "svc" }) }, scopeSpans }] });
  expect((await call("otel/v1/traces", { method: "POST", body })).status).toBe(200);
};

const read = async (label: string) => {
  const client = createClient({ baseUrl: stack().apiUrl, auth: stack().secretKey });
  const { data } = await getTrace({ client, throwOnError: true, path: { traceId: traceIds.get(label) ?? label } });
  const [observation, ...others] = data.observations;
  if (observation === undefined) throw new Error(`no observation of ${label}`);
  return { trace: data, observation, others };
};

const answer = [{ role: "assistant", parts: [{ type: "text", content: "a" }] }];
const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" };

beforeAll(async () => {
  await send("conversation on a child", [
    { name: "POST /chat", attributes: { "http.request.method": "POST" } },
    { name: "invoke_agent a", attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.conversation.id": "conv-1" } },
  ]);
  await send("exception", [
    {
      kind: 2,
      status: { code: 2 },
      events: [
        {
          timeUnixNano: "1795341600000000000",
          name: "exception",
          attributes: { "exception.type": "QuotaError", "exception.message": "boom: no quota", "exception.stacktrace": "at line 1" },
        },
      ],
    },
  ]);
  await send("first chunk", [{ attributes: { ...chat, "gen_ai.response.time_to_first_chunk": 0.5 } }]);
  await send("first chunk after the end", [{ attributes: { ...chat, "gen_ai.response.time_to_first_chunk": 60 } }]);
  await send("retrieval", [
    {
      attributes: {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.request.model": "text-embedding-3-small",
        "gen_ai.retrieval.query.text": "capital of France",
        "gen_ai.retrieval.documents": '[{"id": "d1", "score": 0.9}]',
      },
    },
  ]);
  await send("mixed", [
    {
      attributes: {
        ...chat,
        "langfuse.observation.input": "short question",
        "gen_ai.input.messages": '[{"role": "user", "parts": []}, {"role": "user", "parts": ["more"]}]',
        "gen_ai.output.messages": JSON.stringify(answer),
      },
    },
  ]);
  await send("trace input", [{ attributes: { ...chat, "langfuse.trace.input": "Q", "gen_ai.output.messages": JSON.stringify(answer) } }]);
  await send("association", [
    {
      scope: "@traceloop/node-server-sdk",
      attributes: {
        "traceloop.span.kind": "workflow",
        "traceloop.entity.input": '{"a":1}',
        "traceloop.entity.output": '"x"',
        "traceloop.association.properties.session_id": "tl-s",
        "traceloop.association.properties.user_id": "tl-u",
      },
    },
  ]);
  await send("milliseconds", [{ startTimeUnixNano: "1795341600000", endTimeUnixNano: "1795341601000" }]);
  await send("embedding", [
    {
      scope: "ai",
      attributes: {
        "ai.operationId": "ai.embedMany.doEmbed",
        "operation.name": "ai.embedMany.doEmbed",
        "ai.model.id": "text-embedding-3-small",
        "ai.values": ['"a"', '"b"'],
        "ai.usage.tokens": 9,
      },
    },
  ]);
  const generation = (id: string, body: object) => ({
    id: `event-${id}`,
    type: "generation-create",
    timestamp: "2026-11-22T10:00:00.000Z",
    body: { id, traceId: "times", name: id, startTime: "2026-11-22T10:00:00.000Z", endTime: "2026-11-22T10:00:01.000Z", ...body },
  });
  await ingest([
    { id: "event-t", type: "trace-create", timestamp: "2026-11-22T10:00:00.000Z", body: { id: "times", name: "times" } },
    generation("ends-before-it-starts", { startTime: "2026-11-22T10:00:05Z", endTime: "2026-11-22T10:00:01Z" }),
    generation("answers-before-it-starts", { completionStartTime: "2026-11-22T09:59:59Z" }),
    generation("answers-after-it-ends", { completionStartTime: "2026-11-22T10:00:09Z" }),
  ]);
  await settled();
});

describe("a trace made by instrumentation", () => {
  it("belongs to the conversation that one of its spans names, and keeps the name of its root", async () => {
    const { trace } = await read("conversation on a child");
    expect(trace).toMatchObject({ sessionId: "conv-1", name: "POST /chat" });
  });

  it("has the session and the user of association properties", async () => {
    const { trace, observation } = await read("association");
    expect(trace).toMatchObject({ sessionId: "tl-s", userId: "tl-u" });
    expect(observation).toMatchObject({ type: "CHAIN", input: { a: 1 }, output: "x" });
  });

  it("has the input that was set and the output of its root", async () => {
    expect((await read("trace input")).trace).toMatchObject({ input: "Q", output: answer });
  });
});

describe("an observation made of a span", () => {
  it("has the message of its exception, and type and stack in its metadata and in an export", async () => {
    const { observation } = await read("exception");
    expect(observation).toMatchObject({ level: "ERROR", statusMessage: "boom: no quota" });
    const attributes = { "exception.type": "QuotaError", "exception.message": "boom: no quota", "exception.stacktrace": "at line 1" };
    expect(observation.metadata).toMatchObject({
      kind: "SERVER",
      events: [{ name: "exception", time: "2026-11-22T10:00:00.000000Z", attributes }],
    });
    const [row] = await exported("events", [{ column: "traceId", type: "string", operator: "=", value: traceIdOf("exception") }]);
    expect(row).toMatchObject({ statusMessage: "boom: no quota" });
    expect(JSON.stringify(row)).toContain("at line 1");
  });

  it("has its first token after the seconds it was told, and never after its end", async () => {
    expect((await read("first chunk")).observation).toMatchObject({ timeToFirstToken: 0.5 });
    expect((await read("first chunk after the end")).observation).toMatchObject({ timeToFirstToken: 2, latency: 2 });
  });

  it("is a retriever with query and documents", async () => {
    expect((await read("retrieval")).observation).toMatchObject({
      type: "RETRIEVER",
      model: "text-embedding-3-small",
      input: "capital of France",
      output: [{ id: "d1", score: 0.9 }],
    });
  });

  it("has the input set by hand, the output of the instrumentation, and the input of the instrumentation in its metadata", async () => {
    const { observation } = await read("mixed");
    expect(observation).toMatchObject({ input: "short question", output: answer });
    expect(JSON.stringify(observation.metadata)).toContain("more");
  });

  it("is when it was, though its times are milliseconds", async () => {
    const { observation, trace } = await read("milliseconds");
    expect(observation).toMatchObject({ startTime: "2026-11-22T10:00:00.000Z", endTime: "2026-11-22T10:00:01.000Z", latency: 1 });
    expect(trace.timestamp).toBe("2026-11-22T10:00:00.000Z");
  });

  it("of an embedding has the values as input", async () => {
    expect((await read("embedding")).observation).toMatchObject({ type: "EMBEDDING", model: "text-embedding-3-small", input: ["a", "b"] });
  });
});

describe("times of Langfuse's events", () => {
  it("give no negative latency and no first token outside of the observation", async () => {
    const { observation, others } = await read("times");
    const found = Object.fromEntries([observation, ...others].map((one) => [one.id, [one.latency, one.timeToFirstToken]]));
    expect(found).toEqual({
      "ends-before-it-starts": [0, null],
      "answers-before-it-starts": [1, 0],
      "answers-after-it-ends": [1, 1],
    });
  });
});
