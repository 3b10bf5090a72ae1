/**
 * Requests made after public reports of traces that came out wrong, sent as they are to the whole stack and read back through the API.
 * The inputs are tests/fixtures/reported-cases/*.json; each stands for a kind of fault, whose own tests are beside the code.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { useWholeStack } from "../support/whole-stack.ts";

const { call, exported, json, settled } = useWholeStack();

type Case = { endpoint: string; requests?: object[]; rawText?: string };
type Observation = Record<string, unknown> & { id: string; name: string; usageDetails: Record<string, number> };
type Trace = Record<string, unknown> & { id: string; observations: Observation[] };

const caseOf = (name: string): Case => JSON.parse(readFileSync(`tests/fixtures/reported-cases/${name}.json`, "utf8")) as Case;

const send = async (name: string, headers: Record<string, string> = {}): Promise<void> => {
  const { endpoint, requests = [], rawText } = caseOf(name);
  const path = endpoint.split(" ")[1]?.replace("/api/public/", "") ?? "";
  for (const body of rawText === undefined ? requests.map((request) => JSON.stringify(request)) : [rawText]) {
    const response = await call(path, { method: "POST", body }, headers);
    expect([200, 207], await response.clone().text()).toContain(response.status);
  }
};

/** Names of the traces of a case, in the order of its requests. */
const traceIdsOf = (name: string): string[] => {
  const { requests = [] } = caseOf(name);
  const ids = [...JSON.stringify(requests).matchAll(/"traceId":\s?"([^"]+)"/g)].map(([, id]) => id ?? "");
  return [...new Set(ids)];
};

const traceOf = (id: string): Promise<Trace> => json<Trace>(`traces/${id}`);

const names = [
  "01-pydantic-gemini-details",
  "05-semconv-modality",
  "07-strands-cache-write",
  "08-aisdk5-anthropic-exclusive",
  "09-aisdk6-bedrock-write",
  "12-gemini-thoughts-exclusive",
  "15-invoke-agent-only",
  "21-bedrock-region",
  "30-app-root",
  "31-remote-parent",
  "32-conversation-id-child",
  "34-exception-event",
  "39-ttfc-semconv",
  "40-retrieval",
  "42-mixed-conventions",
  "44-trace-input-only",
  "47-two-roots",
  "48-nested-service-version",
  "49-traceloop-association",
  "62-ms-as-ns",
  "73-azure-deployment",
  "80-openai-usage-extra-keys",
  "82-gemini-native-usage",
  "88-times",
  "105-aisdk-embedding-values",
] as const;
type Name = (typeof names)[number];

/** A trace by the name of its case, and its observations by their name and in the order of time. */
const traces = new Map<Name, Trace>();
const trace = (name: Name): Trace => {
  const found = traces.get(name);
  if (found === undefined) throw new Error(`${name} was not read`);
  return found;
};
const observation = (name: Name, observationName?: string): Observation => {
  const { observations } = trace(name);
  const found = observationName === undefined ? observations[0] : observations.find((one) => one.name === observationName);
  if (found === undefined) throw new Error(`${name} has no observation ${observationName ?? ""}`);
  return found;
};

