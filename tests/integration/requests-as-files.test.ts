/**
 * An OpenTelemetry request is the file of its traces and observations: what retention takes of it and keeps, which of two requests counts
 * for a span that came twice, and what fails alone.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { isOtelKey } from "../../core/ingestion/blob-key.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { listObjects } from "../../db/object-store/read-objects.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { storeRequest } from "../support/store-request.ts";
import { untilIngested } from "../support/until-ingested.ts";

let fixture: Fixture;
let clickhouse: ClickHouse;
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  for (const table of ["traces", "observations", "events"]) await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
  await execute(fixture.db, sql`update projects set unlogged_since = null`);
  for (const { key } of await listObjects(fixture.s3, fixture.eventPrefix)) await fixture.s3.send({ method: "DELETE", key });
});

type Span = { spanId: string; name: string; parentSpanId?: string; input?: string; traceId?: string };
const [trace, one, two] = ["a".repeat(32), "1".repeat(16), "2".repeat(16)];

let minute = "2026/11/22/12/00";
beforeEach(() => {
  minute = "2026/11/22/12/00";
});
/** Takes spans of one trace in as one request. Returns its key. */
const send = async (...spans: Span[]): Promise<string> => {
  const sent = spans.map(({ input, ...span }) => ({
    traceId: trace,
    kind: 1,
    startTimeUnixNano: "1777636800000000000",
    endTimeUnixNano: "1777636801000000000",
    attributes: input === undefined ? [] : [{ key: "input.value", value: { stringValue: input } }],
    ...span,
  }));
  return storeRequest(fixture, [{ scopeSpans: [{ scope: { name: "tests" }, spans: sent }] }], { minute });
};

const runUntilDone = async (): Promise<void> => {
  const runner = fixture.startRunner();
  try {
    await untilIngested(fixture.db);
  } finally {
    await runner.stop();
  }
};

const rows = async (query: string): Promise<unknown[]> =>
  (await fixture.query(`${query} FORMAT JSONEachRow`)).split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as unknown]));
const observations = () => rows("SELECT id, name, ifNull(input, '') AS input FROM observations FINAL ORDER BY id");
const traces = () => rows("SELECT id, name, ifNull(input, '') AS input FROM traces FINAL ORDER BY id");
const requestKeys = async () => (await listObjects(fixture.s3, `${fixture.eventPrefix}otel/`)).map(({ key }) => key);

