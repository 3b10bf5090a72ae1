import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { observationTypes } from "../../../core/ingestion/event.ts";
import { parseEvent } from "../../../core/ingestion/event-schema.ts";
import { eventTypes } from "../../../core/ingestion/event-types.ts";
import { anything, arriving, bodyOf, faultOf, leastBodies, numRuns, parsed, seed, sent, sentAt, typeNames } from "./arriving.ts";

describe("types of events", () => {
  const expected = [
    ["trace-create", "trace", undefined, false],
    ["event-create", "observation", "EVENT", false],
    ["span-create", "observation", "SPAN", false],
    ["span-update", "observation", "SPAN", true],
    ["generation-create", "observation", "GENERATION", false],
    ["generation-update", "observation", "GENERATION", true],
    ["agent-create", "observation", "AGENT", false],
    ["tool-create", "observation", "TOOL", false],
    ["chain-create", "observation", "CHAIN", false],
    ["retriever-create", "observation", "RETRIEVER", false],
    ["evaluator-create", "observation", "EVALUATOR", false],
    ["embedding-create", "observation", "EMBEDDING", false],
    ["guardrail-create", "observation", "GUARDRAIL", false],
    ["score-create", "score", undefined, false],
    ["dataset-run-item-create", "dataset_run_item", undefined, false],
    ["observation-create", "observation", "SPAN", false],
    ["observation-update", "observation", "GENERATION", true],
  ] as const;

  it.each(expected)("%s writes a %s", (type, entityType, observationType, isUpdate) => {
    const event = parsed(sent(type, leastBodies[type]), true);
    expect(event).toMatchObject({ id: "evt-1", type, entityType, isUpdate, timestamp: "2026-01-02T03:04:05.678000Z" });
    if (event.entityType === "observation") expect(event.body.type).toBe(observationType);
  });

  it("are all in the table above, and give every type of observation", () => {
    expect(expected.map(([type]) => type).toSorted()).toEqual(Object.keys(eventTypes).toSorted());
    expect(new Set(expected.map(([, , type]) => type).filter((type) => type !== undefined))).toEqual(new Set(observationTypes));
  });

  it.each(["nope", "", "__proto__", "constructor", "toString", 5, null, undefined])("other than these are refused: %j", (type) => {
    expect(faultOf({ id: "e", timestamp: sentAt, type, body: {} })).toMatch(/^type: /);
  });

  it("of dataset run items are for internal use only", () => {
    const item = sent("dataset-run-item-create", leastBodies["dataset-run-item-create"]);
    expect(faultOf(item)).toBe("Dataset run item creation is only allowed for internal usage");
    expect(parsed(item, true).entityType).toBe("dataset_run_item");
  });

  it("of SDK logs are a result of their own", () => {
    expect(parseEvent(sent("sdk-log", { log: { a: [1] } }), { isInternal: false })).toEqual({
      ok: true,
      log: { id: "evt-1", timestamp: "2026-01-02T03:04:05.678000Z", log: { a: [1] } },
    });
    expect(faultOf(sent("sdk-log", {}))).toBe("body.log: is missing");
  });
});

const allFields = {
  id: "o",
  ...{ traceId: "t", name: "n", startTime: sentAt, endTime: sentAt, completionStartTime: sentAt, level: "DEBUG", statusMessage: "m" },
  ...{ parentObservationId: "p", version: "v", model: "m", modelParameters: {}, usageDetails: { a: 1 }, costDetails: { a: 1 } },
};

describe("refusals", () => {
  it.each([
    [undefined, "unknown"],
    [null, "unknown"],
    [[], "unknown"],
    ["text", "unknown"],
    [{}, "unknown"],
    [{ id: "" }, "unknown"],
    [{ id: 5 }, "unknown"],
    [{ id: "a\rb" }, "a\rb"],
    [{ id: "e", body: {} }, "e"],
  ])("of %j name the event %j", (input, id) => {
    expect(parseEvent(input, { isInternal: false })).toMatchObject({ ok: false, id, status: 400, message: "Invalid request data" });
  });

  it("name every path at fault and no value", () => {
    const fault = faultOf(
      sent("generation-create", { id: "secret\r", level: "secret", startTime: "secret", tags: ["secret"], usage: "secret" }),
    );
    for (const path of ["body.id: ID cannot contain carriage return", "body.level: ", "body.startTime: ", "body.usage: "])
      expect(fault).toContain(path);
    expect(fault).not.toContain("secret");
  });

  it("stay short, whatever is wrong", () => {
    expect(faultOf(sent("trace-create", { tags: new Array(100_000).fill(1) }))).toBe("body.tags: item 0 is not a text");
    expect(faultOf(sent("generation-create", { id: "x", modelParameters: new Array(100_000).fill(1) })).length).toBeLessThan(200);
    expect(faultOf(sent("x".repeat(100_000), {})).length).toBeLessThan(1000);
    const allWrong = Object.fromEntries(Object.keys(bodyOf("generation-create", allFields)).map((key) => [key, [[]]]));
    expect(faultOf(sent("generation-create", { ...allWrong, id: [], usage: [], promptName: [], promptVersion: [] })).length).toBeLessThan(
      3000,
    );
  });
});

