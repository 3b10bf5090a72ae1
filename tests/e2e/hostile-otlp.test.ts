import { gzipSync } from "node:zlib";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { useWholeStack } from "../support/whole-stack.ts";

const { json, post, settled } = useWholeStack();

let counter = 0;
const newTraceId = (): string => (++counter).toString(16).padStart(32, "a");
const spanIdOf = (traceId: string, n: number): string => `${traceId.slice(-12)}${n.toString(16).padStart(4, "0")}`;

const send = (body: string | Uint8Array<ArrayBuffer>, type: string, headers: Record<string, string> = {}) =>
  post(body, { "content-type": type, ...headers }, "otel/v1/traces");
const rejectedSpans = async (response: Response): Promise<number> => {
  expect(response.status).toBe(200);
  const { partialSuccess } = (await response.json()) as { partialSuccess?: { rejectedSpans?: string; errorMessage?: string } };
  if (partialSuccess?.rejectedSpans !== undefined) expect(partialSuccess.errorMessage).toMatch(/\w+ \w+/);
  return Number(partialSuccess?.rejectedSpans ?? 0);
};

/** Names of the spans of a trace that were stored. */
const storedNames = async (traceId: string): Promise<unknown[]> => {
  await settled();
  const { data } = await json<{ data: { name: string }[] }>(`observations?traceId=${traceId}`);
  return data.map(({ name }) => name).toSorted();
};

const mark = "@deep@";
type Json = Record<string, unknown>;
const jsonSpan = (traceId: string, n: number, name: string, more: Json = {}): Json => ({
  traceId,
  spanId: spanIdOf(traceId, n),
  name,
  startTimeUnixNano: "1777636800000000000",
  endTimeUnixNano: "1777636801000000000",
  ...more,
});
const deepAttributes = [{ key: "deep", value: mark }];

