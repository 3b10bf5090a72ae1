import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute, type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { untilIngested } from "../support/until-ingested.ts";

let stack: Stack;
let dir: string;
let open: OpenDatabase;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "spillway-ingestion-"));
  chmodSync(dir, 0o755);
  stack = await startStack({ dataDir: dir, apiPort: 0, env: { SPILLWAY_POLL_MS: "30" } });
  open = openPostgres(stack.postgresUrl, { connectionsMax: 2 });
}, 120_000);
afterAll(async () => {
  await open.close();
  await stack.stop();
  rmSync(dir, { recursive: true, force: true });
});

type Answer = {
  successes: { id: string; status: number }[];
  errors: { id: string; status: number; message?: string; error?: string }[];
};
type Event = { id: string; timestamp: string; type: string; body: Record<string, unknown> };

const basic = () => `Basic ${btoa(`${stack.publicKey}:${stack.secretKey}`)}`;
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, path = "ingestion") =>
  fetch(`${stack.apiUrl}/api/public/${path}`, {
    method: "POST",
    headers: { authorization: basic(), "content-type": "application/json", ...headers },
    body,
  });
const ingest = async (batch: unknown[], headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await post(JSON.stringify({ batch }), headers);
  expect(response.status).toBe(207);
  return (await response.json()) as Answer;
};
const accepted = async (batch: Event[]) => {
  const answer = await ingest(batch);
  expect(answer.errors).toEqual([]);
  expect(answer.successes.map(({ status }) => status)).toEqual(batch.map(() => 201));
};

const settled = (seconds?: number) => untilIngested(open.db, seconds);

