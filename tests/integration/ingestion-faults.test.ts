import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { noTracer } from "../../core/telemetry/tracer.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { deleteStoredRows } from "../../db/clickhouse/delete-rows.ts";
import { listEntityFiles } from "../../db/event-store/logged-objects.ts";
import { createS3Client, type S3Client } from "../../db/object-store/s3-client.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { type BatchOutcome, settleBatch } from "../../db/queue/settle-batch.ts";
import { settleJob } from "../../db/queue/settle-job.ts";
import { systemClock } from "../../runner/clock.ts";
import { startBatchLoop } from "../../runner/queue/batch-loop.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { nextVersion } from "../../services/integrations/close-window.ts";
import { claimUnlimitedJob } from "../support/claim-job.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { startQueryHook } from "../support/query-hook.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

type Batches = ReturnType<typeof createIngestionBatches>;

let fixture: Fixture;
let clickhouse: ClickHouse;
let claim: Batches["claim"];
let processed: Batches["processed"];
let drained: Batches["drained"];
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  ({ claim, processed, drained } = createIngestionBatches(fixture, { clickhouse }));
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  for (const table of ["traces", "observations", "scores", "events", "traces_mt"]) await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
});

let counter = 0;
const unique = (prefix: string) => `${prefix}-${++counter}`;
const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1000).toISOString();
const event = (type: string, body: Record<string, unknown>, seconds = 0) => ({ id: unique("event"), timestamp: at(seconds), type, body });
const rows = async <Row = Record<string, unknown>>(query: string): Promise<Row[]> =>
  (await fixture.query(`${query} FORMAT JSONEachRow`))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
const jobs = () =>
  execute<{ id: string; state: string; attempt: number }>(fixture.db, sql`select id, state, attempt from jobs order by id`);

/** Every insert waits until `act`, begun by the first of them, is done. */
const afterInserting = (act: () => Promise<void>): ClickHouse => {
  let acting: Promise<void> | undefined;
  return {
    ...clickhouse,
    insertRows: async (insert) => {
      acting ??= act();
      await acting;
      await clickhouse.insertRows(insert);
    },
  };
};

