/** What was stored is read back as it was, and what cannot be asked for or is too large for one answer is refused. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { defaultModels } from "../../core/models/default-models/index.ts";
import { eventsTable, type Json, observationsMax, type Query, useReadBack } from "../support/read-back.ts";
import { at, baseMs, type Key, observationRow, scoreRow, traceRow } from "../support/stored-rows.ts";

const { newProject, stackKey, get, page, cursorPage, insert } = useReadBack();

describe("what was stored comes back", () => {
  const deep = `${"[".repeat(1100)}${"]".repeat(1100)}`;
  it.each<[string, string | null, unknown]>([
    ["nothing", null, null],
    ["an empty text", "", null],
    ["an object", '{"a": {"b": [1, null, "x"]}}', { a: { b: [1, null, "x"] } }],
    ["an object over several lines", '{\r\n "a":\n "b\\nc"}\n', { a: "b\nc" }],
    ["a text in quotes", '"quoted"', "quoted"],
    ["a short number", "42", 42],
    ["a long number, which may be an id", "12345678901234567890", "12345678901234567890"],
    ["a long decimal number", "0.12345678901234567890", "0.12345678901234567890"],
    ["true", "true", true],
    ["null", "null", null],
    ["two values", "1 2", "1 2"],
    ["JSON that breaks off", '{"a": 1', '{"a": 1'],
    ["what ends an object early", '"}],"x":[{"', '"}],"x":[{"'],
    ["text", "=1+1 \t'\"\\ {id:String} $$ ${doc:Raw} 👩‍🚀 \u0000 \u2028", "=1+1 \t'\"\\ {id:String} $$ ${doc:Raw} 👩‍🚀 \u0000 \u2028"],
    ["text with line breaks", "a\r\nb\n", "a\r\nb\n"],
    ["half a surrogate pair", '{"a":"\\ud800"}', '{"a":"\\ud800"}'],
    ["more levels than are read", deep, deep],
    [
      "names that objects of JavaScript have",
      '{"__proto__": {"x": 1}, "constructor": 2}',
      JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}'),
    ],
  ])("%s", async (_name, text, shown) => {
    const key = await stackKey();
    const id = randomUUID();
    await insert("traces", [traceRow(key, id, { input: text, output: text, metadata: text === null ? {} : { k: text } })]);
    await insert("observations", [
      observationRow(key, id, { trace_id: id, input: text, output: text, metadata: text === null ? {} : { k: text } }),
    ]);
    const { json } = await get(key, `traces/${id}`);
    const observation = (json["observations"] as Json[])[0];
    const metadata = text === null ? {} : { k: text === "" ? "" : shown };
    for (const found of [json, observation, (await get(key, `observations/${id}`)).json]) {
      expect(found?.["input"]).toEqual(shown);
      expect(found?.["output"]).toEqual(shown);
      expect(found?.["metadata"]).toEqual(metadata);
    }
  });

  it("counts and costs keep all their digits", async () => {
    const key = await newProject();
    await insert("observations", [
      observationRow(key, "a", {
        usage_details: { input: "18446744073709551615", input_b: "18446744073709551615", total: "9007199254740993" },
        cost_details: { input: "999999.999999999999", total: "0.000000000001" },
        input: '{"id": 9007199254740993, "price": 1.10}',
      }),
    ]);
    const { text, json } = await get(key, "observations/a");
    expect(text).toContain('"usageDetails":{"input":18446744073709551615,"input_b":18446744073709551615,"total":9007199254740993}');
    expect(text).toContain('"promptTokens":36893488147419103230,');
    expect(text).toContain('"costDetails":{"input":999999.999999999999,"total":0.000000000001}');
    expect(text).toContain('"calculatedInputCost":999999.999999999999,');
    expect(text).toContain('{"id": 9007199254740993, "price": 1.10}');
    expect(json["calculatedTotalCost"]).toBe(1e-12);
  });

  it("prices are those of the tier an observation was priced by, else of the default", async () => {
    const key = await newProject();
    const model = defaultModels.find(({ pricingTiers }) => pricingTiers.length > 1);
    const [standard, long] = model?.pricingTiers ?? [];
    if (model === undefined || standard === undefined || long === undefined) throw new Error("no default model has two tiers");
    expect(standard.prices["input"]).not.toBe(long.prices["input"]);
    await insert("traces", [traceRow(key, "t")]);
    await insert("observations", [
      observationRow(key, "a", { internal_model_id: model.id }),
      observationRow(key, "b", { internal_model_id: model.id, usage_pricing_tier_id: standard.id }),
      observationRow(key, "c", { internal_model_id: model.id, usage_pricing_tier_id: long.id }),
      observationRow(key, "d", { internal_model_id: "unknown", usage_pricing_tier_id: long.id }),
      observationRow(key, "e"),
    ]);
    const pricesOf = ({ id, inputPrice, outputPrice, totalPrice }: Json) => [id, inputPrice, outputPrice, totalPrice];
    const expected = [
      ["a", Number(standard.prices["input"]), Number(standard.prices["output"]), null],
      ["b", Number(standard.prices["input"]), Number(standard.prices["output"]), null],
      ["c", Number(long.prices["input"]), Number(long.prices["output"]), null],
      ["d", null, null, null],
      ["e", null, null, null],
    ];
    expect(((await get(key, "traces/t")).json["observations"] as Json[]).map(pricesOf)).toEqual(expected);
    const { data } = await page(key, "observations");
    expect(data.map(pricesOf).toSorted()).toEqual(expected);
    expect(pricesOf((await get(key, "observations/c")).json)).toEqual(expected[2] ?? []);
  });

  it("costs of a trace are added exactly", async () => {
    const key = await newProject();
    await insert("traces", [traceRow(key, "t")]);
    await insert(
      "observations",
      Array.from({ length: 10 }, (_, i) => observationRow(key, `o${i}`, { cost_details: { total: "0.1" } })),
    );
    expect((await get(key, "traces/t")).text).toContain('"totalCost":1,');
    expect((await page(key, "traces")).data[0]?.["totalCost"]).toBe(1);
  });
});

describe("what is too large for one answer is refused, with what to do", () => {
  const fat = "x".repeat(700_000);

  const refused = async (key: Key, path: string, query: Query = {}) => {
    const { status, json } = await get(key, path, query);
    expect(json).toMatchObject({ status: 422, code: "ANSWER_TOO_LARGE" });
    expect(status).toBe(422);
    expect(String(json["help"])).toContain("limit");
    return String(json["detail"]);
  };

  it("observations by cursor, but for those who leave their payloads out", async () => {
    const key = await newProject();
    const event = (id: string) => ({
      project_id: key.projectId,
      trace_id: "t",
      span_id: id,
      start_time: at(baseMs),
      input: fat,
      event_ts: at(baseMs),
    });
    await insert(eventsTable, ["a", "b", "c"].map(event));
    expect(await refused(key, "v2/observations", { fields: "io" })).toContain("2.10 MB");
    const { data } = await cursorPage(key, "v2/observations", {});
    expect(data.map(({ id }) => id)).toEqual(["c", "b", "a"]);
    const one = await cursorPage(key, "v2/observations", { fields: "io", limit: "1" });
    expect(one).toMatchObject({ data: [{ id: "c", input: fat }], meta: { cursor: expect.any(String) } });
  });

  it("a trace with too many observations, which come in pages", async () => {
    const key = await newProject();
    await insert("traces", [traceRow(key, "t")]);
    const rows = Array.from({ length: observationsMax }, (_, i) => observationRow(key, `o${i}`));
    await insert("observations", rows);
    expect(((await get(key, "traces/t")).json["observations"] as Json[]).length).toBe(observationsMax);
    // Versions count once.
    await insert("observations", rows);
    expect((await get(key, "traces/t")).status).toBe(200);
    await insert("observations", [observationRow(key, "more")]);
    expect(await refused(key, "traces/t")).toBe(
      `There are ${observationsMax + 1} observations; one response has at most ${observationsMax}.`,
    );
    expect((await get(key, "traces/t", { fields: "io,scores,metrics" })).status).toBe(200);
    expect((await page(key, "observations", { traceId: "t", page: "4", limit: "100" })).data).toHaveLength(1);
  });

  it("payloads, metadata and comments that come to too many bytes", async () => {
    const key = await newProject();
    for (const i of [1, 2, 3]) {
      await insert("traces", [traceRow(key, `t${i}`, { session_id: "s", metadata: { fat } })]);
      await insert("observations", [observationRow(key, `o${i}`, { trace_id: "t", output: fat })]);
      await insert("scores", [scoreRow(key, `s${i}`, { trace_id: "t", comment: fat })]);
    }
    await insert("traces", [traceRow(key, "t")]);
    expect(await refused(key, "traces")).toMatch(/^The traces have about 2\.10 MB; one response has at most 2\.00 MB\.$/);
    expect((await page(key, "traces", { limit: "2" })).data).toHaveLength(2);
    expect((await page(key, "traces", { fields: "core" })).data).toHaveLength(4);
    await refused(key, "sessions/s");
    await refused(key, "observations");
    expect((await page(key, "observations", { limit: "2" })).data).toHaveLength(2);
    await refused(key, "v2/scores");
    await refused(key, "traces/t");
    expect((await get(key, "traces/t", { fields: "io" })).status).toBe(200);
    expect((await get(key, "observations/o1")).json["output"]).toBe(fat);
  });
});

describe("wrong values are refused with their field", () => {
  const filter = (more: object) => JSON.stringify([{ type: "string", column: "name", operator: "=", value: "x", ...more }]);
  it.each<[string, Query, string, string?]>([
    ["traces", { page: "0" }, "page"],
    ["traces", { page: "-1" }, "page"],
    ["traces", { page: "1.5" }, "page"],
    ["traces", { page: "one" }, "page"],
    ["traces", { page: "1e30" }, "page"],
    ["traces", { limit: "0" }, "limit"],
    ["traces", { limit: "101" }, "limit"],
    ["traces", { limit: "NaN" }, "limit"],
    ["observations", { limit: "101" }, "limit"],
    ["scores", { limit: "101" }, "limit"],
    ["sessions", { page: "0" }, "page"],
    ["traces", { userId: ["a", "b"] }, "userId"],
    ["traces", { fromTimestamp: "yesterday" }, "fromTimestamp"],
    ["traces", { fromTimestamp: "2026-02-30T00:00:00Z" }, "fromTimestamp"],
    ["traces", { toTimestamp: "2026-01-01" }, "toTimestamp"],
    ["sessions", { fromTimestamp: "1" }, "fromTimestamp"],
    ["observations", { fromStartTime: "1" }, "fromStartTime"],
    ["observations", { toStartTime: "2026-01-01T00:00:00" }, "toStartTime"],
    ["traces", { orderBy: "timestamp" }, "orderBy"],
    ["traces", { orderBy: "timestamp.up" }, "orderBy"],
    ["traces", { orderBy: "nope.asc" }, "orderBy", "INVALID_ORDER_BY"],
    ["traces", { orderBy: "(SELECT 1).asc" }, "orderBy", "INVALID_ORDER_BY"],
    ["traces", { orderBy: "metadata.asc" }, "orderBy", "INVALID_ORDER_BY"],
    ["traces", { fields: "core,all" }, "fields[1]"],
    ["traces/t", { fields: "all" }, "fields[0]"],
    ["traces", { filter: "{" }, "filter"],
    ["traces", { filter: "{}" }, "filter"],
    ["traces", { filter: filter({ column: "nope" }) }, "filter[0].column", "INVALID_FILTER"],
    ["traces", { filter: filter({ operator: "like" }) }, "filter[0].operator", "INVALID_FILTER"],
    ["traces", { filter: filter({ type: "number" }), userId: "x" }, "filter[0].type", "INVALID_FILTER"],
    ["traces", { filter: filter({ value: 1 }) }, "filter[0].value", "INVALID_FILTER"],
    ["observations", { type: "generation" }, "type"],
    ["observations", { level: "FATAL" }, "level"],
    ["scores", { dataType: "NUMBER" }, "dataType"],
    ["scores", { source: "api" }, "source"],
    ["scores", { value: "x", operator: "=" }, "value"],
    ["scores", { value: "1" }, "operator"],
    ["scores", { operator: "=" }, "value"],
    ["scores", { value: "1", operator: "==" }, "operator"],
    ["scores", { fields: "scores" }, "fields[0]"],
    ["v2/scores", { fields: "score", userId: "u" }, "fields"],
  ])("%s %j", async (path, query, field, code = "INVALID_REQUEST") => {
    const { status, json, headers } = await get(await stackKey(), path, query);
    expect(status).toBe(400);
    expect(headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(json["code"]).toBe(code);
    expect([...new Set((json["errors"] as { path: string }[]).map((error) => error.path))]).toEqual([field]);
  });
});
