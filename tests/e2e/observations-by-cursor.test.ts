import { LangfuseClient } from "@langfuse/client";
import { beforeAll, describe, expect, it } from "vitest";
import { ObservationV2 } from "../../api/routes/observations/resource.ts";
import { isLong } from "../support/property-runs.ts";
import { at, eventWith, uniqueIds } from "../support/sent-event.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { accepted, authorization, call, connection, ingest, json, newProject, post, settled, stack } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

type Query = Record<string, string | number | string[]>;
type Page = { data: Record<string, unknown>[]; meta: { cursor?: string } };

const pathOf = (query: Query): string => {
  const search = new URLSearchParams();
  for (const [name, values] of Object.entries(query)) for (const value of [values].flat()) search.append(name, String(value));
  return `v2/observations?${search}`;
};
const page = (query: Query): Promise<Page> => json<Page>(pathOf(query));
const idsOf = ({ data }: Page): unknown[] => data.map(({ id }) => id);
/** All pages, one after the other; `between` runs behind each. */
const walk = async (
  query: Query,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<{ ids: unknown[]; pages: number }> => {
  const ids: unknown[] = [];
  for (let pages = 1, cursor: string | undefined; ; pages++) {
    const found = await page({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    ids.push(...idsOf(found));
    cursor = found.meta.cursor;
    if (cursor === undefined) return { ids, pages };
    await between();
  }
};

const startNs = BigInt(Date.UTC(2026, 3, 1, 9)) * 1_000_000n;
const span = (traceId: string, spanId: string, micros: number) => ({
  ...{ traceId, spanId, name: "crowded", kind: 1, attributes: [], status: {} },
  startTimeUnixNano: String(startNs + BigInt(micros) * 1000n),
  endTimeUnixNano: String(startNs + 1_000_000_000n),
});
const sendSpans = async (spans: readonly object[]): Promise<void> => {
  const body = { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: {}, spans }] }] };
  expect((await post(JSON.stringify(body), {}, "otel/v1/traces")).status).toBe(200);
};
const hex = (number: number, digits: number) => (number + 1).toString(16).padStart(digits, "0");

/** Of six traces, in three microseconds of one millisecond, and one a millisecond before and after. */
const crowd = Array.from({ length: 60 }, (_, i) => span(hex(i % 6, 32), hex(i, 16), [0, 1, 2, 1, 1][i % 5] ?? 0));
const edges = [span(hex(0, 32), hex(100, 16), -1000), span(hex(0, 32), hex(101, 16), 1000)];

let foreign: ProjectKey;
const payloads = { trace: "payloads", root: "payload-root", child: "payload-child" };
beforeAll(async () => {
  foreign = await newProject("read-elsewhere");
  await sendSpans([...crowd, ...edges]);
  await accepted([
    event("trace-create", {
      ...{ id: payloads.trace, name: "the trace", userId: "user", sessionId: "session", tags: ["b", "a"], release: "r1" },
      ...{ public: true, environment: "staging" },
    }),
    event("span-create", {
      ...{ id: payloads.root, traceId: payloads.trace, name: "root", startTime: at(0), endTime: at(2.5), environment: "staging" },
      ...{ version: "v1", level: "WARNING", statusMessage: "odd", input: { a: 1 }, output: "text" },
      metadata: {
        long: "x".repeat(300),
        longer: "😀".repeat(201),
        json: { deep: [1, "2"] },
        empty: "",
        document: { text: "y".repeat(300) },
      },
    }),
    event("generation-create", {
      ...{
        id: payloads.child,
        traceId: payloads.trace,
        parentObservationId: payloads.root,
        startTime: at(1),
        completionStartTime: at(1.25),
      },
      ...{
        endTime: at(2),
        model: "gpt-4o",
        modelParameters: { temperature: 1 },
        usageDetails: { input: 10, output: 5 },
        environment: "staging",
      },
      ...{ promptName: "explain", promptVersion: 7 },
    }),
  ]);
  expect(
    (await ingest([event("span-create", { id: "theirs", traceId: "theirs", startTime: at(0) })], { authorization: authorization(foreign) }))
      .errors,
  ).toEqual([]);
  await settled();
});

