/** Usage that spans repeat from the spans below them: two instrumentations of one call, and tools that sum up their calls. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mapSpans } from "../../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { seedFrom } from "../../support/property-seed.ts";
import { nowMs } from "./mapped-spans.ts";

type Attributes = Record<string, string | number>;
type TestSpan = { id: number; parent?: number; trace?: string; attributes: Attributes };

const seed = seedFrom("FC_SEED");
const hex = (id: number): string => id.toString(16).padStart(16, "0");

const mapped = (spans: readonly TestSpan[]) => {
  const resourceSpans = spans.map(({ id, parent, trace = "a", attributes }) => ({
    scopeSpans: [
      {
        spans: [
          {
            traceId: trace.repeat(32),
            spanId: hex(id),
            ...(parent === undefined ? {} : { parentSpanId: hex(parent) }),
            name: `span ${id}`,
            startTimeUnixNano: "1795341600000000000",
            endTimeUnixNano: "1795341601000000000",
            attributes: Object.entries(attributes).map(([key, value]) => ({
              key,
              value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
            })),
          },
        ],
      },
    ],
  }));
  const { events } = mapSpans(parseTracesJson(JSON.stringify({ resourceSpans })).traces, { nowMs });
  const observations = events.filter(({ type }) => type !== "trace-create");
  const rolls = ({ body }: (typeof observations)[number]) => Object.hasOwn(Object(body["otel"]), "rollUp");
  return {
    observations,
    /** Those whose usage does not count while there is usage below them. */
    rolling: observations.filter(rolls).map(({ body }) => Number.parseInt(String(body["id"]), 16)),
    named: events.flatMap(({ body }) => (body["rollUps"] as string[] | undefined) ?? []).map((id) => Number.parseInt(id, 16)),
  };
};

const chat = (input: number, output: number, more: Attributes = {}): Attributes => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.usage.input_tokens": input,
  "gen_ai.usage.output_tokens": output,
  ...more,
});
const llm = (input: number, output: number, more: Attributes = {}): Attributes => ({
  "openinference.span.kind": "LLM",
  "llm.model_name": "gpt-4o",
  "llm.token_count.prompt": input,
  "llm.token_count.completion": output,
  "llm.token_count.total": input + output,
  ...more,
});
const kind = (name: string, more: Attributes = {}): Attributes => ({ "openinference.span.kind": name, ...more });

