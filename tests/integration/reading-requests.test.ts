/**
 * What the ingestion reads of stored OpenTelemetry requests: how often, how many at once, and beside which other files. Counted in reads of
 * the store, because a request has up to 4 MiB, whatever little of it an entity needs.
 */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { isOtelKey } from "../../core/ingestion/blob-key.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { execute } from "../../db/postgres/client.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { storeRequest } from "../support/store-request.ts";

let fixture: Fixture;
let clickhouse: ClickHouse;
let batches: ReturnType<typeof createIngestionBatches>;
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  batches = createIngestionBatches(fixture, { clickhouse });
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  for (const table of ["traces", "observations", "events"]) await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
  await execute(fixture.db, sql`update projects set unlogged_since = null`);
});

type Span = { trace?: number; span: number; parent?: number; attributes?: Record<string, string> };
const traceIdOf = (n: number): string => (n + 1).toString(16).padStart(32, "a");
const spanIdOf = (n: number): string => (n + 1).toString(16).padStart(16, "b");

/** Takes spans in as one request. Returns its key. */
const send = async (...spans: Span[]): Promise<string> => {
  const sent = spans.map(({ trace = 0, span, parent, attributes = {} }) => ({
    traceId: traceIdOf(trace),
    spanId: spanIdOf(span),
    ...(parent === undefined ? {} : { parentSpanId: spanIdOf(parent) }),
    name: `span ${span}`,
    kind: 1,
    startTimeUnixNano: "1777636800000000000",
    endTimeUnixNano: "1777636801000000000",
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  }));
  return storeRequest(fixture, [{ scopeSpans: [{ scope: { name: "tests" }, spans: sent }] }]);
};

/** The store, with counts of reads of requests and of how many of them were under way at once. */
const counted = () => {
  const reads = { total: 0, atOnce: 0 };
  let underWay = 0;
  const s3: S3Client = {
    ...fixture.s3,
    send: async (request) => {
      if (request.method !== "GET" || !isOtelKey(request.key)) return fixture.s3.send(request);
      reads.total++;
      underWay++;
      reads.atOnce = Math.max(reads.atOnce, underWay);
      try {
        return await fixture.s3.send(request);
      } finally {
        underWay--;
      }
    },
  };
  return { reads, s3 };
};

const update = (n: number, body: object) => ({
  id: `update-${n}`,
  timestamp: "2026-11-22T13:00:00.000Z",
  type: "span-update",
  body: { id: spanIdOf(n), ...body },
});
const rows = async (query: string): Promise<Record<string, unknown>[]> =>
  (await fixture.query(`${query} FORMAT JSONEachRow`))
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const makeDue = () => execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null and state <> 'running'`);

it("a span is merged with what an SDK sent of it while no log was kept", async () => {
  await fixture.ingest([update(0, { traceId: traceIdOf(0), output: "of the SDK" })]);
  // What switching off the log leaves: a file that no row names, and the mark.
  await execute(fixture.db, sql`delete from event_log`);
  await execute(fixture.db, sql`update projects set unlogged_since = now() where id = ${fixture.projectId}`);
  expect(await batches.drained()).toEqual([]);
  await send({ span: 0 });
  expect(await batches.drained()).toEqual([]);
  expect(await rows("SELECT name, output FROM observations FINAL")).toEqual([{ name: "span 0", output: "of the SDK" }]);
});

it("observations of many requests are read few requests at a time", async () => {
  for (const span of numbers(40)) await send({ trace: span, span });
  expect(await batches.drained()).toEqual([]);
  await fixture.ingest(numbers(40).map((n) => update(n, { traceId: traceIdOf(n), output: "later" })));
  const { reads, s3 } = counted();
  expect(await batches.drained({ s3 })).toEqual([]);
  expect(await rows("SELECT count() AS n FROM observations FINAL WHERE output = 'later' AND name != ''")).toEqual([{ n: 40 }]);
  expect(reads.atOnce).toBeLessThanOrEqual(3);
});

it("observations of one request are merged with one read of it, however many traces it holds", async () => {
  await send(...numbers(60).map((n) => ({ trace: n, span: n })));
  await send(...numbers(60).map((n) => ({ trace: n, span: n + 60 })));
  expect(await batches.drained()).toEqual([]);
  await fixture.ingest(numbers(120).map((n) => update(n, { traceId: traceIdOf(n % 60), output: "later" })));
  const { reads, s3 } = counted();
  expect(await batches.drained({ s3 })).toEqual([]);
  expect(reads.total).toBe(2);
});

it("a trace with something about it in every span is merged without reading its earlier requests", async () => {
  const { reads, s3 } = counted();
  for (const n of numbers(6)) {
    await send(...numbers(300).map((m) => ({ span: n * 300 + m, parent: 0, attributes: { "user.id": "someone", "session.id": "s" } })));
    expect(await batches.drained({ s3 })).toEqual([]);
  }
  // Each once, by its own job.
  expect(reads.total).toBe(6);
});

it("in an outage, no job is left for an entity whose trace is done again anyway", async () => {
  await send(...numbers(8).map((span) => ({ span, ...(span === 0 ? {} : { parent: 0 }) })));
  for (const _ of numbers(3)) {
    await makeDue();
    const batch = await batches.claim();
    let isGone = false;
    const outcome = await batches.processed(batch, {
      clickhouse: {
        ...clickhouse,
        insertRows: async (insert) => {
          if (isGone) throw new AppError({ code: "CLICKHOUSE_UNAVAILABLE" });
          if (!insert.rows.some((row) => Reflect.get(row, "name") === "span 0")) return clickhouse.insertRows(insert);
          // Refused with whatever it is written, until it is alone; then ClickHouse is gone.
          isGone = insert.token.endsWith("-1-observations");
          throw new AppError({ code: "CLICKHOUSE_QUERY_FAILED" });
        },
      },
    });
    expect(isGone).toBe(true);
    await settleBatch(fixture.db, batch.leaseId, outcome);
    expect(await execute(fixture.db, sql`select payload ->> 'isOtelRequest' as "isTrace" from jobs`)).toEqual([{ isTrace: "true" }]);
  }
  await makeDue();
  expect(await batches.drained()).toEqual([]);
  expect(await rows("SELECT count() AS n FROM observations FINAL")).toEqual([{ n: 8 }]);
});
