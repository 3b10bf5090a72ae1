/** Session and user of a trace from the spellings of many senders. */
import { describe, expect, it } from "vitest";
import { sessionIdRows, userIdRows } from "../../../core/otel/identity-names.ts";
import { hasTraceUpdate } from "../../../core/otel/trace-fields.ts";
import { mapJson } from "./mapped-json.ts";

describe.each([
  ["sessionId", sessionIdRows],
  ["userId", userIdRows],
] as const)("%s", (field, rows) => {
  it.each(rows.map(({ name, sender }) => [name, sender] as const))("is read from %s (%s), on any span", (name) => {
    expect(mapJson({ attributes: { [name]: "the id" } }).trace.body[field]).toBe("the id");
    expect(hasTraceUpdate(new Map([[name, "the id"]]))).toBe(true);
  });

  it("is the first of several", () => {
    const all = Object.fromEntries(rows.toReversed().map(({ name }, index) => [name, `id ${index}`]));
    expect(mapJson({ attributes: all }).trace.body[field]).toBe(`id ${rows.length - 1}`);
  });

  it("has no quotes where it was sent as JSON text, and any other text as it is", () => {
    const name = field === "sessionId" ? "mlflow.trace.session" : "mlflow.trace.user";
    const idOf = (sent: string) => mapJson({ attributes: { [name]: sent } }).trace.body[field];
    expect(['"id"', '""', '"a" or "b"', "1"].map(idOf)).toEqual(["id", '""', '"a" or "b"', "1"]);
  });
});

describe("a blank id", () => {
  it("is none, and the next name counts", () => {
    expect(mapJson({ attributes: { "session.id": " ", "user.id": "\t" } }).trace.body).not.toHaveProperty("sessionId");
    const { body } = mapJson({ attributes: { "session.id": "", "langfuse.session_id": " ", "gen_ai.conversation.id": "c" } }).trace;
    expect(body).toMatchObject({ sessionId: "c" });
  });
});

describe("what people reported", () => {
  it.each([
    [{ "gen_ai.conversation.id": "c" }, { sessionId: "c" }],
    [
      { "traceloop.association.properties.session_id": "s", "traceloop.association.properties.user_id": "u" },
      { sessionId: "s", userId: "u" },
    ],
    [{ "session.id": "said", "gen_ai.conversation.id": "c" }, { sessionId: "said" }],
  ])("%j", (attributes, fields) => {
    expect(mapJson({ attributes }).trace.body).toMatchObject(fields);
  });
});

describe("what is no session", () => {
  it.each(["langsmith.trace.session_id", "thread_id", "traceloop.association.properties.org_id"])("%s", (name) => {
    expect(mapJson({ attributes: { [name]: "x" } }).trace.body).not.toHaveProperty("sessionId");
  });
});

describe("what baggage of Langfuse's SDK says, copied to spans by a service without it", () => {
  it("is of the trace", () => {
    const attributes = { langfuse_user_id: "u", langfuse_session_id: "s", langfuse_tags: "a,b", langfuse_trace_name: "chat" };
    const { body } = mapJson({ attributes, parentSpanId: "00000000000000cd" }).trace;
    expect(body).toMatchObject({ userId: "u", sessionId: "s", tags: ["a", "b"], name: "chat" });
  });
});

describe("a resource", () => {
  const resource = { "user.id": "u", "session.id": "s", "langfuse.trace.tags": "a,b", "langfuse.version": "2", "service.version": "1" };

  it("names user, session and tags of the trace whose root it has, and its version", () => {
    const { trace, observation } = mapJson({ resource });
    expect(trace.body).toMatchObject({ userId: "u", sessionId: "s", tags: ["a", "b"] });
    expect(observation.body).toMatchObject({ version: "2" });
  });

  it("gives way to the span, each field by itself", () => {
    const { trace } = mapJson({ resource, attributes: { "user.id": "own", "gen_ai.conversation.id": "c" } });
    expect(trace.body).toMatchObject({ userId: "own", sessionId: "s", tags: ["a", "b"] });
    expect(trace.body["otel"]).not.toHaveProperty("isSessionInferred");
  });

  it("does not replace what the span says under another name", () => {
    const attributes = {
      ...{ "enduser.id": "own", "ai.telemetry.metadata.sessionId": "chat", "ai.telemetry.metadata.tags": ["t"], langfuse_trace_name: "n" },
    };
    const { trace } = mapJson({ resource: { ...resource, "langfuse.trace.name": "service" }, attributes });
    expect(trace.body).toMatchObject({ userId: "own", sessionId: "chat", tags: ["t"], name: "n" });
    const inferred = { resource: { "gen_ai.conversation.id": "r" }, attributes: { "mastra.metadata.threadId": "own" } };
    expect(mapJson(inferred).trace.body).toMatchObject({ sessionId: "own", otel: { isSessionInferred: true } });
  });

  it("of a service below the root says nothing about the trace", () => {
    const { body } = mapJson({ resource, parentSpanId: "00000000000000cd" }).trace;
    for (const field of ["userId", "sessionId", "tags"]) expect(body).not.toHaveProperty(field);
  });
});