/** Runs a runner until no job is open. */
const runUntilDone = async (): Promise<void> => {
  const runner = fixture.startRunner({ SPILLWAY_POLL_MS: "200" });
  try {
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      const [row] = await execute<{ open: number }>(fixture.db, sql`select count(*)::int as open from jobs where finished_at is null`);
      if (row?.open === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    throw new Error(JSON.stringify(await execute(fixture.db, sql`select kind, state, last_error from jobs limit 5`)));
  } finally {
    await runner.stop();
  }
};
const deleteTraces = (traceIds: string[]) =>
  enqueueJob(fixture.db, { id: newId("job"), kind: "data.delete", projectId: fixture.projectId, payload: { scope: "traces", traceIds } });

describe("one bad job", () => {
  it.each([
    ["NUL", "row \u0000"],
    ["half a surrogate pair", "cut \ud83d"],
  ])("whose error quotes %s is settled with its batch", async (_, detail) => {
    await fixture.ingest([event("trace-create", { id: unique("t") }), event("trace-create", { id: unique("t") })]);
    const batch = await claim();
    const [bad, good] = batch.jobs.map(({ id }) => id);
    const error = { code: "CLICKHOUSE_QUERY_FAILED", message: "ClickHouse answered.", detail };
    await settleBatch(fixture.db, batch.leaseId, {
      doneIds: [good ?? ""],
      failed: [{ id: bad ?? "", error, delaySeconds: 0, isFinal: true }],
      released: [],
    });
    expect(await jobs()).toMatchObject([{ id: bad, state: "discarded" }]);
    await deleteTraces(["x"]);
    const job = await claimUnlimitedJob(fixture.db, { kind: "data.delete", afterProjectId: "", claimedBy: "tests", leaseSeconds: 60 });
    if (job === undefined) throw new Error("nothing to claim");
    expect(await settleJob(fixture.db, job, { state: "discarded", error })).toBe("discarded");
  });

  it("whose payload is of another version fails alone", async () => {
    const [good, bad] = [unique("t"), unique("t")];
    await fixture.ingest([event("trace-create", { id: good, name: "good" }), event("trace-create", { id: bad, name: "bad" })]);
    await execute(fixture.db, sql`update jobs set payload = payload || '{"later": 1}' where payload ->> 'entityId' = ${bad}`);
    const outcome = await processed(await claim());
    expect(outcome.failed).toHaveLength(1);
    expect(await rows("SELECT name FROM traces FINAL")).toEqual([{ name: "good" }]);
  });

  it("that cannot be written for a reason of ours fails alone", async () => {
    const [good, bad] = [unique("t"), unique("t")];
    await fixture.ingest([event("trace-create", { id: good, name: "good" }), event("trace-create", { id: bad, name: "bad" })]);
    const failing: ClickHouse = {
      ...clickhouse,
      insertRows: (insert) => {
        if (JSON.stringify(insert.rows).includes(bad)) throw new RangeError("no such number");
        return clickhouse.insertRows(insert);
      },
    };
    const outcome = await processed(await claim(), { clickhouse: failing });
    expect(outcome).toMatchObject({ doneIds: [expect.any(String)], failed: [expect.anything()] });
    expect(await rows("SELECT name FROM traces FINAL")).toEqual([{ name: "good" }]);
  });
});

describe("an outage", () => {
  it("of ClickHouse makes no dead letters, however long it lasts", async () => {
    await fixture.ingest([event("trace-create", { id: unique("t") })]);
    const away = createClickHouse({ url: "http://127.0.0.1:1", user: "default", password: "", database: "x" }, fetch);
    await execute(fixture.db, sql`update jobs set attempt = 20`);
    const outcome = await processed(await claim(), { clickhouse: away });
    expect(outcome.failed).toMatchObject([{ error: { code: "CLICKHOUSE_UNAVAILABLE" }, isFinal: false }]);
    expect(outcome.failed[0]?.delaySeconds).toBeGreaterThan(60);
  });

  it("of the database in ClickHouse is tried again", async () => {
    await fixture.ingest([event("trace-create", { id: unique("t") })]);
    const wrong = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: "not_there" }, fetch);
    expect((await processed(await claim(), { clickhouse: wrong })).failed).toMatchObject([{ isFinal: false }]);
  });

  it("of Postgres makes no dead letters either, and no values of its statements leave", async () => {
    const [first, second] = [unique("t"), unique("t")];
    await fixture.ingest([event("trace-create", { id: first, sessionId: "whose session" })]);
    const away = openPostgres("postgres://user:secret@127.0.0.1:1/none", { connectionsMax: 1 });
    await execute(fixture.db, sql`update jobs set attempt = 20`);
    const writing = await processed(await claim(), { db: away.db });
    await fixture.ingest([event("trace-create", { id: second })]);
    const reading = await processed(await claim(), { listLogged: (entities) => listEntityFiles(away.db, "bucket", entities) });
    await away.close();
    for (const { failed } of [writing, reading]) {
      expect(failed).toMatchObject([{ error: { code: "DATABASE_UNAVAILABLE" }, isFinal: false }]);
      expect(JSON.stringify(failed)).not.toMatch(/whose session|entityId|secret/);
    }
  });

  it("while a batch is settled costs no attempt", async () => {
    let [claims, settles] = [0, 0];
    const settled = Promise.withResolvers<BatchOutcome>();
    const outcome: BatchOutcome = { doneIds: ["job"], failed: [], released: [] };
    const loop = startBatchLoop(
      {
        kind: "ingestion.merge",
        repeat: () => Promise.resolve(),
        emit: () => {},
        clock: { ...systemClock, wait: () => Promise.resolve() },
        log: () => {},
        tracer: noTracer,
        random: () => 0,
        claim: () => Promise.resolve(claims++ === 0 ? { leaseId: "lease", claimedAt: "", jobs: [] } : undefined),
        heartbeat: () => Promise.resolve(1),
        process: () => Promise.resolve(outcome),
        settle: (_, written) => {
          if (++settles < 3) return Promise.reject(new Error("the connection ended"));
          settled.resolve(written);
          return Promise.resolve(1);
        },
      },
      { concurrency: 1, pollMs: 10, pollIdleMs: 10, heartbeatSeconds: 60, selfFenceSeconds: 60, maxRunSeconds: 60, graceSeconds: 0 },
    );
    expect(await settled.promise).toEqual(outcome);
    await loop.stop();
    expect(settles).toBe(3);
  });

  it("of the bucket is no deletion", async () => {
    await fixture.ingest([event("trace-create", { id: unique("t"), input: "x".repeat(20_000) })]);
    const real = createS3Client(
      { ...fixture.s3Config, bucket: "not-there", forcePathStyle: true },
      { fetch, wait: systemClock.wait, random: Math.random },
    );
    const s3: S3Client = { ...real, bucket: fixture.s3.bucket };
    const outcome = await processed(await claim(), { s3 });
    expect(outcome).toMatchObject({ doneIds: [], failed: [{ error: { code: "S3_BUCKET_NOT_FOUND" }, isFinal: false }] });
  });
});

