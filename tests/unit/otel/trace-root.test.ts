import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedTrace, storeEvents, storeRequest } from "./stored-traces.ts";

const traceId = "7455ed62e827f3a1f0190fa31e068dd2";
const startNanos = 1_795_341_600_000_000_000n;

type Value = string | number | boolean;
type Span = {
  id: number;
  parent?: number;
  service: string;
  /** Milliseconds after the beginning. */
  at: number;
  attributes: Record<string, Value>;
  resource?: Record<string, Value>;
};

const hex = (id: number): string => id.toString(16).padStart(16, "0");
const pair = ([key, value]: [string, Value]) => ({
  key,
  value:
    typeof value === "string" ? { stringValue: value } : typeof value === "boolean" ? { boolValue: value } : { intValue: String(value) },
});
const nanos = (at: number) => String(startNanos + BigInt(at) * 1_000_000n);

/** One request: spans by service, in the order given. */
const requestOf = (spans: readonly Span[]) => ({
  resourceSpans: spans.map(({ id, parent, service, at, attributes, resource }) => ({
    resource: {
      attributes: Object.entries({
        "service.name": service,
        "service.version": `v-${service}`,
        "langfuse.environment": `env-${service}`,
        "langfuse.release": `r-${service}`,
        ...resource,
      }).map(pair),
    },
    scopeSpans: [
      {
        scope: { name: `scope-${service}`, version: "1" },
        spans: [
          {
            traceId,
            spanId: hex(id),
            ...(parent === undefined ? {} : { parentSpanId: hex(parent) }),
            name: `span-${id}`,
            kind: 1,
            startTimeUnixNano: nanos(at),
            endTimeUnixNano: nanos(at + 10),
            attributes: Object.entries({ "input.value": `in-${id}`, "output.value": `out-${id}`, ...attributes }).map(pair),
          },
        ],
      },
    ],
  })),
});

const traceOf = (requests: readonly (readonly Span[])[]) => {
  const files = new Map<string, string>();
  for (const spans of requests) storeRequest(files, requestOf(spans));
  return storedTrace(files, traceId);
};

const span = (id: number, more: Partial<Span> = {}): Span => ({ id, service: "a", at: id, attributes: {}, ...more });
const named = (id: number, service = "a") => ({
  name: `span-${id}`,
  input: `in-${id}`,
  output: `out-${id}`,
  version: `v-${service}`,
  release: `r-${service}`,
  environment: `env-${service}`,
});

describe("the span a trace is named after", () => {
  it("is the topmost one known while its parent never comes, with all that is its own", () => {
    const row = traceOf([[span(2, { parent: 1 }), span(3, { parent: 2, service: "b" })]]);
    expect(row).toMatchObject(named(2));
    expect(JSON.parse(row.metadata["scope"] ?? "")).toMatchObject({ name: "scope-a" });
    expect(JSON.parse(row.metadata["resourceAttributes"] ?? "")).toMatchObject({ "service.name": "a" });
  });

  it("gives way to one above it, whichever request comes first", () => {
    const requests = [[span(3, { parent: 2 })], [span(2, { parent: 1, service: "b" })], [span(1, { service: "c" })]];
    expect(traceOf(requests.slice(0, 1))).toMatchObject(named(3));
    expect(traceOf(requests.slice(0, 2))).toMatchObject(named(2, "b"));
    expect(traceOf(requests)).toMatchObject(named(1, "c"));
    expect(traceOf(requests.toReversed())).toMatchObject(named(1, "c"));
  });

  it("is the root of the application where one is marked, also below a span that came as well", () => {
    const marked = { "langfuse.internal.is_app_root": true };
    expect(traceOf([[span(1), span(2, { parent: 1, attributes: marked })]])).toMatchObject(named(2));
    expect(traceOf([[span(2, { parent: 1, attributes: marked })], [span(1)]])).toMatchObject(named(2));
    expect(traceOf([[span(2, { parent: 9, attributes: { "langfuse.internal.is_app_root": "true" } })]])).toMatchObject(named(2));
  });

  it("of several marked ones is the one nothing is known above, though the clock of the other was behind", () => {
    const marked = { "langfuse.internal.is_app_root": true };
    const spans = [span(1, { at: 500, attributes: marked }), span(2, { parent: 1, at: 100, service: "b", attributes: marked })];
    expect(traceOf([spans])).toMatchObject(named(1));
    expect(traceOf(spans.map((one) => [one]))).toMatchObject(named(1));
  });

  it("is the root rather than one that a process below declared, though the clock of that was behind", () => {
    const joined = span(3, { parent: 2, at: 100, service: "b", attributes: { "langfuse.internal.as_root": true } });
    const spans = [span(1, { at: 500 }), joined];
    for (const requests of [[spans], spans.map((one) => [one]), [[joined], [span(1, { at: 500 })]]])
      expect(traceOf(requests)).toMatchObject(named(1));
    expect(traceOf([[joined]])).toMatchObject(named(3, "b"));
  });

  it("of several roots is the earliest", () => {
    const spans = [span(1, { at: 300, service: "worker" }), span(2, { at: 0, service: "gateway" })];
    expect(traceOf([spans])).toMatchObject(named(2, "gateway"));
    expect(traceOf(spans.map((one) => [one]))).toMatchObject(named(2, "gateway"));
  });

  it("is a span that names itself as its parent, and of spans above each other in a circle the earliest", () => {
    expect(traceOf([[span(5, { parent: 5 }), span(6, { parent: 5 })]])).toMatchObject(named(5));
    const circle = [span(3, { parent: 4, at: 20 }), span(4, { parent: 3, at: 10 })];
    expect(traceOf([circle])).toMatchObject(named(4));
    expect(traceOf(circle.map((one) => [one]))).toMatchObject(named(4));
  });
});