describe("reported cases", () => {
  beforeAll(async () => {
    for (const name of names) await send(name);
    await send("100-big-integers");
    await settled();
    for (const name of names) {
      const [id = ""] = traceIdsOf(name);
      const read = await traceOf(id);
      const observations = read.observations.toSorted((a, b) => String(a["startTime"]).localeCompare(String(b["startTime"])));
      traces.set(name, { ...read, observations });
    }
  });

  it.each<[Name, string | undefined, Record<string, unknown>]>([
    ["01-pydantic-gemini-details", undefined, { usageDetails: { total: 1250 }, calculatedTotalCost: 0.000925 }],
    ["05-semconv-modality", undefined, { usageDetails: { total: 280 } }],
    ["07-strands-cache-write", undefined, { usageDetails: { input: 500 }, calculatedTotalCost: 0.009525 }],
    ["08-aisdk5-anthropic-exclusive", undefined, { usageDetails: { input: 12 }, calculatedTotalCost: 0.006486 }],
    ["09-aisdk6-bedrock-write", undefined, { usageDetails: { input: 23, total: 4488 }, calculatedTotalCost: 0.01726275 }],
    ["12-gemini-thoughts-exclusive", undefined, { usageDetails: { total: 160 }, calculatedTotalCost: 0.00018 }],
    ["15-invoke-agent-only", undefined, { usageDetails: { total: 1100 } }],
    ["21-bedrock-region", undefined, { calculatedTotalCost: 0.0012 }],
    ["31-remote-parent", undefined, { name: "POST /chat" }],
    ["39-ttfc-semconv", undefined, { timeToFirstToken: 0.5 }],
    ["40-retrieval", undefined, { type: "RETRIEVER", input: "capital of France", output: [{ id: "d1", score: 0.9 }] }],
    [
      "42-mixed-conventions",
      undefined,
      { input: "short question", output: [{ role: "assistant", parts: [{ type: "text", content: "a" }] }] },
    ],
    ["49-traceloop-association", undefined, { input: { a: 1 } }],
    ["62-ms-as-ns", undefined, { startTime: "2026-11-22T10:00:00.000Z", endTime: "2026-11-22T10:00:01.000Z" }],
    ["73-azure-deployment", undefined, { model: "my-deployment-7", calculatedTotalCost: 0.0035 }],
    ["80-openai-usage-extra-keys", "openrouter", { usageDetails: { total: 18003 }, calculatedTotalCost: 0.02348625 }],
    ["80-openai-usage-extra-keys", "groq", { usageDetails: { total: 150 } }],
    ["80-openai-usage-extra-keys", "deepseek", { usageDetails: { total: 150 } }],
    ["82-gemini-native-usage", "camel", { usageDetails: { total: 170 }, calculatedTotalCost: 0.0001834 }],
    ["82-gemini-native-usage", "snake", { usageDetails: { total: 170 }, calculatedTotalCost: 0.0001834 }],
    ["88-times", "py", { latency: 1.5 }],
    ["88-times", "off", { startTime: "2026-11-22T10:00:00.000Z", latency: 1 }],
    ["88-times", "back", { latency: 0 }],
    ["105-aisdk-embedding-values", undefined, { type: "EMBEDDING", input: ["a"] }],
  ])("%s: observation %s", (name, observationName, expected) => {
    expect(observation(name, observationName)).toMatchObject(expected);
  });

  it.each<[Name, Record<string, unknown>]>([
    ["15-invoke-agent-only", { totalCost: 0.0035 }],
    ["30-app-root", { name: "handle-request", input: "question", output: "answer", userId: "u1" }],
    ["31-remote-parent", { name: "POST /chat" }],
    ["32-conversation-id-child", { sessionId: "conv-32-conversation-id-child" }],
    ["44-trace-input-only", { input: "Q", output: [{ role: "assistant", parts: [{ type: "text", content: "A" }] }] }],
    ["47-two-roots", { name: "gateway", input: "Q", version: "1.0.0" }],
    ["48-nested-service-version", { name: "root-a", version: "1.0.0", metadata: { resourceAttributes: { "service.name": "A" } } }],
    ["49-traceloop-association", { sessionId: "tl-s", userId: "tl-u" }],
    ["88-times", { timestamp: "2026-11-22T10:00:00.123Z" }],
  ])("%s: trace", (name, expected) => {
    expect(trace(name)).toMatchObject(expected);
  });

  it("12-gemini-thoughts-exclusive: output that lies beside the thoughts does not vanish", () => {
    const { output, output_reasoning_tokens: reasoning } = observation("12-gemini-thoughts-exclusive").usageDetails;
    expect([output, reasoning]).toEqual([10, 50]);
  });

  it("34-exception-event: the message of the exception is the status, type and stack are kept", () => {
    const { level, statusMessage, metadata } = observation("34-exception-event");
    expect([level, statusMessage]).toEqual(["ERROR", "boom: no quota"]);
    expect(JSON.stringify(metadata)).toContain("QuotaError");
    expect(JSON.stringify(metadata)).toContain("at line 1");
  });

  it("88-times: a first token before the start gives no negative time", () => {
    expect(Number(observation("88-times", "ttft")["timeToFirstToken"] ?? 0)).toBeGreaterThanOrEqual(0);
  });

  it("100-big-integers: every digit comes out, in the API and in an export", async () => {
    const text = await (await call("traces/bigint-trace")).text();
    expect(text).toContain("1234567890123456789");
    expect(text).toContain("0.12345678901234567890123");
    expect(text).not.toContain("1234567890123456800");
    const rows = await exported("observations", [{ type: "string", column: "traceId", operator: "=", value: "bigint-trace" }]);
    expect(rows).toHaveLength(1);
  });

  it("102-same-span-id-two-traces: each trace has its own span", async () => {
    await send("102-same-span-id-two-traces");
    await settled();
    const [a, b] = await Promise.all(traceIdsOf("102-same-span-id-two-traces").map(traceOf));
    expect(a?.observations.map(({ name }) => name)).toEqual(["first"]);
    expect(b?.observations.map(({ name }) => name)).toEqual(["second"]);
  });

  it.each(["metrics", "logs"])("106-metrics-endpoint: %s are answered as accepted, in JSON and protobuf", async (signal) => {
    for (const type of ["application/json", "application/x-protobuf"]) {
      const body = type === "application/json" ? "{}" : new Uint8Array(0);
      const response = await call(`otel/v1/${signal}`, { method: "POST", body }, { "content-type": type });
      expect([response.status, response.headers.get("content-type")?.split(";")[0]]).toEqual([200, type]);
    }
  });
});