it("requests are taken in while ClickHouse is silent to more deletions of a project than run at once", async () => {
  const hook = await startQueryHook(fixture.clickhouseUrl);
  const opened = Promise.withResolvers<void>();
  hook.before((_, body) => (body.includes("DELETE FROM") ? opened.promise : Promise.resolve()));
  for (let deletion = 0; deletion < 8; deletion++) await deleteTraces([unique("t")]);
  const runner = fixture.startRunner({ CLICKHOUSE_URL: hook.url, SPILLWAY_POLL_MS: "200" });
  const open = (kind: string) => execute(fixture.db, sql`select 1 from jobs where kind = ${kind} and finished_at is null`);
  const running = () => execute(fixture.db, sql`select 1 from jobs where kind = 'data.delete' and state = 'running'`);
  try {
    // As many as a runner works on at once for one project: it leaves a place to the others.
    while ((await running()).length < 1) await new Promise((resolve) => setTimeout(resolve, 80));
    const jobId = newId("job");
    await enqueueJob(fixture.db, { id: jobId, kind: "ingestion.otel", projectId: fixture.projectId, payload: { fileKey: "gone" } });
    while ((await open("ingestion.otel")).length > 0) await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await open("data.delete")).toHaveLength(8);
    // What these leave free is nothing a deletion of the same project can take.
    expect(await running()).toHaveLength(1);
  } finally {
    opened.resolve();
    await runner.stop();
    hook.stop();
  }
});

describe("an event sent again under its id with something else", () => {
  it("leaves one row of events, where it begins now", async () => {
    const [id, traceId] = [unique("o"), unique("t")];
    const first = event("span-create", { id, traceId, name: "first", startTime: at(1) });
    await fixture.ingest([first]);
    expect(await drained()).toEqual([]);
    await fixture.ingest([{ ...first, body: { ...first.body, name: "second", startTime: at(2) } }]);
    expect(await drained()).toEqual([]);
    expect(await rows("SELECT name FROM events FINAL")).toEqual([{ name: "second" }]);
  });

  it("is never taken back by a job that carries what it said before", async () => {
    const first = event("trace-create", { id: unique("t"), name: "first" });
    await fixture.ingest([first]);
    await execute(fixture.db, sql`update jobs set run_at = now() + interval '1 hour'`);
    await fixture.ingest([{ ...first, body: { ...first.body, name: "second" } }]);
    expect(await drained()).toEqual([]);
    expect(await rows("SELECT name FROM traces FINAL")).toEqual([{ name: "second" }]);
    await execute(fixture.db, sql`update jobs set run_at = now()`);
    expect(await drained()).toEqual([]);
    expect(await rows("SELECT name FROM traces FINAL")).toEqual([{ name: "second" }]);
  });
});

