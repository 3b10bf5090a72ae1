import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { decodeTracesProtobuf } from "../../../core/otel/decode-protobuf.ts";
import { encodeTracesResponseJson, encodeTracesResponseProtobuf } from "../../../core/otel/encode-response.ts";
import { defaultOtlpLimits } from "../../../core/otel/otlp-traces.ts";
import { parseTracesJson } from "../../../core/otel/parse-json.ts";
import { sumRejections } from "../../../core/otel/rejections.ts";
import { growthMax, growthOf } from "../../support/growth.ts";
import { asJsonText, asProtobuf, recordSpans } from "./exported-spans.ts";

const traceId = "0123456789abcdef0123456789abcdef";
const spanId = "00000000000000ab";

const requestOf = (...spans: unknown[]) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const spanOf = (fields: object) => {
  const { traces, rejected } = parseTracesJson(requestOf({ traceId, spanId, ...fields }));
  expect(rejected).toEqual([]);
  return traces.resourceSpans[0]?.scopeSpans[0]?.spans[0];
};

describe("requests of the real SDK", () => {
  it("are the same traces in both encodings, and what they are stored as reads back the same", () => {
    const spans = recordSpans({
      resource: { "service.name": "ä-service" },
      spans: [
        {
          name: "root",
          attributes: {
            text: "ä😀",
            whole: 42,
            large: 2 ** 53 - 1,
            negative: -7,
            half: 1.5,
            yes: true,
            list: ["x", "y"],
            long: "é".repeat(5000),
          },
          events: [{ name: "e", attributes: { k: 1 } }],
          error: "boom",
        },
        { name: "child", isChild: true },
      ],
    });
    const decoded = decodeTracesProtobuf(asProtobuf(spans));
    expect(parseTracesJson(asJsonText(spans))).toEqual(decoded);
    expect(JSON.stringify(parseTracesJson(asJsonText(spans)))).toBe(JSON.stringify(decoded));
    expect(decoded).toMatchObject({ spanCount: 2, rejected: [] });
    expect(parseTracesJson(JSON.stringify(decoded.traces))).toEqual(decoded);
    const [root, child] = decoded.traces.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(root).toMatchObject({ name: "root", kind: 3, startTimeUnixNano: "1790000000123456789", status: { code: 2, message: "boom" } });
    expect(root?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(child?.parentSpanId).toBe(root?.spanId);
  });

  it("without spans are accepted", () => {
    for (const decoded of [decodeTracesProtobuf(new Uint8Array()), parseTracesJson("{}"), parseTracesJson('{"resourceSpans":null}')]) {
      expect(decoded).toEqual({ traces: { resourceSpans: [] }, spanCount: 0, rejected: [] });
    }
  });
});

describe("trace state and flags", () => {
  const field = (number: number, content: Uint8Array): Uint8Array => new BinaryWriter().tag(number, 2).bytes(content).finish();
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
  const ids = [...field(1, Uint8Array.fromHex(traceId)), ...field(2, Uint8Array.fromHex(spanId))];

  it("of spans and links are kept from both encodings, and in the stored form", () => {
    const link = field(13, Uint8Array.of(...ids, ...field(3, utf8("b=2"))));
    const flags = new BinaryWriter().tag(16, 5).fixed32(0x8000_0301).finish();
    const span = Uint8Array.of(...ids, ...field(3, utf8("a=1,c=3")), ...link, ...flags);
    const decoded = decodeTracesProtobuf(field(1, field(2, field(2, span))));
    expect(decoded.traces.resourceSpans[0]?.scopeSpans[0]?.spans[0]).toMatchObject({
      traceState: "a=1,c=3",
      flags: 0x8000_0301,
      links: [{ traceId, spanId, traceState: "b=2" }],
    });
    expect(parseTracesJson(JSON.stringify(decoded.traces))).toEqual(decoded);
    expect(spanOf({ trace_state: "a=1", flags: "769", links: [{ traceId, spanId, trace_state: "b=2" }] })).toMatchObject({
      traceState: "a=1",
      flags: 769,
      links: [{ traceState: "b=2" }],
    });
  });

  it("stand at the same place whatever the encoding and the order they come in, so that stored requests are the same text", () => {
    const parent = field(4, Uint8Array.fromHex("00000000000000cd"));
    const link = field(13, Uint8Array.of(...field(3, utf8("b=2")), ...ids));
    const flags = new BinaryWriter().tag(16, 5).fixed32(769).finish();
    const status = field(15, field(2, utf8("failed")));
    const span = Uint8Array.of(...flags, ...status, ...link, ...field(3, utf8("a=1")), ...parent, ...field(5, utf8("name")), ...ids);
    const json = {
      flags: 769,
      status: { message: "failed" },
      links: [{ traceState: "b=2", attributes: [], spanId, traceId }],
      traceState: "a=1",
      parentSpanId: "00000000000000cd",
      name: "name",
      spanId,
      traceId,
    };
    const { traces } = decodeTracesProtobuf(field(1, field(2, field(2, span))));
    expect(JSON.stringify(parseTracesJson(requestOf(json)).traces)).toBe(JSON.stringify(traces));
    expect(JSON.stringify(parseTracesJson(JSON.stringify(traces)).traces)).toBe(JSON.stringify(traces));
  });

  it.each([{}, { traceState: "", flags: 0 }, { traceState: 5, flags: -1 }, { traceState: null, flags: 2 ** 32 }, { flags: 1.5 }])(
    "%j are as none",
    (fields) => {
      const span = spanOf(fields);
      expect(span).toBeDefined();
      expect(Object.keys(span ?? {})).not.toContain("traceState");
      expect(Object.keys(span ?? {})).not.toContain("flags");
    },
  );

  it("that are too long lose whole members from the end", () => {
    const member = `k=${"v".repeat(98)}`;
    const span = spanOf({ traceState: Array(60).fill(member).join(",") });
    expect(span?.traceState).toBe(Array(40).fill(member).join(","));
    expect(spanOf({ traceState: "v".repeat(5000) })).not.toHaveProperty("traceState");
  });
});

describe("OTLP/JSON", () => {
  it.each([
    ["hex", traceId, spanId],
    ["upper-case hex", traceId.toUpperCase(), spanId.toUpperCase()],
    ["base64", "ASNFZ4mrze8BI0VniavN7w==", "AAAAAAAAAKs="],
    ["base64 for URLs without padding", "ASNFZ4mrze8BI0VniavN7w", "AAAAAAAAAKs"],
    ["base64 of hex", btoa(traceId), btoa(spanId)],
    ["hex as Python prints it", `0x${traceId}`, `0x${spanId}`],
    ["a UUID", "01234567-89ab-cdef-0123-456789abcdef", spanId],
    ["bytes", [...Uint8Array.fromHex(traceId)], { type: "Buffer", data: [...Uint8Array.fromHex(spanId)] }],
  ])("takes ids as %s", (_, trace, span) => {
    expect(spanOf({ traceId: trace, spanId: span, parentSpanId: span })).toMatchObject({ traceId, spanId, parentSpanId: spanId });
  });

  it.each([undefined, null, "", "0000000000000000", "AAAAAAAAAAA="])("takes the parent %j as none", (parentSpanId) => {
    expect(spanOf({ parentSpanId })).not.toHaveProperty("parentSpanId");
  });

  it("takes names in snake_case, enums by name and number", () => {
    const decoded = parseTracesJson(
      JSON.stringify({
        resource_spans: [
          {
            resource: { attributes: [{ key: "r", value: { string_value: "x" } }] },
            scope_spans: [
              {
                scope: { name: "s", version: "1" },
                spans: [
                  {
                    trace_id: traceId,
                    span_id: spanId,
                    kind: "SPAN_KIND_SERVER",
                    start_time_unix_nano: "5",
                    end_time_unix_nano: 6,
                    attributes: [
                      { key: "i", value: { int_value: 5 } },
                      { key: "k", value: { kvlist_value: { values: [{ key: "a", value: { bool_value: true } }] } } },
                    ],
                    status: { code: "STATUS_CODE_ERROR" },
                  },
                ],
              },
            ],
          },
        ],
      }),
    );
    expect(decoded.traces.resourceSpans[0]).toEqual({
      resource: { attributes: [{ key: "r", value: { stringValue: "x" } }] },
      scopeSpans: [
        {
          scope: { name: "s", version: "1", attributes: [] },
          spans: [
            {
              traceId,
              spanId,
              name: "",
              kind: 2,
              startTimeUnixNano: "5",
              endTimeUnixNano: "6",
              attributes: [
                { key: "i", value: { intValue: "5" } },
                { key: "k", value: { kvlistValue: { values: [{ key: "a", value: { boolValue: true } }] } } },
              ],
              events: [],
              links: [],
              status: { code: 2 },
            },
          ],
        },
      ],
    });
  });

  it.each([
    ["STATUS_CODE_ERROR", 2],
    ["ERROR", 2],
    ["Error", 2],
    ["status_code_ok", 1],
    ["Ok", 1],
    ["2", 2],
    [2, 2],
    ["UNSET", 0],
    ["FAILED", 0],
    [null, 0],
  ])("reads the status code %j", (code, expected) => {
    expect(spanOf({ status: { code } })?.status).toEqual({ code: expected });
    expect(spanOf({ status: code })?.status).toEqual({ code: expected });
  });

  it.each([
    ["SPAN_KIND_CLIENT", 3],
    ["CLIENT", 3],
    ["Consumer", 5],
    ["Internal", 1],
    ["other", 0],
  ])("reads the kind %j", (kind, expected) => {
    expect(spanOf({ kind })?.kind).toBe(expected);
  });

  describe("of OTLP before 0.19", () => {
    const library = { name: "lib", version: "1" };
    const spans = [{ traceId, spanId }];
    const scopesOf = (resourceSpans: object) => {
      const { traces, spanCount, rejected } = parseTracesJson(JSON.stringify({ resourceSpans: [resourceSpans] }));
      expect(rejected).toEqual([]);
      return [spanCount, traces.resourceSpans[0]?.scopeSpans.map(({ scope }) => scope.name)];
    };

    it.each([
      ["instrumentationLibrarySpans", "instrumentationLibrary"],
      ["instrumentation_library_spans", "instrumentation_library"],
    ])("is read from %s", (list, own) => {
      expect(scopesOf({ [list]: [{ [own]: library, spans }] })).toEqual([1, ["lib"]]);
      expect(scopesOf({ scopeSpans: null, [list]: [{ [own]: library, spans }] })).toEqual([1, ["lib"]]);
    });

    it("counts only without the newer name, under which a sender may repeat it", () => {
      const newer = { scopeSpans: [{ scope: { name: "scope" }, spans }] };
      expect(scopesOf({ instrumentationLibrarySpans: [{ instrumentationLibrary: library, spans }], ...newer })).toEqual([1, ["scope"]]);
    });
  });

  it.each([
    [{ intValue: "9007199254740993" }, { intValue: "9007199254740993" }],
    [{ intValue: 1.5 }, { doubleValue: 1.5 }],
    [{ Value: { StringValue: "x" } }, { stringValue: "x" }],
    [{ Value: { IntValue: 5 } }, { intValue: "5" }],
    [{ Value: { ArrayValue: { values: [{ Value: { BoolValue: true } }] } } }, { arrayValue: { values: [{ boolValue: true }] } }],
    [{ boolValue: "True" }, { boolValue: true }],
    [{ boolValue: 1 }, { boolValue: true }],
    [{ boolValue: "false" }, { boolValue: false }],
    [{ intValue: { low: -1, high: -1 } }, { intValue: "-1" }],
    [{ intValue: "-9223372036854775808" }, { intValue: "-9223372036854775808" }],
    [{ intValue: "1e3" }, { intValue: "1000" }],
    [{ intValue: "-1.5E+1" }, { intValue: "-15" }],
    [{ intValue: "100.0" }, { intValue: "100" }],
    [{ doubleValue: "NaN" }, { doubleValue: "NaN" }],
    [{ doubleValue: "1.5" }, { doubleValue: 1.5 }],
    [{ bytesValue: "_-8" }, { bytesValue: "/+8=" }],
    [{ arrayValue: { values: [{ stringValue: "a" }, null] } }, { arrayValue: { values: [{ stringValue: "a" }, {}] } }],
    [{}, {}],
    [null, {}],
    [undefined, {}],
  ])("reads the value %j", (value, expected) => {
    expect(spanOf({ attributes: [{ key: "k", value }] })?.attributes).toEqual([{ key: "k", value: expected }]);
  });

  it("takes null in a list as nothing", () => {
    const span = { traceId, spanId, attributes: [null, { key: "k", value: { boolValue: true } }], events: [null], links: [null] };
    const body = { resourceSpans: [null, { scopeSpans: [null, { spans: [null, span] }] }] };
    const { traces, spanCount, rejected } = parseTracesJson(JSON.stringify(body));
    expect([spanCount, rejected]).toEqual([1, []]);
    expect(traces.resourceSpans[0]?.scopeSpans[0]?.spans[0]).toMatchObject({ attributes: [{ key: "k" }], events: [], links: [] });
  });

  it("gives up on a number of any length in the time of reading it", () => {
    const requestWith = (digits: number): string => {
      const long = `${"1".repeat(digits)}x`;
      const attributes = [{ key: "k", value: { intValue: long } }];
      return requestOf({ traceId, spanId, startTimeUnixNano: long, endTimeUnixNano: `${long}.`, attributes });
    };
    const digits = 204_800;
    expect(parseTracesJson(requestWith(digits)).rejected).toMatchObject([{ count: 1 }]);
    expect(growthOf(digits, requestWith, parseTracesJson)).toBeLessThan(growthMax);
  });

  it("keeps the last digit of 64-bit integers sent as numbers", () => {
    const text = requestOf({ traceId, spanId }).replace('"spanId"', '"startTimeUnixNano": 1700000000123456789, "spanId"');
    expect(parseTracesJson(text).traces.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.startTimeUnixNano).toBe("1700000000123456789");
  });

  it("leaves texts with digits, quotes and backslashes alone beside such integers, however long", () => {
    const texts = ['a "quoted" 12345678901234567, b', "\\", '\\"', '[12345678901234567, "\\\\"]', '\n"'.repeat(1_000_000)];
    const attributes = [...texts.map((stringValue) => ({ stringValue })), { doubleValue: 0.1234567890123456 }, { doubleValue: 1e21 }];
    const text = requestOf({ traceId, spanId, attributes: attributes.map((value, i) => ({ key: `k${i}`, value })) }).replace(
      '"spanId"',
      '"startTimeUnixNano": 1700000000123456789, "spanId"',
    );
    const span = parseTracesJson(text).traces.resourceSpans[0]?.scopeSpans[0]?.spans[0];
    expect(span?.attributes.map(({ value }) => value)).toEqual(attributes);
    expect(span?.startTimeUnixNano).toBe("1700000000123456789");
  });

  it.each([
    ["{", "INVALID_JSON"],
    ["", "INVALID_JSON"],
    ["[]", "INVALID_REQUEST"],
    ["null", "INVALID_REQUEST"],
    ['{"resourceSpans":{}}', "INVALID_REQUEST"],
    ['{"resourceSpans":[1]}', "INVALID_REQUEST"],
    ['{"resourceSpans":[{"scopeSpans":"x"}]}', "INVALID_REQUEST"],
    ['{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}', "INVALID_REQUEST"],
    ['{"resourceLogs":[{}]}', "INVALID_REQUEST"],
  ])("%s is refused whole", (text, code) => {
    expect(() => parseTracesJson(text)).toThrow(expect.objectContaining({ code }));
  });
});

describe("a span that is not valid", () => {
  const good = { traceId, spanId };
  let deep: unknown = { stringValue: "x" };
  for (let level = 0; level < 40; level++) deep = { arrayValue: { values: [deep] } };

  it.each([
    ["trace id is missing", { spanId }],
    ["span id is missing", { traceId }],
    ["trace id is all zeros", { ...good, traceId: "0".repeat(32) }],
    ["trace id is not 16 bytes long", { ...good, traceId: "abcd" }],
    ["span id is neither hex nor base64", { ...good, spanId: "!" }],
    ["parent span id is not 8 bytes long", { ...good, parentSpanId: traceId }],
    ["attributes is not an array", { ...good, attributes: { a: "b" } }],
    ["events is not an array", { ...good, events: "x" }],
    ["events holds something that is not an object", { ...good, events: [1] }],
    ["arrayValue is not an array", { ...good, attributes: [{ key: "k", value: { arrayValue: { values: "x" } } }] }],
    ["the value of an attribute is not an object", { ...good, attributes: [{ key: "k", value: "x" }] }],
    ["stringValue is not text", { ...good, attributes: [{ key: "k", value: { stringValue: {} } }] }],
    ["intValue is not a 64-bit integer", { ...good, attributes: [{ key: "k", value: { intValue: "1.5" } }] }],
    ["intValue is not a 64-bit integer", { ...good, attributes: [{ key: "k", value: { intValue: "1e19" } }] }],
    ["doubleValue is not a number", { ...good, attributes: [{ key: "k", value: { doubleValue: "x" } }] }],
    ["an attribute is nested deeper than 32 levels", { ...good, attributes: [{ key: "k", value: deep }] }],
    ["start time is after 2149-06-06", { ...good, startTimeUnixNano: "18446744073709551615" }],
    ["a span is not an object", 5],
  ])("is counted: %s, and its neighbours go on", (reason, span) => {
    const { traces, spanCount, rejected } = parseTracesJson(requestOf(good, span, { ...good, spanId: "00000000000000ac" }));
    expect(rejected).toEqual([{ reason, count: 1 }]);
    expect(spanCount).toBe(3);
    expect(traces.resourceSpans[0]?.scopeSpans[0]?.spans.map((one) => one.spanId)).toEqual([spanId, "00000000000000ac"]);
  });

  it("is counted in protobuf too, when its own bytes are damaged", () => {
    const id = (digits: string) => Uint8Array.fromHex(digits);
    const sound = new BinaryWriter().tag(1, 2).bytes(id(traceId)).tag(2, 2).bytes(id(spanId)).finish();
    const short = new BinaryWriter().tag(1, 2).bytes(id("abcd")).tag(2, 2).bytes(id(spanId)).finish();
    const damaged = Uint8Array.of(0x0a, 0x7f);
    const group = Uint8Array.of(...sound, 0x9b, 0x06);
    const unknown = Uint8Array.of(...sound, 0xf8, 0xff, 0xff, 0xff, 0x0f, 0x01);
    const below = [sound, short, damaged, group, unknown].reduce((writer, part) => writer.tag(2, 2).bytes(part), new BinaryWriter());
    const bytes = new BinaryWriter().tag(1, 2).bytes(new BinaryWriter().tag(2, 2).bytes(below.finish()).finish()).finish();
    const { spanCount, rejected, traces } = decodeTracesProtobuf(bytes);
    expect(spanCount).toBe(5);
    expect(rejected).toEqual([
      { reason: "trace id is not 16 bytes long", count: 1 },
      { reason: "the bytes of the span are damaged", count: 2 },
    ]);
    expect(traces.resourceSpans[0]?.scopeSpans[0]?.spans).toHaveLength(2);
  });

  it("takes those beside it along when the resource cannot be read", () => {
    const resource = { attributes: "x" };
    const text = JSON.stringify({
      resourceSpans: [{ resource, scopeSpans: [{ spans: [good, good] }] }, { scopeSpans: [{ spans: [good] }] }],
    });
    expect(parseTracesJson(text)).toMatchObject({ spanCount: 3, rejected: [{ reason: "attributes is not an array", count: 2 }] });
  });
});

describe("a request beyond the limits", () => {
  it.each([
    [
      "protobuf",
      () =>
        decodeTracesProtobuf(asProtobuf(recordSpans({ spans: [{ name: "a", attributes: { a: 1, b: 2, c: 3 } }] })), {
          ...defaultOtlpLimits,
          elementsMax: 3,
        }),
    ],
    [
      "JSON",
      () =>
        parseTracesJson(asJsonText(recordSpans({ spans: [{ name: "a", attributes: { a: 1, b: 2, c: 3 } }] })), {
          ...defaultOtlpLimits,
          elementsMax: 3,
        }),
    ],
  ])("is refused whole in %s", (_, decode) => {
    expect(decode).toThrow(expect.objectContaining({ code: "PAYLOAD_TOO_LARGE" }));
  });
});

describe("the answer", () => {
  const rejected = [
    { reason: "trace id is missing", count: 2 },
    { reason: "span id is missing", count: 300 },
  ];

  it("is empty when every span was accepted", () => {
    expect(encodeTracesResponseProtobuf([])).toEqual(new Uint8Array());
    expect(encodeTracesResponseJson([])).toEqual({});
  });

  it("names how many spans were refused and why, in both encodings", () => {
    const errorMessage = "Some spans were not accepted: trace id is missing (2); span id is missing (300)";
    expect(encodeTracesResponseJson(rejected)).toEqual({ partialSuccess: { rejectedSpans: "302", errorMessage } });
    const outer = new BinaryReader(encodeTracesResponseProtobuf(rejected));
    expect(outer.tag()).toEqual([1, 2]);
    const inner = new BinaryReader(outer.bytes());
    expect([inner.tag(), inner.int64(), inner.tag(), inner.string()]).toEqual([[1, 0], 302n, [2, 2], errorMessage]);
  });

  it("adds up what several steps refused", () => {
    expect(sumRejections(rejected, [{ reason: "span id is missing", count: 1 }])).toEqual([
      { reason: "trace id is missing", count: 2 },
      { reason: "span id is missing", count: 301 },
    ]);
  });
});
