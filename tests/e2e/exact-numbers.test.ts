import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { parseExactJson } from "../../core/exact-json.ts";
import { spelledObject } from "../support/number-spellings.ts";
import { readRows } from "../support/read-export.ts";
import { at, uniqueIds } from "../support/sent-event.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type IngestionAnswer, useWholeStack } from "../support/whole-stack.ts";

const { call, json, post, rows, settled } = useWholeStack();
const unique = uniqueIds();
const seed = Number(process.env["EXACT_JSON_SEED"] ?? 20261128);
/** With their traces over OpenTelemetry no more than one page holds. */
const documents = fc.sample(spelledObject, { seed, numRuns: 40 });

/** An event whose body is JSON as it stands: no number of it passes through JavaScript. */
const event = (type: string, body: string): string => `{"id":"${unique("event")}","type":"${type}","timestamp":"${at(0)}","body":${body}}`;

const send = async (events: readonly string[]): Promise<void> => {
  const answer = (await (await post(`{"batch":[${events.join(",")}]}`)).json()) as IngestionAnswer;
  expect(answer.errors).toEqual([]);
};

/** What a reader gets that keeps digits. */
type Read = { [field: string]: unknown };
const readDigits = async (path: string): Promise<Read> => {
  const response = await call(path);
  expect(response.status).toBe(200);
  return parseExactJson(await response.text()) as Read;
};

const pageOf = async (path: string, key: string): Promise<Map<unknown, Read>> =>
  new Map(((await readDigits(path))["data"] as Read[]).map((row) => [row[key], row]));

