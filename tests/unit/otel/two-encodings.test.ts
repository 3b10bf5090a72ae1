/** The same request in protobuf and in JSON is the same spans and the same events, whatever the spans hold. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { mapSpans } from "../../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { nowMs } from "./mapped-spans.ts";

type Value =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: bigint }
  | { doubleValue: number }
  | { bytesValue: Uint8Array }
  | { arrayValue: Value[] }
  | { kvlistValue: Pair[] }
  | Record<string, never>;
type Pair = { key: string; value: Value };
type Event = { name: string; nanos: bigint; attributes: Pair[] };
type Link = { traceId: string; spanId: string; traceState: string; attributes: Pair[] };
type Span = {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  start: bigint;
  end: bigint;
  attributes: Pair[];
  events: Event[];
  links: Link[];
  status: { code: number; message: string };
  traceState: string;
  flags: number;
};
type Request = { resource: Pair[]; scope: { name: string; version: string; attributes: Pair[] }; spans: Span[] };

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};
const pairsTo = (writer: BinaryWriter, field: number, pairs: Pair[]): void => {
  for (const { key, value } of pairs)
    writer.tag(field, 2).bytes(
      message((pair) => {
        pair.tag(1, 2).string(key).tag(2, 2).bytes(valueBytes(value));
      }),
    );
};
const valueBytes = (value: Value): Uint8Array =>
  message((writer) => {
    if ("stringValue" in value) writer.tag(1, 2).string(value.stringValue as string);
    else if ("boolValue" in value) writer.tag(2, 0).bool(value.boolValue as boolean);
    else if ("intValue" in value) writer.tag(3, 0).int64((value.intValue as bigint).toString());
    else if ("doubleValue" in value) writer.tag(4, 1).double(value.doubleValue as number);
    else if ("bytesValue" in value) writer.tag(7, 2).bytes(value.bytesValue as Uint8Array);
    else if ("arrayValue" in value)
      writer.tag(5, 2).bytes(
        message((list) => {
          for (const one of value.arrayValue as Value[]) list.tag(1, 2).bytes(valueBytes(one));
        }),
      );
    else if ("kvlistValue" in value) writer.tag(6, 2).bytes(message((list) => pairsTo(list, 1, value.kvlistValue as Pair[])));
  });
const idBytes = (id: string): Uint8Array => Uint8Array.fromHex(id);

const asProtobuf = ({ resource, scope, spans }: Request): Uint8Array => {
  const spanBytes = (span: Span) =>
    message((writer) => {
      writer.tag(1, 2).bytes(idBytes(span.traceId)).tag(2, 2).bytes(idBytes(span.spanId)).tag(3, 2).string(span.traceState);
      writer.tag(4, 2).bytes(idBytes(span.parentSpanId)).tag(5, 2).string(span.name).tag(6, 0).int32(span.kind);
      writer.tag(7, 1).fixed64(span.start.toString()).tag(8, 1).fixed64(span.end.toString());
      pairsTo(writer, 9, span.attributes);
      for (const { name, nanos, attributes } of span.events)
        writer.tag(11, 2).bytes(
          message((event) => {
            event.tag(1, 1).fixed64(nanos.toString()).tag(2, 2).string(name);
            pairsTo(event, 3, attributes);
          }),
        );
      for (const { traceId, spanId, traceState, attributes } of span.links)
        writer.tag(13, 2).bytes(
          message((link) => {
            link.tag(1, 2).bytes(idBytes(traceId)).tag(2, 2).bytes(idBytes(spanId)).tag(3, 2).string(traceState);
            pairsTo(link, 4, attributes);
          }),
        );
      writer.tag(15, 2).bytes(message((status) => status.tag(2, 2).string(span.status.message).tag(3, 0).int32(span.status.code)));
      writer.tag(16, 5).fixed32(span.flags);
    });
  const scopeBytes = message((writer) => {
    writer.tag(1, 2).string(scope.name).tag(2, 2).string(scope.version);
    pairsTo(writer, 3, scope.attributes);
  });
  const scopeSpans = message((writer) => {
    writer.tag(1, 2).bytes(scopeBytes);
    for (const span of spans) writer.tag(2, 2).bytes(spanBytes(span));
  });
  const resourceBytes = message((writer) => pairsTo(writer, 1, resource));
  const resourceSpans = message((writer) => writer.tag(1, 2).bytes(resourceBytes).tag(2, 2).bytes(scopeSpans));
  return message((writer) => writer.tag(1, 2).bytes(resourceSpans));
};

const pairsJson = (pairs: Pair[]): object[] => pairs.map(({ key, value }) => ({ key, value: valueJson(value) }));
const valueJson = (value: Value): object => {
  if ("intValue" in value) return { intValue: (value.intValue as bigint).toString() };
  if ("doubleValue" in value) return { doubleValue: Number.isFinite(value.doubleValue) ? value.doubleValue : String(value.doubleValue) };
  if ("bytesValue" in value) return { bytesValue: (value.bytesValue as Uint8Array).toBase64() };
  if ("arrayValue" in value) return { arrayValue: { values: (value.arrayValue as Value[]).map(valueJson) } };
  if ("kvlistValue" in value) return { kvlistValue: { values: pairsJson(value.kvlistValue as Pair[]) } };
  return value;
};

const asJson = ({ resource, scope, spans }: Request): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: pairsJson(resource) },
        scopeSpans: [
          {
            scope: { ...scope, attributes: pairsJson(scope.attributes) },
            spans: spans.map(({ start, end, ...span }) => ({
              ...span,
              startTimeUnixNano: start.toString(),
              endTimeUnixNano: end.toString(),
              attributes: pairsJson(span.attributes),
              events: span.events.map(({ nanos, ...event }) => ({
                ...event,
                timeUnixNano: nanos.toString(),
                attributes: pairsJson(event.attributes),
              })),
              links: span.links.map((link) => ({ ...link, attributes: pairsJson(link.attributes) })),
            })),
          },
        ],
      },
    ],
  });

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom("", "\u0000", '{"a":12345678901234567890}', '["x",1.50]'),
);
const name = fc.oneof(
  text,
  fc.constantFrom(
    ...["gen_ai.prompt.0.content", "gen_ai.completion.0.content", "langfuse.trace.tags", "session.id", "user.id", "gen_ai.request.model"],
    ...["langfuse.observation.metadata.k", "gen_ai.operation.name", "gen_ai.usage.input_tokens", "embedding.embeddings.0.embedding.vector"],
    ...["langfuse.observation.completion_start_time", "langfuse.observation.input", "gen_ai.output.messages", "llm.invocation_parameters"],
  ),
);
const { value } = fc.letrec<{ value: Value; pair: Pair }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
    fc.record({ doubleValue: fc.double() }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 5 }) }),
    fc.constant<Value>({}),
    fc.record({ arrayValue: fc.array(tie("value"), { maxLength: 3 }) }),
    fc.record({ kvlistValue: fc.array(tie("pair"), { maxLength: 3 }) }),
  ) as fc.Arbitrary<Value>,
  pair: fc.record({ key: name, value: tie("value") }),
}));
const pairs = fc.array(fc.record({ key: name, value }), { maxLength: 4 });
const id = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((one) => one.toHex());
const nanos = fc.oneof(
  fc.constantFrom(0n, 1n, 1_795_341_600n, 1_795_341_600_000n, 1_795_341_600_123_456_789n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 9_214_646_400_000_000_000n }),
);
const span: fc.Arbitrary<Span> = fc.record({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: fc.oneof(fc.constantFrom("", "0".repeat(16)), id(8)),
  name: text,
  kind: fc.integer({ min: 0, max: 7 }),
  start: nanos,
  end: nanos,
  attributes: pairs,
  events: fc.array(fc.record({ name: fc.oneof(text, fc.constantFrom("exception", "gen_ai.choice")), nanos, attributes: pairs }), {
    maxLength: 2,
  }),
  links: fc.array(fc.record({ traceId: id(16), spanId: id(8), traceState: text, attributes: pairs }), { maxLength: 2 }),
  status: fc.record({ code: fc.integer({ min: 0, max: 3 }), message: text }),
  traceState: text,
  flags: fc.nat(2 ** 31),
});
const request: fc.Arbitrary<Request> = fc.record({
  resource: pairs,
  scope: fc.record({ name: fc.constantFrom("", "ai", "langfuse-sdk"), version: text, attributes: pairs }),
  spans: fc.array(span, { maxLength: 3 }),
});

it("a request in protobuf and in JSON is the same, and so are its events", () => {
  fc.assert(
    fc.property(request, (one) => {
      const fromProtobuf = decodeTracesProtobuf(asProtobuf(one));
      const fromJson = parseTracesJson(asJson(one));
      expect(fromJson).toEqual(fromProtobuf);
      expect(JSON.stringify(fromJson)).toBe(JSON.stringify(fromProtobuf));
      expect(mapSpans(fromJson.traces, { nowMs })).toEqual(mapSpans(fromProtobuf.traces, { nowMs }));
    }),
    { numRuns: 300 },
  );
});
