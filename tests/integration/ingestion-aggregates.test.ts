import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { aggregateTables } from "../../core/traces/experiment-env.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { deleteStoredRows } from "../../db/clickhouse/delete-rows.ts";
import { execute } from "../../db/postgres/client.ts";
import { rescueJob } from "../../db/queue/rescue-job.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { nextVersion } from "../../services/integrations/close-window.ts";
import { findDiscrepancies } from "../../services/traces/find-discrepancies.ts";
import { sumsByTrace } from "../support/aggregate-sums.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { isLong, runsOf } from "../support/property-runs.ts";
import { seedFrom } from "../support/property-seed.ts";
import { randomFrom } from "../support/random-from.ts";

const seed = seedFrom("SEED");

let fixture: Fixture;
let clickhouse: ClickHouse;
let batches: ReturnType<typeof createIngestionBatches>;
beforeAll(async () => {
  console.log(`aggregates of what is taken in: SEED=${seed}`);
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  batches = createIngestionBatches(fixture, { clickhouse, writesAggregates: true });
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  for (const table of ["traces", "observations", "scores", "events", "traces_mt", ...aggregateTables])
    await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
});

/** Recent, so that the short-lived aggregates have it as well. */
const startMs = Math.floor(Date.now() / 1000) * 1000 - 3600_000;
let counter = 0;
const unique = (prefix: string) => `${prefix}-${++counter}`;
const at = (seconds: number) => new Date(startMs + seconds * 1000).toISOString();
const event = (type: string, body: Record<string, unknown>, seconds = 0) => ({ id: unique("event"), timestamp: at(seconds), type, body });
const usage = (total: number) => ({ usageDetails: { total, input: total - 1 }, costDetails: { total: total / 8 } });

const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
  items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);

const sumsIn = (table: string) => sumsByTrace(fixture.query, table);
/** The aggregates say what the tables say, but for ids of observations in the traces they have left. */
const expectSame = async (movedFrom: readonly string[] = []) => {
  const wanted = await sumsIn("observations");
  expect(wanted).not.toBe("");
  for (const table of aggregateTables) {
    expect(await sumsIn(table), table).toBe(wanted);
    const { compared, discrepancies } = await findDiscrepancies(
      { clickhouse },
      { projectId: fixture.projectId, source: table, from: new Date(startMs - 24 * 3600_000), to: null, examplesMax: 100 },
    );
    expect(compared).toBeGreaterThan(0);
    const left = discrepancies.flatMap(({ field, examples }) => examples.map(({ id }) => `${field} ${id}`));
    expect(left.toSorted(), table).toEqual(movedFrom.map((id) => `observation_ids ${id}`).toSorted());
  }
};

/** As when the lease has ended. */
const takeOver = async () => {
  await execute(fixture.db, sql`update jobs set lease_until = now() - interval '1 second' where state = 'running'`);
  for (let rescued = await rescueJob(fixture.db); rescued !== undefined; ) rescued = await rescueJob(fixture.db);
  await execute(fixture.db, sql`update jobs set run_at = now()`);
};

/** Does `act` when it is called first; every call waits until that is done. */
const once = (act: () => Promise<void>): (() => Promise<void>) => {
  let acting: Promise<void> | undefined;
  return () => {
    acting ??= act();
    return acting;
  };
};
/** The statement of the aggregates waits until `act` is done. */
const beforeAggregates = (act: () => Promise<void>): ClickHouse => {
  const acted = once(act);
  return {
    ...clickhouse,
    command: async (statement) => {
      if (statement.sql.startsWith("INSERT INTO traces_mt")) await acted();
      await clickhouse.command(statement);
    },
  };
};
/** Everything that is written waits until `act` is done. */
const beforeWriting = (act: () => Promise<void>): ClickHouse => {
  const acted = once(act);
  return {
    ...clickhouse,
    insertRows: (insert) => acted().then(() => clickhouse.insertRows(insert)),
    command: (statement) => acted().then(() => clickhouse.command(statement)),
  };
};

/** What of a stalled runner comes late. In short runs, some cases take one of them. */
const holds = [
  ["the aggregates only", beforeAggregates],
  ["everything", beforeWriting],
] as const;

class Killed extends Error {}
/** Ends for good with the write of this number, before it or after it. */
const killedAt = (write: number, isAfter: boolean): ClickHouse => {
  let writes = 0;
  const counting = async (send: () => Promise<void>) => {
    if (++writes > write || (writes === write && !isAfter)) throw new Killed();
    await send();
    if (writes >= write) throw new Killed();
  };
  return {
    ...clickhouse,
    insertRows: (insert) => counting(() => clickhouse.insertRows(insert)),
    command: (statement) => counting(() => clickhouse.command(statement)),
    queryRows: (statement) => {
      if (writes >= write) throw new Killed();
      return clickhouse.queryRows(statement);
    },
  };
};

