import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { type IngestionAnswer, useWholeStack } from "../support/whole-stack.ts";

const { ingest, json, post, settled } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

const lists = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const objects = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

/** `JSON.stringify` does not reach so deep: a mark stands in for what is. */
const mark = "@deep@";
const withDeep = (body: object, deep: string): string => JSON.stringify(body).replaceAll(`"${mark}"`, deep);

/** What a good event sent beside bad ones has become. */
const nameOf = async (trace: string): Promise<unknown> => (await json(`traces/${trace}`))["name"];

describe("an event nested without end", () => {
  const places: [string, (trace: string) => { id: string }][] = [
    ["input", (traceId) => event("span-create", { id: unique("o"), traceId, input: mark })],
    ["output", (traceId) => event("generation-update", { id: unique("o"), traceId, output: { x: [mark] } })],
    ["metadata", (id) => event("trace-create", { id, metadata: { x: mark } })],
    ["metadata itself", (id) => event("trace-create", { id, metadata: mark })],
    ["metadata of a score", (traceId) => event("score-create", { id: unique("s"), traceId, name: "n", value: 1, metadata: mark })],
    ["model parameters", (traceId) => event("generation-create", { id: unique("o"), traceId, modelParameters: { x: mark } })],
    ["a field of ours", (traceId) => event("span-create", { id: unique("o"), traceId, name: mark })],
    ["a field nobody knows", (id) => event("trace-create", { id, unknown: mark })],
    ["the metadata of the envelope", (id) => ({ ...event("trace-create", { id }), metadata: mark })],
    ["its body", () => ({ ...event("trace-create", {}), body: mark })],
    ["a line of an SDK's log", () => event("sdk-log", { log: mark })],
  ];

  it.each<[string, string]>([
    ["10,000 lists", lists(10_000)],
    ["10,000 objects", objects(10_000)],
  ])("of %s is refused with 400 wherever it is, and its neighbours are stored", async (_, deep) => {
    const trace = unique("trace");
    const bad = places.map(([, make]) => make(trace));
    const [first, last] = [
      event("trace-create", { id: trace, name: "kept" }),
      event("trace-create", { id: `${trace}-2`, name: "kept too" }),
    ];
    const response = await post(withDeep({ batch: [first, ...bad, mark, last], metadata: { x: mark } }, deep));
    expect(response.status).toBe(207);
    const answer = (await response.json()) as IngestionAnswer;
    expect(answer.successes).toEqual([first, last].map(({ id }) => ({ id, status: 201 })));
    expect(answer.errors.map(({ id, status }) => [id, status])).toEqual([...bad.map(({ id }) => [id, 400]), ["unknown", 400]]);
    await settled();
    expect([await nameOf(trace), await nameOf(`${trace}-2`)]).toEqual(["kept", "kept too"]);
  });

  it.each<[string, string]>([
    ["100,000 lists", lists(100_000)],
    ["100,000 objects", objects(100_000)],
    ["2,300,000 lists, as many as a body holds", lists(2_300_000)],
  ])("of %s is refused with 400 in input and in metadata, and its neighbours are stored", async (_, deep) => {
    for (const field of ["input", "metadata"]) {
      const trace = unique("trace");
      const [good, bad] = [event("trace-create", { id: trace, name: "kept" }), event("trace-create", { id: unique("t"), [field]: mark })];
      const response = await post(withDeep({ batch: [bad, good] }, deep));
      expect(response.status).toBe(207);
      const answer = (await response.json()) as IngestionAnswer;
      expect(answer.successes).toEqual([{ id: good.id, status: 201 }]);
      expect(answer.errors).toMatchObject([{ id: bad.id, status: 400 }]);
      await settled();
      expect(await nameOf(trace)).toBe("kept");
    }
  });

  it.each([10_000, 100_000])("that is the text of a document of %i levels is a text like any other", async (levels) => {
    const [trace, span] = [unique("trace"), unique("o")];
    const text = lists(levels);
    const answer = await ingest([
      event("trace-create", { id: trace, input: text, metadata: { text } }),
      event("span-create", { id: span, traceId: trace, output: text }),
    ]);
    expect(answer.errors).toEqual([]);
    await settled();
    const found = await json<{ input: unknown; metadata: unknown; observations: { output: unknown }[] }>(`traces/${trace}`);
    expect([found.input, found.metadata, found.observations[0]?.output]).toEqual([text, { text }, text]);
  });

  it.each([lists(10_000), lists(100_000), objects(100_000)])("as the whole body is a clean refusal", async (deep) => {
    for (const body of [deep, `{"batch":${objects(10_000)}}`]) expect((await post(body)).status).toBe(400);
    expect(((await (await post(`{"batch":[${deep}]}`)).json()) as IngestionAnswer).errors).toMatchObject([{ id: "unknown", status: 400 }]);
  });
});