describe("tags", () => {
  it.each([
    [
      ["a", 5, true],
      ["a", "5", "true"],
    ],
    ['["a", null, "b, c"]', ["a", "b, c"]],
    ["['a', \"b\"]", ["a", "b"]],
    ["('a', 'b',)", ["a", "b"]],
    ["a, b,", ["a", "b"]],
    ["it's (one)", ["it's (one)"]],
    [5, ["5"]],
  ])("may be sent as %j", (sent, tags) => {
    expect(mapJson({ attributes: { "langfuse.trace.tags": sent } }).trace.body["tags"]).toEqual(tags);
  });

  it("of Logfire's spans are the root's, without the mark of a call to a model", () => {
    expect(mapJson({ attributes: { "logfire.tags": ["LLM", "a"] } }).trace.body["tags"]).toEqual(["a"]);
    expect(mapJson({ attributes: { "logfire.tags": ["LLM"] } }).trace.body).not.toHaveProperty("tags");
    const child = mapJson({ attributes: { "logfire.tags": ["a"] }, parentSpanId: "00000000000000cd" });
    expect(child.trace.body).not.toHaveProperty("tags");
  });

  it.each(["logfire.tags", "braintrust.tags", "lmnr.association.properties.tags", "traceloop.association.properties.langfuse_tags"])(
    "are read from %s",
    (name) => {
      expect(mapJson({ attributes: { [name]: ["a", "b"] } }).trace.body["tags"]).toEqual(["a", "b"]);
    },
  );
});

describe("what LiteLLM calls its own way", () => {
  it("names the observation, its version and the release of its trace", () => {
    const attributes = { "langfuse.generation.name": "answer", "langfuse.trace.version": "2", "langfuse.trace.release": "r" };
    const { observation, trace } = mapJson({ attributes });
    expect(observation.body).toMatchObject({ name: "answer", version: "2" });
    expect(trace.body["otel"]).toMatchObject({ candidate: { name: "answer", version: "2", release: "r" } });
  });

  it.each([
    ["True", true],
    ["true", true],
    ["False", false],
    ["1", true],
    [1, true],
    [0, false],
  ])("makes a trace public by the text %s: %s", (text, isPublic) => {
    expect(mapJson({ attributes: { "langfuse.trace.public": text } }).trace.body["public"]).toBe(isPublic);
  });
});

describe("fields of Langfuse set by hand", () => {
  it("are read from an attribute for each key", () => {
    const { body } = mapJson({
      attributes: {
        "langfuse.observation.type": "generation",
        "langfuse.observation.usage_details.input": 18,
        "langfuse.observation.usage_details.output": "7",
        "langfuse.observation.cost_details.total": 0.0012,
        "langfuse.observation.model.parameters.temperature": 0.5,
        // What a framework says beside it does not count.
        "gen_ai.usage.input_tokens": 99,
        "gen_ai.usage.output_tokens": 99,
      },
    }).observation;
    expect(body).toMatchObject({
      usageDetails: { input: 18, output: 7 },
      costDetails: { total: 0.0012 },
      modelParameters: { temperature: 0.5 },
    });
  });

  it("in one attribute take precedence", () => {
    const attributes = { "langfuse.observation.usage_details": '{"input":1}', "langfuse.observation.usage_details.input": 2 };
    expect(mapJson({ attributes }).observation.body).toMatchObject({ usageDetails: { input: 1 } });
  });

  it("belong to the span itself, also where it is no call to a model", () => {
    const attributes = { "langfuse.observation.type": "agent", "langfuse.observation.usage_details.input": 3 };
    const { body } = mapJson({ attributes }).observation;
    expect(body).toMatchObject({ usageDetails: { input: 3 } });
    expect(body["otel"]).not.toHaveProperty("rollUp");
  });

  it.each(["langfuse.observation.model", "langfuse.generation.model", "langfuse.model"])("name the model by %s", (name) => {
    const { type, body } = mapJson({ attributes: { [name]: "gpt-4o" } }).observation;
    expect([type, body["model"]]).toEqual(["generation-create", "gpt-4o"]);
  });

  it.each(["langfuse.span", "langfuse"])("have input and output under %s", (prefix) => {
    const attributes = { [`${prefix}.input`]: "Q", [`${prefix}.output`]: "A", "input.value": "other" };
    expect(mapJson({ attributes }).observation.body).toMatchObject({ input: "Q", output: "A" });
    const both = { ...attributes, "langfuse.observation.input": "own" };
    expect(mapJson({ attributes: both }).observation.body).toMatchObject({ input: "own", output: "A" });
  });

  it("link generations to a prompt, and no span to which the prompt was only propagated", () => {
    const prompt = { "langfuse.observation.prompt.name": "p", "langfuse.observation.prompt.version": "3" };
    const bodyOf = (type: string) => mapJson({ attributes: { "langfuse.observation.type": type, ...prompt } }).observation.body;
    expect(bodyOf("generation")).toMatchObject({ promptName: "p", promptVersion: 3 });
    for (const type of ["agent", "chain", "span"]) expect(bodyOf(type)).not.toHaveProperty("promptName");
  });
});