const rows = async <Row = Record<string, unknown>>(query: string): Promise<Row[]> => {
  const response = await fetch(`${stack.clickhouseUrl}/?database=${stack.clickhouseDatabase}&output_format_json_quote_decimals=1`, {
    method: "POST",
    body: `${query} FORMAT JSONEachRow`,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
};

let counter = 0;
const unique = (prefix: string) => `${prefix}-${++counter}`;
const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1000).toISOString();
const event = (type: string, body: Record<string, unknown>, seconds = 0): Event => ({
  id: unique("event"),
  timestamp: at(seconds),
  type,
  body,
});

describe("the answer", () => {
  it("to an empty batch: both lists empty", async () => {
    expect(await ingest([])).toEqual({ successes: [], errors: [] });
  });

  it("names every event once, good ones as stored and bad ones with the reason; a bad one never costs a neighbour", async () => {
    const trace = unique("trace");
    const deep = JSON.parse(`${"[".repeat(9_000)}${"]".repeat(9_000)}`) as unknown;
    const batch = [
      event("trace-create", { id: trace, name: "kept" }),
      { id: "no-type", timestamp: at(0), body: {} },
      event("made-up", { id: "x" }),
      event("trace-create", { id: "carriage\rreturn" }),
      event("trace-create", { id: "nul\u0000byte" }),
      event("trace-create", { id: unique("t"), name: "n".repeat(1001) }),
      event("span-create", { id: unique("o"), traceId: trace, startTime: "yesterday" }),
      event("span-create", { id: unique("o"), traceId: trace, input: deep }),
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
    ["bytes that are no UTF-8", () => post(new Uint8Array([123, 34, 255, 34, 125])), 400, "INVALID_JSON"],
    ["a body above 4.5 MB", () => post(`{"batch":["${"x".repeat(5_000_000)}"]}`), 413, "PAYLOAD_TOO_LARGE"],
    [
      "a gzip bomb",
      () => post(new Uint8Array(gzipSync(Buffer.alloc(200_000_000, 32))), { "content-encoding": "gzip" }),
      413,
      "PAYLOAD_TOO_LARGE",
    ],
    ["damaged gzip", () => post(new Uint8Array([31, 139, 1, 2, 3]), { "content-encoding": "gzip" }), 400, "INVALID_REQUEST"],
    ["an unknown encoding", () => post("{}", { "content-encoding": "br" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
  ])("to %s is a clean refusal", async (_, send, status, code) => {
    const response = await send();
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it("takes gzip", async () => {
    const id = unique("trace");
    const body = new Uint8Array(gzipSync(JSON.stringify({ batch: [event("trace-create", { id, name: "packed" })] })));
    expect((await post(body, { "content-encoding": "gzip" })).status).toBe(207);
    await settled();
    expect(await rows(`SELECT name FROM traces FINAL WHERE id = '${id}'`)).toEqual([{ name: "packed" }]);
  });

  it("lets a public key alone write scores and nothing else", async () => {
    const trace = unique("trace");
    const score = event("score-create", { id: unique("s"), traceId: trace, name: "thumbs", value: 1, dataType: "BOOLEAN" });
    const answer = await ingest([event("trace-create", { id: trace }), score], { authorization: `Bearer ${stack.publicKey}` });
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

/** A conversation of three turns with everything that changes later, as an SDK sends it. */
const conversation = (): { trace: string; events: Event[] } => {
  const trace = unique("trace");
  const [agent, generation, tool] = [unique("o"), unique("o"), unique("o")];
  return {
    trace,
    events: [
      event(
        "trace-create",
        {
          id: trace,
          timestamp: at(0),
          name: "first name",
          userId: "first user",
          tags: ["b"],
          metadata: { a: 1, deep: { x: 1 } },
          input: "question",
        },
        0,
      ),
      event("agent-create", { id: agent, traceId: trace, name: "agent", startTime: at(1), input: { q: "question" } }, 1),
      event(
        "generation-create",
        {
          id: generation,
          traceId: trace,
          parentObservationId: agent,
          name: "call",
          startTime: at(2),
          model: "gpt-4o",
          modelParameters: { temperature: 0.5 },
          input: [{ role: "user", content: "question" }],
        },
        2,
      ),
      event(
        "generation-update",
        {
          id: generation,
          traceId: trace,
          endTime: at(5),
          output: { role: "assistant", content: "answer" },
          usage: { promptTokens: 100, completionTokens: 50 },
        },
        5,
      ),
      event(
        "tool-create",
        {
          id: tool,
          traceId: trace,
          parentObservationId: agent,
          name: "search",
          startTime: at(3),
          endTime: at(4),
          input: { q: 1 },
          output: "found",
          level: "WARNING",
          statusMessage: "slow",
        },
        4,
      ),
      event(
        "trace-create",
        {
          id: trace,
          name: "last name",
          userId: "last user",
          sessionId: "session",
          tags: ["a"],
          metadata: { b: 2, deep: { y: 2 } },
          output: "answer",
          release: "r1",
        },
        6,
      ),
      event("score-create", { id: unique("s"), traceId: trace, name: "quality", value: 0.75 }, 7),
      event(
        "score-create",
        { id: unique("s"), traceId: trace, observationId: generation, name: "tone", value: "kind", dataType: "CATEGORICAL" },
        7,
      ),
    ],
  };
};

const contents = async (trace: string) => ({
  traces: await rows(`SELECT * EXCEPT (created_at, updated_at, event_ts) FROM traces FINAL WHERE id = '${trace}' ORDER BY id`),
  observations: await rows(
    `SELECT * EXCEPT (created_at, updated_at, event_ts) FROM observations FINAL WHERE trace_id = '${trace}' ORDER BY id`,
  ),
  scores: await rows(`SELECT * EXCEPT (created_at, updated_at, event_ts) FROM scores FINAL WHERE trace_id = '${trace}' ORDER BY id`),
  events: await rows(
    `SELECT * EXCEPT (created_at, updated_at, event_ts, blob_storage_file_path, event_bytes) FROM events FINAL WHERE trace_id = '${trace}' ORDER BY span_id`,
  ),
});

/** Mulberry32: the same order for the same seed. */
const shuffled = <T>(items: readonly T[], seed: number): T[] => {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
};

describe("what is written", () => {
  it("is the conversation, with the fields of the trace on every row of events", async () => {
    const { trace, events } = conversation();
    await accepted(events);
    await settled();
    const found = await contents(trace);
    expect(found.traces).toMatchObject([
      {
        name: "last name",
        user_id: "last user",
        session_id: "session",
        tags: ["a", "b"],
        release: "r1",
        input: "question",
        output: "answer",
        metadata: { a: "1", b: "2", deep: '{"x":1,"y":2}' },
      },
    ]);
    expect(found.observations.map(({ type }) => type).toSorted()).toEqual(["AGENT", "GENERATION", "TOOL"]);
    const generation = found.observations.find(({ type }) => type === "GENERATION");
    expect(generation).toMatchObject({
      name: "call",
      provided_model_name: "gpt-4o",
      end_time: "2026-05-01 12:00:05.000",
      usage_details: { input: 100, output: 50, total: 150 },
      total_cost: "0.00075",
      output: '{"role":"assistant","content":"answer"}',
    });
    expect(found.scores).toHaveLength(2);
    expect(found.events).toHaveLength(3);
    for (const row of found.events)
      expect(row).toMatchObject({ trace_name: "last name", user_id: "last user", session_id: "session", tags: ["a", "b"], release: "r1" });
  });

  it.each([1, 2, 3, 4])(
    "is the same whatever order the events arrive in, one by one, each in a request of its own (seed %i)",
    async (seed) => {
      const { trace, events } = conversation();
      await accepted(events);
      await settled();
      const expected = await contents(trace);
      const other = conversation();
      const renamed = JSON.parse(JSON.stringify(other.events)) as Event[];
      for (const [index, one] of shuffled(renamed, seed).entries()) {
        await accepted([one]);
        // Sometimes the runner has written a part before the rest comes.
        if (index % 3 === seed % 3) await settled();
      }
      await settled();
      const found = await contents(other.trace);
      const strip = (text: string) => text.replaceAll(/(trace|o|s|event)-\d+/g, "$1");
      expect(strip(JSON.stringify(found))).toBe(strip(JSON.stringify(expected)));
    },
  );

  it("is the same after every batch was sent ten times, in parallel and in random order", async () => {
    const { trace, events } = conversation();
    const batches = [events.slice(0, 3), events.slice(3, 4), events.slice(4)];
    for (const batch of batches) await accepted(batch);
    await settled();
    const once = await contents(trace);
    await Promise.all(
      shuffled(
        batches.flatMap((batch) => Array.from({ length: 10 }, () => batch)),
        7,
      ).map(accepted),
    );
    await settled();
    expect(await contents(trace)).toEqual(once);
  });

  it("leaves one live row everywhere when an earlier event arrives late and changes time, trace and type", async () => {
    const [id, first, second] = [unique("o"), unique("trace"), unique("trace")];
    await accepted([event("span-create", { id, traceId: second, name: "span", startTime: "2026-05-03T10:00:00Z" }, 10)]);
    await settled();
    await accepted([
      event("observation-create", { id, type: "GENERATION", traceId: first, startTime: "2026-05-01T09:00:00Z", name: "earlier" }, 1),
    ]);
    await settled();
    await accepted([event("observation-update", { id, type: "GENERATION", traceId: first }, 20)]);
    await settled();
    for (const table of ["observations", "events"]) {
      const idColumn = table === "events" ? "span_id" : "id";
      expect(
        await rows(`SELECT trace_id, type, name, toString(start_time) AS start FROM ${table} FINAL WHERE ${idColumn} = '${id}'`),
      ).toMatchObject([{ trace_id: first, type: "GENERATION", name: "span" }]);
    }
  });

  it("an observation whose events name its trace only later ends beside it", async () => {
    const [id, trace] = [unique("o"), unique("trace")];
    await accepted([event("trace-create", { id: trace, userId: "the user" })]);
    await accepted([event("span-update", { id, output: "late" }, 5)]);
    await settled();
    await accepted([event("span-create", { id, traceId: trace, startTime: at(1), name: "span" }, 1)]);
    await settled();
    expect(await rows(`SELECT trace_id, user_id, output FROM events FINAL WHERE span_id = '${id}'`)).toEqual([
      { trace_id: trace, user_id: "the user", output: "late" },
    ]);
  });

  it("payloads of every kind come back as they were", async () => {
    const trace = unique("trace");
    const payloads = [
      "quote \" ' \\ \n \t",
      "😀 ไทย \u2028",
      '{"json": "in text"}',
      { "": 1, __proto__x: [null, 1e21] },
      [[]],
      "",
      0,
      false,
      "<Error>not one</Error>",
    ];
    await accepted(payloads.map((input, i) => event("span-create", { id: `${trace}-${i}`, traceId: trace, startTime: at(i), input })));
    await settled();
    const found = await rows<{ input: string | null }>(
      `SELECT input FROM observations FINAL WHERE trace_id = '${trace}' ORDER BY start_time`,
    );
    expect(found.map(({ input }) => input)).toEqual(payloads.map((input) => (typeof input === "string" ? input : JSON.stringify(input))));
  });
});

describe("deletion", () => {
  it("of traces removes their files, log rows and rows, and leaves others", async () => {
    const [gone, kept] = [conversation(), conversation()];
    await accepted([...gone.events, ...kept.events]);
    await settled();
    const logged = (trace: string) =>
      execute<{ path: string }>(open.db, sql`select bucket_path as path from event_log where trace_id = ${trace}`).then((all) =>
        all.map(({ path }) => path),
      );
    const paths = await logged(gone.trace);
    expect(paths.length).toBeGreaterThan(5);
    const response = await fetch(`${stack.apiUrl}/api/public/traces/${gone.trace}`, {
      method: "DELETE",
      headers: { authorization: basic() },
    });
    expect(response.status).toBe(200);
    await settled();
    expect(await logged(gone.trace)).toEqual([]);
    expect(Object.values(await contents(gone.trace)).flat()).toEqual([]);
    expect((await contents(kept.trace)).events).toHaveLength(3);
    expect((await logged(kept.trace)).length).toBe(paths.length);
  });
});