describe("an id with a control character", () => {
  it("is refused with 400, whichever it is and whatever it names, and its neighbours are stored", async () => {
    const trace = unique("trace");
    const controls = [...Array.from({ length: 32 }, (_, code) => code), ...Array.from({ length: 33 }, (_, i) => 127 + i)];
    const bad = controls
      .map((code) => String.fromCharCode(code))
      .flatMap((character) => [
        event("trace-create", { id: `a${character}b` }),
        event("span-create", { id: `${character}`, traceId: trace }),
        { ...event("trace-create", { id: unique("t") }), id: `e${character}` },
      ]);
    const answer = await ingest([...bad, event("trace-create", { id: trace, name: "kept" })]);
    expect(answer.successes).toHaveLength(1);
    expect(answer.errors.map(({ status }) => status)).toEqual(bad.map(() => 400));
    await settled();
    expect(await nameOf(trace)).toBe("kept");
  });

  it("in a reference to something else costs no neighbour", async () => {
    const trace = unique("trace");
    const answer = await ingest([
      event("trace-create", { id: unique("t"), sessionId: "a\u0000b" }),
      event("trace-create", { id: unique("t"), userId: "half \ud800 of a pair" }),
      event("span-create", { id: unique("o"), traceId: trace, parentObservationId: "\u0000" }),
      event("trace-create", { id: trace, name: "kept", sessionId: "tab\tand\nline" }),
    ]);
    for (const { status } of answer.errors) expect(status).toBe(400);
    await settled();
    expect(await nameOf(trace)).toBe("kept");
    expect((await json(`sessions/${encodeURIComponent("tab\tand\nline")}`))["id"]).toBe("tab\tand\nline");
  });
});

describe("a body in a wrong encoding", () => {
  const good = () => ({ batch: [event("trace-create", { id: unique("trace"), name: "n" })] });
  const bytes = (text: string, encoding: BufferEncoding = "utf8") => new Uint8Array(Buffer.from(text, encoding));
  const bomb = () => new Uint8Array(gzipSync(Buffer.alloc(200_000_000, 32)));

  it.each<[string, () => Uint8Array<ArrayBuffer>, Record<string, string>, number, string]>([
    ["bytes that are no UTF-8", () => new Uint8Array([123, 34, 255, 34, 125]), {}, 400, "INVALID_JSON"],
    ["UTF-16", () => bytes(JSON.stringify(good()), "utf16le"), {}, 400, "INVALID_JSON"],
    ["Latin-1", () => bytes('{"batch":["é"]}', "latin1"), {}, 400, "INVALID_JSON"],
    ["an encoding nobody knows", () => bytes("{}"), { "content-encoding": "br" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["gzip that is not said", () => new Uint8Array(gzipSync(JSON.stringify(good()))), {}, 400, "INVALID_JSON"],
    ["gzip that is none", () => bytes(JSON.stringify(good())), { "content-encoding": "gzip" }, 400, "INVALID_REQUEST"],
    ["deflate that is none", () => bytes(JSON.stringify(good())), { "content-encoding": "deflate" }, 400, "INVALID_REQUEST"],
    [
      "gzip cut off",
      () => new Uint8Array(gzipSync(JSON.stringify(good()))).slice(0, 40),
      { "content-encoding": "gzip" },
      400,
      "INVALID_REQUEST",
    ],
    [
      "gzip within gzip",
      () => new Uint8Array(gzipSync(gzipSync(JSON.stringify(good())))),
      { "content-encoding": "gzip" },
      400,
      "INVALID_JSON",
    ],
    ["a gzip bomb", bomb, { "content-encoding": "gzip" }, 413, "PAYLOAD_TOO_LARGE"],
    ["a gzip bomb in a gzip bomb", () => new Uint8Array(gzipSync(bomb())), { "content-encoding": "gzip" }, 400, "INVALID_JSON"],
  ])("%s is a clean refusal", async (_, body, headers, status, code) => {
    const response = await post(body(), headers);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it("half a surrogate pair, written as JSON allows, costs no neighbour", async () => {
    const trace = unique("trace");
    const answer = await ingest([
      event("span-create", { id: unique("o"), traceId: trace, input: "\ud800", metadata: { "\udc00": "\ud800" } }),
      event("trace-create", { id: trace, name: "kept" }),
    ]);
    for (const { status } of answer.errors) expect(status).toBe(400);
    await settled();
    expect(await nameOf(trace)).toBe("kept");
  });
});

it("NaN of Python's JSON costs no batch", async () => {
  const trace = unique("trace");
  const text = JSON.stringify({ batch: [event("trace-create", { id: trace, output: { score: mark } })] });
  expect((await post(text.replace(`"${mark}"`, "NaN"))).status).toBe(207);
  await settled();
  expect(await json(`traces/${trace}`)).toMatchObject({ output: { score: "NaN" } });
});

it("an id of more bytes than a file system takes in a name is stored, and its score and child are with it", async () => {
  const [trace, child] = [unique("trace"), unique("child")];
  const id = `a/b c?d#é👩${"x".repeat(300)}`;
  const answer = await ingest([
    event("trace-create", { id: trace }),
    event("generation-create", { id, traceId: trace, name: "long" }),
    event("span-create", { id: child, traceId: trace, parentObservationId: id, name: "child" }),
    event("score-create", { id: unique("score"), traceId: trace, observationId: id, name: "of the generation", value: 1 }),
  ]);
  expect(answer.errors).toEqual([]);
  await settled();
  const { observations, scores } = await json<{
    observations: { id: string; name: string; parentObservationId: string }[];
    scores: object[];
  }>(`traces/${trace}`);
  expect(observations.map((one) => [one.name, one.id, one.parentObservationId]).toSorted()).toEqual([
    ["child", child, id],
    ["long", id, null],
  ]);
  expect(scores).toMatchObject([{ observationId: id }]);
});
