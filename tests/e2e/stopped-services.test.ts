import { afterEach, describe, expect, it } from "vitest";
import { eventWith, uniqueIds } from "../support/sent-event.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { accepted, call, post, settled, stack } = useWholeStack({
  hasOwnEngines: true,
  env: { SPILLWAY_CLICKHOUSE_TIMEOUT_SECONDS: "1", SPILLWAY_OBJECT_STORE_TIMEOUT_SECONDS: "1" },
});
const unique = uniqueIds();
const event = eventWith(unique);

/** Stopped, a process takes connections and answers none. */
let stopped: number | undefined;
const stop = (name: string) => {
  stopped = stack().pids[name];
  if (stopped === undefined) throw new Error(`${name} does not run here`);
  process.kill(stopped, "SIGSTOP");
};
const goOn = () => {
  if (stopped !== undefined) process.kill(stopped, "SIGCONT");
  stopped = undefined;
};
afterEach(goOn);

/** Asked for is 1 s for each call of an engine; all of them took a minute once. Between the two, so that a busy machine is not red. */
const msMax = 45_000;
const inTime = async (
  ask: () => Promise<Response>,
): Promise<{ status: number; retryAfter: string | null; isInTime: boolean; text: string }> => {
  const startedMs = performance.now();
  const response = await ask();
  const text = await response.text();
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    isInTime: performance.now() - startedMs < msMax,
    text,
  };
};

describe("while ClickHouse is stopped", () => {
  it("every read is answered with 503 and Retry-After in time, and afterwards as before", async () => {
    const trace = unique("trace");
    await accepted([event("trace-create", { id: trace, name: "kept" }), event("span-create", { id: unique("o"), traceId: trace })]);
    await settled();
    const estimate = { method: "POST", body: JSON.stringify({ query: { tableName: "traces" } }) };
    const reads: [string, RequestInit][] = [
      ["traces", {}],
      [`traces/${trace}`, {}],
      ["observations", {}],
      ["observations/x", {}],
      ["v2/observations", {}],
      ["scores", {}],
      ["scores/x", {}],
      ["v2/scores", {}],
      ["v3/scores", {}],
      ["sessions/x", {}],
      ["batch-exports/estimate", estimate],
    ];
    const before = await Promise.all(reads.map(async ([path, init]) => (await call(path, init)).status));
    stop("ClickHouse");
    const during = await Promise.all(reads.map(async ([path, init]) => ({ path, ...(await inTime(() => call(path, init))) })));
    goOn();
    for (const [at, { path, status, retryAfter, isInTime }] of during.entries()) {
      // What Postgres alone answers goes on.
      if (status !== 503) expect([path, status]).toEqual([path, before[at]]);
      else expect([path, status, retryAfter, isInTime]).toEqual([path, 503, "5", true]);
    }
    expect(during.filter(({ status }) => status === 503).length).toBeGreaterThan(6);
    // It has to catch up first.
    while ((await call(`traces/${trace}`)).status !== 200);
  });
});

describe("while the store of events is stopped", () => {
  it("events and spans are refused in time, so that they are sent again, and then are taken", async () => {
    const batch = Array.from({ length: 200 }, () => event("trace-create", { id: unique("t") }));
    const spans = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "1".repeat(32), spanId: "2".repeat(16) }] }] }] });
    const ingest = () => post(JSON.stringify({ batch }));
    const trace = () => post(spans, {}, "otel/v1/traces");
    stop("S3");
    const [events, otel] = await Promise.all([inTime(ingest), inTime(trace)]);
    goOn();
    expect([events.status, events.isInTime]).toEqual([207, true]);
    expect((JSON.parse(events.text) as { errors: { status: number }[] }).errors.map(({ status }) => status)).toEqual(batch.map(() => 500));
    expect([otel.status, otel.retryAfter, otel.isInTime]).toEqual([503, "5", true]);
    await accepted(batch);
    expect((await trace()).status).toBe(200);
  });
});