describe("pages by cursor", () => {
  const crowded = { name: "crowded" };

  it("of one row hold each row once", async () => {
    const few = { ...crowded, traceId: hex(0, 32) };
    const { ids, pages } = await walk({ ...few, limit: 1 });
    expect(ids).toEqual(idsOf(await page({ ...few, limit: 1000 })));
    expect(pages).toBe(12);
    expect([ids[0], ids.at(-1)]).toEqual([hex(101, 16), hex(100, 16)]);
  });

  it.each(isLong ? [2, 7, 59, 62, 63, 1000] : [7, 62])(
    "of %i rows hold each row once, newest first, also within one instant",
    async (limit) => {
      const { ids, pages } = await walk({ ...crowded, limit });
      const expected = idsOf(await page({ ...crowded, limit: 1000 }));
      expect(new Set(expected)).toEqual(new Set([...crowd, ...edges].map(({ spanId }) => spanId)));
      expect(ids).toEqual(expected);
      expect(pages).toBe(Math.ceil(62 / limit));
      expect([ids[0], ids.at(-1)]).toEqual([hex(101, 16), hex(100, 16)]);
    },
  );

  it("are not moved by rows that arrive before them, and end before those", async () => {
    const expected = idsOf(await page({ ...crowded, limit: 1000 }));
    let late = 200;
    const { ids } = await walk({ ...crowded, limit: 25 }, async () => {
      await sendSpans([span(hex(7, 32), hex(late++, 16), 60_000_000)]);
      await settled();
    });
    expect(ids).toEqual(expected);
    expect(late).toBe(202);
  });

  it("show an observation once that has moved to another day and trace", async () => {
    const id = unique("moved");
    await accepted([event("span-create", { id, name: "moves", traceId: "first", startTime: at(0) }, 10)]);
    await settled();
    await accepted([event("span-create", { id, name: "moves", traceId: "second", startTime: at(-2 * 86_400) }, 1)]);
    await settled();
    const { data, meta } = await page({ name: "moves" });
    expect(data).toMatchObject([{ id, traceId: "second", startTime: at(-2 * 86_400) }]);
    expect(meta).toEqual({});
  });

  it("take ids of any alphabet", async () => {
    const ids = ["ä/1", "😀+2", "日本?3"].map((id) => unique(id));
    await accepted(ids.map((id) => event("span-create", { id, traceId: "words", name: "worded", startTime: at(0) })));
    await settled();
    expect((await walk({ name: "worded", limit: 1 })).ids.toSorted()).toEqual(ids.toSorted());
  });

  it("of no rows have no cursor", async () => {
    expect(await page({ ...crowded, limit: 0 })).toEqual({ data: [], meta: {} });
    expect(await page({ name: "nobody" })).toEqual({ data: [], meta: {} });
  });

  it("of another project are not reached by a cursor", async () => {
    const { meta } = await page({ ...crowded, limit: 1 });
    const response = await call(pathOf({ cursor: meta.cursor ?? "" }), {}, { authorization: authorization(foreign) });
    const theirs = (await response.json()) as Page;
    expect(theirs.data.every(({ projectId }) => projectId === foreign.projectId)).toBe(true);
    expect((await page({ limit: 1000 })).data.every(({ projectId }) => projectId === stack().projectId)).toBe(true);
  });
});

const core = (id: string) => ({
  ...{ id, projectId: stack().projectId, traceId: payloads.trace },
  ...{ modelId: null, inputPrice: null, outputPrice: null, totalPrice: null },
});
const root = () => ({ ...core(payloads.root), type: "SPAN", parentObservationId: null, startTime: at(0), endTime: at(2.5) });
const child = () => ({ ...core(payloads.child), type: "GENERATION", parentObservationId: payloads.root, startTime: at(1), endTime: at(2) });
const ofTrace = { traceId: payloads.trace };
const basic = { environment: "staging", bookmarked: false, public: true, userId: "user", sessionId: "session" };
const basicOfRoot = { ...basic, name: "root", level: "WARNING", statusMessage: "odd", version: "v1", isRootObservation: true };
const basicOfChild = { ...basic, name: null, level: "DEFAULT", statusMessage: null, version: null, isRootObservation: false };
const price = { modelId: expect.stringContaining("gpt-4o"), inputPrice: "0.0000025", outputPrice: "0.00001", totalPrice: null };