describe("what is said of the trace itself", () => {
  const attributes = { "user.id": "u", "langfuse.trace.tags": "t", "session.id": "s", "langfuse.trace.metadata.k": "v" };

  it("counts from any span, and nothing else of that span does", () => {
    const root = span(1);
    const child = span(2, { parent: 1, service: "b", at: 300, attributes: { ...attributes, "langfuse.version": "own" } });
    for (const requests of [[[root, child]], [[child], [root]], [[root], [child]]]) {
      const row = traceOf(requests);
      expect(row).toMatchObject({ ...named(1), user_id: "u", session_id: "s", tags: ["t"] });
      expect(row.metadata).toMatchObject({ k: "v" });
      expect(JSON.parse(row.metadata["resourceAttributes"] ?? "")).toMatchObject({ "service.name": "a" });
      expect(JSON.parse(row.metadata["scope"] ?? "")).toMatchObject({ name: "scope-a" });
    }
  });

  it("wins over what the root has, each field by itself, the latest over the others", () => {
    const byHand = span(1, { attributes: { "langfuse.trace.input": "Q" } });
    expect(traceOf([[byHand]])).toMatchObject({ input: "Q", output: "out-1", name: "span-1" });
    const spans = [
      span(1, { attributes: { "langfuse.trace.name": "first" } }),
      span(2, { parent: 1, attributes: { "langfuse.trace.name": "second", "langfuse.trace.output": "A" } }),
    ];
    expect(traceOf([spans])).toMatchObject({ name: "second", input: "in-1", output: "A" });
    expect(traceOf(spans.toReversed().map((one) => [one]))).toMatchObject({ name: "second", input: "in-1", output: "A" });
  });

  it("by an event of a Langfuse SDK wins as well, whenever it came", () => {
    const body = { id: traceId, name: "by SDK", input: null, metadata: { own: 1 }, version: "7" };
    const event = { id: "e1", timestamp: new Date(Number(startNanos / 1_000_000n)).toISOString(), type: "trace-create", body };
    const files = new Map<string, string>();
    storeEvents(files, [event], false);
    storeRequest(files, requestOf([span(1, { at: 5000 })]));
    const row = storedTrace(files, traceId);
    expect(row).toMatchObject({ ...named(1), name: "by SDK", version: "7", environment: "env-a" });
    expect(row.metadata).toMatchObject({ own: "1", scope: expect.stringContaining("scope-a") });
  });

  it("is not taken from what the public sends as ours", () => {
    const body = { id: traceId, otel: { candidate: { spanId: hex(1), observationId: hex(1), name: "forged", environment: "x" } } };
    const files = new Map<string, string>();
    storeEvents(files, [{ id: "e1", timestamp: "2026-11-22T00:00:00Z", type: "trace-create", body }], false);
    expect([...files.values()].join()).not.toContain("forged");
  });
});

