import { describe, expect, it } from "vitest";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { mapSpans } from "../../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { asJsonText, asProtobuf, recordSpans } from "./exported-spans.ts";
import { mapOne, nowMs } from "./mapped-spans.ts";

const traceId = "0123456789abcdef0123456789abcdef";

describe("what a span becomes", () => {
  it("is one observation and, of a root, one trace, with ids made from those of the span and times to the microsecond", () => {
    const { observation, trace, mapped } = mapOne({ name: "root" });
    const { id: spanId, traceId: trace32 } = observation.body;
    expect(mapped).toHaveLength(2);
    expect(observation).toMatchObject({
      id: `otel-${trace32}-${spanId}`,
      type: "span-create",
      timestamp: "2026-09-21T14:13:20.123456Z",
      body: {
        name: "root",
        startTime: "2026-09-21T14:13:20.123456Z",
        endTime: "2026-09-21T14:13:25.987654Z",
        level: "DEFAULT",
        environment: "default",
      },
    });
    expect(observation.body).not.toHaveProperty("parentObservationId");
    expect(trace).toMatchObject({
      id: `otel-trace-${trace32}-${spanId}`,
      type: "trace-create",
      body: { id: trace32, name: "root", timestamp: "2026-09-21T14:13:20.123456Z" },
    });
  });

  it("is the same from protobuf and from JSON, from the stored form, and each time", () => {
    const spans = recordSpans({
      resource: { "service.name": "shop", "deployment.environment.name": "staging" },
      spans: [
        {
          name: "chat",
          attributes: { "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": 3, weight: 0.5, flags: [true, false] },
        },
        { name: "inner", isChild: true, attributes: { "session.id": "s-1" }, events: [{ name: "e", attributes: { n: 1 } }] },
      ],
    });
    const fromProtobuf = decodeTracesProtobuf(asProtobuf(spans)).traces;
    const fromJson = parseTracesJson(asJsonText(spans)).traces;
    const stored = JSON.parse(JSON.stringify(fromProtobuf));
    expect(fromJson).toEqual(fromProtobuf);
    expect(stored).toEqual(fromProtobuf);
    const mapped = mapSpans(fromProtobuf, { nowMs });
    expect(mapSpans(stored, { nowMs })).toEqual(mapped);
    expect(JSON.parse(JSON.stringify(mapped))).toEqual(mapped);
    expect(mapped.events.map((event) => event.type)).toEqual([
      "trace-create",
      "generation-create",
      "trace-create",
      "span-create",
      "trace-create",
    ]);
  });
});

describe("environment", () => {
  it.each([
    [{ "langfuse.environment": "Prod" }, { "deployment.environment": "x" }, "prod"],
    [{ "deployment.environment": "late" }, { "deployment.environment.name": "early" }, "early"],
    [{}, { "deployment.environment": "langfuse-staging" }, "staging"],
    [{}, { "deployment.environment": "not fit!" }, "default"],
  ])("of the span %j and the resource %j is %s", (attributes, resource, environment) => {
    const { observation, trace } = mapOne({ attributes, resource });
    expect([observation.body["environment"], trace.body["environment"]]).toEqual([environment, environment]);
  });
});

describe("values that events may not have", () => {
  it("are left out or cut, and what is beside them is kept", () => {
    const { observation, trace } = mapOne({
      name: "n".repeat(2000),
      attributes: {
        "langfuse.observation.type": "generation",
        "session.id": "s".repeat(801),
        "user.id": "u",
        "langfuse.prompt.name": "p",
        "langfuse.prompt.version": 70_000,
        "langfuse.observation.completion_start_time": "9999-01-01T00:00:00Z",
      },
    });
    expect(trace.body).toMatchObject({ userId: "u", name: "n".repeat(1000) });
    expect(trace.body).not.toHaveProperty("sessionId");
    expect(observation.body["name"]).toHaveLength(2000);
    for (const field of ["promptName", "promptVersion", "completionStartTime"]) expect(observation.body).not.toHaveProperty(field);
  });
});

