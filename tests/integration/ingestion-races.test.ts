import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { execute } from "../../db/postgres/client.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { at, eventWith, uniqueIds } from "../support/sent-event.ts";

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
  for (const table of ["traces", "observations", "scores", "events"]) await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
});

const unique = uniqueIds();
const event = eventWith(unique);
const lines = async (query: string): Promise<string[]> => (await fixture.query(query)).split("\n").filter((line) => line !== "");
const traceNames = () => lines("SELECT trace_name FROM events FINAL ORDER BY span_id");
const allDue = () => execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null`);

/** Every insert waits until `act`, begun by the first of them, is done. */
const beforeInserts = (act: () => Promise<unknown>): ClickHouse => {
  let acting: Promise<unknown> | undefined;
  return {
    ...clickhouse,
    insertRows: async (insert) => {
      acting ??= act();
      await acting;
      await clickhouse.insertRows(insert);
    },
  };
};

describe("rows of events carry the fields their trace has", () => {
  /** A trace `first` with an observation, both stored; the trace is then called `second` in a batch that is claimed. */
  const renamed = async () => {
    const [id, traceId] = [unique("o"), unique("t")];
    await fixture.ingest([
      event("trace-create", { id: traceId, name: "first" }, 1),
      event("span-create", { id, traceId, startTime: at(1) }, 1),
    ]);
    expect(await drained()).toEqual([]);
    await fixture.ingest([event("trace-create", { id: traceId, name: "second" }, 2)]);
    return { batch: await claim(), backToFirst: () => fixture.ingest([event("trace-create", { id: traceId, name: "first" }, 3)]) };
  };

  it("although it has them back after an attempt that gave its rows others and no more", async () => {
    const { batch, backToFirst } = await renamed();
    const failing: ClickHouse = {
      ...clickhouse,
      insertRows: (insert) =>
        insert.table === "traces" ? Promise.reject(new AppError({ code: "CLICKHOUSE_UNAVAILABLE" })) : clickhouse.insertRows(insert),
    };
    await settleBatch(fixture.db, batch.leaseId, await processed(batch, { clickhouse: failing }));
    expect(await traceNames()).toEqual(["second"]);
    await backToFirst();
    await allDue();
    expect(await drained()).toEqual([]);
    expect(await traceNames()).toEqual(["first"]);
  });

  it("although a runner that lost its lease gives them others long after", async () => {
    const { batch, backToFirst } = await renamed();
    const stalled: ClickHouse = {
      ...clickhouse,
      command: async (statement) => {
        await execute(fixture.db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running'`);
        while ((await rescueJob(fixture.db)) !== undefined);
        await allDue();
        await backToFirst();
        expect(await drained()).toEqual([]);
        await clickhouse.command(statement);
      },
    };
    await processed(batch, { clickhouse: stalled });
    expect(await traceNames()).toEqual(["first"]);
  });

  it("also those of an observation that is a trace of its own, while that trace is taken in", async () => {
    const id = unique("both");
    await fixture.ingest([event("span-create", { id, startTime: at(1) }, 1)]);
    const batch = await claim();
    const slow = beforeInserts(async () => {
      await fixture.ingest([event("trace-create", { id, name: "trace" }, 2)]);
      await drained();
    });
    await settleBatch(fixture.db, batch.leaseId, await processed(batch, { clickhouse: slow }));
    await drained();
    expect(await traceNames()).toEqual(["trace"]);
  });
});

describe("one live row has", () => {
  it("a score that was in work under two ordering keys at once, under two names", async () => {
    const [id, traceId] = [unique("s"), unique("t")];
    await fixture.ingest([event("score-create", { id, sessionId: unique("session"), name: "first", value: 1 }, 1)]);
    const batch = await claim();
    const slow = beforeInserts(async () => {
      await fixture.ingest([event("score-create", { id, traceId, name: "second", value: 2 }, 2)]);
      await drained();
    });
    await settleBatch(fixture.db, batch.leaseId, await processed(batch, { clickhouse: slow }));
    await drained();
    expect(await lines("SELECT name FROM scores FINAL")).toEqual(["second"]);
  });

  it("an observation whose file was stored again with another trace while it was in work", async () => {
    const [id, first, second] = [unique("o"), unique("t"), unique("t")];
    const created = event("span-create", { id, traceId: first, startTime: at(1) }, 1);
    await fixture.ingest([created]);
    const batch = await claim();
    const slow = beforeInserts(async () => {
      await fixture.ingest([{ ...created, body: { ...created.body, traceId: second } }]);
      await drained();
    });
    await settleBatch(fixture.db, batch.leaseId, await processed(batch, { clickhouse: slow }));
    await drained();
    expect(await lines("SELECT trace_id FROM events FINAL")).toEqual([second]);
  });
});

it("a file that was stored again counts as it is now, also when the clock of the database was ahead", async () => {
  const created = event("trace-create", { id: unique("t"), name: "first" });
  await fixture.ingest([created]);
  await execute(fixture.db, sql`update event_log set created_at = now() + interval '1 hour', updated_at = now() + interval '1 hour'`);
  await fixture.ingest([{ ...created, body: { ...created.body, name: "second" } }]);
  await execute(fixture.db, sql`update jobs set run_at = now() + interval '1 day' where payload ->> 'inline' like '%second%'`);
  expect(await drained()).toEqual([]);
  expect(await lines("SELECT name FROM traces FINAL")).toEqual(["second"]);
});

it("a batch ends when nothing of it is on its way any more, also when one of its inserts fails", async () => {
  const [id, traceId] = [unique("o"), unique("t")];
  await fixture.ingest([event("span-create", { id, traceId, startTime: at(1) })]);
  const [failed, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const failing: ClickHouse = {
    ...clickhouse,
    insertRows: async (insert) => {
      if (insert.table === "observations") {
        failed.resolve();
        throw new AppError({ code: "CLICKHOUSE_UNAVAILABLE" });
      }
      await opened.promise;
      await clickhouse.insertRows(insert);
    },
  };
  let isEnded = false;
  const batch = await claim();
  const ending = processed(batch, { clickhouse: failing }).then(() => {
    isEnded = true;
  });
  await failed.promise;
  // Whatever follows the failure at once has happened by the time another service has answered.
  await fixture.query("SELECT 1");
  expect(isEnded).toBe(false);
  opened.resolve();
  await ending;
  expect(await lines("SELECT span_id FROM events FINAL")).toEqual([id]);
});