describe("parsing", () => {
  it("never throws, whatever JSON comes, and gives the same again", () => {
    console.info(`ingestion seed ${seed}`);
    let events = 0;
    fc.assert(
      fc.property(anything, fc.boolean(), (input, isInternal) => {
        const result = parseEvent(input, { isInternal });
        if (result.ok && result.event !== undefined) events++;
        expect(parseEvent(structuredClone(input), { isInternal })).toEqual(result);
      }),
      { seed, numRuns: numRuns * 5 },
    );
    expect(events).toBeGreaterThan(numRuns / 4);
  });

  it("takes most of what the generator makes right, so that the other properties say something", () => {
    const results = fc.sample(arriving, { seed, numRuns }).map((input) => parseEvent(input, { isInternal: true }).ok);
    expect(results.filter(Boolean).length).toBeGreaterThan(numRuns / 3);
  });

  it("does not change what it is given", () => {
    const freeze = (value: unknown): unknown => {
      if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
      return value;
    };
    fc.assert(
      fc.property(anything, (input) => {
        parseEvent(freeze(structuredClone(input)), { isInternal: true });
      }),
      { seed, numRuns },
    );
  });

  it.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
    ["keys named __proto__", '{"__proto__":', "}"],
  ])("refuses %s 10,000 levels deep without recursion", (_, open, close) => {
    const deep: unknown = JSON.parse(`${open.repeat(10_000)}1${close.repeat(10_000)}`);
    for (const body of [{ input: deep }, { metadata: deep }, { id: deep }, deep])
      expect(faultOf(sent("trace-create", body))).toBe("An event cannot be nested more than 500 levels deep");
    expect(faultOf(sent("sdk-log", { log: deep }))).toContain("500 levels");
    expect(faultOf(deep)).not.toBe("");
  });

  it("takes 500 levels, the event being the first, and not one more", () => {
    // The event and its body are two.
    const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    expect(parsed(sent("trace-create", { input: nested(498) })).entityType).toBe("trace");
    expect(faultOf(sent("trace-create", { input: nested(499) }))).toContain("500 levels");
    expect(faultOf(sent("trace-create", { input: [0, nested(10), nested(498), 0] }))).toContain("500 levels");
  });

  it("passes payloads on as they are: no copy, no walk, keys named __proto__ included", () => {
    const payload: unknown = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"text":"\\u0000\\ud800"}');
    const body = bodyOf("trace-create", { input: payload, metadata: payload, output: [payload] });
    expect("input" in body && body.input).toBe(payload);
    expect("metadata" in body && body.metadata).toBe(payload);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("takes large arrays of numbers", () => {
    const body = bodyOf("span-create", { id: "o", input: new Array(1_000_000).fill(0.5) });
    expect("input" in body && Array.isArray(body.input) && body.input.length).toBe(1_000_000);
  });

  it("keeps absence and null apart: absent says nothing, null is a value", () => {
    for (const type of ["trace-create", "span-update", "generation-update"] as const) {
      const absent = bodyOf(type, { id: "o" });
      expect(Object.entries(absent).filter(([key, value]) => value !== undefined && key !== "type")).toEqual([]);
      expect(bodyOf(type, { id: "o", name: null, metadata: null, input: null })).toMatchObject({ name: null, metadata: null, input: null });
    }
    const least = leastBodies["score-create"];
    expect(bodyOf("score-create", { ...least, comment: null })).toMatchObject({ comment: null });
    expect(bodyOf("score-create", least)).not.toHaveProperty("comment");
  });
});

