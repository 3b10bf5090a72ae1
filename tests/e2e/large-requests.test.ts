import { gunzipSync, gzipSync } from "node:zlib";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { accepted, authorization, call, db, json, post, rows, settled, stack } = useWholeStack();
const unique = uniqueIds();
const event = eventWith(unique);

const message = (field: number, content: Uint8Array): Uint8Array =>
  new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(content).finish();
const joined = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.concat(parts));
const nanos = (field: number, value: bigint) => new BinaryWriter().tag(field, WireType.Bit64).fixed64(value).finish();
/** Every number another, and each use of `fill` by itself. */
const hex = (n: number, digits: number, fill: string) => `${fill.repeat(6)}${n.toString(16).padStart(digits - 6, "0")}`;

/** As small as a span of use is: ids, name, times and some attributes. */
const protobufOf = (count: number, traceOf: (n: number) => string, fill: string, attributes = 0): Uint8Array<ArrayBuffer> => {
  const pairs = Array.from({ length: attributes }, (_, n) =>
    message(9, joined(message(1, Buffer.from(`key-${n}`)), message(2, message(1, Buffer.from("value"))))),
  );
  const rest = joined(message(5, Buffer.from("small")), nanos(7, 1777636800000000000n), nanos(8, 1777636801000000000n), ...pairs);
  const spans = Array.from({ length: count }, (_, n) =>
    message(2, joined(message(1, Buffer.from(traceOf(n), "hex")), message(2, Buffer.from(hex(n + 1, 16, fill), "hex")), rest)),
  );
  return joined(message(1, message(2, joined(...spans))));
};
const jsonOf = (count: number, traceOf: (n: number) => string, fill: string): string => {
  const spans = Array.from(
    { length: count },
    (_, n) =>
      `{"traceId":"${traceOf(n)}","spanId":"${hex(n + 1, 16, fill)}","name":"small","startTimeUnixNano":"1777636800000000000","endTimeUnixNano":"1777636801000000000"}`,
  );
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[${spans.join(",")}]}]}]}`;
};
const traces = (body: string | Uint8Array<ArrayBuffer>, type: string, headers: Record<string, string> = {}) =>
  post(body, { "content-type": type, ...headers }, "otel/v1/traces");
const protobuf = "application/x-protobuf";

const queued = async (): Promise<number> => {
  const [row] = await execute<{ jobs: number }>(
    db(),
    sql`select count(*)::int as jobs from jobs where kind = 'ingestion.otel' and finished_at is null`,
  );
  return row?.jobs ?? 0;
};
/** What a running job makes jobs of is dropped as well. */
const dropWaiting = async (): Promise<void> => {
  for (let left = 1; left > 0; ) {
    await execute(db(), sql`delete from jobs where kind in ('ingestion.otel', 'ingestion.merge') and state in ('available', 'retryable')`);
    const [row] = await execute<{ left: number }>(db(), sql`select count(*)::int as left from jobs where finished_at is null`);
    left = row?.left ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await execute(db(), sql`delete from event_log where entity_type = 'otel' and trace_id is null`);
};

describe("a request of 100,000 spans", () => {
  // What waits is looked at, so nobody begins with it.
  beforeAll(() => stack().restartRunner({ QUEUE_CONSUMER_OTEL_INGESTION_QUEUE_IS_ENABLED: "false" }));
  afterAll(() => stack().restartRunner());

  it.each<[string, () => [string | Uint8Array<ArrayBuffer>, string]]>([
    ["of as many traces, in protobuf", () => [protobufOf(100_000, (n) => hex(n + 1, 32, "a"), "a", 5), protobuf]],
    ["of one trace, in protobuf", () => [protobufOf(100_000, () => "b".repeat(32), "b", 5), protobuf]],
    [
      "of as many traces, in JSON, as far as the body may reach",
      () => [jsonOf(96_500, (n) => hex(n + 1, 32, "c"), "c"), "application/json"],
    ],
  ])("%s is stored in parts and answered, and what waits is one row for each part", async (_, make) => {
    const [body, type] = make();
    const before = new Date().toISOString();
    const response = await traces(body, type);
    expect([response.status, (await response.text()).replace("{}", "")]).toEqual([200, ""]);
    const [found] = await execute<{ requests: number; unnamed: number }>(
      db(),
      sql`select count(distinct entity_id)::int as requests, count(*) filter (where trace_id is null)::int as unnamed from event_log where entity_type = 'otel' and created_at >= ${before}::timestamptz`,
    );
    expect(found?.requests).toBe(25);
    expect(found?.unnamed).toBeLessThanOrEqual(25);
    await dropWaiting();
  });
});

describe("a request of more traces than are logged one by one", () => {
  it("is read back whole, and each of its traces is deleted by itself", async () => {
    const count = 4200;
    const traceOf = (n: number) => hex(1 + (n % 300), 32, "d");
    expect((await traces(protobufOf(count, traceOf, "d"), protobuf)).status).toBe(200);
    await settled();
    const stored = () =>
      rows<{ n: number; traces: number }>(
        `SELECT toUInt32(count()) AS n, toUInt32(uniqExact(trace_id)) AS traces FROM observations FINAL WHERE name = 'small' AND startsWith(trace_id, 'ddd')`,
      );
    expect(await stored()).toEqual([{ n: count, traces: 300 }]);
    const [log] = await execute<{ named: number; unnamed: number }>(
      db(),
      sql`select count(distinct trace_id)::int as named, count(*) filter (where trace_id is null)::int as unnamed from event_log where entity_type = 'otel' and (trace_id like 'ddd%' or trace_id is null)`,
    );
    expect(log).toEqual({ named: 300, unnamed: 0 });
    expect((await call(`traces/${traceOf(0)}`, { method: "DELETE" })).status).toBe(200);
    await settled();
    expect(await stored()).toEqual([{ n: count - 14, traces: 299 }]);
  });

  it("is found by a deletion before the runner has named its traces", async () => {
    const traceOf = (n: number) => hex(n + 1, 32, "e");
    expect((await traces(protobufOf(400, traceOf, "e"), protobuf)).status).toBe(200);
    // Whichever comes first, the deletion or the runner: the trace is gone, its neighbours are there.
    expect((await call(`traces/${traceOf(7)}`, { method: "DELETE" })).status).toBe(200);
    await settled();
    const [found] = await rows<{ gone: number; left: number }>(
      `SELECT toUInt32(countIf(trace_id = '${traceOf(7)}')) AS gone, toUInt32(count()) AS left FROM observations FINAL WHERE startsWith(trace_id, 'eee')`,
    );
    expect(found).toEqual({ gone: 0, left: 399 });
  });
});

describe("a request that is wrong behind what fits one part", () => {
  it("is refused as a whole, and nothing of it is stored", async () => {
    const before = await queued();
    const body = jsonOf(5000, () => "f".repeat(32), "f").replace(/\]\}\]\}\]\}$/, ",{]}]}]}");
    expect((await traces(body, "application/json")).status).toBe(400);
    const damaged = joined(
      protobufOf(5000, () => "f".repeat(32), "f"),
      Uint8Array.of(0x0a, 0xff),
    );
    expect((await traces(damaged, protobuf)).status).toBe(400);
    expect(await queued()).toBe(before);
    expect(await execute(db(), sql`select 1 from event_log where trace_id = ${"f".repeat(32)}`)).toEqual([]);
  });
});

describe("a small body that unpacks to millions of elements", () => {
  const packed = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(gzipSync(text, { level: 9 }));
  const empties = `${"{},".repeat(4_999_999)}{}`;
  it.each<[string, () => Uint8Array<ArrayBuffer>, string]>([
    ["resourceSpans in JSON", () => packed(`{"resourceSpans":[${empties}]}`), "application/json"],
    ["scopeSpans in JSON", () => packed(`{"resourceSpans":[{"scopeSpans":[${empties}]}]}`), "application/json"],
    ["spans in JSON", () => packed(`{"resourceSpans":[{"scopeSpans":[{"spans":[${empties}]}]}]}`), "application/json"],
    ["values nobody knows", () => packed(`{"x":[${empties}]}`), "application/json"],
    ["resource_spans in protobuf", () => new Uint8Array(gzipSync(Buffer.alloc(16_000_000, Buffer.from([0x0a, 0])))), protobuf],
  ])("%s is refused, and the API goes on answering", async (_, make, type) => {
    const body = make();
    expect(gunzipSync(body).length).toBeGreaterThan(14_000_000);
    const response = await traces(body, type, { "content-encoding": "gzip" });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
    expect((await call("projects")).status).toBe(200);
  });
});

describe("a batch of Langfuse events", () => {
  const tiny = (n: number) => ({ ...event("trace-create", { id: `${unique("tiny")}-${n}` }) });

  it("of more events, or that writes more, than may be is refused with 413", async () => {
    expect((await post(`{"batch":[${"1,".repeat(2_300_000)}1]}`)).status).toBe(413);
    expect((await post(JSON.stringify({ batch: Array.from({ length: 5001 }, (_, n) => tiny(n)) }))).status).toBe(413);
  });

  it("of many events of one entity is taken", async () => {
    const id = unique("o");
    await accepted(Array.from({ length: 5500 }, (_, n) => event("span-update", { id, name: `name-${n}` }, n / 1000)));
    await settled();
    expect((await json(`observations/${id}`))["name"]).toBe("name-5499");
  });

  it("that writes as much as may be is taken", async () => {
    const response = await post(JSON.stringify({ batch: Array.from({ length: 5000 }, (_, n) => tiny(n)) }));
    expect(response.status).toBe(207);
    const { successes, errors } = (await response.json()) as { successes: unknown[]; errors: unknown[] };
    expect([successes.length, errors]).toEqual([5000, []]);
    await dropWaiting();
  });
});

describe("signals that are not stored", () => {
  const signals = ["metrics", "logs"];
  it.each(signals.flatMap((signal) => [[signal, protobuf, ""] as const, [signal, "application/json", "{}"] as const]))(
    "%s as %s are answered with full success, whatever they hold",
    async (signal, type, empty) => {
      for (const body of ["", "{}", '{"resourceMetrics":[{}]}', "garbage", new Uint8Array(3_000_000).fill(255)]) {
        const response = await post(body, { "content-type": type }, `otel/v1/${signal}`);
        expect([response.status, response.headers.get("content-type")?.split(";")[0], await response.text()]).toEqual([200, type, empty]);
      }
      const packed = await post(new Uint8Array(gzipSync("{}")), { "content-type": type, "content-encoding": "gzip" }, `otel/v1/${signal}`);
      expect(packed.status).toBe(200);
    },
  );

  it.each(signals)("%s need a key, and have a bound", async (signal) => {
    const path = `otel/v1/${signal}`;
    expect((await post("{}", { authorization: "" }, path)).status).toBe(401);
    expect((await post("{}", { authorization: "Basic cGs6c2s=" }, path)).status).toBe(401);
    expect((await post("{}", { authorization: `Bearer ${stack().publicKey}` }, path)).status).toBe(403);
    expect((await post("{}", { authorization: authorization(), "content-type": "text/plain" }, path)).status).toBe(415);
    expect((await post(new Uint8Array(17_000_000), { "content-type": protobuf }, path)).status).toBe(413);
  });
});
