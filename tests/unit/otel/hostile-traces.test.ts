import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../core/errors.ts";
import { parseExactJson } from "../../../core/exact-json.ts";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { mapSpans } from "../../../core/otel/map-spans.ts";
import type { AnyValue, DecodedTraces, KeyValue } from "../../../core/otel/otlp-traces.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { asJsonText, asProtobuf, recordSpans } from "./exported-spans.ts";
import { expectTaken, nowMs } from "./mapped-spans.ts";

const recorded = recordSpans({
  resource: { "service.name": "shop" },
  spans: [
    { name: "root", attributes: { text: "ä", n: 1, d: 0.5, list: ["a", "b"], ok: true }, events: [{ name: "e", attributes: { k: "v" } }] },
    { name: "child", isChild: true, error: "boom", attributes: { "gen_ai.prompt.0.content": "hi" } },
  ],
});
const bytes = asProtobuf(recorded);
const text = asJsonText(recorded);

/** Either traces that map and survive JSON, or an error that has a code. */
const holds = (decode: () => DecodedTraces): void => {
  let decoded: DecodedTraces;
  try {
    decoded = decode();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return;
  }
  const { traces, spanCount, rejected } = decoded;
  const stored = JSON.stringify(traces);
  const again = parseTracesJson(stored);
  expect(JSON.stringify(again.traces)).toBe(stored);
  expect(again.rejected).toEqual([]);
  const kept = traces.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).length;
  expect(kept + rejected.reduce((sum, { count }) => sum + count, 0)).toBe(spanCount);
  const { events, rejected: unmapped } = mapSpans(traces, { nowMs });
  expect(unmapped).toEqual([]);
  for (const event of events) expectTaken(event);
};

describe("bytes that are no request", () => {
  it("of chance end in an error or in traces, never in a crash", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => holds(() => decodeTracesProtobuf(random))),
      { seed: 1, numRuns: 200 },
    );
  });

  it("cut off anywhere end in an error or in the resources before the cut", () => {
    for (let length = 0; length < bytes.length; length++) holds(() => decodeTracesProtobuf(bytes.slice(0, length)));
    expect(() => decodeTracesProtobuf(bytes.slice(0, -1))).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
  });

  it("with bits flipped end in an error or in traces", () => {
    const flips = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(7)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(flips, (places) => {
        const damaged = bytes.slice();
        for (const [place, bit] of places) damaged[place] = (damaged[place] ?? 0) ^ (1 << bit);
        holds(() => decodeTracesProtobuf(damaged));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it("that nest without end are refused, not followed", () => {
    const groups = new Uint8Array(100_000).fill(0x1b);
    for (const hostile of [groups, message(1, groups), message(1, message(2, groups))]) {
      expect(() => decodeTracesProtobuf(hostile)).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
    }
    const value = Array.from({ length: 1000 }).reduce<Uint8Array>((inner) => message(5, message(1, inner)), new Uint8Array());
    const span = Uint8Array.of(
      ...message(1, new Uint8Array(16).fill(1)),
      ...message(2, new Uint8Array(8).fill(1)),
      ...message(9, message(2, value)),
    );
    const { rejected } = decodeTracesProtobuf(message(1, message(2, message(2, span))));
    expect(rejected).toEqual([{ reason: "an attribute is nested deeper than 32 levels", count: 1 }]);
    holds(() => parseTracesJson('{"resourceSpans":'.repeat(20_000)));
    holds(() => parseTracesJson(`${"[".repeat(200_000)}${"]".repeat(200_000)}`));
  });

  it("that claim more than there is are refused", () => {
    expect(() => decodeTracesProtobuf(Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f))).toThrow(AppError);
  });
});

const message = (fieldNumber: number, content: Uint8Array): Uint8Array =>
  new BinaryWriter().tag(fieldNumber, WireType.LengthDelimited).bytes(content).finish();

describe("JSON that is no request", () => {
  it("cut off or with a character changed ends in an error or in traces", () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom("", '"', "{", "]", "0", "-", "null", ","), (place, put) => {
        holds(() => parseTracesJson(text.slice(0, place) + put + text.slice(place + 1)));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("of any values in the places of a span ends in an error or in traces", () => {
    const names = ["traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "attributes", "events", "links", "status"];
    const span = fc
      .dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }))
      .map((fields) => ({ traceId: "1".repeat(32), spanId: "1".repeat(16), ...fields }));
    fc.assert(
      fc.property(span, (one) => holds(() => parseTracesJson(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [one] }] }] })))),
      { seed: 1, numRuns: 200 },
    );
  });
});