/** Everything logged so far was stored in February; spans begin in May, so that only the log tells what is old. */
const makeOld = () => execute(fixture.db, sql`update event_log set created_at = '2026-02-01Z', updated_at = '2026-02-01Z'`);
const deleteOld = async () => {
  const payload = { scope: "before" as const, before: "2026-03-01T00:00:00.000Z" };
  await enqueueJob(fixture.db, { id: newId("job"), kind: "data.delete", projectId: fixture.projectId, payload });
  await runUntilDone();
};
const replay = async () => {
  await replayEvents(
    { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
    { projectId: fixture.projectId, bucket: fixture.s3.bucket },
    { pageRows: 100, waitingMax: 1000, pollMs: 1, isDryRun: false },
  );
  await runUntilDone();
};

it("retention takes an old request, and keeps what it said of a trace that goes on", async () => {
  await send({ spanId: one, name: "root", input: "first" });
  await runUntilDone();
  await makeOld();
  const young = await send({ spanId: two, name: "child", parentSpanId: one });
  await runUntilDone();
  await deleteOld();
  expect(await requestKeys()).toEqual([young]);
  expect(await observations()).toEqual([{ id: two, name: "child", input: "" }]);
  await replay();
  expect(await observations()).toEqual([{ id: two, name: "child", input: "" }]);
  expect(await traces()).toEqual([{ id: trace, name: "root", input: "first" }]);

  // Once the trace is old, the rest goes too.
  await makeOld();
  await deleteOld();
  expect([await requestKeys(), await observations(), await traces()]).toEqual([[], [], []]);
  expect(await execute(fixture.db, sql`select 1 from event_log`)).toEqual([]);
});

it("retention keeps an old request while an observation of it is younger", async () => {
  const old = await send({ spanId: one, name: "root", input: "first" }, { spanId: two, name: "child", parentSpanId: one });
  await runUntilDone();
  await makeOld();
  await fixture.ingest([
    { id: "e1", timestamp: "2026-11-22T13:00:00Z", type: "span-update", body: { id: two, traceId: trace, output: "later" } },
  ]);
  await runUntilDone();
  await deleteOld();
  expect(await requestKeys()).toEqual([old]);
  expect(await observations()).toEqual([{ id: two, name: "child", input: "" }]);
  await replay();
  expect(await observations()).toContainEqual({ id: two, name: "child", input: "" });
});

it("a span that comes again is what the later request says, whichever is worked on last, and also after a replay", async () => {
  await send({ spanId: one, name: "before", input: "first" });
  const later = await send({ spanId: one, name: "after", input: "second" });
  // The later request first.
  await execute(fixture.db, sql`update jobs set run_at = now() - interval '1 hour' where payload ->> 'fileKey' = ${later}`);
  const { drained } = createIngestionBatches(fixture, { clickhouse });
  expect(await drained({}, 1)).toEqual([]);
  const expected = [{ id: one, name: "after", input: "second" }];
  expect(await observations()).toEqual(expected);
  expect(await traces()).toEqual([{ id: trace, name: "after", input: "second" }]);
  await replay();
  expect(await observations()).toEqual(expected);
});

it("an observation that ClickHouse refuses fails alone, under a job of its own; its trace and the others are written", async () => {
  await send({ spanId: one, name: "root" }, { spanId: two, name: "refused", parentSpanId: one });
  const { claim, processed, drained } = createIngestionBatches(fixture, {
    clickhouse: {
      ...clickhouse,
      insertRows: (insert) =>
        insert.rows.some((row) => Reflect.get(row, "name") === "refused")
          ? Promise.reject(new AppError({ code: "CLICKHOUSE_QUERY_FAILED" }))
          : clickhouse.insertRows(insert),
    },
  });
  expect((await drained()).map(({ error }) => error.code)).toEqual(["CLICKHOUSE_QUERY_FAILED"]);
  expect(await observations()).toEqual([{ id: one, name: "root", input: "" }]);
  expect(await traces()).toEqual([{ id: trace, name: "root", input: "" }]);
  expect(await execute(fixture.db, sql`select payload ->> 'entityId' as id, attempt from jobs`)).toEqual([{ id: two, attempt: 1 }]);

  // Nothing is wrong any more: its own job writes it, out of the request.
  await execute(fixture.db, sql`update jobs set run_at = now()`);
  expect((await processed(await claim(), { clickhouse })).failed).toEqual([]);
  expect(await observations()).toEqual([
    { id: one, name: "root", input: "" },
    { id: two, name: "refused", input: "" },
  ]);
});

it("an outage while a trace is written fails its job, and makes none for each observation", async () => {
  await send({ spanId: one, name: "root" }, { spanId: two, name: "child", parentSpanId: one });
  const { claim, processed } = createIngestionBatches(fixture, { clickhouse });
  const outcome = await processed(await claim(), {
    clickhouse: { ...clickhouse, insertRows: () => Promise.reject(new AppError({ code: "CLICKHOUSE_UNAVAILABLE" })) },
  });
  expect(outcome).toMatchObject({ doneIds: [], failed: [{ error: { code: "CLICKHOUSE_UNAVAILABLE" }, isFinal: false }] });
  expect(await execute(fixture.db, sql`select count(*)::int as jobs from jobs`)).toEqual([{ jobs: 1 }]);
});

it("retention keeps a trace that goes on, of which an older version has taken in the beginning", async () => {
  await send({ spanId: one, name: "root", input: "first" });
  await runUntilDone();
  await makeOld();
  // An older version did not note what a request says of the trace.
  await execute(fixture.db, sql`update event_log set trace_events = null`);
  await send({ spanId: two, name: "later" });
  await runUntilDone();
  await deleteOld();
  expect(await traces()).toEqual([{ id: trace, name: "later", input: "" }]);
});

it("retention keeps what an SDK said of a trace whose spans go on", async () => {
  await fixture.ingest([
    {
      id: "t1",
      timestamp: "2026-05-01T12:00:00Z",
      type: "trace-create",
      body: { id: trace, name: "by the SDK", timestamp: "2026-05-01T12:00:00Z" },
    },
  ]);
  await runUntilDone();
  await makeOld();
  await send({ spanId: two, name: "later" });
  await runUntilDone();
  await deleteOld();
  await replay();
  expect(await traces()).toEqual([{ id: trace, name: "by the SDK", input: "" }]);
});

it("where the log was once switched off, retention keeps the same: old requests and files of what is younger", async () => {
  minute = "2026/02/01/00/00";
  const old = await send({ spanId: one, name: "root", input: "first" }, { spanId: two, name: "child", parentSpanId: one });
  await runUntilDone();
  await makeOld();
  // What a Worker without a log has stored.
  const unlogged = `${fixture.eventPrefix}otel/${fixture.projectId}/${minute}/unlogged.json`;
  await fixture.s3.send({ method: "PUT", key: unlogged, body: "{}" });
  await execute(fixture.db, sql`update projects set unlogged_since = now()`);
  await fixture.ingest([
    { id: "e1", timestamp: "2026-11-22T13:00:00Z", type: "span-update", body: { id: two, traceId: trace, output: "later" } },
  ]);
  await runUntilDone();
  await deleteOld();
  expect(await requestKeys()).toEqual([old]);
  await replay();
  expect(await observations()).toContainEqual({ id: two, name: "child", input: "" });
});

it("a runner that lost its jobs while a deletion took their trace neither logs nor writes anything of it", async () => {
  const kept = "b".repeat(32);
  await send({ spanId: one, name: "root" }, { spanId: two, name: "of another trace", traceId: kept });
  const { claim, processed, drained } = createIngestionBatches(fixture, { clickhouse });
  const batch = await claim();
  const readThenDeleted: S3Client = {
    ...fixture.s3,
    send: async (request) => {
      const answer = await fixture.s3.send(request);
      if (request.method !== "GET" || !isOtelKey(request.key)) return answer;
      await execute(
        fixture.db,
        sql`update jobs set lease_until = now() - interval '1 minute', state = 'available', lease_id = null, losses = 1`,
      );
      await enqueueJob(fixture.db, {
        ...{ id: newId("job"), kind: "data.delete", projectId: fixture.projectId },
        payload: { scope: "traces", traceIds: [trace] },
      });
      await runUntilDone();
      return answer;
    },
  };
  await processed(batch, { s3: readThenDeleted });
  expect(await drained()).toEqual([]);
  expect(await execute(fixture.db, sql`select distinct trace_id as id from event_log`)).toEqual([{ id: kept }]);
  expect(await observations()).toEqual([{ id: two, name: "of another trace", input: "" }]);
  expect(await traces()).toEqual([{ id: kept, name: "of another trace", input: "" }]);
});

it("texts that break JSON, SQL or keys are taken in as they are, and a replay makes the same of them", async () => {
  const odd = "\u0000 ' \" \\ \ud800 \u2028 😀 %s $1 {}";
  await send(
    { spanId: one, name: odd, input: odd },
    { spanId: two, name: "__proto__", parentSpanId: one, input: '{"__proto__":{"a":1},"n":1e400}' },
  );
  await runUntilDone();
  const before = [await observations(), await traces()];
  expect(before[0]).toMatchObject([{ id: one }, { id: two, name: "__proto__", input: '{"__proto__":{"a":1},"n":1e400}' }]);
  expect(JSON.stringify(before[1])).toContain("😀 %s $1 {}");
  for (const table of ["traces", "observations", "events"]) await fixture.query(`TRUNCATE TABLE ${table}`);
  await replay();
  expect([await observations(), await traces()]).toEqual(before);
});

it("an observation that another trace has by now loses what the spans of a deleted trace said of it, at once", async () => {
  const other = "b".repeat(32);
  await send({ spanId: one, name: "span", input: "secret" });
  await runUntilDone();
  // Earlier than the span, so that its trace counts.
  await fixture.ingest([
    { id: "u1", timestamp: "2026-04-30T12:00:00Z", type: "span-update", body: { id: one, traceId: other, output: "of the SDK" } },
  ]);
  await runUntilDone();
  const stored = () => rows("SELECT trace_id, name, ifNull(input, '') AS input, output FROM observations FINAL");
  expect(await stored()).toEqual([{ trace_id: other, name: "span", input: "secret", output: "of the SDK" }]);
  const payload = { scope: "traces" as const, traceIds: [trace] };
  await enqueueJob(fixture.db, { id: newId("job"), kind: "data.delete", projectId: fixture.projectId, payload });
  await runUntilDone();
  expect(await stored()).toEqual([{ trace_id: other, name: "", input: "", output: "of the SDK" }]);
});