describe("ids", () => {
  const wrong: [string, unknown, RegExp][] = [
    ["empty", "", /1 to 800/],
    ["801 characters", "x".repeat(801), /1 to 800/],
    ["a carriage return", "a\rb", /carriage return/],
    ["a line feed", "a\nb", /control/],
    ["NUL", "a\u0000", /control/],
    ["a C1 control", "a\u0085", /control/],
    ["half of a surrogate pair", "a\ud83d", /surrogate/],
    ["a number", 5, /string/],
  ];
  describe.each(wrong)("of %s are refused", (_, id, fault) => {
    it("of the event", () => expect(faultOf(sent("trace-create", {}, { id }))).toMatch(fault));
    it.each(typeNames)("of the entity of %s", (type) => {
      expect(faultOf(sent(type, { ...leastBodies[type], id }), true)).toMatch(fault);
      expect(faultOf(sent(type, { ...leastBodies[type], id }), true)).toMatch(/^body\.id: /);
    });
    it("of the trace of an observation", () => expect(faultOf(sent("span-create", { id: "o", traceId: id }))).toMatch(fault));
  });

  it.each(["x".repeat(800), "a b/c?d=e&f#g%20+*'()!\\:;,@$", "👩‍👩‍👧", "..", "é"])("%j is taken as it is", (id) => {
    expect(parsed(sent("trace-create", { id }, { id }))).toMatchObject({ id, entityId: id });
  });

  it.each(["trace-create", "score-create", "dataset-run-item-create", "observation-create", "observation-update"] as const)(
    "of the entity of %s follow from the event where the body has none, again and again",
    (type) => {
      for (const id of [undefined, null]) {
        const event = sent(type, { ...leastBodies[type], id });
        expect(parsed(event, true).entityId).toBe("evt-1");
        expect(parsed(structuredClone(event), true)).toEqual(parsed(event, true));
      }
      expect(parsed(sent(type, leastBodies[type], { id: "evt-2" }), true).entityId).toBe("evt-2");
    },
  );

  it("are needed where an observation says what it is by its type", () => {
    expect(faultOf(sent("span-create", {}))).toMatch(/^body\.id: /);
  });

  it("of what is referred to: empty is none; NUL and half pairs, which cannot be stored, are refused", () => {
    expect(bodyOf("trace-create", { sessionId: "" })).toMatchObject({ sessionId: null });
    expect(bodyOf("span-create", { id: "o", parentObservationId: "" })).toMatchObject({ parentObservationId: null });
    expect(bodyOf("trace-create", { sessionId: "a\nb" })).toMatchObject({ sessionId: "a\nb" });
    for (const sessionId of ["\u0000", "\udc00", "x".repeat(801)])
      expect(faultOf(sent("trace-create", { sessionId }))).toMatch(/^body\.sessionId: /);
  });
});

describe("instants", () => {
  it.each([
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"],
    ["2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.600000Z"],
    ["2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901Z"],
    ["2026-01-02T03:04:05.6789019Z", "2026-01-02T03:04:05.678901Z"],
    ["2026-01-01T23:34:05.000001-05:30", "2026-01-02T05:04:05.000001Z"],
    ["2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05.000000Z"],
    ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"],
    ["1969-12-31T23:30:00-01:00", "1970-01-01T00:30:00.000000Z"],
    ["2149-06-06T23:59:59.999999Z", "2149-06-06T23:59:59.999999Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"],
  ])("%s is %s", (given, instant) => {
    expect(parsed(sent("trace-create", {}, { timestamp: given })).timestamp).toBe(instant);
    expect(bodyOf("trace-create", { timestamp: given })).toMatchObject({ timestamp: instant });
    const times = { startTime: given, endTime: given, completionStartTime: given };
    const all = { startTime: instant, endTime: instant, completionStartTime: instant };
    expect(bodyOf("tool-create", { id: "o", ...times })).toMatchObject(all);
    expect(bodyOf("observation-create", { type: "GENERATION", ...times })).toMatchObject(all);
    expect(bodyOf("dataset-run-item-create", { ...leastBodies["dataset-run-item-create"], createdAt: given }, true)).toMatchObject({
      createdAt: instant,
    });
  });

  it.each([
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:30:00+01:00",
    "2149-06-07T00:00:00Z",
    "2149-06-06T23:30:00-01:00",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
  ])("%s is refused, being beyond what can be found again", (timestamp) => {
    expect(faultOf(sent("trace-create", {}, { timestamp }))).toBe("timestamp: must lie between 1970-01-01 and 2149-06-07");
  });

  it.each(["2026-01-02T03:04:05", "2026-01-02", "2026-02-30T00:00:00Z", "2026-01-02T24:00:00Z", "1767323045", 1767323045, "", "now", null])(
    "%j is refused, being no instant with a zone",
    (timestamp) => {
      expect(faultOf(sent("trace-create", {}, { timestamp }))).toMatch(/^timestamp: must be an ISO 8601 instant with a zone/);
    },
  );

  it("that are null in a body are values", () => {
    expect(bodyOf("span-update", { id: "o", endTime: null })).toMatchObject({ endTime: null });
  });

  it("sort as texts as they do in time", () => {
    const instantOf = (timestamp: string) => parsed(sent("trace-create", {}, { timestamp })).timestamp;
    fc.assert(
      fc.property(fc.tuple(fc.integer({ min: 0, max: 5e9 }), fc.integer({ min: 0, max: 5e9 })), ([a, b]) => {
        const [first, second] = [a, b].map((seconds) => instantOf(new Date(seconds * 1000).toISOString()));
        expect((first ?? "") < (second ?? "")).toBe(a < b);
      }),
      { seed, numRuns },
    );
  });
});