const knownNames = [
  "langfuse.observation.type",
  "langfuse.observation.usage_details",
  "langfuse.observation.cost_details",
  "langfuse.observation.model.parameters",
  "langfuse.observation.metadata",
  "langfuse.observation.level",
  "langfuse.observation.completion_start_time",
  "langfuse.trace.tags",
  "langfuse.trace.public",
  "langfuse.experiment.metadata",
  "ai.response.providerMetadata",
  "ai.response.toolCalls",
  "ai.usage.tokens",
  "ai.prompt.tools",
  "ai.telemetry.metadata.langfusePrompt",
  "genkit:input",
  "genkit:output",
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.cost",
  "gen_ai.prompt",
  "gen_ai.prompt.0",
  "gen_ai.prompt.0.a",
  "gen_ai.prompt.x",
  "llm.input_messages.1.message",
  "session.id",
  "user.id",
  "langfuse.trace.name",
  "langfuse.environment",
  "langfuse.prompt.name",
  "langfuse.prompt.version",
  "gen_ai.tool.name",
  "langfuse.release",
  "model",

  "llm.tools.0.tool.json_schema",
  "gen_ai.input.messages",
  "gen_ai.system_instructions",
  "gen_ai.output.messages",
  "events",
  "pydantic_ai.all_messages",
  "gcp.vertex.agent.llm_response",
  "model_request_parameters",
  "ai.response.msToFirstChunk",
  "input.value",
  "output.value",
  "__proto__",
];

const jsonText = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.constantFrom(
    "[".repeat(5000),
    `${"[".repeat(5000)}${"]".repeat(5000)}`,
    '{"__proto__":{"x":1}}',
    '[{"type":"tool_use","name":"__proto__"}]',
  ),
);

const anyValue: fc.Arbitrary<AnyValue> = fc.letrec<{ value: AnyValue; pair: KeyValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.record({ stringValue: fc.oneof(fc.string({ unit: "binary" }), fc.constant("\ud800\u0000"), jsonText) }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
    fc.record({
      doubleValue: fc.oneof(
        fc.constantFrom<"NaN" | "Infinity">("NaN", "Infinity"),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0),
      ),
    }),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie("value"), { maxLength: 4 }) }) }),
    fc.record({ kvlistValue: fc.record({ values: fc.array(tie("pair"), { maxLength: 4 }) }) }),
  ),
  pair: fc.record({ key: fc.oneof(fc.constantFrom(...knownNames), fc.string()), value: tie("value") }),
})).value;

const attributes = fc.array(fc.record({ key: fc.oneof(fc.constantFrom(...knownNames), fc.string()), value: anyValue }), { maxLength: 12 });

describe("attributes of any values", () => {
  it("map to the same events each time, none is rejected, and the stored form reads back the same", () => {
    const scopes = fc.constantFrom(
      "ai",
      "langfuse-sdk",
      "pydantic-ai",
      "livekit-agents",
      "genkit-tracer",
      "com.anthropic.claude_code.tracing",
      "other",
    );
    fc.assert(
      fc.property(attributes, attributes, scopes, (own, ofEvent, name) => {
        const traces = {
          resourceSpans: [
            {
              resource: { attributes: own },
              scopeSpans: [
                {
                  scope: { name, version: "3.3", attributes: own },
                  spans: [
                    {
                      traceId: "1".repeat(32),
                      spanId: "2".repeat(16),
                      name: "span",
                      kind: 1,
                      startTimeUnixNano: "1700000000000000000",
                      endTimeUnixNano: "1700000001000000000",
                      attributes: own,
                      events: ["gen_ai.choice", "gen_ai.content.prompt", "gen_ai.user.message"].map((event) => ({
                        timeUnixNano: "1",
                        name: event,
                        attributes: ofEvent,
                      })),
                      links: [],
                      status: { code: 0 },
                    },
                  ],
                },
              ],
            },
          ],
        };
        expect(parseTracesJson(JSON.stringify(traces)).traces).toEqual(traces);
        const mapped = mapSpans(traces, { nowMs });
        expect(mapped.rejected).toEqual([]);
        expect(mapped.events).toHaveLength(2);
        for (const event of mapped.events) expectTaken(event);
        expect(JSON.stringify(mapSpans(JSON.parse(JSON.stringify(traces)), { nowMs }))).toBe(JSON.stringify(mapped));
        expect(JSON.stringify(parseExactJson(JSON.stringify(mapped)))).toBe(JSON.stringify(mapped));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
