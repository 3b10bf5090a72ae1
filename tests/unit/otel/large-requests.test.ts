import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { itemsOf, JsonFault, membersOf, parseSlice, sliceOf } from "../../../core/otel/json-slices.ts";
import { defaultOtlpLimits, type OtlpTraces } from "../../../core/otel/otlp-traces.ts";
import { openTracesJson, parseTracesJson } from "../../../core/otel/parse-json.ts";
import { partsOf } from "../../../core/otel/request-parts.ts";
import { collectTraces, type SpanStream } from "../../../core/otel/span-stream.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (stream: SpanStream) => {
  let spans = 0;
  for (const _ of stream.spans) spans++;
  return { spans, rejected: stream.reads.rejected.list() };
};
const json = (text: string) => read(openTracesJson(utf8(text)));
const message = (fieldNumber: number, content: Uint8Array): Uint8Array => new BinaryWriter().tag(fieldNumber, 2).bytes(content).finish();
const joined = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
/** The same two bytes again and again: an empty message, or a number. */
const pairs = (count: number, tag: number): Uint8Array => Buffer.alloc(2 * count, Buffer.from([tag, 0]));
const ids = joined(message(1, new Uint8Array(16).fill(1)), message(2, new Uint8Array(8).fill(2)));
const jsonIds = `"traceId":"${"1".repeat(32)}","spanId":"${"2".repeat(16)}"`;
const inSpans = (spans: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans}]}]}]}`;
const many = 1_100_000;
const empties = (count: number): string => `${"{},".repeat(count - 1)}{}`;

describe("a request of more elements than may be is refused as a whole", () => {
  it.each<[string, () => unknown]>([
    ["empty resourceSpans", () => json(`{"resourceSpans":[${empties(many)}]}`)],
    ["five million of them", () => json(`{"resourceSpans":[${empties(5_000_000)}]}`)],
    ["empty scopeSpans", () => json(`{"resourceSpans":[{"scopeSpans":[${empties(many)}]}]}`)],
    ["empty spans", () => json(inSpans(empties(defaultOtlpLimits.spansMax + 1)))],
    ["values nobody knows", () => json(`{"x":[${empties(many)}]}`)],
    ["members nobody knows", () => json(`{${'"x":1,'.repeat(many)}"y":1}`)],
    ["the same member again", () => json(`{"resourceSpans":[{${'"schemaUrl":"",'.repeat(many)}"resource":{}}]}`)],
    ["resource_spans in protobuf", () => read(openTracesProtobuf(pairs(many, 0x0a)))],
    ["scope_spans in protobuf", () => read(openTracesProtobuf(message(1, pairs(many, 0x12))))],
    ["spans in protobuf", () => read(openTracesProtobuf(message(1, message(2, pairs(defaultOtlpLimits.spansMax + 1, 0x12)))))],
    ["fields nobody knows in protobuf", () => read(openTracesProtobuf(pairs(many, 0x78)))],
    ["a resource again and again in protobuf", () => read(openTracesProtobuf(message(1, pairs(many, 0x0a))))],
    [
      "attributes over many spans",
      () =>
        read(
          openTracesProtobuf(
            message(1, message(2, joined(...Array.from({ length: 6 }, () => message(2, joined(ids, pairs(199_000, 0x4a))))))),
          ),
        ),
    ],
  ])("%s", { timeout: 60_000 }, (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }));
  });
});

describe("a span of more than one may hold costs itself", () => {
  const kept = `{${jsonIds},"name":"kept"}`;
  it.each<[string, () => unknown, RegExp]>([
    ["attributes", () => json(inSpans(`{${jsonIds},"attributes":[${empties(200_001)}]},${kept}`)), /more than 200000/],
    ["values nobody knows", () => json(inSpans(`{${jsonIds},"x":[${empties(500_000)}]},${kept}`)), /more than 200000/],
    ["levels", () => json(inSpans(`{${jsonIds},"x":${"[".repeat(900_000)}${"]".repeat(900_000)}},${kept}`)), /more than 200000/],
    ["bytes", () => json(inSpans(`{${jsonIds},"name":"${"x".repeat(9_000_000)}"},${kept}`)), /larger than 8388608/],
    [
      "attributes in protobuf",
      () => read(openTracesProtobuf(message(1, message(2, joined(message(2, joined(ids, pairs(200_001, 0x4a))), message(2, ids)))))),
      /more than 200000/,
    ],
    [
      "events in protobuf",
      () => read(openTracesProtobuf(message(1, message(2, joined(message(2, joined(ids, pairs(200_001, 0x5a))), message(2, ids)))))),
      /more than 200000/,
    ],
    [
      "fields nobody knows in protobuf",
      () => read(openTracesProtobuf(message(1, message(2, joined(message(2, joined(ids, pairs(200_100, 0x30))), message(2, ids)))))),
      /more than 200000/,
    ],
    [
      "control characters, which JSON writes as six",
      () =>
        read(
          openTracesProtobuf(
            message(1, message(2, joined(message(2, joined(ids, message(5, new Uint8Array(4_000_000).fill(1)))), message(2, ids)))),
          ),
        ),
      /larger than/,
    ],
    [
      "an id without end",
      () =>
        read(
          openTracesProtobuf(message(1, message(2, joined(message(2, message(1, new Uint8Array(4_000_000).fill(200))), message(2, ids))))),
        ),
      /trace id is not 16 bytes/,
    ],
  ])("%s", { timeout: 60_000 }, (_, decode, reason) => {
    expect(decode()).toEqual({ spans: 1, rejected: [{ reason: expect.stringMatching(reason), count: 1 }] });
  });

  it("and a resource or scope what lies below", () => {
    const large = `{"attributes":[{"key":"${"x".repeat(1_100_000)}"}]}`;
    expect(
      json(
        `{"resourceSpans":[{"resource":${large},"scopeSpans":[{"spans":[${kept}]}]},{"scopeSpans":[{"scope":${large},"spans":[${kept}]},{"spans":[${kept}]}]}]}`,
      ),
    ).toEqual({
      spans: 1,
      rejected: [{ reason: "it is larger than 1048576 bytes", count: 2 }],
    });
  });
});

describe("the order of members in JSON", () => {
  it("does not matter, the last of a name counts, and camelCase before snake_case", () => {
    const resource = '{"attributes":[{"key":"r","value":{"stringValue":"x"}}]}';
    const { traces } = parseTracesJson(
      ` { "resource_spans": [], "resourceSpans": [ { "scopeSpans": [ { "spans": [{${jsonIds}}], "schemaUrl": "s", "scope": {"name":"n"} } ], "resource": {}, "resource":${resource} } ] , "x": [1, {"y": "]}\\"" }] } `,
    );
    expect(traces.resourceSpans).toMatchObject([
      {
        resource: { attributes: [{ key: "r" }] },
        scopeSpans: [{ scope: { name: "n" }, schemaUrl: "s", spans: [{ spanId: "2".repeat(16) }] }],
      },
    ]);
  });

  it("may hide no names: they are read as JSON has them", () => {
    expect(json(`{"resource\\u0053pans":[{"scopeSpans":[{"spans":[{${jsonIds}}]}]}]}`).spans).toBe(1);
  });
});