describe("type", () => {
  const all = {
    "langfuse.observation.type": "retriever",
    "openinference.span.kind": "EMBEDDING",
    "gen_ai.operation.name": "create_agent",
    "genkit:metadata:subtype": "evaluator",
    "gen_ai.tool.name": "t",
    model: "m",
  };
  it.each([
    ["retriever-create", all],
    ["embedding-create", { ...all, "langfuse.observation.type": "unheard-of" }],
    ["agent-create", { ...all, "langfuse.observation.type": "", "openinference.span.kind": "unheard-of" }],
    ["evaluator-create", { "genkit:metadata:subtype": "evaluator", "gen_ai.operation.name": "?", "gen_ai.tool.name": "t" }],
    ["tool-create", { "gen_ai.tool.name": "t", model: "m" }],
    ["generation-create", { model: "m" }],
    ["span-create", { "langfuse.observation.type": "__proto__" }],
  ])("is %s by the first rule that knows", (type, attributes) => {
    expect(mapOne({ attributes }).observation.type).toBe(type);
  });
});

describe("level", () => {
  it.each([
    [{ "langfuse.observation.level": "verbose" }, undefined, "DEBUG"],
    [{ "langfuse.observation.level": "Fatal" }, undefined, "ERROR"],
    [{ "langfuse.observation.level": "success" }, "boom", "DEFAULT"],
    [{ "langfuse.observation.level": "loud" }, "boom", "ERROR"],
    [{}, undefined, "DEFAULT"],
  ])("of %j with the status %s is %s", (attributes, error, level) => {
    const { observation } = mapOne({ attributes, ...(error === undefined ? {} : { error }) });
    expect(observation.body["level"]).toBe(level);
    expect(observation.body["statusMessage"]).toBe(error);
  });
});