/** Requests about one trace and another: updates, an observation that is of the other at first and one that names none, scores, values that change. */
const requestsOf = (n: number) => {
  const [trace, other] = [unique(`trace-${n}`), unique(`other-${n}`)];
  const [plain, moves, loose, score] = [unique("plain"), unique("moves"), unique("loose"), unique("score")];
  return {
    trace,
    other,
    requests: [
      [event("trace-create", { id: trace, name: "first", userId: "u1", tags: ["a"], metadata: { a: "1" }, timestamp: at(0) }, 0)],
      [
        event("trace-create", { id: trace, name: "last", sessionId: "s", tags: ["a", "b"], metadata: { b: "2" }, output: "out" }, 9),
        event("generation-create", { id: unique("beside"), traceId: trace, startTime: at(3), ...usage(3) }, 3),
      ],
      [event("trace-create", { id: other, name: "other", input: "in", timestamp: at(0) }, 0)],
      [event("generation-create", { id: plain, traceId: trace, startTime: at(1), ...usage(10) }, 1)],
      [event("generation-update", { id: plain, traceId: trace, endTime: at(8), ...usage(12) }, 5)],
      [event("generation-update", { id: plain, traceId: trace, usageDetails: { total: 7 }, costDetails: { total: 0.125 } }, 6)],
      [event("generation-create", { id: moves, traceId: other, startTime: at(4), ...usage(20) }, 4)],
      [event("generation-create", { id: moves, traceId: trace, startTime: at(2), name: "moved" }, 2)],
      [event("generation-update", { id: loose, ...usage(30) }, 7)],
      [event("generation-create", { id: loose, traceId: trace, startTime: at(5), name: "loose" }, 5)],
      [event("score-create", { id: score, traceId: trace, name: "quality", value: 1 }, 100)],
      [event("score-create", { id: score, traceId: trace, name: "quality", value: 2 }, 101)],
    ],
  };
};
/** Traces that observations have left, as far as an aggregate knows of it. */
const tracesLeft = async (others: readonly string[]) =>
  (
    await fixture.query(
      `SELECT DISTINCT id FROM traces_mt WHERE arrayExists(o -> startsWith(o, 'moves'), observation_ids) ORDER BY id FORMAT TSV`,
    )
  )
    .split("\n")
    .filter((id) => others.includes(id));

