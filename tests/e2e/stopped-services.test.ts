import { afterEach, describe, expect, it } from "vitest";
import { eventWith, type SentEvent, uniqueIds } from "../support/sent-event.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const { call, ingest, post, settled, stack } = useWholeStack({
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

/** A second is little for a busy machine too, and what was stopped has to catch up: what is refused is sent again, as clients do. */
const untilAccepted = async (batch: readonly SentEvent[]): Promise<void> => {
  for (let rest = batch; rest.length > 0; ) {
    const refused = new Set((await ingest(rest)).errors.map(({ id }) => id));
    rest = rest.filter(({ id }) => refused.has(id));
  }
};
const untilAnswered = async (ask: () => Promise<Response>): Promise<number> => {
  for (;;) {
    const { status } = await ask();
    if (status !== 503) return status;
  }
};

describe("while ClickHouse is stopped", () => {
  it("every read is answered with 503 and Retry-After in time, and afterwards as before", async () => {
    const trace = unique("trace");
    await untilAccepted([event("trace-create", { id: trace, name: "kept" }), event("span-create", { id: unique("o"), traceId: trace })]);
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
    const statuses = () => Promise.all(reads.map(([path, init]) => untilAnswered(() => call(path, init))));
    const before = await statuses();
    expect(before[1]).toBe(200);
    stop("ClickHouse");
    const during = await Promise.all(reads.map(async ([path, init]) => ({ path, ...(await inTime(() => call(path, init))) })));
    goOn();
    for (const [at, { path, status, retryAfter, isInTime }] of during.entries()) {
      // What Postgres alone answers goes on.
      if (status !== 503) expect([path, status]).toEqual([path, before[at]]);
      else expect([path, status, retryAfter, isInTime]).toEqual([path, 503, "5", true]);
    }
    expect(during.filter(({ status }) => status === 503).length).toBeGreaterThan(6);
    expect(await statuses()).toEqual(before);
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
    await untilAccepted(batch);
    expect(await untilAnswered(trace)).toBe(200);
  });
});