describe("a deletion", () => {
  it("takes a thousand ids of the greatest length", async () => {
    const traceIds = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, "0") + "é".repeat(796));
    const insert = (id: string) => ({
      project_id: fixture.projectId,
      id,
      timestamp: "2026-05-01 00:00:00",
      event_ts: "2026-05-01 00:00:00",
    });
    await clickhouse.insertRows({ table: "traces", rows: [insert(traceIds[999] ?? ""), insert("kept")], token: unique("token") });
    await deleteStoredRows(
      {
        clickhouse,
        projectId: fixture.projectId,
        eventsTable: "events",
        nextVersion: () => nextVersion(fixture.db),
        signal: new AbortController().signal,
      },
      { scope: "traces", traceIds },
    );
    expect(await rows("SELECT id FROM traces FINAL")).toEqual([{ id: "kept" }]);
  });

  it("of one trace leaves the other traces of an OpenTelemetry request that waits", async () => {
    const [gone, kept] = ["0af7651916cd43dd8448eb211c80319a", "0af7651916cd43dd8448eb211c80319b"];
    const span = (traceId: string, spanId: string) => ({
      ...{ traceId, spanId, name: spanId, kind: 1, attributes: [], status: {} },
      ...{ startTimeUnixNano: "1777636800000000000", endTimeUnixNano: "1777636801000000000" },
    });
    const { traces } = parseTracesJson(
      JSON.stringify({
        resourceSpans: [
          {
            resource: { attributes: [] },
            scopeSpans: [{ scope: {}, spans: [span(gone, "b7ad6b7169203331"), span(kept, "b7ad6b7169203332")] }],
          },
        ],
      }),
    );
    const fileKey = `${fixture.eventPrefix}otel/${fixture.projectId}/2026/05/01/12/00/${unique("request")}.json`;
    await storeOtelRequest(fixture.eventStore, {
      ...{ projectId: fixture.projectId, fileKey, id: "request", text: JSON.stringify(traces), traceIds: [gone, kept] },
      origin: { apiKey: "", sdkName: "", sdkVersion: "" },
    });
    await execute(fixture.db, sql`update jobs set run_at = now() + interval '1 hour'`);
    const runner = fixture.startRunner({ SPILLWAY_POLL_MS: "200" });
    await deleteTraces([gone]);
    const left = async () => (await execute(fixture.db, sql`select 1 from jobs where kind = 'data.delete' and finished_at is null`)).length;
    while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 80));
    await runner.stop();
    expect((await fixture.readObject(fileKey)).toString("utf8")).not.toContain(gone);
    await execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null`);
    await runUntilDone();
    expect(await rows("SELECT trace_id FROM events FINAL")).toEqual([{ trace_id: kept }]);
  });

  it("does not bring back an older version of an observation that had another trace", async () => {
    const [id, first, second] = [unique("o"), unique("t"), unique("t")];
    await fixture.ingest([event("span-create", { id, traceId: second, startTime: at(0) }, 10)]);
    await drained();
    await fixture.ingest([event("span-create", { id, traceId: first, startTime: at(0) }, 1)]);
    await drained();
    expect(await rows("SELECT trace_id FROM observations FINAL")).toEqual([{ trace_id: first }]);
    await deleteTraces([first]);
    await runUntilDone();
    expect(await rows("SELECT trace_id FROM observations FINAL")).toEqual([]);
  });

  it("is not undone by a batch that has read the files before", async () => {
    const traceId = unique("t");
    await fixture.ingest([event("trace-create", { id: traceId }), event("span-create", { id: unique("o"), traceId, startTime: at(0) })]);
    const batch = await claim();
    const slow = afterInserting(async () => {
      await deleteTraces([traceId]);
      const runner = fixture.startRunner({ SPILLWAY_POLL_MS: "200", QUEUE_CONSUMER_INGESTION_QUEUE_IS_ENABLED: "false" });
      const isOpen = async () =>
        (await execute(fixture.db, sql`select 1 from jobs where kind = 'data.delete' and finished_at is null`)).length > 0;
      const isLogged = async () => (await execute(fixture.db, sql`select 1 from event_log`)).length > 0;
      // The files are gone. After them, as long as a deletion takes that waits for nobody.
      while ((await isOpen()) && (await isLogged())) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let tries = 0; tries < 40 && (await isOpen()); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
      await runner.stop();
    });
    await settleBatch(fixture.db, batch.leaseId, await processed(batch, { clickhouse: slow }));
    await execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null`);
    await runUntilDone();
    expect(await rows("SELECT id FROM traces FINAL")).toEqual([]);
    expect(await rows("SELECT span_id FROM events FINAL")).toEqual([]);
  });
});