describe("an attribute nested without end, in JSON", () => {
  const deepValues = (levels: number): [string, string][] => [
    [`${levels} lists`, `${'{"arrayValue":{"values":['.repeat(levels)}{"stringValue":"x"}${"]}}".repeat(levels)}`],
    [`${levels} maps`, `${'{"kvlistValue":{"values":[{"key":"k","value":'.repeat(levels)}{"intValue":"1"}${"}]}}".repeat(levels)}`],
    [`${levels} lists that are no values`, `${"[".repeat(levels)}${"]".repeat(levels)}`],
  ];

  it.each([...deepValues(10_000), ...deepValues(100_000)])("of %s costs its own span, and its neighbours are stored", async (_, deep) => {
    const traceId = newTraceId();
    const spans = [
      jsonSpan(traceId, 1, "kept first"),
      jsonSpan(traceId, 2, "deep", { attributes: deepAttributes }),
      jsonSpan(traceId, 3, "deep event", { events: [{ name: "e", timeUnixNano: "1777636800000000000", attributes: deepAttributes }] }),
      jsonSpan(traceId, 4, "kept last", { startTimeUnixNano: "1777636800000000001" }),
    ];
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }).replaceAll(`"${mark}"`, deep);
    expect(await rejectedSpans(await send(body, "application/json"))).toBe(2);
    expect(await storedNames(traceId)).toEqual(["kept first", "kept last"]);
  });

  it.each(deepValues(10_000))("of %s in resource or scope costs what lies below, and its neighbours are stored", async (_, deep) => {
    const traceId = newTraceId();
    const spans = (n: number, name: string) => [jsonSpan(traceId, n, name)];
    const body = JSON.stringify({
      resourceSpans: [
        { resource: { attributes: deepAttributes }, scopeSpans: [{ spans: spans(1, "below the resource") }] },
        {
          scopeSpans: [
            { scope: { name: "s", attributes: deepAttributes }, spans: spans(2, "below the scope") },
            { spans: spans(3, "kept") },
          ],
        },
      ],
    }).replaceAll(`"${mark}"`, deep);
    expect(await rejectedSpans(await send(body, "application/json"))).toBe(2);
    expect(await storedNames(traceId)).toEqual(["kept"]);
  });

  it("beside times that are numbers costs its own span only as well", async () => {
    const traceId = newTraceId();
    const [, deep] = deepValues(10_000)[0] ?? ["", ""];
    const spans = [
      jsonSpan(traceId, 1, "kept", { startTimeUnixNano: "@time@" }),
      jsonSpan(traceId, 2, "deep", { attributes: deepAttributes }),
    ];
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
      .replaceAll(`"${mark}"`, deep)
      .replaceAll('"@time@"', "1777636800000000000");
    expect(await rejectedSpans(await send(body, "application/json"))).toBe(1);
    expect(await storedNames(traceId)).toEqual(["kept"]);
  });

  it.each([10_000, 100_000])("that is the text of a document of %i levels is a text like any other", async (levels) => {
    const traceId = newTraceId();
    const text = `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const attributes = [
      "langfuse.observation.input",
      "langfuse.observation.output",
      "langfuse.observation.metadata",
      "langfuse.observation.metadata.x",
    ]
      .concat([
        "langfuse.observation.model.parameters",
        "langfuse.observation.usage_details",
        "langfuse.trace.metadata",
        "langfuse.trace.tags",
      ])
      .concat(["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions", "input.value", "llm.input_messages", "tags"])
      .map((key) => ({ key, value: { stringValue: text } }));
    const spans = [jsonSpan(traceId, 1, "with texts", { attributes }), jsonSpan(traceId, 2, "kept")];
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    expect(await rejectedSpans(await send(body, "application/json"))).toBe(0);
    expect(await storedNames(traceId)).toEqual(["kept", "with texts"]);
    const { data } = await json<{ data: { name: string; input: unknown }[] }>(`observations?traceId=${traceId}`);
    expect(data.find(({ name }) => name === "with texts")?.input).toBe(text);
  });
});

describe("an attribute nested without end, in protobuf", () => {
  const message = (field: number, content: Uint8Array): Uint8Array =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
  const text = (field: number, content: string): Uint8Array => message(field, Buffer.from(content));
  const joined = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);

  /** From the inside out, each level a head before what is there already: nothing is copied again. */
  const nested = (levels: number, headsOf: (length: number) => Uint8Array[]): Uint8Array => {
    const heads: Uint8Array[] = [];
    let length = 0;
    for (let level = 0; level < levels; level++)
      for (const head of headsOf(length)) {
        heads.push(head);
        length += head.length;
      }
    return joined(...heads.toReversed());
  };
  const head = (field: number, length: number): Uint8Array =>
    new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
  /** AnyValue.array_value = 5, ArrayValue.values = 1. */
  const lists = (levels: number) =>
    nested(levels, (length) => {
      const inner = head(1, length);
      return [inner, head(5, length + inner.length)];
    });
  /** AnyValue.kvlist_value = 6, KeyValueList.values = 1, KeyValue.value = 2. */
  const maps = (levels: number) =>
    nested(levels, (length) => {
      const value = head(2, length);
      const pair = head(1, length + value.length);
      return [value, pair, head(6, length + value.length + pair.length)];
    });

  const attribute = (field: number, value: Uint8Array) => message(field, joined(text(1, "deep"), message(2, value)));
  const nanos = (field: number, value: bigint) => new BinaryWriter().tag(field, WireType.Bit64).fixed64(value).finish();
  const span = (traceId: string, n: number, name: string, ...more: Uint8Array[]) =>
    message(
      2,
      joined(
        message(1, Buffer.from(traceId, "hex")),
        message(2, Buffer.from(spanIdOf(traceId, n), "hex")),
        text(5, name),
        nanos(7, 1777636800000000000n),
        nanos(8, 1777636801000000000n),
        ...more,
      ),
    );
  const resourceSpans = (...parts: Uint8Array[]) => message(1, joined(...parts));
  const scopeSpans = (...parts: Uint8Array[]) => message(2, joined(...parts));
  const bytesOf = (...parts: Uint8Array[]) => new Uint8Array(joined(...parts));

  it.each<[string, Uint8Array]>([
    ["10,000 lists", lists(10_000)],
    ["10,000 maps", maps(10_000)],
    ["100,000 lists", lists(100_000)],
    ["100,000 maps", maps(100_000)],
  ])("of %s costs its own span, what lies below a resource or scope, and no neighbour", async (_, deep) => {
    const traceId = newTraceId();
    const body = bytesOf(
      resourceSpans(
        scopeSpans(
          span(traceId, 1, "kept first"),
          span(traceId, 2, "deep", attribute(9, deep)),
          span(traceId, 3, "deep event", message(11, joined(text(2, "e"), attribute(3, deep)))),
          span(traceId, 4, "kept last"),
        ),
        scopeSpans(message(1, joined(text(1, "s"), attribute(3, deep))), span(traceId, 5, "below the scope")),
      ),
      resourceSpans(message(1, attribute(1, deep)), scopeSpans(span(traceId, 6, "below the resource"))),
    );
    const response = await send(body, "application/x-protobuf");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-protobuf"]);
    expect(await storedNames(traceId)).toEqual(["kept first", "kept last"]);
  });

  it("of groups without end is a clean refusal", async () => {
    const response = await send(bytesOf(resourceSpans(new Uint8Array(100_000).fill(0x1b))), "application/x-protobuf");
    expect(response.status).toBe(400);
  });
});

describe("a span that cannot be taken", () => {
  it("is counted, and its neighbours are stored", async () => {
    const traceId = newTraceId();
    const spans = [jsonSpan(traceId, 1, "first"), jsonSpan(traceId, 2, "bad", { spanId: "not hex" }), jsonSpan(traceId, 3, "last")];
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
    expect(await rejectedSpans(await send(body, "application/json"))).toBe(1);
    expect(await storedNames(traceId)).toEqual(["first", "last"]);
  });
});

describe("an address with a slash too many", () => {
  it.each([
    ...["otel/v1/traces/", "otel//v1/traces", "otel/v1/metrics/"],
    ...["otel", "otel/", "otel/v1/traces/v1/traces", "../../v1/traces"],
  ])("%s is taken as the address that was meant", async (path) => {
    const response = await post('{"resourceSpans":[]}', { "content-type": "application/json" }, path);
    expect([response.status, await response.json()]).toEqual([200, {}]);
  });

  it("still needs a key", async () => {
    const { status } = await post("{}", { "content-type": "application/json", authorization: "" }, "otel/v1/traces/");
    expect(status).toBe(401);
  });
});

describe("a body in a wrong encoding", () => {
  const bomb = () => new Uint8Array(gzipSync(Buffer.alloc(400_000_000)));
  const gzip = { "content-encoding": "gzip" };

  it.each<[string, () => string | Uint8Array<ArrayBuffer>, string, Record<string, string>, number]>([
    ["nothing", () => "{}", "application/json", {}, 200],
    ["another content type", () => "{}", "text/plain", {}, 415],
    ["no JSON", () => "{", "application/json", {}, 400],
    ["10,000 lists", () => `${"[".repeat(10_000)}${"]".repeat(10_000)}`, "application/json", {}, 400],
    ["bytes that are no UTF-8", () => new Uint8Array([123, 34, 255, 34, 125]), "application/json", {}, 400],
    ["UTF-16", () => new Uint8Array(Buffer.from("{}", "utf16le")), "application/json", {}, 400],
    ["garbage as protobuf", () => new Uint8Array([255, 255, 255, 255, 1]), "application/x-protobuf", {}, 400],
    ["JSON as protobuf", () => '{"resourceSpans":[]}', "application/x-protobuf", {}, 400],
    ["protobuf as JSON", () => new Uint8Array([10, 2, 18, 0]), "application/json", {}, 400],
    ["a gzip header and nothing else", () => new Uint8Array([31, 139]), "application/json", gzip, 400],
    ["an encoding nobody knows", () => "{}", "application/json", { "content-encoding": "zstd" }, 415],
    ["a gzip bomb as JSON", bomb, "application/json", gzip, 413],
    ["a gzip bomb as protobuf", bomb, "application/x-protobuf", gzip, 413],
    ["more than 16 MiB", () => new Uint8Array(17_000_000), "application/x-protobuf", {}, 413],
  ])("%s: a clean answer", async (_, body, type, headers, status) => {
    expect((await send(body(), type, headers)).status).toBe(status);
  });
});