describe("aggregates say what the tables say", () => {
  it("in whatever order and in however many claims requests are worked on, and after replays", async () => {
    const random = randomFrom(seed);
    const sets = Array.from({ length: runsOf(8) }, (_, n) => requestsOf(n));
    const all = shuffled(
      sets.flatMap(({ requests }) => requests),
      random,
    );
    for (const request of all) {
      await fixture.ingest(request);
      if (random() < 0.3) expect(await batches.drained({}, 7)).toEqual([]);
    }
    expect(await batches.drained()).toEqual([]);
    const others = sets.map(({ other }) => other);
    await expectSame(await tracesLeft(others));
    const before = await sumsIn("traces_all_amt");
    for (let n = 0; n < runsOf(10); n++) {
      await replayEvents(
        { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
        { projectId: fixture.projectId },
        { pageRows: 50, waitingMax: 10_000, pollMs: 1, isDryRun: false },
      );
      expect(await batches.drained({}, 40)).toEqual([]);
    }
    await expectSame(await tracesLeft(others));
    expect(await sumsIn("traces_all_amt")).toBe(before);
  });

  it("wherever the runner was killed, between any two writes", async () => {
    const others: string[] = [];
    for (const isAfter of [false, true])
      for (let write = 1; ; write++) {
        const { requests, other } = requestsOf(write);
        others.push(other);
        // What moves lies in the first trace already.
        for (const [place, request] of requests.entries()) if (place !== 7 && place !== 9) await fixture.ingest(request);
        expect(await batches.drained()).toEqual([]);
        for (const request of [requests[7], requests[9]]) await fixture.ingest(request ?? []);
        const outcome = await batches.processed(await batches.claim(), { clickhouse: killedAt(write, isAfter) });
        await takeOver();
        expect(await batches.drained()).toEqual([]);
        if (outcome.failed.length === 0) break;
        expect(write).toBeLessThan(20);
      }
    await expectSame(others);
  });
});

describe("a runner that lost its lease adds nothing with what it still sends", () => {
  it.each(isLong ? holds : holds.slice(1))("%s, of an observation that another runner has counted", async (_, hold) => {
    const [id, trace] = [unique("o"), unique("t")];
    await fixture.ingest([
      event("trace-create", { id: trace, name: "first" }),
      event("generation-create", { id, traceId: trace, startTime: at(1), ...usage(10) }, 1),
    ]);
    const stalled = await batches.claim();
    const late = hold(async () => {
      await takeOver();
      await batches.drained();
    });
    await batches.processed(stalled, { clickhouse: late });
    await expectSame();
  });

  it.each(isLong ? holds : holds.slice(0, 1))("%s, of an observation and a trace that have changed since", async (_, hold) => {
    const [id, trace] = [unique("o"), unique("t")];
    await fixture.ingest([
      event("trace-create", { id: trace, name: "first", timestamp: at(0) }),
      event("generation-create", { id, traceId: trace, startTime: at(1), ...usage(10) }, 1),
    ]);
    const stalled = await batches.claim();
    const late = hold(async () => {
      await takeOver();
      await fixture.ingest([
        event("trace-create", { id: trace, name: "last" }, 5),
        event("generation-update", { id, traceId: trace, ...usage(4) }, 5),
      ]);
      await batches.drained();
    });
    await batches.processed(stalled, { clickhouse: late });
    await expectSame();
  });

  it.each(holds)("%s, of an observation that has moved to another trace since", async (_, hold) => {
    const [id, first, second] = [unique("moves"), unique("t"), unique("t")];
    await fixture.ingest([
      ...[first, second].map((trace) => event("trace-create", { id: trace, name: trace, timestamp: at(0) })),
      event("generation-create", { id, traceId: second, startTime: at(10), ...usage(10) }, 10),
    ]);
    const stalled = await batches.claim();
    const late = hold(async () => {
      await takeOver();
      await fixture.ingest([event("generation-create", { id, traceId: first, startTime: at(1) }, 1)]);
      await batches.drained();
    });
    await batches.processed(stalled, { clickhouse: late });
    await expectSame([second]);
  });
});

describe("an observation that moves", () => {
  it.each(holds)("is counted once although its traces were in work at the same time, and %s came late", async (_, hold) => {
    const [id, first, second] = [unique("moves"), unique("t"), unique("t")];
    await fixture.ingest([
      ...[first, second].map((trace) => event("trace-create", { id: trace, name: trace, timestamp: at(0) })),
      event("generation-create", { id, traceId: second, startTime: at(10), ...usage(10) }, 10),
    ]);
    const slow = await batches.claim();
    const late = hold(async () => {
      // Another ordering key than the one that is held.
      await execute(fixture.db, sql`update jobs set lane = lane || ' held' where state = 'running' and payload ->> 'entityId' = ${first}`);
      await fixture.ingest([event("generation-create", { id, traceId: first, startTime: at(1) }, 1)]);
      const other = await batches.claim();
      await settleBatch(fixture.db, other.leaseId, await batches.processed(other));
    });
    await settleBatch(fixture.db, slow.leaseId, await batches.processed(slow, { clickhouse: late }));
    expect(await batches.drained()).toEqual([]);
    expect(await fixture.query("SELECT trace_id FROM events FINAL FORMAT TSV")).toBe(`${first}\n`);
    await expectSame([second]);
  });

  it("is taken back from a trace that its event named before it was sent again", async () => {
    const [id, first, second] = [unique("moves"), unique("t"), unique("t")];
    await fixture.ingest([first, second].map((trace) => event("trace-create", { id: trace, name: trace, timestamp: at(0) })));
    const sent = event("generation-create", { id, traceId: first, startTime: at(1), ...usage(10) }, 1);
    await fixture.ingest([sent]);
    expect(await batches.drained()).toEqual([]);
    await fixture.ingest([{ ...sent, body: { ...sent.body, traceId: second } }]);
    expect(await batches.drained()).toEqual([]);
    await expectSame([first]);
  });
});

describe("after a deletion", () => {
  /** Two traces; an observation moves from the second to the first. */
  const send = async () => {
    const [id, first, second] = [unique("moves"), unique("t"), unique("t")];
    for (const [place, trace] of [second, first].entries()) {
      await fixture.ingest([
        event("trace-create", { id: trace, name: trace, timestamp: at(0) }),
        event("generation-create", { id, traceId: trace, startTime: at(10 - place), ...usage(10 + place) }, 10 - place),
        event("generation-create", { id: unique("o"), traceId: trace, startTime: at(1), ...usage(2) }),
      ]);
      expect(await batches.drained()).toEqual([]);
    }
    return { first, second };
  };
  const remove = (what: JobPayload<"data.delete">) =>
    deleteStoredRows(
      {
        clickhouse,
        projectId: fixture.projectId,
        eventsTable: "events",
        nextVersion: () => nextVersion(fixture.db),
        signal: new AbortController().signal,
      },
      what,
    );

  it("of the trace an observation has moved to, or of the one it has left, the other is as the tables have it", async () => {
    const [kept, gone] = [await send(), await send()];
    await remove({ scope: "traces", traceIds: [kept.second, gone.first] });
    expect(await fixture.query("SELECT id FROM traces FINAL ORDER BY id FORMAT TSV")).toBe(
      `${[kept.first, gone.second].toSorted().join("\n")}\n`,
    );
    // The observation was of the trace that is gone, and its id stays listed where it was before.
    await expectSame([gone.second]);
  });

  it("of what is old, a trace that stays has lost only its old observations, however often it is done", async () => {
    const { first, second } = await send();
    for (const traceId of [first, second, unique("named only")])
      await fixture.ingest([event("generation-create", { id: unique("o"), traceId, startTime: at(-7200), ...usage(4) })]);
    expect(await batches.drained()).toEqual([]);
    for (const table of aggregateTables) await fixture.query(`OPTIMIZE TABLE ${table} FINAL`);
    for (const _ of [1, 2]) {
      await remove({ scope: "before", before: at(-3600) });
      await expectSame([second]);
    }
  });
});
