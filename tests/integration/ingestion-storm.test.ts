/**
 * Ingestion with runners that are killed and stopped. `SPILLWAY_STORM_TRACES=100 SPILLWAY_STORM_SPANS=500` sends 100,000 spans and a
 * thousand events.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { sumsByTrace } from "../support/aggregate-sums.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { randomFrom } from "../support/random-from.ts";
import { type RunnerProcess, startRunnerProcess } from "../support/runner-process.ts";
import { storeRequest } from "../support/store-request.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let fixture: Fixture;
const running = new Set<RunnerProcess>();
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(async () => {
  for (const runner of running) await runner.kill();
  await fixture.stop();
});

const tables = ["traces", "observations", "scores", "events"];

/** Every live row; FINAL takes versions of one key together and nothing else, so an entity in two places is there twice. */
const contents = async (): Promise<string[]> => {
  const found: string[] = [];
  for (const table of tables) {
    const text = await fixture.query(`SELECT * EXCEPT (created_at, updated_at, event_ts) FROM ${table} FINAL FORMAT JSONEachRow`);
    found.push(...text.split("\n").map((line) => `${table} ${line}`));
  }
  return found.toSorted();
};

const start = (): RunnerProcess => {
  const runner = startRunnerProcess(
    fixture.runnerEnv({
      SPILLWAY_POLL_MS: "200",
      SPILLWAY_LEASE_SECONDS: "1.5",
      SPILLWAY_SELF_FENCE_SECONDS: "1",
      SPILLWAY_REAPER_SECONDS: "0.3",
      LANGFUSE_INGESTION_CLICKHOUSE_WRITE_BATCH_SIZE: "15",
      LANGFUSE_EXPERIMENT_INSERT_INTO_AGGREGATING_MERGE_TREES: "true",
    }),
  );
  running.add(runner);
  return runner;
};

const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1000).toISOString();

/** Requests about one trace: names that change, observations that move in time, type and trace, updates that name no trace. */
const requestsOf = (n: number): object[][] => {
  const event = (name: string, type: string, seconds: number, body: object) => ({
    id: `e-${n}-${name}`,
    type,
    timestamp: at(seconds),
    body,
  });
  const [trace, other] = [`trace-${n}`, `trace-${n}-other`];
  const o = (name: string) => `o-${n}-${name}`;
  return [
    [event("a", "trace-create", 0, { id: trace, name: "first", tags: ["a"] })],
    [event("b", "trace-create", 9, { id: trace, name: "last", userId: "user", tags: ["b"] })],
    [event("c", "span-create", 1, { id: o("moves"), traceId: trace, startTime: at(1), name: "early" })],
    [
      event("d", "generation-create", 5, {
        id: o("moves"),
        traceId: other,
        startTime: "2026-05-03T00:00:00Z",
        name: "late",
        usageDetails: { total: 5 },
      }),
    ],
    [event("e", "generation-update", 6, { id: o("loose"), output: "out", usageDetails: { total: 7 } })],
    [event("f", "span-create", 2, { id: o("loose"), traceId: trace, startTime: at(2), name: "loose", input: "x".repeat(20_000) })],
    [
      event("g", "generation-create", 3, {
        id: o("plain"),
        traceId: trace,
        startTime: at(3),
        usageDetails: { total: 3 },
        costDetails: { total: 0.5 },
      }),
      event("h", "score-create", 4, { id: `s-${n}`, traceId: trace, name: "quality", value: 1 }),
    ],
    [event("i", "score-create", 1, { id: `s-${n}`, traceId: trace, name: "earlier name", value: 2 })],
  ];
};

