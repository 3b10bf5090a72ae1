/** What two conventions say about one span: each side is chosen by itself, and nothing that was sent is lost. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as names from "../../../core/otel/attribute-names.ts";
import { contentSources } from "../../../core/otel/content-sources.ts";
import { firstTokenInstantNames, firstTokenNames } from "../../../core/otel/first-token-names.ts";
import { frameworkTypes } from "../../../core/otel/type-names.ts";
import { mapJson, type Plain, type PlainAttributes } from "./mapped-json.ts";

const text = JSON.stringify;
const question = [{ role: "user", parts: [{ type: "text", content: "short question" }] }];
const answer = [{ role: "assistant", parts: [{ type: "text", content: "long answer" }], finish_reason: "stop" }];

describe("each side", () => {
  it("comes from the first source that yields it, and the other source's stays in the metadata", () => {
    const { observation, left } = mapJson({
      attributes: {
        "gen_ai.operation.name": "chat",
        "langfuse.observation.input": "by hand",
        "gen_ai.input.messages": text(question),
        "gen_ai.output.messages": text(answer),
      },
    });
    expect(observation.body).toMatchObject({ input: "by hand", output: text(answer) });
    expect(left).toEqual({ "gen_ai.operation.name": "chat", "gen_ai.input.messages": text(question) });
  });

  it("of a trace is what was set for it, else the root's own", () => {
    const attributes = { "gen_ai.input.messages": text(question), "gen_ai.output.messages": text(answer) };
    const { observation, trace } = mapJson({ attributes: { ...attributes, "langfuse.trace.input": "Q" } });
    expect(observation.body).toMatchObject({ input: text(question), output: text(answer) });
    expect(trace.body["input"]).toBe("Q");
  });

  it("takes output from an event and input from an attribute, and keeps the event that lost", () => {
    const { observation, metadata } = mapJson({
      attributes: { "langfuse.observation.input": "by hand" },
      events: [
        { name: "gen_ai.user.message", attributes: { content: "hi" } },
        { name: "gen_ai.choice", attributes: { message: "hello" } },
      ],
    });
    expect(observation.body).toMatchObject({ input: "by hand", output: { message: "hello" } });
    expect(metadata["events"]).toEqual([
      { name: "gen_ai.user.message", time: "2026-11-22T10:00:00.000000Z", attributes: { content: "hi" } },
    ]);
  });
});

describe("what another convention repeats is not stored again", () => {
  it.each<[string, PlainAttributes, string[]]>([
    ["the same text", { "traceloop.entity.input": "short question", "input.value": "short question" }, []],
    [
      "the same messages as fields",
      {
        "gen_ai.input.messages": text(question),
        "llm.input_messages.0.message.content": "short question",
        "llm.input_messages.0.message.role": "user",
      },
      [],
    ],
    [
      "a request around the messages taken from it",
      { "input.value": text({ messages: question }), "gen_ai.input.messages": text(question) },
      [],
    ],
    [
      "a message within the request",
      {
        "input.value": text({ request: text({ messages: question }) }),
        "gen_ai.prompt.0.content": "short question",
        "gen_ai.prompt.0.role": "user",
      },
      [],
    ],
    ["but a text that is more", { "traceloop.entity.input": "short question", "input.value": "short question!" }, ["input.value"]],
    [
      "but a text of the other side",
      { "traceloop.entity.input": "yes", "traceloop.entity.output": "no", "output.value": "yes" },
      ["output.value"],
    ],
    [
      "but a number of another field",
      { tool_arguments: '{"a":1}', "gen_ai.tool.call.arguments": '{"b":1}' },
      ["gen_ai.tool.call.arguments"],
    ],
    [
      "but a list of which one field is more, which stays whole",
      { "langfuse.observation.input": "hi", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hello" },
      ["gen_ai.prompt.0.role", "gen_ai.prompt.0.content"],
    ],
  ])("%s", (_, attributes, kept) => {
    expect(Object.keys(mapJson({ attributes }).left)).toEqual(kept);
  });

  it("a request of Genkit without the messages that were taken from it", () => {
    const { observation, left } = mapJson({
      attributes: {
        "genkit:input": text({ messages: [{ role: "user", content: [{ text: "hi" }] }], docs: ["d"], config: { temperature: 0.5 } }),
        "genkit:output": text({
          message: { role: "model", content: [{ text: "hello" }] },
          request: { messages: [{ content: [{ text: "hi" }] }] },
        }),
      },
    });
    expect(observation.body).toMatchObject({ output: { role: "model" }, modelParameters: { temperature: 0.5 } });
    expect(left).toEqual({ "genkit:input": text({ docs: ["d"], config: { temperature: 0.5 } }) });
  });

  it("the event of all messages keeps what is not content", () => {
    const { metadata } = mapJson({
      attributes: { "gen_ai.request.model": "m" },
      events: [
        {
          name: "gen_ai.client.inference.operation.details",
          attributes: { "gen_ai.input.messages": question, "gen_ai.request.model": "m", "gen_ai.response.id": "r" },
        },
      ],
    });
    expect(metadata["events"]).toMatchObject([{ name: "gen_ai.client.inference.operation.details" }]);
    expect(metadata["events"]).toHaveProperty("0.attributes", { "gen_ai.response.id": "r" });
  });

  it("instructions that are more than text stay beside the messages they lead", () => {
    const instructions = (parts: object[]) =>
      mapJson({ attributes: { "gen_ai.input.messages": text(question), "gen_ai.system_instructions": text(parts) } }).left;
    expect(instructions([{ type: "text", content: "Be brief." }])).toEqual({});
    expect(
      instructions([
        { type: "text", content: "Be brief." },
        { type: "uri", uri: "https://example.com" },
      ]),
    ).toHaveProperty("gen_ai.system_instructions");
  });
});

describe("Langfuse's own SDK", () => {
  it("has left over only what others set on its spans", () => {
    const own = {
      "langfuse.observation.input": "i",
      "langfuse.observation.metadata.a": "1",
      "user.id": "u",
      "langfuse.environment": "prod",
    };
    expect(mapJson({ scope: "langfuse-sdk", attributes: own }).metadata).not.toHaveProperty("attributes");
    const { left } = mapJson({
      scope: "langfuse-sdk",
      attributes: { ...own, "gen_ai.input.messages": text(question), "http.route": "/x" },
    });
    expect(left).toEqual({ "gen_ai.input.messages": text(question), "http.route": "/x" });
  });

  it("keeps metadata of its user under its name", () => {
    const { metadata } = mapJson({
      attributes: { "langfuse.observation.metadata.attributes": "mine", "langfuse.observation.metadata.events": "2", x: 1 },
      events: [{ name: "e" }],
    });
    expect(metadata).toMatchObject({ attributes: "mine", events: "2", "otel.attributes": { x: "1" }, "otel.events": [{ name: "e" }] });
  });
});

const contentNames = contentSources.flatMap(({ input, output }) => [...(input?.names ?? []), ...(output?.names ?? [])]);
const eventNames = contentSources.flatMap(({ input, output }) => [...(input?.eventNames ?? []), ...(output?.eventNames ?? [])]);
const below: { [prefix: string]: string[] } = {
  "gen_ai.prompt.*": ["0.role", "0.content", "1.content", "name"],
  "embedding.embeddings.*": ["0.embedding.text", "0.embedding.vector", "0.embedding.other"],
  "mastra.*.input": ["agent_run"],
  "mastra.*.output": ["agent_run"],
};
const expand = (name: string): string[] =>
  name.includes("*")
    ? (below[name] ?? ["0.message.role", "0.document.content", "0.more", "x"]).map((part) => name.replace("*", part))
    : [name];
const knownNames = [
  ...new Set([
    ...contentNames.flatMap(expand),
    ...Object.values(names).flatMap((list) => (Array.isArray(list) ? (list as string[]) : [])),
    ...Object.values(names.langfuse),
    ...firstTokenNames.map(({ name }) => name),
    ...firstTokenInstantNames,
    ...frameworkTypes.map(({ attribute }) => attribute),
    "gen_ai.tool.name",
    "gen_ai.agent.name",
    "gen_ai.response.id",
    "unknown",
  ]),
];

/** Values whose every text is found once among all that is sent. */
const value = (mark: string): fc.Arbitrary<Plain> =>
  fc.constantFrom<Plain>(
    mark,
    `"${mark}"`,
    text({ messages: [{ role: "user", content: mark }] }),
    text([{ role: mark, content: "x" }, mark]),
    text({ message: { content: [{ text: mark }] }, usage: { inputTokens: 1 } }),
    text({ candidates: [{ message: mark }, { message: `${mark}b` }] }),
    text([{ "event.name": "gen_ai.choice", content: mark }, { "event.name": mark }]),
    text([
      { type: "text", content: mark },
      { type: "image", url: `${mark}c` },
    ]),
    [mark, `${mark}d`],
    { a: mark, role: "user" },
  );