describe("the trace of a span", () => {
  it("has what its root says about it", () => {
    const { trace } = mapOne({
      name: "root",
      resource: { "service.version": "7", "langfuse.release": "r1", "langfuse.trace.metadata.team": "core" },
      attributes: {
        "langfuse.trace.name": "checkout",
        "langfuse.trace.input": "in",
        "langfuse.observation.output": "out",
        "langfuse.trace.tags": '["b","a"]',
        "langfuse.trace.public": "true",
        "langfuse.trace.metadata.k": "v",
        "user.id": "u",
        "gen_ai.conversation.id": "c",
        left: 5,
      },
    });
    expect(trace.body).toMatchObject({
      name: "checkout",
      input: "in",
      output: "out",
      tags: ["b", "a"],
      public: true,
      userId: "u",
      sessionId: "c",
      version: "7",
      release: "r1",
      metadata: { team: "core", k: "v", attributes: { left: "5" }, scope: { name: "test-scope", version: "1.2.3" } },
    });
  });

  it.each([["a note"], ["[1,2]"], ["5"], ["true"]])("keeps metadata that is no object, as Langfuse's SDKs send it: %s", (sent) => {
    const attributes = { "langfuse.trace.metadata": sent, "langfuse.observation.metadata": sent, "langfuse.observation.metadata.k": "v" };
    const { observation, trace } = mapOne({ scope: "langfuse-sdk", attributes });
    expect(observation.body["metadata"]).toMatchObject({ metadata: sent, k: "v" });
    expect(trace.body["metadata"]).toMatchObject({ metadata: sent });
  });

  it.each([
    [
      ["x", 1],
      ["x", "1"],
    ],
    ["a, b", ["a", "b"]],
    ["one", ["one"]],
    ["[broken", ["[broken"]],
  ])("has tags from %j", (sent, tags) => {
    expect(mapOne({ attributes: { "tag.tags": sent as string } }).trace.body["tags"]).toEqual(tags);
  });

  const child = { name: "child", isChild: true };

  it("is not described by a span that says nothing about it, when another of the request does", () => {
    const { traces } = decodeTracesProtobuf(asProtobuf(recordSpans({ spans: [{ name: "root" }, child, child] })));
    const { events } = mapSpans(traces, { nowMs });
    const told = events.filter(({ type }) => type === "trace-create");
    expect(told.map(({ body }) => body)).toEqual([
      expect.objectContaining({ otel: expect.objectContaining({ candidate: expect.objectContaining({ name: "root", marker: "root" }) }) }),
      { id: expect.any(String), otel: { spanIds: "aaaaaaaaaaaaaaa1aaaaaaaaaaaaaaa3aaaaaaaaaaaaaaa4" } },
    ]);
    expect(events).toHaveLength(5);
  });

  it("may be named after the earliest of the spans below each parent that is not there, whose content stays with the observation", () => {
    const { traces } = decodeTracesProtobuf(
      asProtobuf(
        recordSpans({ spans: [{ name: "root" }, child, child] })
          .slice(1)
          .toReversed(),
      ),
    );
    const { events } = mapSpans(traces, { nowMs });
    const [topmost, known, ...others] = events.filter((event) => event.type === "trace-create");
    expect(others).toEqual([]);
    const [id, timestamp, spanId] = [topmost?.body["id"], "2026-09-21T14:13:21.123456Z", "aaaaaaaaaaaaaaa3"];
    const candidate = { spanId, parentSpanId: "aaaaaaaaaaaaaaa1", observationId: spanId, name: "child", environment: "default" };
    expect(topmost?.body).toEqual({ id, timestamp, otel: { spanIds: spanId, candidate } });
    expect(known?.body).toEqual({ id, otel: { spanIds: `${spanId}aaaaaaaaaaaaaaa4` } });
  });

  it("is described by a span that carries attributes of it, without the name and content of that span", () => {
    const spans = recordSpans({ spans: [{ name: "root" }, { ...child, attributes: { "session.id": "s", input: "own" } }] }).slice(1);
    const { events } = mapSpans(decodeTracesProtobuf(asProtobuf(spans)).traces, { nowMs });
    const trace = events.find((event) => event.type === "trace-create");
    expect(trace?.body).toMatchObject({ sessionId: "s", otel: { candidate: { name: "child" } } });
    for (const field of ["name", "input", "tags", "userId", "version", "metadata", "environment"])
      expect(trace?.body).not.toHaveProperty(field);
  });

  it("is described in full by a span that counts as a root", () => {
    const spans = recordSpans({ spans: [{ name: "root" }, { ...child, attributes: { "langfuse.internal.as_root": true } }] }).slice(1);
    const { events } = mapSpans(decodeTracesProtobuf(asProtobuf(spans)).traces, { nowMs });
    expect(events.find((event) => event.type === "trace-create")?.body).toMatchObject({
      otel: { candidate: { name: "child", marker: "root", content: { metadata: expect.anything() } } },
    });
  });
});

describe("what only OpenTelemetry tells", () => {
  it("stands beside the fields of the observation", () => {
    const { observation } = mapOne({
      resource: { "service.name": "shop", "service.version": "7", "telemetry.sdk.name": "opentelemetry", "langfuse.release": "r" },
      attributes: {
        "langfuse.internal.is_app_root": true,
        "langfuse.experiment.id": "e1",
        "langfuse.experiment.name": "run",
        "langfuse.experiment.metadata": '{"a":{"b":1}}',
        "langfuse.experiment.item.root_observation_id": "o1",
        "langfuse.experiment.item.expected_output": "42",
        "langfuse.experiment.dataset.id": "d1",
      },
    });
    expect(observation.body["otel"]).toEqual({
      source: "otel",
      spanId: observation.body.id,
      serviceName: "shop",
      serviceVersion: "7",
      scopeName: "test-scope",
      scopeVersion: "1.2.3",
      telemetrySdkName: "opentelemetry",
      isAppRoot: true,
      release: "r",
      experiment: {
        id: "e1",
        name: "run",
        metadata: { a: { b: 1 } },
        itemRootObservationId: "o1",
        itemExpectedOutput: "42",
        datasetId: "d1",
      },
    });
  });
});

