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
  ])("makes a trace public by the text %s: %s", (text, isPublic) => {
    expect(mapJson({ attributes: { "langfuse.trace.public": text } }).trace.body["public"]).toBe(isPublic);
  });
});