describe("a call", () => {
  it.each<[string, TestSpan[], number[]]>([
    [
      "of a framework repeats the one of its provider",
      [
        { id: 1, attributes: llm(1000, 50) },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
      ],
      [1],
    ],
    [
      "repeats one below a span without usage, and a third around both too, whichever comes first",
      [
        { id: 4, parent: 3, attributes: chat(1000, 50) },
        { id: 1, attributes: llm(1000, 50) },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
        { id: 3, parent: 2, attributes: kind("CHAIN") },
      ],
      [1, 2],
    ],
    [
      "that sums up its steps repeats them",
      [
        { id: 1, attributes: llm(1500, 70) },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
        { id: 3, parent: 1, attributes: chat(500, 20) },
      ],
      [1],
    ],
    [
      "repeats one that tells cached tokens and thoughts apart",
      [
        { id: 1, attributes: llm(1000, 50) },
        {
          id: 2,
          parent: 1,
          attributes: chat(1000, 50, { "gen_ai.usage.cache_read.input_tokens": 800, "gen_ai.usage.reasoning_tokens": 30 }),
        },
      ],
      [1],
    ],
    [
      "that reports only a total repeats one with that total",
      [
        { id: 1, attributes: { "gen_ai.operation.name": "chat", "gen_ai.usage.total_tokens": 1050 } },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
      ],
      [1],
    ],
    [
      "to an embedding model repeats one below",
      [
        { id: 1, attributes: kind("EMBEDDING", { "embedding.model_name": "m", "llm.token_count.prompt": 9 }) },
        { id: 2, parent: 1, attributes: { "gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 9 } },
      ],
      [1],
    ],
    [
      "with other tokens is one of its own",
      [
        { id: 1, attributes: chat(1000, 50) },
        { id: 2, parent: 1, attributes: chat(1000, 51) },
        { id: 3, parent: 2, attributes: kind("TOOL") },
        { id: 4, parent: 3, attributes: chat(500, 20) },
      ],
      [],
    ],
    [
      "beside an equal one, or in another trace, is one of its own",
      [
        { id: 1, attributes: kind("CHAIN") },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
        { id: 3, parent: 1, attributes: chat(1000, 50) },
        { id: 4, parent: 2, trace: "b", attributes: chat(1000, 50) },
      ],
      [],
    ],
    [
      "whose usage is from Langfuse's SDK is one of its own",
      [
        {
          id: 1,
          attributes: { "langfuse.observation.type": "generation", "langfuse.observation.usage_details": '{"input":1000,"output":50}' },
        },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
      ],
      [],
    ],
    [
      "in a cycle of parents stays",
      [
        { id: 1, parent: 2, attributes: chat(1000, 50) },
        { id: 2, parent: 1, attributes: chat(1000, 50) },
      ],
      [],
    ],
  ])("%s", (_, spans, rolling) => {
    const found = mapped(spans);
    expect(found.rolling.toSorted()).toEqual(rolling);
    expect(found.named.toSorted()).toEqual(rolling);
  });

  it("that repeats another keeps its model, and its usage and cost apart", () => {
    const { observations } = mapped([
      { id: 1, attributes: llm(1000, 50, { "llm.cost.total": 1 }) },
      { id: 2, parent: 1, attributes: chat(1000, 50) },
    ]);
    const [outer, inner] = observations.map(({ body }) => body);
    expect(outer).toMatchObject({
      model: "gpt-4o",
      otel: { source: "otel", rollUp: { usageDetails: { input: 1000, output: 50, total: 1050 }, costDetails: { total: 1 } } },
    });
    for (const field of ["usageDetails", "costDetails"]) expect(outer).not.toHaveProperty(field);
    expect(inner).toMatchObject({ model: "gpt-4o", usageDetails: { input: 1000, output: 50 } });
  });

  it("takes over the cost that only a span around it reports, unless there are other calls or it has a cost", () => {
    const costsOf = (...spans: TestSpan[]) => mapped(spans).observations.map(({ body }) => body["costDetails"]);
    const gateway: TestSpan = { id: 1, attributes: chat(1000, 50, { "operation.cost": 1 }) };
    const priced = (cost: number): Attributes => chat(1000, 50, { "gen_ai.usage.cost": cost });
    const below = (id: number, parent: number, attributes: Attributes): TestSpan => ({ id, parent, attributes });
    expect(costsOf(gateway, below(2, 1, kind("CHAIN")), below(3, 2, chat(1000, 50)))).toEqual([undefined, undefined, { total: 1 }]);
    expect(costsOf(gateway, below(2, 1, priced(2)), below(3, 2, chat(1000, 50)))).toEqual([undefined, undefined, { total: 2 }]);
    expect(costsOf(gateway, below(2, 1, priced(2)))).toEqual([undefined, { total: 2 }]);
    expect(costsOf({ id: 1, attributes: priced(0) }, below(2, 1, chat(1000, 50)))).toEqual([undefined, undefined]);
    expect(costsOf(gateway, below(2, 1, chat(600, 30)), below(3, 1, chat(400, 20)))).toEqual([undefined, undefined, undefined]);
  });

  it("counts once, however many repeat it and in whatever order they come", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 5 }), fc.constantFrom(7, 1000), (order, tokens) => {
        const spans = order.map((id): TestSpan => ({ id, ...(id === 1 ? {} : { parent: id - 1 }), attributes: chat(tokens, 3) }));
        expect(mapped(spans).rolling.toSorted()).toEqual([1, 2, 3, 4]);
      }),
      { seed },
    );
  });
});

describe("what is no call to a model", () => {
  it("keeps what the AI SDK sums up around its calls apart, which counts where those are not sent", () => {
    const { observations } = mapped([
      {
        id: 1,
        attributes: {
          "operation.name": "ai.streamText",
          "ai.operationId": "ai.streamText",
          "ai.model.id": "gpt-4o",
          "ai.usage.inputTokens": 10,
          "ai.usage.outputTokens": 5,
        },
      },
    ]);
    expect(observations[0]?.body).toMatchObject({ otel: { rollUp: { model: "gpt-4o", usageDetails: { input: 10, output: 5 } } } });
  });

  it.each(["TOOL", "RETRIEVER", "RERANKER", "GUARDRAIL", "EVALUATOR", "CHAIN", "AGENT"])("may repeat the calls below it: %s", (name) => {
    const usage = { "llm.token_count.prompt": 2000, "llm.token_count.completion": 90 };
    expect(mapped([{ id: 1, attributes: kind(name, usage) }]).rolling).toEqual([1]);
  });
});