const marked = (list: string[]): fc.Arbitrary<PlainAttributes> =>
  fc
    .subarray(list, { maxLength: 12 })
    .chain((chosen) =>
      fc
        .tuple(...chosen.map((name) => value(`<${name}>`)))
        .map((values) => Object.fromEntries(chosen.map((name, index) => [name, values[index] ?? ""]))),
    );
const events = fc.array(
  fc.tuple(fc.constantFrom(...eventNames, "exception", "note"), fc.nat({ max: 9 })).chain(([name, count]) =>
    fc
      .subarray([
        "content",
        "role",
        "message",
        "gen_ai.prompt",
        "gen_ai.prompt.0.content",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "other",
      ])
      .chain((chosen) =>
        fc
          .tuple(...chosen.map((one) => value(`<event ${name} ${count} ${one}>`)))
          .map((values) => Object.fromEntries(chosen.map((one, index) => [one, values[index] ?? ""]))),
      )
      .map((attributes) => ({ name, attributes })),
  ),
  { maxLength: 5 },
);
const marksIn = (sent: unknown): string[] => [...text(sent).matchAll(/<[^<>]*>[bcd]?/g)].map(([mark]) => mark);

describe("of a span with any known attributes and events", () => {
  it("every value is in its observation or its trace", () => {
    fc.assert(
      fc.property(
        marked(knownNames),
        events,
        fc.constantFrom("", "ai", "pydantic-ai", "livekit-agents", "genkit-tracer"),
        fc.constantFrom("agent_run", "search_memory", "chat"),
        (attributes, sentEvents, scope, kind) => {
          const all: PlainAttributes = { "mastra.span.type": kind, "gen_ai.operation.name": kind, ...attributes };
          const { observation, trace } = mapJson({ attributes: all, events: sentEvents, scope });
          const found = new Set(marksIn([observation.body, trace.body]));
          expect(marksIn([attributes, sentEvents]).filter((mark) => !found.has(mark))).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it("of Langfuse's own SDK every value that others set is", () => {
    const others = knownNames.filter((name) => !names.isLangfuseName(name));
    fc.assert(
      fc.property(marked(others), (attributes) => {
        const { observation, trace } = mapJson({
          attributes: { "langfuse.observation.input": "by hand", ...attributes },
          scope: "langfuse-sdk",
        });
        const found = new Set(marksIn([observation.body, trace.body]));
        expect(marksIn(attributes).filter((mark) => !found.has(mark))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

it("metadata under Langfuse's names is not stored twice, whoever sends it", () => {
  const attributes = { "langfuse.observation.metadata.customer": "c", "langfuse.metadata": '{"tier":"gold"}', "http.route": "/x" };
  const { metadata } = mapJson({ attributes });
  expect(metadata).toMatchObject({ customer: "c", tier: "gold", attributes: { "http.route": "/x" } });
  expect(Object.keys(metadata.attributes ?? {})).toEqual(["http.route"]);
});