/** A document comes out as JSON, or as the text of it where few readers could read it. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
const fieldOf = (value: unknown, field: string): unknown => (value as Read)[field];

const exportOf = async (format: string, query: object): Promise<Buffer> => {
  const { id } = await json<{ id: string }>("batch-exports", { method: "POST", body: JSON.stringify({ format, query }) });
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    const now = await json<{ status: string; log: string | null }>(`batch-exports/${id}`);
    if (now.status === "FAILED") throw new Error(String(now.log));
    if (now.status === "COMPLETED") return Buffer.from(await (await call(`batch-exports/${id}/download`)).arrayBuffer());
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  throw new Error("the export did not end in 60 s");
};

const traceOf = (index: number): string => `exact-${index}`;
const otelTraceOf = (index: number): string => index.toString(16).padStart(32, "b");
const spanOf = (index: number): string => index.toString(16).padStart(16, "a");

beforeAll(async () => {
  const events = documents.map(({ text }, index) =>
    event(
      "trace-create",
      `{"id":"${traceOf(index)}","input":${text},"output":[${text}],"metadata":{"m":${text},"id":1234567890123456789}}`,
    ),
  );
  await send(events);
  const spans = documents.map(({ text }, index) => ({
    traceId: otelTraceOf(index),
    spanId: spanOf(index),
    name: "span",
    kind: 1,
    startTimeUnixNano: "1780000000000000000",
    endTimeUnixNano: "1780000001000000000",
    attributes: [
      { key: "gen_ai.input.messages", value: { stringValue: `[{"role":"user","content":${text}}]` } },
      { key: "gen_ai.system_instructions", value: { stringValue: "be kind" } },
      { key: "langfuse.observation.metadata", value: { stringValue: `{"m":${text}}` } },
    ],
  }));
  const request = { resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: "s" }, spans }] }] };
  expect((await post(JSON.stringify(request), {}, "otel/v1/traces")).status).toBe(200);
  await settled();
});

describe("numbers of any spelling", () => {
  it("are read back digit by digit from events of the SDKs", async () => {
    const traces = await pageOf("traces?limit=100", "id");
    for (const [index, { compact }] of documents.entries()) {
      const trace = traces.get(traceOf(index)) ?? {};
      expect(textOf(trace["input"])).toBe(compact);
      expect(textOf(trace["output"])).toBe(`[${compact}]`);
      expect(textOf(fieldOf(trace["metadata"], "m"))).toBe(compact);
      expect(fieldOf(trace["metadata"], "id")).toBe("1234567890123456789");
    }
  });

  it("are read back digit by digit where OpenTelemetry's JSON was read and written again", async () => {
    const system = '{"role":"system","content":"be kind"}';
    const observations = await pageOf("observations?limit=100", "traceId");
    for (const [index, { compact }] of documents.entries()) {
      const observation = observations.get(otelTraceOf(index)) ?? {};
      expect(textOf(fieldOf(observation, "input"))).toBe(`[${system},{"role":"user","content":${compact}}]`);
      expect(textOf(fieldOf(fieldOf(observation, "metadata"), "m"))).toBe(compact);
    }
  });

  const query = { tableName: "traces", columns: ["id", "input", "output", "metadata"], filter: [] };
  const expected = documents.map(({ compact }, index) => ({ id: traceOf(index), input: compact, output: `[${compact}]`, m: compact }));
  const ours = <Row extends { id: unknown }>(all: readonly Row[]): Row[] =>
    expected.flatMap(({ id }) => all.filter((row) => row.id === id));

  it.each(["JSON", "JSONL"])(
    "are exported digit by digit as %s",
    async (format) => {
      const text = (await exportOf(format, query)).toString("utf8");
      const all = (format === "JSON" ? parseExactJson(text) : text.trim().split("\n").map(parseExactJson)) as Read[];
      const read = all.map((row) => ({
        id: row["id"],
        input: textOf(row["input"]),
        output: textOf(row["output"]),
        m: textOf(fieldOf(row["metadata"], "m")),
      }));
      expect(ours(read)).toEqual(expected);
    },
    120_000,
  );

  it.each(["CSV", "PARQUET"])(
    "are exported digit by digit as %s",
    async (format) => {
      const kinds = { id: "string", input: "json", output: "json", metadata: "map<string>" } as const;
      const all = await readRows(format, [await exportOf(format, query)], kinds);
      const read = all.map(({ id, input, output, metadata }) => ({ id, input, output, m: fieldOf(metadata, "m") }));
      expect(ours(read)).toEqual(expected);
    },
    120_000,
  );
});

describe("an id of 64 bits and a long price", () => {
  it("come out as they were sent, and are what the stored row holds", async () => {
    const [trace, generation] = [unique("trace"), unique("generation")];
    await send([
      event(
        "trace-create",
        `{"id":"${trace}","input":{"message_id":1234567890123456789,"price":0.12345678901234567890123},"metadata":{"snowflake":1234567890123456789,"text":"1234567890123456789"}}`,
      ),
      event(
        "generation-create",
        `{"id":"${generation}","traceId":"${trace}","input":[{"role":"tool","content":{"channel":1234567890123456789}}],"output":1234567890123456789,"modelParameters":{"seed":1234567890123456789,"temperature":1.0}}`,
      ),
    ]);
    await settled();
    const read = await readDigits(`traces/${trace}`);
    expect(JSON.stringify(read["input"])).toBe('{"message_id":1234567890123456789,"price":0.12345678901234567890123}');
    expect(read["metadata"]).toEqual({ snowflake: "1234567890123456789", text: "1234567890123456789" });
    const observation = await readDigits(`observations/${generation}`);
    expect(JSON.stringify(observation["input"])).toBe('[{"role":"tool","content":{"channel":1234567890123456789}}]');
    expect(observation["output"]).toBe("1234567890123456789");
    expect(JSON.stringify(observation["modelParameters"])).toBe('{"seed":1234567890123456789,"temperature":1.0}');
    expect(await rows(`SELECT output, model_parameters FROM observations FINAL WHERE id = '${generation}'`)).toEqual([
      { output: "1234567890123456789", model_parameters: '{"seed":1234567890123456789,"temperature":1.0}' },
    ]);
  });

  it("merge with other events key by key", async () => {
    const id = unique("trace");
    await send([
      event("trace-create", `{"id":"${id}","metadata":{"a":{"big":12345678901234567890,"kept":1.50},"b":1.0}}`),
      event("trace-create", `{"id":"${id}","metadata":{"a":{"big":98765432109876543210},"b":{"x":-0}}}`),
    ]);
    await settled();
    expect(await rows(`SELECT metadata FROM traces FINAL WHERE id = '${id}'`)).toEqual([
      { metadata: { a: '{"big":98765432109876543210,"kept":1.50}', b: '{"x":-0}' } },
    ]);
  });

  it("are doubles as values of scores, counts and costs, and documents in their metadata", async () => {
    const [trace, generation, score, single] = [unique("trace"), unique("generation"), unique("score"), unique("score")];
    await send([
      event("score-create", `{"id":"${score}","traceId":"${trace}","name":"n","value":1.0,"metadata":{"id":1234567890123456789}}`),
      event(
        "generation-create",
        `{"id":"${generation}","traceId":"${trace}","promptName":"p","promptVersion":2.0,"usageDetails":{"input":10.0,"output":2e1},"costDetails":{"input":1e-05,"output":0.10}}`,
      ),
    ]);
    const body = `{"id":"${single}","traceId":"${trace}","name":"b","value":1.0,"dataType":"BOOLEAN","metadata":[0.10]}`;
    expect((await post(body, {}, "scores")).status).toBe(200);
    await settled();
    expect(await rows(`SELECT value, data_type, metadata FROM scores FINAL WHERE trace_id = '${trace}' ORDER BY name`)).toEqual([
      { value: 1, data_type: "BOOLEAN", metadata: { metadata: "[0.10]" } },
      { value: 1, data_type: "NUMERIC", metadata: { id: "1234567890123456789" } },
    ]);
    const [row] = await rows(`SELECT prompt_version, usage_details, cost_details FROM observations FINAL WHERE id = '${generation}'`);
    expect(row).toMatchObject({ prompt_version: 2, usage_details: { input: 10, output: 20 } });
    expect(Number(fieldOf(row?.["cost_details"], "input"))).toBe(0.00001);
    expect(Number(fieldOf(row?.["cost_details"], "output"))).toBe(0.1);
  });

  it("in the place of an object or a text are refused as any number is", async () => {
    const bodies = ["1.0", '{"id":"x","name":1.0}', '{"id":"x","tags":[1.0]}', '{"id":1.0}'];
    const events = [
      ...bodies.map((body) => event("trace-create", body)),
      event("generation-create", '{"id":"g","modelParameters":1.0}'),
      event("score-create", '{"traceId":"t","name":"n","value":1e999}'),
    ];
    const answer = (await (await post(`{"batch":[${events.join(",")},1.0]}`)).json()) as IngestionAnswer;
    expect(answer.successes).toEqual([]);
    expect(answer.errors.map(({ status }) => status)).toEqual(Array(events.length + 1).fill(400));
    expect((await post("1.0")).status).toBe(400);
    expect((await post("1.0", {}, "scores")).status).toBe(400);
  });
});