describe("attributes that nobody should send", () => {
  it("reach no prototype", () => {
    const { observation } = mapOne({
      attributes: {
        __proto__x: 1,
        ["__proto__"]: "polluted",
        "gen_ai.prompt.__proto__.polluted": "yes",
        "gen_ai.prompt.0.constructor.prototype.polluted": "yes",
        "langfuse.observation.metadata": '{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}}',
        "langfuse.observation.metadata.__proto__": '{"polluted":"yes"}',
        "langfuse.observation.usage_details": '{"__proto__":{"polluted":1}}',
      },
    });
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(JSON.stringify(observation)).not.toContain('"__proto__"');
  });

  it("cost no memory by a large index", () => {
    const { observation } = mapOne({ attributes: { "gen_ai.prompt.0.content": "a", "gen_ai.prompt.999999999.content": "b" } });
    expect(observation.body["input"]).toEqual({ 0: { content: "a" }, 999999999: { content: "b" } });
  });

  it("leave holes of a list null", () => {
    expect(mapOne({ attributes: { "gen_ai.prompt.2": "c", "gen_ai.prompt.0": "a" } }).observation.body["input"]).toEqual(["a", null, "c"]);
  });

  it("name a prompt only whole", () => {
    for (const version of [0, "x", -1, 1.5]) {
      const attributes = { "langfuse.observation.type": "generation", "langfuse.prompt.name": "p", "langfuse.prompt.version": version };
      expect(mapOne({ attributes }).observation.body).not.toHaveProperty("promptName");
    }
  });
});

describe("a span that cannot be mapped", () => {
  it("is counted, and its neighbours go on", () => {
    const { traces } = decodeTracesProtobuf(asProtobuf(recordSpans({ spans: [{ name: "a" }, { name: "b" }, { name: "c" }] })));
    const spans = traces.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    const damaged = spans.map((span, index) => (index === 1 ? { ...span, startTimeUnixNano: "damaged" } : span));
    const scope = { name: "", version: "", attributes: [] };
    const { events, rejected } = mapSpans(
      { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope, spans: damaged }] }] },
      { nowMs },
    );
    expect(events.flatMap(({ type, body }) => (type === "span-create" ? [body["name"]] : []))).toEqual(["a", "c"]);
    expect(rejected).toEqual([{ reason: "the span cannot be mapped (SyntaxError)", count: 1 }]);
  });
});

describe("times", () => {
  const request = (start: unknown, end: unknown) =>
    JSON.stringify({
      resourceSpans: [
        { scopeSpans: [{ spans: [{ traceId, spanId: "00000000000000ab", startTimeUnixNano: start, endTimeUnixNano: end }] }] },
      ],
    });
  it.each([
    ["1700000000123456999", "1700000001000000000", "2023-11-14T22:13:20.123456Z", "2023-11-14T22:13:21.000000Z"],
    [undefined, "1700000001000000000", "2023-11-14T22:13:21.000000Z", "2023-11-14T22:13:21.000000Z"],
    ["1700000001000000000", "soon", "2023-11-14T22:13:21.000000Z", "2023-11-14T22:13:21.000000Z"],
    [null, 0, "2026-11-21T00:00:00.000000Z", "2026-11-21T00:00:00.000000Z"],
    [{ low: 1, high: 395812443 }, "1", "2023-11-14T22:38:18.034864Z", "2023-11-14T22:38:18.034864Z"],
    ["1700000000123456999", "17220185000", "2023-11-14T22:13:20.123456Z", "2023-11-14T22:13:20.123456Z"],
    // Both are of a clock that began with the process: only the time between them counts.
    ["123456789012345", "123459289012345", "2026-11-20T23:59:57.500000Z", "2026-11-21T00:00:00.000000Z"],
    ["123459289012345", "123456789012345", "2026-11-21T00:00:00.000000Z", "2026-11-21T00:00:00.000000Z"],
    ["1", "123456789012345", "2026-11-21T00:00:00.000000Z", "2026-11-21T00:00:00.000000Z"],
  ])("from %j and %j stand in for each other", (start, end, startTime, endTime) => {
    const { events } = mapSpans(parseTracesJson(request(start, end)).traces, { nowMs });
    expect(events[1]?.body).toMatchObject({ startTime, endTime });
  });
});