/** What somebody who sees every span that arrived would say. */
const expectedRoot = (arrived: readonly Span[]): Span | undefined => {
  const known = new Set(arrived.map(({ id }) => id));
  const rank = ({ id, parent, at, attributes }: Span): number[] => [
    attributes["langfuse.internal.is_app_root"] === true
      ? 0
      : parent === undefined
        ? 1
        : attributes["langfuse.internal.as_root"] === true
          ? 2
          : 3,
    parent !== undefined && known.has(parent) ? 1 : 0,
    at,
    id,
  ];
  const isBefore = (a: number[], b: number[]): boolean => {
    const place = a.findIndex((value, index) => value !== b[index]);
    return place >= 0 && (a[place] ?? 0) < (b[place] ?? 0);
  };
  return arrived.reduce<Span | undefined>(
    (first, next) => (first === undefined || isBefore(rank(next), rank(first)) ? next : first),
    undefined,
  );
};

const Tree = fc
  .array(
    fc.record({
      above: fc.nat(),
      hasParent: fc.integer({ min: 0, max: 19 }).map((n) => n > 0),
      service: fc.constantFrom("a", "b", "c"),
      skew: fc.integer({ min: -40, max: 40 }),
      // Seldom: in most trees no span of those that come is marked, and the root is missing.
      marker: fc.oneof(
        { arbitrary: fc.constant(undefined), weight: 25 },
        { arbitrary: fc.constantFrom("langfuse.internal.is_app_root", "langfuse.internal.as_root"), weight: 1 },
      ),
      user: fc.constantFrom(undefined, undefined, "u"),
      arrives: fc.integer({ min: 0, max: 3 }),
      requests: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((nodes) =>
    nodes.map(({ above, hasParent, service, skew, marker, user, arrives, requests }, index) => ({
      arrives: index === 0 ? arrives > 2 : arrives > 0,
      requests,
      span: {
        id: index + 1,
        ...(index > 0 && hasParent ? { parent: (above % index) + 1 } : {}),
        service,
        at: 100 + index * 5 + skew,
        attributes: { ...(marker === undefined ? {} : { [marker]: true }), ...(user === undefined ? {} : { "user.id": user }) },
      } satisfies Span,
    })),
  );

describe("any tree of spans, any part of which never comes", () => {
  it("names its trace as one who sees all that came would, however it was split into requests, in whatever order and how often", () => {
    fc.assert(
      fc.property(Tree, fc.infiniteStream(fc.nat()), (tree, random) => {
        const arrived = tree.filter(({ arrives }) => arrives);
        const root = expectedRoot(arrived.map(({ span: one }) => one));
        if (root === undefined) return;
        const split = [0, 1, 2, 3, 4, 5].map((n) => arrived.filter(({ requests }) => requests.includes(n)).map((one) => one.span));
        const requests = split
          .filter((spans) => spans.length > 0)
          .map((spans) => spans.toSorted(() => ((random.next().value as number) % 2 === 0 ? -1 : 1)));
        const shuffled = [...requests, ...requests]
          .map((spans) => ({ spans, place: random.next().value as number }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ spans }) => spans);
        const row = traceOf(shuffled);
        expect(row).toMatchObject({
          ...named(root.id, root.service),
          user_id: arrived.some(({ span: one }) => one.attributes["user.id"] !== undefined) ? "u" : null,
        });
        expect(row).toMatchObject({ timestamp: expect.stringContaining(`.${String(root.at).padStart(3, "0")}`) });
        expect(JSON.parse(row.metadata["resourceAttributes"] ?? "")).toMatchObject({ "service.name": root.service });
        expect(row).toEqual(traceOf(requests));
      }),
      { numRuns: 150 },
    );
  });
});

describe("events stored before they told what a span has from what was set for the trace", () => {
  const older = (spanId: number, at: number, body: object) => ({
    id: `otel-trace-${traceId}-${hex(spanId)}`,
    timestamp: new Date(Number(startNanos / 1_000_000n) + at).toISOString(),
    type: "trace-create",
    body: { id: traceId, timestamp: new Date(Number(startNanos / 1_000_000n) + at).toISOString(), environment: "old", ...body },
  });

  it("give way to those of today, though some of their files stay", () => {
    const files = new Map<string, string>();
    storeEvents(files, [
      older(1, 0, { name: "stale root", version: "v-a", metadata: { scope: { name: "s" } } }),
      older(2, 300, {
        version: "wrong",
        userId: "u",
        metadata: { scope: { name: "wrong" }, resourceAttributes: { "service.name": "wrong" }, k: "v" },
      }),
    ]);
    storeEvents(files, [older(3, 400, {})]);
    const before = storedTrace(files, traceId);
    expect(before).toMatchObject({ name: "stale root", version: "v-a", user_id: "u" });
    expect(before.metadata).toMatchObject({ k: "v", scope: expect.not.stringContaining("wrong") });
    expect(before.metadata).not.toHaveProperty("resourceAttributes");
    storeRequest(
      files,
      requestOf([span(1, { at: 0 }), span(2, { parent: 1, at: 300, attributes: { "user.id": "u", "langfuse.trace.metadata.k": "v" } })]),
    );
    storeRequest(files, requestOf([span(3, { parent: 2, at: 400 })]));
    // The request with two spans has a file of its own beside the older one.
    expect([...files.keys()].filter((key) => key.startsWith("p/trace/"))).toHaveLength(3);
    const row = storedTrace(files, traceId);
    expect(row).toMatchObject({ ...named(1), user_id: "u" });
    expect(JSON.stringify(row)).not.toMatch(/wrong|stale|old/);
  });

  it("without the root keep what they say", () => {
    const files = new Map<string, string>();
    storeEvents(files, [older(3, 400, {})]);
    expect(storedTrace(files, traceId)).toMatchObject({ name: "", environment: "old" });
  });
});

describe("the session and the user of a trace", () => {
  const spans = (child: Record<string, Value>, root: Record<string, Value> = {}): Span[] => [
    { id: 1, service: "web", at: 0, attributes: root },
    { id: 2, parent: 1, service: "web", at: 5, attributes: child },
  ];
  const rowOf = (...requests: Span[][]) => {
    const files = new Map<string, string>();
    for (const request of requests) storeRequest(files, requestOf(request));
    return storedTrace(files, traceId);
  };
  const sessionOf = (...requests: Span[][]) => rowOf(...requests).session_id;
  const userOf = (...requests: Span[][]) => rowOf(...requests).user_id;

  it("is what was set by hand on any span, before what a framework knows of its conversation, in whatever order they come", () => {
    const [root = [], child = []] = spans({ "gen_ai.conversation.id": "conversation" }, { "session.id": "set" }).map((span) => [span]);
    expect(sessionOf(root, child)).toBe("set");
    expect(sessionOf(child, root)).toBe("set");
    expect(sessionOf([...root, ...child])).toBe("set");
  });

  it("is the conversation where nothing was set", () => {
    expect(sessionOf(spans({ "gen_ai.conversation.id": "conversation" }))).toBe("conversation");
  });

  it("is the session that was set last of several", () => {
    expect(sessionOf(spans({ "session.id": "later" }, { "session.id": "first" }))).toBe("later");
  });

  it.each(["gen_ai.request.user", "llm.user", "enduser.pseudo.id"])(
    "are not the user of %s on a later span, if one was set by hand, in whatever order they come",
    (name) => {
      const [root = [], child = []] = spans({ [name]: "hash" }, { "user.id": "set" }).map((span) => [span]);
      expect([userOf(root, child), userOf(child, root), userOf([...root, ...child])]).toEqual(["set", "set", "set"]);
      expect(userOf(child)).toBe("hash");
    },
  );

  it("of the resource give way to what a span below sets", () => {
    const [root, child] = spans({ "user.id": "later" });
    const byResource = root === undefined ? [] : [{ ...root, attributes: {}, resource: { "user.id": "process" } }];
    expect(userOf(byResource, child === undefined ? [] : [child])).toBe("later");
    expect(userOf(byResource)).toBe("process");
  });
});

describe("the environment of a trace", () => {
  const unnamed = { "langfuse.environment": "" };
  const child = (environment: string, more: Record<string, Value> = {}) =>
    span(2, { parent: 1, resource: unnamed, attributes: { "langfuse.environment": environment, "session.id": "s", ...more } });

  it("is the one that a span below names where the root names none, whichever comes first", () => {
    const root = span(1, { resource: unnamed });
    for (const requests of [[[root, child("prod")]], [[root], [child("prod")]], [[child("prod")], [root]]])
      expect(traceOf(requests)).toMatchObject({ name: "span-1", environment: "prod" });
  });

  it("is that of the root where it names one, and not that of another service", () => {
    expect(traceOf([[span(1), child("prod")]])).toMatchObject({ environment: "env-a" });
    const other = span(2, { parent: 1, service: "b", attributes: { "session.id": "s" } });
    expect(traceOf([[span(1, { resource: unnamed }), other]])).toMatchObject({ environment: "default" });
  });
});