describe("an observation that moves", () => {
  it.each([
    ["at the start of all times", "1970-01-01T00:00:00Z", "1970-03-01T00:00:00Z"],
    ["to the first day", "1970-01-01T00:00:00Z", "2026-05-01T00:00:00Z"],
    ["at the end of all times", "2149-06-06T23:59:59.999Z", "2149-06-05T00:00:00Z"],
    ["to the last day", "2149-06-06T00:00:00Z", "2026-05-01T00:00:00Z"],
  ])("%s has one live row in each table", async (_, earlier, later) => {
    const [id, traceId] = [unique("o"), unique("t")];
    await fixture.ingest([
      event("span-create", { id, traceId, name: "span", startTime: later }, 10),
      event("trace-create", { id: traceId, name: "trace", timestamp: later }, 10),
    ]);
    expect(await drained()).toEqual([]);
    await fixture.ingest([
      event("span-create", { id, traceId, name: "span", startTime: earlier }, 1),
      event("trace-create", { id: traceId, name: "trace", timestamp: earlier }, 1),
    ]);
    expect(await drained()).toEqual([]);
    const year = Number(earlier.slice(0, 4));
    expect(await rows("SELECT toYear(start_time) AS y FROM observations FINAL")).toEqual([{ y: year }]);
    expect(await rows("SELECT toYear(start_time) AS y FROM events FINAL")).toEqual([{ y: year }]);
    expect(await rows("SELECT toYear(timestamp) AS y FROM traces FINAL")).toEqual([{ y: year }]);
  });

  it("has one live row although its update and its create were in work under two ordering keys at once", async () => {
    const [id, traceId] = [unique("o"), unique("t")];
    await fixture.ingest([event("span-update", { id, output: "no trace named" }, 5)]);
    const first = await claim();
    const slow = afterInserting(async () => {
      await fixture.ingest([event("span-create", { id, traceId, name: "span", startTime: at(1) }, 1)]);
      const second = await claim();
      await settleBatch(fixture.db, second.leaseId, await processed(second));
    });
    await settleBatch(fixture.db, first.leaseId, await processed(first, { clickhouse: slow }));
    await drained();
    expect(await rows("SELECT trace_id FROM events FINAL")).toEqual([{ trace_id: traceId }]);
  });

  it("has one live row although a runner that lost its lease writes what it has read long ago", async () => {
    const [id, first, second] = [unique("o"), unique("t"), unique("t")];
    await fixture.ingest([event("span-create", { id, traceId: second, name: "span", startTime: at(10) }, 10)]);
    const stalled = await claim();
    const slow = afterInserting(async () => {
      // Its lease has ended: rescued, and taken by another runner together with what has come since.
      await execute(fixture.db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running'`);
      while ((await rescueJob(fixture.db)) !== undefined);
      await execute(fixture.db, sql`update jobs set run_at = now()`);
      await fixture.ingest([event("span-create", { id, traceId: first, name: "span", startTime: at(1) }, 1)]);
      await drained();
    });
    await processed(stalled, { clickhouse: slow });
    expect(await rows("SELECT trace_id FROM events FINAL")).toEqual([{ trace_id: first }]);
  });
});

describe("the time of creation", () => {
  it("stays that of the first write", async () => {
    const traceId = unique("t");
    const [id, score] = [unique("o"), unique("s")];
    const created = async () =>
      (
        await fixture.query(
          "SELECT created_at FROM observations FINAL UNION ALL SELECT created_at FROM scores FINAL UNION ALL SELECT created_at FROM traces FINAL FORMAT TSV",
        )
      )
        .trim()
        .split("\n");
    const requests = [1, 2].map((n) => [
      event("trace-create", { id: traceId, name: `name ${n}` }, n),
      event("span-create", { id, traceId, name: `name ${n}`, startTime: at(0) }, n),
      event("score-create", { id: score, traceId, name: "quality", value: n }, n),
    ]);
    for (const [place, claimedAt] of ["2026-05-01T00:00:00.000000Z", "2026-05-02T00:00:00.000000Z"].entries()) {
      await fixture.ingest(requests[place] ?? []);
      const batch = await claim();
      await settleBatch(fixture.db, batch.leaseId, await processed({ ...batch, claimedAt }));
      expect(await created()).toEqual(Array.from({ length: 3 }, () => "2026-05-01 00:00:00.000"));
    }
    expect(await rows("SELECT value FROM scores FINAL")).toEqual([{ value: 2 }]);
    expect(await rows("SELECT name, toString(created_at) AS at FROM events FINAL")).toEqual([
      { name: "name 2", at: "2026-05-01 00:00:00.000000" },
    ]);
  });
});

describe("a great many", () => {
  it("months of observations are no reason to lose their trace", async () => {
    const traceId = unique("t");
    await fixture.ingest(
      Array.from({ length: 150 }, (_, index) =>
        event("span-create", { id: unique("o"), traceId, name: "span", startTime: new Date(Date.UTC(2000, index, 1)).toISOString() }),
      ),
    );
    expect(await drained()).toEqual([]);
    await fixture.ingest([event("trace-create", { id: traceId, name: "trace" })]);
    expect(await drained()).toEqual([]);
    expect(await rows("SELECT trace_name, count() AS n FROM events FINAL GROUP BY trace_name")).toEqual([{ trace_name: "trace", n: 150 }]);
  });

  it("traces in one batch have their aggregates written", async () => {
    await fixture.ingest(
      Array.from({ length: 1100 }, () => event("span-create", { id: unique("o"), traceId: unique("t"), startTime: at(0) })),
    );
    const outcome = await processed(await claim(5000), { writesAggregates: true });
    expect(outcome.failed).toEqual([]);
    expect(outcome.doneIds).toHaveLength(1100);
  });

  it("large payloads in one batch are read in slices", async () => {
    const traceId = unique("t");
    for (let request = 0; request < 30; request++)
      await fixture.ingest([event("span-create", { id: unique("o"), traceId, input: "x".repeat(4_000_000), startTime: at(0) })]);
    let bytesMax = 0;
    const measuring: ClickHouse = {
      ...clickhouse,
      insertRows: (insert) => {
        bytesMax = Math.max(bytesMax, JSON.stringify(insert.rows).length);
        return clickhouse.insertRows(insert);
      },
    };
    expect(await drained({ clickhouse: measuring })).toEqual([]);
    expect(await rows("SELECT count() AS n FROM events FINAL")).toEqual([{ n: 30 }]);
    expect(bytesMax).toBeLessThan(100_000_000);
  });
});