const spansTotal = Number(process.env["SPILLWAY_STORM_SPANS"] ?? 3);
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** Two requests about one trace: the spans of the first lie below a span of the second, so the root is known last. */
const spansOf = (n: number): Span[][] => {
  const spanId = (place: number) => hex(n * 1_000_000 + place + 1, 16);
  const span = (place: number, parent: number | undefined): Span => ({
    traceId: hex(n + 1, 32),
    spanId: spanId(place),
    ...(parent === undefined ? {} : { parentSpanId: spanId(parent) }),
    name: `span ${place}`,
    startTimeUnixNano: `${1_795_341_600 + place}000000000`,
    endTimeUnixNano: `${1_795_341_601 + place}000000000`,
    attributes: [
      { key: "gen_ai.operation.name", value: { stringValue: place % 3 === 0 ? "invoke_agent" : "chat" } },
      { key: "gen_ai.usage.input_tokens", value: { intValue: String(place % 7) } },
      { key: "input.value", value: { stringValue: `question ${place}` } },
    ],
  });
  const places = Array.from({ length: spansTotal }, (_, place) => place);
  return [places.map((place) => span(spansTotal + place, place)), places.map((place) => span(place, place === 0 ? undefined : 0))];
};

type Span = { traceId: string; spanId: string; [field: string]: unknown };

const sendSpans = async (spans: readonly Span[]): Promise<void> =>
  void (await storeRequest(fixture, [{ scopeSpans: [{ scope: { name: "storm" }, spans }] }]));

const open = async () =>
  (await execute<{ open: number }>(fixture.db, sql`select count(*)::int as open from jobs where finished_at is null`))[0]?.open ?? 0;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const untilDone = async () => {
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; await pause(50)) if ((await open()) === 0) return;
  throw new Error(`jobs are left: ${JSON.stringify(await execute(fixture.db, sql`select state, attempt, last_error from jobs limit 5`))}`);
};

it("runners that are killed, stopped for longer than their lease and continued leave the rows that a replay makes of the same events", async () => {
  const random = randomFrom(Number(process.env["SEED"] ?? 1));
  const runners = [start(), start()];
  const sends = (n: number) => [
    ...requestsOf(n).map((events) => async () => void (await fixture.ingest(events))),
    ...spansOf(n).map((spans) => () => sendSpans(spans)),
  ];
  const requests = Array.from({ length: Number(process.env["SPILLWAY_STORM_TRACES"] ?? 20) }, (_, n) => sends(n))
    .flat()
    .map((send) => ({ send, key: random() }))
    .toSorted((a, b) => a.key - b.key);
  let sent = 0;
  const sending = (async () => {
    for (const { send } of requests) {
      await send();
      sent++;
      if (random() < 0.1) await send();
      await pause(15);
    }
  })();
  while (sent < requests.length) {
    await pause(200 + random() * 400);
    const [victim] = runners.splice(Math.floor(random() * runners.length), 1);
    if (victim === undefined) continue;
    if (random() < 0.3) {
      await victim.kill();
      running.delete(victim);
      runners.push(start());
    } else {
      victim.signal("SIGSTOP");
      await pause(2200);
      victim.signal("SIGCONT");
      runners.push(victim);
    }
  }
  await sending;
  await untilDone();
  // What was in the hands of a stopped one arrives now.
  await pause(500);
  for (const runner of running) await runner.kill("SIGTERM");
  running.clear();
  expect(await execute(fixture.db, sql`select last_error from jobs where state = 'discarded'`)).toEqual([]);
  const stormy = await contents();
  const sums = await sumsByTrace(fixture.query, "observations");
  expect(sums).not.toBe("");
  expect(await sumsByTrace(fixture.query, "traces_all_amt")).toBe(sums);

  for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
  await replayEvents(
    { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
    { projectId: fixture.projectId },
    { pageRows: 50, waitingMax: 10_000, pollMs: 1, isDryRun: false },
  );
  start();
  await untilDone();
  const calm = await contents();
  const inCalm = new Set(calm);
  expect({ only: stormy.filter((row) => !inCalm.has(row)).slice(0, 3) }).toEqual({ only: [] });
  expect(stormy).toEqual(calm);
  expect(await sumsByTrace(fixture.query, "traces_all_amt")).toBe(sums);
});