describe("groups of fields", () => {
  it.each<[string, () => [object, object]]>([
    ["", () => [basicOfRoot, basicOfChild]],
    ["core", () => [{}, {}]],
    ["basic", () => [basicOfRoot, basicOfChild]],
    [
      "time",
      () => {
        const written = { createdAt: expect.any(String), updatedAt: expect.any(String) };
        return [
          { ...written, completionStartTime: null },
          { ...written, completionStartTime: at(1.25) },
        ];
      },
    ],
    [
      "io",
      () => [
        { input: '{"a":1}', output: "text" },
        { input: null, output: null },
      ],
    ],
    [
      "model",
      () => [
        { model: null, internalModelId: null, modelParameters: null },
        { ...price, model: "gpt-4o", internalModelId: price.modelId, modelParameters: { temperature: 1 } },
      ],
    ],
    [
      "usage",
      () => [
        { usageDetails: {}, costDetails: {}, totalCost: null, usagePricingTierName: null },
        {
          usageDetails: { input: 10, output: 5, total: 15 },
          costDetails: { input: 0.000025, output: 0.00005, total: 0.000075 },
          totalCost: 0.000075,
          usagePricingTierName: "Standard",
        },
      ],
    ],
    [
      "prompt",
      () => [
        { promptId: null, promptName: null, promptVersion: null },
        { promptId: null, promptName: "explain", promptVersion: 7 },
      ],
    ],
    [
      "metrics, trace_context",
      () => {
        const context = { tags: ["a", "b"], release: "r1", traceName: "the trace" };
        return [
          { ...context, latency: 2.5, timeToFirstToken: null },
          { ...context, latency: 1, timeToFirstToken: 0.25 },
        ];
      },
    ],
  ])("%o", async (fields, expected) => {
    const { data } = await page({ ...ofTrace, fields });
    const [ofRoot, ofChild] = expected();
    expect(data).toEqual([
      { ...child(), ...ofChild },
      { ...root(), ...ofRoot },
    ]);
    for (const observation of data) ObservationV2.parse(observation);
  });

  it("cut long metadata at 200 characters, but for the keys that are to be whole", async () => {
    const metadataOf = async (query: Query) => (await page({ ...ofTrace, fields: "metadata", ...query })).data[1]?.["metadata"];
    const short = {
      long: "x".repeat(200),
      longer: "😀".repeat(200),
      json: { deep: [1, "2"] },
      empty: "",
      document: `{"text":"${"y".repeat(191)}`,
    };
    expect(await metadataOf({})).toEqual(short);
    expect(await metadataOf({ expandMetadata: "long,document,unknown" })).toEqual({
      ...short,
      long: "x".repeat(300),
      document: { text: "y".repeat(300) },
    });
  });

  it("are what the unchanged client of the SDK is given", async () => {
    const client = new LangfuseClient({ ...connection(), timeout: waitSeconds });
    const fields = "basic,time,io,metadata,model,usage,prompt,metrics,trace_context";
    const { data, meta } = await client.api.observations.getMany({ ...ofTrace, fields, isRootObservation: true, environment: ["staging"] });
    expect(data).toMatchObject([{ ...root(), ...basicOfRoot, latency: 2.5, traceName: "the trace" }]);
    expect(meta).toEqual({});
    const first = await client.fetchObservations({ ...ofTrace, limit: 1, parseIoAsJson: false });
    const second = await client.fetchObservations({ ...ofTrace, limit: 1, cursor: first.meta.cursor ?? "" });
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual([payloads.child, payloads.root]);
  });
});