describe("fields", () => {
  it("trace names have at most 1000 characters", () => {
    expect(bodyOf("trace-create", { name: "x".repeat(1000) })).toMatchObject({ name: "x".repeat(1000) });
    expect(faultOf(sent("trace-create", { name: "x".repeat(1001) }))).toBe("body.name: must have at most 1000 characters");
    expect(bodyOf("span-create", { id: "o", name: "x".repeat(1001) })).toMatchObject({ name: "x".repeat(1001) });
  });

  it("text keeps every character but halves of surrogate pairs, which become U+FFFD", () => {
    expect(bodyOf("trace-create", { name: "สวัสดี 👩\u0000\ud83d.", tags: ["\udc00"] })).toMatchObject({
      name: "สวัสดี 👩\u0000\ufffd.",
      tags: ["\ufffd"],
    });
  });

  it("prompts have a name and a version, or neither", () => {
    for (const type of ["generation-create", "generation-update", "agent-create"] as const) {
      expect(bodyOf(type, { id: "o", promptName: "p", promptVersion: 3 })).toMatchObject({ promptName: "p", promptVersion: 3 });
      expect(bodyOf(type, { id: "o", promptName: null, promptVersion: null })).toMatchObject({ promptName: null });
      for (const half of [
        { promptName: "p" },
        { promptVersion: 3 },
        { promptName: "", promptVersion: 1 },
        { promptName: "p", promptVersion: 0 },
      ])
        expect(faultOf(sent(type, { id: "o", ...half }))).toBe("body.promptVersion: promptName and promptVersion must be given together");
      for (const promptVersion of [1.5, -1, 65_536, "3"])
        expect(faultOf(sent(type, { id: "o", promptName: "p", promptVersion }))).toMatch(/^body\.promptVersion: /);
    }
  });

  it("spans have no field of generations, and events none of spans", () => {
    const all = { id: "o", endTime: sentAt, model: "m", promptName: "p", promptVersion: 1, costDetails: { input: 1 } };
    expect(Object.keys(bodyOf("span-create", all)).toSorted()).toEqual(["endTime", "type"]);
    expect(Object.keys(bodyOf("event-create", all))).toEqual(["type"]);
  });

  it("model parameters are any JSON", () => {
    const modelParameters = { a: 1, b: "x", c: true, d: ["s"], e: { f: "g" }, h: null, i: { j: [{}] } };
    expect(bodyOf("generation-create", { id: "o", modelParameters })).toMatchObject({ modelParameters });
    expect(faultOf(sent("generation-create", { id: "o", modelParameters: [] }))).toBe("body.modelParameters: must be an object");
  });

  it("what OpenTelemetry tells is taken from internal events, checked, and never from public ones", () => {
    const otel = {
      source: "otel",
      isAppRoot: true,
      toolDefinitions: { t: "{}" },
      toolCalls: ["{}"],
      experiment: { itemMetadata: { a: 1 } },
    };
    for (const type of ["event-create", "span-create", "generation-create", "tool-create"] as const) {
      expect(bodyOf(type, { id: "o", otel }, true)).toMatchObject({ otel });
      for (const value of [otel, { source: 5 }, 5]) expect(bodyOf(type, { id: "o", otel: value })).toEqual(bodyOf(type, { id: "o" }));
    }
    expect(faultOf(sent("span-create", { id: "o", otel: { source: 5 } }), true)).toMatch(/^body\.otel\.source: /);
    expect(bodyOf("observation-create", { type: "SPAN", otel }, true)).not.toHaveProperty("otel");
  });
});