describe("JSON in place", () => {
  const jsonText = fc.json({ maxDepth: 5, noUnicodeString: false } as object);
  const walk = (bytes: Uint8Array, slice: { from: number; to: number; values: number }): unknown => {
    if (bytes[slice.from] === 0x5b) return [...itemsOf(bytes, slice)].map((item) => walk(bytes, item));
    if (bytes[slice.from] !== 0x7b) return parseSlice(bytes, slice);
    const object = new Map<string, unknown>();
    for (const [name, value] of membersOf(bytes, slice)) object.set(name, walk(bytes, value));
    return Object.fromEntries(object);
  };
  const spaced = fc.tuple(jsonText, fc.constantFrom("", " ", "\n", "\t \r")).map(([text, space]) => {
    const parsed: unknown = JSON.parse(text);
    return `${space}${JSON.stringify(parsed, null, space === "" ? 0 : 2)}${space}`;
  });

  it("is walked to what JSON.parse makes of it, and holds at least as many values as there are", () => {
    const countOf = (value: unknown): number =>
      typeof value === "object" && value !== null ? Object.values(value).reduce((sum: number, one) => sum + countOf(one), 1) : 1;
    fc.assert(
      fc.property(spaced, (text) => {
        const bytes = utf8(text);
        const slice = sliceOf(bytes);
        expect(JSON.stringify(walk(bytes, slice))).toBe(JSON.stringify(JSON.parse(text)));
        expect(slice.values).toBeGreaterThanOrEqual(countOf(JSON.parse(text)));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it("damaged anywhere is a fault where JSON.parse throws, and never something else", () => {
    const change = fc.tuple(spaced, fc.nat(), fc.constantFrom("", '"', "\\", "{", "}", "[", "]", ",", ":", "1", "x"));
    fc.assert(
      fc.property(change, ([text, place, put]) => {
        const at = place % text.length;
        const damaged = (text.slice(0, at) + put + text.slice(at + 1)).toWellFormed();
        let expected: string | undefined;
        try {
          expected = JSON.stringify(JSON.parse(damaged));
        } catch {
          expected = undefined;
        }
        let found: string | undefined;
        try {
          const bytes = utf8(damaged);
          found = JSON.stringify(walk(bytes, sliceOf(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(JsonFault);
        }
        expect(found).toBe(expected);
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});

describe("a request in parts", () => {
  const requests = fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), { maxLength: 4 });
  const requestOf = (shape: number[][]): OtlpTraces => {
    let n = 0;
    return {
      resourceSpans: shape.map((scopes, r) => ({
        resource: { attributes: [{ key: "r", value: { intValue: String(r) } }] },
        ...(r % 2 === 0 ? { schemaUrl: `https://example.com/${r}` } : {}),
        scopeSpans: scopes.map((count, s) => ({
          scope: { name: `scope ä ${s}`, version: "", attributes: [] },
          spans: Array.from({ length: count }, () => {
            n += 1;
            return {
              traceId: String(1 + (n % 3)).repeat(32),
              spanId: n.toString(16).padStart(16, "0"),
              name: "語".repeat(n % 5),
              kind: 0,
              startTimeUnixNano: "1",
              endTimeUnixNano: "2",
              attributes: [],
              events: [],
              links: [],
              status: { code: 0 },
            };
          }),
        })),
      })),
    };
  };
  const flat = ({ resourceSpans }: OtlpTraces) =>
    resourceSpans.flatMap(({ scopeSpans, ...resource }) =>
      scopeSpans.flatMap(({ spans, ...scope }) => spans.map((span) => ({ resource, scope, span }))),
    );

  it("has every span once, in order, below its resource and scope, and no part has more than it may", () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 2000 }), (shape, spansMax, charactersMax) => {
        const whole = requestOf(shape);
        const parts = [...partsOf(openTracesJson(utf8(JSON.stringify(whole))).spans, { spansMax, charactersMax })];
        const decoded = parts.map(({ body }) => parseTracesJson(new TextDecoder("utf-8", { fatal: true }).decode(body)).traces);
        expect(decoded.flatMap(flat)).toEqual(flat(whole));
        for (const [at, part] of decoded.entries()) {
          const spans = flat(part).map(({ span }) => span);
          expect(spans.length).toBeLessThanOrEqual(spansMax);
          const characters = spans.reduce((sum, span) => sum + JSON.stringify(span).length, 0);
          if (spans.length > 1) expect(characters).toBeLessThanOrEqual(charactersMax);
          expect(parts[at]?.traceIds.toSorted()).toEqual([...new Set(spans.map(({ traceId }) => traceId))].toSorted());
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it("of one part is what the request is as a whole", () => {
    const whole = requestOf([[2, 1], [3]]);
    const [part] = [...partsOf(openTracesJson(utf8(JSON.stringify(whole))).spans)];
    expect(new TextDecoder().decode(part?.body)).toBe(JSON.stringify(collectTraces(openTracesJson(utf8(JSON.stringify(whole)))).traces));
  });
});
