import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  DatasetRunItemEvent,
  Json,
  ObservationBody,
  ObservationEvent,
  ScoreBody,
  ScoreEvent,
  TraceBody,
  TraceEvent,
} from "../../../core/ingestion/event.ts";
import { mergeDatasetRunItem } from "../../../core/ingestion/merge/merge-dataset-run-item.ts";
import { mergeMetadata } from "../../../core/ingestion/merge/merge-metadata.ts";
import { mergeObservation } from "../../../core/ingestion/merge/merge-observation.ts";
import { mergeScore } from "../../../core/ingestion/merge/merge-score.ts";
import { mergeTrace } from "../../../core/ingestion/merge/merge-trace.ts";
import { compareEvents, orderEvents, timeOfCall } from "../../../core/ingestion/merge/order-events.ts";
import { possibleSortKeys } from "../../../runner/ingestion/possible-sort-keys.ts";

const context = {
  projectId: "p",
  createdAt: "2026-01-02T00:00:00.000001Z",
  updatedAt: "2026-01-02T00:00:00.000002Z",
  version: "2026-01-02T00:00:00.000003Z",
};

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000Z`;
const column = (second: number) => `2026-01-01 00:00:${String(second).padStart(2, "0")}.000000`;

type Told<Body> = { second?: number; id?: string; isUpdate?: boolean; body: Body };
const trace = (...told: Told<TraceBody>[]): TraceEvent[] =>
  told.map(({ second = 0, id, isUpdate = false, body }, index) => ({
    id: id ?? `e${index}`,
    timestamp: at(second),
    type: "trace-create",
    isUpdate,
    entityType: "trace",
    entityId: "t1",
    body,
  }));
const observation = (...told: Told<ObservationBody>[]): ObservationEvent[] =>
  told.map(({ second = 0, id, isUpdate = false, body }, index) => ({
    id: id ?? `e${index}`,
    timestamp: at(second),
    type: isUpdate ? "span-update" : "span-create",
    isUpdate,
    entityType: "observation",
    entityId: "o1",
    body,
  }));
const score = (...told: Told<Partial<ScoreBody>>[]): ScoreEvent[] =>
  told.map(({ second = 0, id, isUpdate = false, body }, index) => ({
    id: id ?? `e${index}`,
    timestamp: at(second),
    type: "score-create",
    isUpdate,
    entityType: "score",
    entityId: "s1",
    body: { name: "n", source: "API", dataType: "NUMERIC", value: 1, ...body },
  }));

const mergedTrace = (...told: Told<TraceBody>[]) => mergeTrace(trace(...told), context);
const mergedRow = (...told: Told<ObservationBody>[]) => mergeObservation(observation(...told), context)?.row;

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const nullable = <Value>(value: fc.Arbitrary<Value>) => maybe(fc.option(value, { nil: null, freq: 3 }));
const word = fc.constantFrom("a", "b", "c", "");
const instant = fc.integer({ min: 0, max: 5 }).map(at);
const metadata = maybe(
  fc.oneof(json, fc.dictionary(fc.constantFrom("a", "b", "__proto__", "constructor", "1"), json, { maxKeys: 4, noNullPrototype: false })),
);

const traceBody: fc.Arbitrary<TraceBody> = fc.record({
  timestamp: nullable(instant),
  name: nullable(word),
  input: maybe(json),
  output: maybe(json),
  sessionId: nullable(word),
  userId: nullable(word),
  environment: maybe(word),
  metadata,
  release: nullable(word),
  version: nullable(word),
  public: nullable(fc.boolean()),
  tags: nullable(fc.array(word, { maxLength: 3 })),
});

const spanOfTrace: fc.Arbitrary<Partial<TraceBody>> = fc.record({
  otel: maybe(
    fc.record({
      spanIds: fc.constantFrom(undefined, "1".repeat(16), "1".repeat(16) + "2".repeat(16)),
      candidate: maybe(
        fc.record({
          spanId: fc.constantFrom("1".repeat(16), "2".repeat(16), "3".repeat(16)),
          parentSpanId: fc.constantFrom(undefined, "1".repeat(16), "4".repeat(16)),
          observationId: word,
          marker: fc.constantFrom(undefined, "app-root" as const, "root" as const),
          name: word,
          version: maybe(word),
          environment: word,
          content: maybe(fc.record({ input: json, metadata: json })),
        }),
      ),
    }),
  ),
});
const anyTraceBody = fc.tuple(traceBody, fc.oneof(fc.constant({}), spanOfTrace)).map(([body, more]): TraceBody => ({ ...body, ...more }));

const observationBody: fc.Arbitrary<ObservationBody> = fc.record({
  type: maybe(fc.constantFrom("SPAN" as const, "GENERATION" as const, "TOOL" as const)),
  traceId: nullable(word),
  environment: maybe(word),
  name: nullable(word),
  startTime: nullable(instant),
  endTime: nullable(instant),
  metadata,
  input: maybe(json),
  output: maybe(json),
  level: nullable(fc.constantFrom("ERROR" as const, "DEBUG" as const)),
  model: nullable(word),
  modelParameters: nullable(fc.dictionary(word, json, { maxKeys: 2, noNullPrototype: false })),
  usageDetails: nullable(fc.dictionary(word, fc.nat(), { maxKeys: 2, noNullPrototype: false })),
  costDetails: nullable(fc.dictionary(word, fc.nat().map(String), { maxKeys: 2, noNullPrototype: false })),
  promptVersion: nullable(fc.nat(5)),
  otel: maybe(
    fc.record({
      serviceName: maybe(word),
      isAppRoot: maybe(fc.boolean()),
      experiment: maybe(fc.record({ id: maybe(word), metadata })),
    }),
  ) as fc.Arbitrary<ObservationBody["otel"]>,
});

const scoreBody: fc.Arbitrary<Partial<ScoreBody>> = fc.record({
  name: word,
  value: fc.oneof(fc.double({ noNaN: true }), word),
  dataType: fc.constantFrom("NUMERIC" as const, "CATEGORICAL" as const, "BOOLEAN" as const, "TEXT" as const, "CORRECTION" as const),
  source: fc.constantFrom("API" as const, "EVAL" as const),
  traceId: nullable(word),
  sessionId: nullable(word),
  comment: nullable(word),
  metadata,
});

/** Few seconds and ids, so that ties and repeated ids with other content are common. */
const told = <Body>(body: fc.Arbitrary<Body>): fc.Arbitrary<Told<Body>[]> =>
  fc.array(fc.record({ second: fc.nat(2), id: fc.constantFrom("x", "y", "z", "w"), isUpdate: fc.boolean(), body }), {
    minLength: 1,
    maxLength: 6,
  });

/** The same events in another arrangement, each at least once and some again, as JSON has carried them. */
const rearranged = <Event>(events: Event[]): fc.Arbitrary<Event[]> =>
  fc
    .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.array(fc.constantFrom(...events), { maxLength: 4 }))
    .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }))
    .map((list) => structuredCloneAll(list));

const structuredCloneAll = <Value>(list: Value[]): Value[] => JSON.parse(JSON.stringify(list)) as Value[];

const parameters = { numRuns: 500, seed: Number(process.env["FC_SEED"] ?? 20_260_101) };

describe("any arrangement and any repetition of the events of an entity give the same row, byte for byte", () => {
  it("traces", () => {
    fc.assert(
      fc.property(
        told(anyTraceBody)
          .map((list) => structuredCloneAll(trace(...list)))
          .chain((events) => fc.tuple(fc.constant(events), rearranged(events))),
        ([events, other]) => {
          expect(JSON.stringify(mergeTrace(other, context))).toBe(JSON.stringify(mergeTrace(events, context)));
        },
      ),
      parameters,
    );
  });
  it("observations", () => {
    fc.assert(
      fc.property(
        told(observationBody)
          .map((list) => structuredCloneAll(observation(...list)))
          .chain((events) => fc.tuple(fc.constant(events), rearranged(events))),
        ([events, other]) => {
          expect(JSON.stringify(mergeObservation(other, context))).toBe(JSON.stringify(mergeObservation(events, context)));
        },
      ),
      parameters,
    );
  });
  it("scores", () => {
    fc.assert(
      fc.property(
        told(scoreBody)
          .map((list) => structuredCloneAll(score(...list)))
          .chain((events) => fc.tuple(fc.constant(events), rearranged(events))),
        ([events, other]) => {
          expect(JSON.stringify(mergeScore(other, context))).toBe(JSON.stringify(mergeScore(events, context)));
        },
      ),
      parameters,
    );
  });
});

describe("merging is independent of how the events were grouped into files", () => {
  it("files read in any order, one twice", () => {
    fc.assert(
      fc.property(told(observationBody), fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), (list, places) => {
        const events = observation(...list);
        const files = [0, 1, 2, 3].map((place) => events.filter((_, index) => places[index] === place));
        const read = [...files, ...files.slice(0, 1)].reverse().flat();
        expect(JSON.stringify(mergeObservation(read, context))).toBe(JSON.stringify(mergeObservation(events, context)));
      }),
      parameters,
    );
  });
});

describe("absent names nothing, null is a value, the last event that names a field wins", () => {
  /** The rule spelled out naively: sort, then walk. */
  const naive = (list: Told<TraceBody>[]) => {
    const all = trace(...list);
    const isSet = ({ timestamp, body }: TraceEvent) =>
      typeof body.timestamp === "string" && (body.timestamp > timestamp || Date.parse(timestamp) - Date.parse(body.timestamp) > 1000);
    const calls = all.filter((event) => typeof event.body.timestamp === "string" && !isSet(event)).map(timeOfCall);
    const placeOf = (event: TraceEvent): [string, string] => {
      const floorMs = Date.parse(event.timestamp) - 1000;
      const before = isSet(event)
        ? calls.filter((call) => call <= event.timestamp && Date.parse(call) >= floorMs).toSorted()[0]
        : undefined;
      return before === undefined ? [timeOfCall(event), "1"] : [before, "0"];
    };
    const events = all.toSorted((a, b) => {
      const keyOf = (event: TraceEvent) =>
        [...placeOf(event), timeOfCall(event), event.timestamp, event.isUpdate ? "1" : "0", event.id].join("\0");
      return keyOf(a) < keyOf(b) ? -1 : 1;
    });
    const row: Record<string, unknown> = {
      name: "",
      user_id: null,
      session_id: null,
      release: null,
      public: false,
      input: null,
      environment: "default",
      timestamp: events[0]?.timestamp,
    };
    let isTimeNamed = false;
    let isEnvironmentNamed = false;
    for (const { body } of events) {
      if (body.name !== undefined) row["name"] = body.name ?? "";
      if (body.userId !== undefined) row["user_id"] = body.userId;
      if (body.sessionId !== undefined) row["session_id"] = body.sessionId;
      if (body.release !== undefined) row["release"] = body.release;
      if (body.public !== undefined) row["public"] = body.public ?? false;
      if (body.input !== undefined && body.input !== null)
        row["input"] = typeof body.input === "string" ? body.input : JSON.stringify(body.input);
      if (body.timestamp !== undefined && body.timestamp !== null && !isTimeNamed) {
        row["timestamp"] = body.timestamp;
        isTimeNamed = true;
      }
      if (body.environment !== undefined && !isEnvironmentNamed) {
        row["environment"] = body.environment;
        isEnvironmentNamed = true;
      }
    }
    return { ...row, timestamp: String(row["timestamp"]).replace("T", " ").replace("Z", "") };
  };

  it("as a naive walk over the ordered events has it", () => {
    const distinct = fc.uniqueArray(
      fc.record({ second: fc.nat(2), id: fc.string({ minLength: 1 }), isUpdate: fc.boolean(), body: traceBody }),
      {
        minLength: 1,
        maxLength: 6,
        selector: (event) => event.id,
      },
    );
    fc.assert(
      fc.property(distinct, (list) => {
        expect(mergedTrace(...list)).toMatchObject(naive(list));
      }),
      parameters,
    );
  });
});

describe("order of the calls of an SDK", () => {
  const at = (milliseconds: number) => new Date(Date.UTC(2026, 0, 1) + milliseconds).toISOString().replace("Z", "000Z");
  const sent = (id: string, envelopeMs: number, callMs: number | undefined, name: string): TraceEvent => ({
    id,
    timestamp: at(envelopeMs),
    type: "trace-create",
    isUpdate: false,
    entityType: "trace",
    entityId: "t",
    body: { name, ...(callMs === undefined ? {} : { timestamp: at(callMs) }) },
  });
  const nameOf = (...events: TraceEvent[]) => mergeTrace(events, context)?.name;

  it("a call with payloads that left after the one that followed it is still the earlier one", () => {
    expect(nameOf(sent("a", 1005, 1000, "first"), sent("b", 1003, 1001, "second"))).toBe("second");
  });

  it("a time the application has set in the past says nothing about the call", () => {
    expect(nameOf(sent("a", 100_000, undefined, "first"), sent("b", 200_000, 0, "second"))).toBe("second");
    expect(nameOf(sent("a", 100_000, 0, "first"), sent("b", 200_000, 0, "second"))).toBe("second");
  });

  it("a trace begun with a time of its own comes before its updates, whenever it leaves the queue", () => {
    for (const begunMs of [1002, 1003, 1004, 1900])
      expect(nameOf(sent("b", begunMs, -500_000, "begun"), sent("a", 1003, 1002, "renamed"), sent("c", 1004, 1004, "last"))).toBe("last");
    expect(mergeTrace([sent("b", 1004, -500_000, "begun"), sent("a", 1003, 1002, "renamed")], context)?.timestamp).toBe(
      at(-500_000).replace("T", " ").replace("Z", ""),
    );
    expect(nameOf(sent("b", 9000, -500_000, "set again later"), sent("a", 1003, 1002, "renamed"))).toBe("set again later");
  });

  it("a time in the future does not either", () => {
    expect(nameOf(sent("a", 1000, 9_000_000, "first"), sent("b", 2000, undefined, "second"))).toBe("second");
  });
});

describe("order", () => {
  it.each<[string, Told<TraceBody>[], string]>([
    [
      "by timestamp",
      [
        { second: 2, body: { name: "late" } },
        { second: 1, body: { name: "early" } },
      ],
      "late",
    ],
    [
      "creates before updates at one time",
      [
        { isUpdate: true, id: "a", body: { name: "update" } },
        { id: "b", body: { name: "create" } },
      ],
      "update",
    ],
    [
      "an update that is earlier is earlier",
      [
        { second: 0, isUpdate: true, body: { name: "update" } },
        { second: 1, body: { name: "create" } },
      ],
      "create",
    ],
    [
      "by id at one time",
      [
        { id: "b", body: { name: "b" } },
        { id: "a", body: { name: "a" } },
      ],
      "b",
    ],
    [
      "one id counts once, with its last content",
      [
        { id: "x", second: 2, body: { name: "later" } },
        { id: "x", second: 1, body: { name: "earlier" } },
      ],
      "later",
    ],
  ])("%s", (_, list, name) => {
    expect(mergedTrace(...list)?.name).toBe(name);
    expect(mergedTrace(...list.toReversed().map((one, index) => ({ id: `e${list.length - 1 - index}`, ...one })))?.name).toBe(name);
  });

  it("what an event with a repeated id said the first time is gone", () => {
    const row = mergedTrace({ id: "x", second: 1, body: { userId: "u" } }, { id: "x", second: 2, body: { name: "n" } });
    expect(row).toMatchObject({ user_id: null, name: "n" });
  });

  it("a repeated id has the place of its last content", () => {
    const list = [
      { id: "x", second: 1, body: { name: "first" } },
      { id: "y", second: 2, body: { name: "between" } },
      { id: "x", second: 3, body: { name: "last" } },
    ];
    expect(mergedTrace(...list)?.name).toBe("last");
  });

  it("of no events there is no row", () => {
    expect(mergeTrace([], context)).toBeUndefined();
    expect(mergeObservation([], context)).toBeUndefined();
    expect(mergeScore([], context)).toBeUndefined();
    expect(mergeDatasetRunItem([], context)).toBeUndefined();
  });
});

describe("traces", () => {
  it("have a row with every column", () => {
    expect(mergedTrace({ body: {} })).toEqual({
      id: "t1",
      timestamp: column(0),
      name: "",
      user_id: null,
      metadata: {},
      release: null,
      version: null,
      project_id: "p",
      environment: "default",
      public: false,
      bookmarked: false,
      tags: [],
      input: null,
      output: null,
      session_id: null,
      created_at: "2026-01-02 00:00:00.000001",
      updated_at: "2026-01-02 00:00:00.000002",
      event_ts: "2026-01-02 00:00:00.000003",
      is_deleted: 0,
    });
  });

  it.each<[string, Told<TraceBody>[], object]>([
    [
      "public is kept by events that do not name it",
      [
        { second: 0, body: { public: true } },
        { second: 1, body: { name: "x" } },
      ],
      { public: true },
    ],
    [
      "public null is false",
      [
        { second: 0, body: { public: true } },
        { second: 1, body: { public: null } },
      ],
      { public: false },
    ],
    [
      "a null name is empty",
      [
        { second: 0, body: { name: "x" } },
        { second: 1, body: { name: null } },
      ],
      { name: "" },
    ],
    [
      "null clears the user",
      [
        { second: 0, body: { userId: "u" } },
        { second: 1, body: { userId: null } },
      ],
      { user_id: null },
    ],
    [
      "tags are the sorted union",
      [
        { second: 0, body: { tags: ["b", "a"] } },
        { second: 1, body: { tags: ["c", "a"] } },
      ],
      { tags: ["a", "b", "c"] },
    ],
    [
      "null adds no tag and removes none",
      [
        { second: 0, body: { tags: ["a"] } },
        { second: 1, body: { tags: null } },
      ],
      { tags: ["a"] },
    ],
    [
      "null clears no input",
      [
        { second: 0, body: { input: "i" } },
        { second: 1, body: { input: null } },
      ],
      { input: "i" },
    ],
    [
      "an empty input is one",
      [
        { second: 0, body: { input: "i" } },
        { second: 1, body: { input: "" } },
      ],
      { input: "" },
    ],
    [
      "false and 0 are payloads",
      [
        { second: 0, body: { input: "i", output: "o" } },
        { second: 1, body: { input: false, output: 0 } },
      ],
      { input: "false", output: "0" },
    ],
    ["objects are encoded", [{ body: { input: { a: ["é", null] } } }], { input: '{"a":["é",null]}' }],
    [
      "the time is the first that is named",
      [
        { second: 1, body: {} },
        { second: 2, body: { timestamp: at(9) } },
        { second: 3, body: { timestamp: at(8) } },
      ],
      { timestamp: column(9) },
    ],
    [
      "null names no time",
      [
        { second: 4, body: { timestamp: null } },
        { second: 5, body: {} },
      ],
      { timestamp: column(4) },
    ],
    [
      "the environment is the first that is named",
      [
        { second: 1, body: {} },
        { second: 2, body: { environment: "a" } },
        { second: 3, body: { environment: "b" } },
      ],
      { environment: "a" },
    ],
    ["half a surrogate pair is replaced", [{ body: { name: "a\ud800b", tags: ["\udc00"] } }], { name: "a\ufffdb", tags: ["\ufffd"] }],
  ])("%s", (_, list, expected) => {
    expect(mergedTrace(...list)).toMatchObject(expected);
  });
});

describe("metadata", () => {
  const metadataOf = (...values: (Json | undefined)[]) =>
    mergedTrace(...values.map((value, second) => ({ second, body: value === undefined ? {} : { metadata: value } })))?.metadata;

  it.each<[string, (Json | undefined)[], object]>([
    ["absent keeps", [{ a: 1 }, undefined], { a: "1" }],
    [
      "merges by key",
      [
        { a: 1, b: "x" },
        { b: "y", c: null },
      ],
      { a: "1", b: "y", c: "null" },
    ],
    ["merges objects recursively", [{ a: { b: { c: 1 }, d: 1 } }, { a: { b: { e: 2 } } }], { a: '{"b":{"c":1,"e":2},"d":1}' }],
    ["takes arrays whole", [{ a: [1, 2, 3] }, { a: [9] }], { a: "[9]" }],
    ["an object replaces an array", [{ a: [1] }, { a: { b: 1 } }], { a: '{"b":1}' }],
    ["a scalar replaces an object, a later object begins anew", [{ a: { b: 1 } }, { a: 5 }, { a: { c: 1 } }], { a: '{"c":1}' }],
    ["null clears what was before", [{ a: 1 }, null, { b: 1 }], { b: "1" }],
    ["null last clears all", [{ a: 1 }, null], {}],
    ["a scalar stands under metadata", ["x", { a: 1 }], { metadata: "x", a: "1" }],
    ["a number too", [5], { metadata: "5" }],
    ["an array too", [["x", 1]], { metadata: '["x",1]' }],
    ["empty text is a value", [{ a: "x" }, { a: "" }], { a: "" }],
  ])("%s", (_, values, expected) => {
    expect(metadataOf(...values)).toEqual(expected);
  });

  it("named like the prototype is a key like any other and touches no prototype", () => {
    const bodies = [
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      '{"__proto__":{"more":2},"constructor":{"x":1}}',
    ];
    const row = metadataOf(...bodies.map((body) => JSON.parse(body) as Json));
    expect(JSON.stringify(row)).toBe(
      '{"__proto__":"{\\"polluted\\":1,\\"more\\":2}","constructor":"{\\"prototype\\":{\\"polluted\\":1},\\"x\\":1}"}',
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  it("500 levels deep is merged and encoded", () => {
    const deep = (leaf: string): Json => {
      let value: Json = { [leaf]: 1 };
      for (let level = 0; level < 500; level++) value = { a: value };
      return value;
    };
    const row = mergedTrace({ second: 0, body: { metadata: deep("x"), input: deep("x") } }, { second: 1, body: { metadata: deep("y") } });
    expect(row?.metadata["a"]).toContain('{"x":1,"y":1}');
    expect(row?.input?.length).toBeGreaterThan(2000);
  });

  it("of 20,000 events is merged without copying what there is for each", () => {
    const events = trace(
      ...Array.from({ length: 20_000 }, (_, index) => ({ second: 0, body: { metadata: { [`k${index}`]: index, same: { [index]: 1 } } } })),
    );
    expect(Object.keys(mergeTrace(events, context)?.metadata ?? {})).toHaveLength(20_001);
  });
});

describe("observations", () => {
  it("are made of the spans of one trace, where files of older versions hold those of several", () => {
    const older = (id: string, traceId: string, name: string) => ({ id, body: { traceId, name, otel: { source: "otel" } } });
    const both = [older("otel-a", "a", "of a"), older("otel-b", "b", "of b")];
    expect(mergedRow(...both)).toMatchObject({ trace_id: "a", name: "of a" });
    const current = { id: "otel-b", body: { traceId: "b", name: "of b, again", otel: { source: "otel", spanId: "o1" } } };
    const byHand = { id: "e9", second: 9, isUpdate: true, body: { traceId: "a", level: "ERROR" as const } };
    for (const told of [
      [...both, current, byHand],
      [byHand, current, ...both],
    ])
      expect(mergedRow(...told)).toMatchObject({ trace_id: "b", name: "of b, again", level: "ERROR" });
  });

  it.each<[string, Told<ObservationBody>[], object]>([
    ["without a trace belong to their own", [{ body: {} }, { second: 1, body: { traceId: null } }], { trace_id: "o1" }],
    [
      "keep the first trace that is named",
      [{ body: { traceId: null } }, { second: 1, body: { traceId: "a" } }, { second: 2, body: { traceId: "b" } }],
      { trace_id: "a" },
    ],
    [
      "an early update without a start pins none",
      [
        { second: 1, isUpdate: true, body: { endTime: at(9) } },
        { second: 2, body: { startTime: at(5) } },
      ],
      { start_time: column(5), end_time: column(9) },
    ],
    [
      "without any start begin with the first event",
      [
        { second: 3, body: {} },
        { second: 2, body: {} },
      ],
      { start_time: column(2) },
    ],
    ["never end before they begin", [{ body: { startTime: at(5), endTime: at(4) } }], { start_time: column(5), end_time: column(5) }],
    [
      "never answer before they begin",
      [{ body: { startTime: at(5), endTime: at(9), completionStartTime: at(4) } }],
      { completion_start_time: column(5), end_time: column(9) },
    ],
    [
      "never answer after they end, also when the end comes later",
      [{ body: { startTime: at(5), completionStartTime: at(8) } }, { second: 1, isUpdate: true, body: { endTime: at(7) } }],
      { completion_start_time: column(7), end_time: column(7) },
    ],
    [
      "answer when they say so as long as they have no end",
      [{ body: { startTime: at(5), completionStartTime: at(8) } }],
      { completion_start_time: column(8), end_time: null },
    ],
    ["null clears the end", [{ body: { endTime: at(4) } }, { second: 1, body: { endTime: null } }], { end_time: null }],
    ["of no type are spans", [{ body: {} }], { type: "SPAN" }],
    [
      "take the last type",
      [{ body: { type: "GENERATION" } }, { second: 1, body: {} }, { second: 2, body: { type: "AGENT" } }],
      { type: "AGENT" },
    ],
    ["have the level DEFAULT", [{ body: { level: "ERROR" } }, { second: 1, body: { level: null } }], { level: "DEFAULT" }],
    [
      "keep the model an update does not name",
      [{ body: { model: "gpt-4o" } }, { second: 1, isUpdate: true, body: { output: "x" } }],
      { provided_model_name: "gpt-4o", output: "x" },
    ],
    [
      "null clears usage",
      [{ body: { usageDetails: { input: 1 } } }, { second: 1, body: { usageDetails: null } }],
      { provided_usage_details: {} },
    ],
    [
      "take usage whole",
      [{ body: { usageDetails: { input: 1 } } }, { second: 1, body: { usageDetails: { output: 2 } } }],
      { provided_usage_details: { output: "2" } },
    ],
    [
      "clamp counts to UInt64",
      [{ body: { usageDetails: { a: 1e30, b: 2 ** 53 } } }],
      { provided_usage_details: { a: "18446744073709551615", b: "9007199254740992" } },
    ],
    [
      "clamp costs to Decimal64(12)",
      [{ body: { costDetails: { a: "1e9", b: "0.1", c: "1e-7", d: "x" } } }],
      { provided_cost_details: { a: "999999.999999999999", b: "0.100000000000", c: "0.000000100000" } },
    ],
    [
      "have no prompt version a UInt16 cannot hold",
      [{ body: { promptVersion: 70_000, promptName: "p" } }],
      { prompt_version: null, prompt_name: "p" },
    ],
    [
      "encode model parameters",
      [{ body: { modelParameters: { temperature: 0, stop: ["a"] } } }],
      { model_parameters: '{"temperature":0,"stop":["a"]}' },
    ],
    [
      "clamp instants to what the columns hold",
      [{ body: { startTime: "0001-01-01T00:00:00.000000Z", endTime: "9999-01-01T00:00:00.000000Z" } }],
      { start_time: "1970-01-01 00:00:00.000000", end_time: "2149-06-06 23:59:59.999999" },
    ],
  ])("%s", (_, list, expected) => {
    expect(mergedRow(...list)).toMatchObject(expected);
  });

  it("say whether an event named the trace", () => {
    expect(mergeObservation(observation({ body: {} }), context)?.hasTrace).toBe(false);
    expect(mergeObservation(observation({ body: { traceId: "t" } }), context)?.hasTrace).toBe(true);
  });

  it("keep of OpenTelemetry each field of the last event that names it", () => {
    const merged = mergeObservation(
      observation(
        {
          body: {
            otel: {
              source: "otel",
              serviceName: "a",
              experiment: { id: "x", metadata: { a: 1 } },
              toolCalls: ["{}"],
              toolCallNames: ["f"],
            },
          },
        },
        { second: 1, body: { otel: { serviceName: "b", experiment: { name: "n", metadata: { b: 2 } } } } },
      ),
      context,
    );
    expect(merged?.otel).toMatchObject({ source: "otel", serviceName: "b", experiment: { id: "x", name: "n", metadata: { a: 1, b: 2 } } });
    expect(merged?.row).toMatchObject({ tool_calls: ["{}"], tool_call_names: ["f"] });
  });
});

describe("scores", () => {
  it.each<[string, Partial<ScoreBody>, object]>([
    ["a number", { dataType: "NUMERIC", value: 0.25 }, { value: 0.25, string_value: null, long_string_value: "" }],
    ["true", { dataType: "BOOLEAN", value: 1 }, { value: 1, string_value: "True" }],
    ["false", { dataType: "BOOLEAN", value: 0 }, { value: 0, string_value: "False" }],
    ["a category", { dataType: "CATEGORICAL", value: "good" }, { value: 0, string_value: "good" }],
    ["text", { dataType: "TEXT", value: "long" }, { value: 0, string_value: "long", long_string_value: "" }],
    [
      "a correction",
      { dataType: "CORRECTION", value: "better", name: "x" },
      { name: "output", value: 0, string_value: null, long_string_value: "better" },
    ],
  ])("%s has its columns", (_, body, expected) => {
    expect(mergeScore(score({ body }), context)).toMatchObject(expected);
  });

  it("keep time and trace of the first event, the rest of the last", () => {
    const row = mergeScore(
      score(
        { second: 1, body: { traceId: "a", comment: "x", value: 1 } },
        { second: 2, body: { traceId: "b", comment: null, value: 2, observationId: "o" } },
      ),
      context,
    );
    expect(row).toMatchObject({ timestamp: column(1), trace_id: "a", comment: null, value: 2, observation_id: "o" });
  });

  it("have the columns of the key and the SDK only where these are known", () => {
    expect(mergeScore(score({ body: {} }), context)).not.toHaveProperty("ingestion_api_key");
    expect(mergeScore(score({ body: {} }), { ...context, origin: { apiKey: "pk", sdkName: "python" } })).toMatchObject({
      ingestion_api_key: "pk",
      ingestion_sdk_name: "python",
    });
  });
});

describe("dataset run items", () => {
  const item = (id: string, second: number, body: Partial<DatasetRunItemEvent["body"]>): DatasetRunItemEvent => ({
    id,
    timestamp: at(second),
    type: "dataset-run-item-create",
    isUpdate: false,
    entityType: "dataset_run_item",
    entityId: "i1",
    body: { traceId: "t", datasetId: "d", runId: "r", datasetItemId: "di", ...body },
  });

  it("keep their place, and take the error of the last event", () => {
    const events = [
      item("a", 1, { error: "x" }),
      item("b", 2, { runId: "other", error: null, datasetVersion: "2026-01-01T10:00:00+02:00" }),
    ];
    for (const list of [events, events.toReversed()]) {
      expect(mergeDatasetRunItem(list, context)).toMatchObject({
        id: "i1",
        dataset_run_id: "r",
        error: null,
        created_at: "2026-01-02 00:00:00.000001",
        dataset_item_version: "2026-01-01 08:00:00.000000",
        dataset_run_name: "",
        dataset_run_created_at: "2026-01-02 00:00:00.000001",
      });
    }
  });

  it("carry the run and the item where these are known", () => {
    const source = {
      run: { name: "run", description: null, metadata: { a: 1 }, createdAt: at(7) },
      item: { input: { q: 1 }, expectedOutput: "x", metadata: "m" },
    };
    expect(mergeDatasetRunItem([item("a", 1, {})], context, source)).toMatchObject({
      dataset_run_name: "run",
      dataset_run_metadata: { a: "1" },
      dataset_run_created_at: column(7),
      dataset_item_input: '{"q":1}',
      dataset_item_expected_output: "x",
      dataset_item_metadata: { metadata: "m" },
    });
  });
});

describe("an entity with thousands of updates", () => {
  const instant = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
  const update = (id: number, timestamp: string, body: TraceBody): TraceEvent => ({
    ...{ id: `e${id}`, timestamp, type: "trace-create", isUpdate: false, entityType: "trace", entityId: "t1" },
    body,
  });

  /** As the order is described, found by looking at every call for every event. */
  const describedOrder = (events: readonly TraceEvent[]): string[] => {
    const isCall = (event: TraceEvent, time: string) => time <= event.timestamp && Date.parse(event.timestamp) - Date.parse(time) <= 1000;
    const calls = events
      .flatMap((event) => (event.body.timestamp && isCall(event, event.body.timestamp) ? [event.body.timestamp] : []))
      .sort();
    const placed = events.map((event) => {
      const named = event.body.timestamp ?? undefined;
      const before = named === undefined || isCall(event, named) ? undefined : calls.find((call) => isCall(event, call));
      return { event, before, at: before ?? timeOfCall(event) };
    });
    const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    return placed
      .toSorted(
        (a, b) => compare(a.at, b.at) || Number(a.before === undefined) - Number(b.before === undefined) || compareEvents(a.event, b.event),
      )
      .map(({ event }) => event.id);
  };

  it("is in the order that looking at every call for every event gives", () => {
    const told = fc.record({ left: fc.nat(6000), back: fc.constantFrom(undefined, 0, 300, 999, 1000, 1001, 5000, -50) });
    fc.assert(
      fc.property(fc.array(told, { maxLength: 25 }), (all) => {
        const events = all.map(({ left, back }, id) =>
          update(id, instant(left), back === undefined ? {} : { timestamp: instant(left - back) }),
        );
        expect(orderEvents(events).map(({ id }) => id)).toEqual(describedOrder(events));
      }),
      { numRuns: 500, seed: Number(process.env["FC_SEED"] ?? 20_260_103) },
    );
  });

  it("is merged, with every key of all their metadata", () => {
    const events = Array.from({ length: 10_000 }, (_, at) =>
      update(at, instant(at * 5), {
        timestamp: instant(at % 2 === 0 ? at * 5 : -10_000),
        metadata: { all: { [`k${at}`]: at } },
        name: `n${at}`,
      }),
    );
    const row = mergeTrace(events, context);
    expect(Object.keys(JSON.parse(row?.metadata["all"] ?? "{}") as object)).toHaveLength(10_000);
    expect(row?.name).toBe("n9998");
  });

  it("that named thousands of times and traces has no more places than are looked at", () => {
    const events = Array.from(
      { length: 10_000 },
      (_, at): ObservationEvent => ({
        ...{ id: `e${at}`, timestamp: instant(at * 1000), type: "span-create", isUpdate: false, entityType: "observation", entityId: "o1" },
        body: { traceId: `t${at}`, startTime: instant(at * 1000) },
      }),
    );
    const jobs = [
      { id: "j", projectId: "p", payload: {}, attempt: 2, maxAttempts: 6, losses: 0, orderingKey: "l", requestId: null, traceparent: null },
    ];
    const entity = {
      projectId: "p",
      entityType: "observation",
      entityId: "o1",
      orderingKey: "l",
      jobs,
      requestJobs: [],
      onlyRequest: undefined,
      events,
      files: [],
      filesTotal: 2,
      firstStoredAt: undefined,
    } as const;
    const places = possibleSortKeys({
      ...entity,
      requestJobs: [],
      jobs,
      events,
      refused: [],
      files: [],
      fileVersions: new Set(),
      isRewritten: false,
      origin: {},
    });
    expect(places.filter(({ table }) => table === "events")).toHaveLength(100);
    expect(places.length).toBeLessThanOrEqual(200);
  });
});

describe("metadata", () => {
  it("is the same merged at once and event by event", () => {
    const value: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { depthSize: "medium" },
        fc.constantFrom<Json>(null, 1, "x", [1], {}),
        fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("json"), { maxKeys: 3 }),
      ),
    })).json;
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const folded = values.reduce<Json | undefined>((before, next) => mergeMetadata([before, next]), undefined);
        expect(JSON.stringify(mergeMetadata(values))).toBe(JSON.stringify(folded));
      }),
      { numRuns: 1000, seed: Number(process.env["FC_SEED"] ?? 20_260_104) },
    );
  });
});