describe("filters", () => {
  const both = [payloads.child, payloads.root];
  const filter = (...filters: object[]) => ({ filter: JSON.stringify(filters) });
  it.each<[string, Query, string[]]>([
    ["name", { name: "root" }, [payloads.root]],
    ["user", { userId: "user" }, both],
    ["session", { sessionId: "session" }, both],
    ["type", { type: "GENERATION" }, [payloads.child]],
    ["level", { level: "WARNING" }, [payloads.root]],
    ["version", { version: "v1" }, [payloads.root]],
    ["parent", { parentObservationId: payloads.root }, [payloads.child]],
    ["no parent", { parentObservationId: "", ...ofTrace }, [payloads.root]],
    ["roots", { isRootObservation: "true", ...ofTrace }, [payloads.root]],
    ["no roots", { isRootObservation: "false", ...ofTrace }, [payloads.child]],
    ["environment", { environment: ["staging", "nowhere"] }, both],
    ["times", { fromStartTime: at(1), toStartTime: at(2), ...ofTrace }, [payloads.child]],
    ["a time that is excluded", { toStartTime: at(1), ...ofTrace }, [payloads.root]],
    ["tags", filter({ type: "arrayOptions", column: "tags", operator: "all of", value: ["a", "b"] }), both],
    ["cost", filter({ type: "number", column: "totalCost", operator: ">", value: 0 }), [payloads.child]],
    [
      "latency",
      filter(
        { type: "number", column: "latency", operator: ">=", value: 2.5 },
        { type: "string", column: "traceId", operator: "=", value: payloads.trace },
      ),
      [payloads.root],
    ],
    [
      "a key of metadata",
      filter({ type: "stringObject", column: "metadata", key: "long", operator: "starts with", value: "xx" }),
      [payloads.root],
    ],
    [
      "a filter and a parameter together",
      { ...filter({ type: "string", column: "name", operator: "=", value: "root" }), type: "GENERATION" },
      [],
    ],
  ])("by %s", async (_, query, expected) => {
    expect(idsOf(await page(query))).toEqual(expected);
  });
});

describe("what is refused", () => {
  it.each<[string, Query, string, string]>([
    ["a cursor that is none", { cursor: "%%%" }, "INVALID_CURSOR", "cursor"],
    ["a cursor of JSON that is none", { cursor: btoa("{}") }, "INVALID_CURSOR", "cursor"],
    ["a cursor of a time that is none", { cursor: btoa(JSON.stringify({ at: "1 OR 1", hash: 1, id: "x" })) }, "INVALID_CURSOR", "cursor"],
    ["a cursor of a hash that is none", { cursor: btoa(JSON.stringify({ at: "1", hash: 2 ** 32, id: "x" })) }, "INVALID_CURSOR", "cursor"],
    ["a limit above 1000", { limit: 1001 }, "INVALID_REQUEST", "limit"],
    ["a negative limit", { limit: -1 }, "INVALID_REQUEST", "limit"],
    ["an unknown group", { fields: "core,secrets" }, "INVALID_REQUEST", "fields[1]"],
    ["input and output as JSON", { parseIoAsJson: "true" }, "INVALID_REQUEST", "parseIoAsJson"],
    ["a type that is none", { type: "PLANET" }, "INVALID_REQUEST", "type"],
    ["a time without a zone", { fromStartTime: "yesterday" }, "INVALID_REQUEST", "fromStartTime"],
    ["a truth that is none", { isRootObservation: "maybe" }, "INVALID_REQUEST", "isRootObservation"],
    ["a filter that is no list", { filter: "{}" }, "INVALID_REQUEST", "filter"],
    [
      "a filter of a column that is none",
      { filter: '[{"type":"string","column":"x","operator":"=","value":""}]' },
      "INVALID_FILTER",
      "filter[0].column",
    ],
  ])("%s, by the name of its field", async (_, query, code, path) => {
    const response = await call(pathOf(query));
    const problem = (await response.json()) as { code: string; errors: { path: string }[] };
    expect([response.status, problem.code, problem.errors.map((one) => one.path)]).toEqual([400, code, [path]]);
  });

  it("a request without a key, or with a public one", async () => {
    for (const header of ["", `Bearer ${stack().publicKey}`])
      expect((await call("v2/observations", {}, { authorization: header })).status).toBe(401);
  });

  it("a cursor whose time no column can hold is the end, or the begin, and no failure", async () => {
    const cursor = (micros: string) => btoa(JSON.stringify({ at: micros, hash: 0, id: "" }));
    expect(await page({ cursor: cursor("-99999999999999999") })).toEqual({ data: [], meta: {} });
    expect((await page({ cursor: cursor("99999999999999999"), limit: 1 })).data).toHaveLength(1);
  });
});
