import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { at, eventWith, uniqueIds } from "../support/sent-event.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { accepted, ingest, post, rows, settled, stack } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

describe("the answer", () => {
  it("to an empty batch: both lists empty", async () => {
    expect(await ingest([])).toEqual({ successes: [], errors: [] });
  });

  it("names every event once, good ones as stored and bad ones with the reason; a bad one never costs a neighbour", async () => {
    const trace = unique("trace");
    const batch = [
      event("trace-create", { id: trace, name: "kept" }),
      { id: "no-type", timestamp: at(0), body: {} },
      event("made-up", { id: "x" }),
      event("trace-create", { id: "carriage\rreturn" }),
      event("trace-create", { id: "nul\u0000byte" }),
      event("trace-create", { id: unique("t"), name: "n".repeat(1001) }),
      event("span-create", { id: unique("o"), traceId: trace, startTime: "yesterday" }),
      event("dataset-run-item-create", { id: "r", traceId: trace, datasetId: "d", runId: "r", datasetItemId: "i" }),
      event("score-create", { id: unique("s"), name: "no target", value: 1 }),
      null,
      "text",
      event("sdk-log", { log: "a line" }),
      event("score-create", { id: unique("s"), traceId: trace, name: "good", value: 1 }),
    ];
    const answer = await ingest(batch);
    expect(answer.successes.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answer.errors).toHaveLength(batch.length - 3);
    for (const error of answer.errors) {
      expect(error.status).toBe(400);
      expect(error.error).toMatch(/\w+ \w+/);
    }
    await settled();
    expect(await rows(`SELECT name FROM traces FINAL WHERE id = '${trace}'`)).toEqual([{ name: "kept" }]);
    expect(await rows(`SELECT name FROM scores FINAL WHERE trace_id = '${trace}'`)).toEqual([{ name: "good" }]);
  });

  it.each<[string, () => Promise<Response>, number, string]>([
    ["no key", () => post("{}", { authorization: "" }), 401, "UNAUTHENTICATED"],
    ["a wrong secret", () => post("{}", { authorization: `Basic ${btoa("pk-lf-x:sk-lf-y")}` }), 401, "UNAUTHENTICATED"],
    ["a public key nobody has", () => post("{}", { authorization: "Bearer pk-lf-unknown" }), 401, "UNAUTHENTICATED"],
    ["no JSON", () => post("{"), 400, "INVALID_JSON"],
    ["no batch", () => post('{"events":[]}'), 400, "INVALID_REQUEST"],
    ["a body above 4.5 MB", () => post(`{"batch":["${"x".repeat(5_000_000)}"]}`), 413, "PAYLOAD_TOO_LARGE"],
  ])("to %s is a clean refusal", async (_, send, status, code) => {
    const response = await send();
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it.each(["gzip", "x-gzip"])("takes %s", async (encoding) => {
    const id = unique("trace");
    const body = new Uint8Array(gzipSync(JSON.stringify({ batch: [event("trace-create", { id, name: "packed" })] })));
    expect((await post(body, { "content-encoding": encoding })).status).toBe(207);
    await settled();
    expect(await rows(`SELECT name FROM traces FINAL WHERE id = '${id}'`)).toEqual([{ name: "packed" }]);
  });

  it("lets a public key alone write scores and nothing else", async () => {
    const trace = unique("trace");
    const score = event("score-create", { id: unique("s"), traceId: trace, name: "thumbs", value: 1, dataType: "BOOLEAN" });
    const answer = await ingest([event("trace-create", { id: trace }), score], { authorization: `Bearer ${stack().publicKey}` });
    expect(answer.successes).toEqual([{ id: score.id, status: 201 }]);
    expect(answer.errors).toMatchObject([{ status: 401, error: "Access Scope Denied" }]);
    await settled();
    expect(await rows(`SELECT count() AS n FROM traces FINAL WHERE id = '${trace}'`)).toEqual([{ n: 0 }]);
    expect(await rows(`SELECT string_value FROM scores FINAL WHERE trace_id = '${trace}'`)).toEqual([{ string_value: "True" }]);
  });

  it("gives an event without body.id an id, the same each time", async () => {
    const anonymous = { ...event("trace-create", { name: unique("anonymous") }) };
    await accepted([anonymous]);
    await accepted([anonymous]);
    await settled();
    expect(await rows(`SELECT name FROM traces FINAL WHERE name = '${String(anonymous.body["name"])}'`)).toHaveLength(1);
  });
});
