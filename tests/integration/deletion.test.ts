import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { noSpan } from "../../core/telemetry/tracer.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { listObjects } from "../../db/object-store/read-objects.ts";
import type { S3Client } from "../../db/object-store/s3-client.ts";
import { execute } from "../../db/postgres/client.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { systemClock } from "../../runner/clock.ts";
import { createDeleteHandler } from "../../runner/jobs/data-delete.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { nameTraces, storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { enforceRetention } from "../../services/traces/enforce-retention.ts";
import { claimUnlimitedJob, settleGroupedOn } from "../support/claim-job.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { startInsertGate } from "../support/insert-gate.ts";
import { isLong } from "../support/property-runs.ts";
import { seedFrom } from "../support/property-seed.ts";
import { untilIngested } from "../support/until-ingested.ts";

let fixture: Fixture;
let clickhouse: ClickHouse;
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
});
afterAll(() => fixture.stop());

const tables = { traces: "id", observations: "id", scores: "id", dataset_run_items_rmt: "id", events: "span_id" } as const;
beforeEach(async () => {
  for (const table of [...Object.keys(tables), "traces_mt"]) await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
  await execute(fixture.db, sql`update projects set unlogged_since = null, retention_days = null`);
  for (const { key } of await listObjects(fixture.s3, fixture.eventPrefix)) await fixture.s3.send({ method: "DELETE", key });
});

let counter = 0;
const unique = (prefix: string) => `${prefix}-${++counter}`;
const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1000).toISOString();
const day = 86_400;
const event = (type: string, body: Record<string, unknown>, seconds = 0) => ({ id: unique("event"), timestamp: at(seconds), type, body });
/** A trace with an observation, a score and a run item. */
const family = (traceId: string, seconds = 0) => [
  event("trace-create", { id: traceId, name: "trace", timestamp: at(seconds) }, seconds),
  event("span-create", { id: `o-${traceId}`, traceId, name: "span", startTime: at(seconds) }, seconds),
  event("score-create", { id: `s-${traceId}`, traceId, name: "good", value: 1, dataType: "NUMERIC" }, seconds),
];
const newTraceId = () => (++counter).toString(16).padStart(32, "a");

/** Takes events in as one request of a Worker. */
const send = async (events: readonly unknown[], store: Partial<EventStore> = {}, projectId = fixture.projectId): Promise<string[]> => {
  const arrived = events.map((original) => {
    const parsed = parseEvent(original, { isInternal: true });
    if (!parsed.ok || parsed.event === undefined) throw new Error("not an event");
    return { event: parsed.event, original };
  });
  const groups = arrangeBatch(arrived, {
    ...{ projectId, prefix: fixture.eventPrefix, sampling: new Map(), segmentBytesMax: 400 },
    sha256Hex: fixture.eventStore.sha256Hex,
  });
  const origin = { apiKey: "", sdkName: "tests", sdkVersion: "1" };
  expect((await storeGroups({ ...fixture.eventStore, ...store }, { projectId, groups, origin, source: "api" })).size).toBe(0);
  return groups.map(({ fileKey }) => fileKey);
};
const unlogged = { isLogEnabled: false };

const sendOtel = async (traceIds: string[], store: Partial<EventStore> = {}): Promise<string> => {
  const minute = new Date().toISOString().slice(0, 16).replaceAll(/[-T:]/g, "/");
  const id = unique("request");
  const fileKey = `${fixture.eventPrefix}otel/${fixture.projectId}/${minute}/${id}.json`;
  const spans = traceIds.map((traceId, index) => ({
    ...{ traceId, spanId: (index + 1).toString(16).padStart(16, "b"), name: "span", kind: 1, attributes: [], status: {} },
    ...{ startTimeUnixNano: "1777636800000000000", endTimeUnixNano: "1777636801000000000" },
  }));
  const { traces } = parseTracesJson(
    JSON.stringify({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: {}, spans }] }] }),
  );
  await storeOtelRequest(
    { ...fixture.eventStore, ...store },
    {
      projectId: fixture.projectId,
      fileKey,
      id,
      text: JSON.stringify(traces),
      traceIds,
      origin: { apiKey: "", sdkName: "", sdkVersion: "" },
    },
  );
  return fileKey;
};

const runUntilDone = async (env: Record<string, string> = {}): Promise<void> => {
  const runner = fixture.startRunner({ SPILLWAY_POLL_MS: "200", ...env });
  try {
    await untilIngested(fixture.db);
  } finally {
    await runner.stop();
  }
};

type Job = JobPayload<"data.delete">;
const ask = (payload: Job) => enqueueJob(fixture.db, { id: newId("job"), kind: "data.delete", projectId: fixture.projectId, payload });
const deletion = async (payload: Job): Promise<void> => {
  await ask(payload);
  await runUntilDone();
};

/**
 * Claims the deletion that waits and runs it here, with a store or a ClickHouse that does something else besides. `afterRemoving` runs after
 * each chunk of objects, when the lock of the project is free.
 */
const runDeletion = async (
  overrides: { s3?: S3Client; clickhouse?: ClickHouse; afterRemoving?: () => Promise<void> } = {},
): Promise<void> => {
  const job = await claimUnlimitedJob(fixture.db, { kind: "data.delete", afterProjectId: "", claimedBy: "tests", leaseSeconds: 60 });
  if (job === undefined) throw new Error("no deletion waits");
  const handler = createDeleteHandler({
    ...{
      db: fixture.db,
      settleGrouped: settleGroupedOn(fixture.db),
      clickhouse: overrides.clickhouse ?? clickhouse,
      eventsTable: "events",
      clock: systemClock,
      log: () => {},
    },
    ...{ sha256: fixture.eventStore.sha256Hex, newJobId: () => newId("job") },
    events: { store: { ...fixture.eventStore, s3: overrides.s3 ?? fixture.s3 }, prefix: fixture.eventPrefix, segmentBytesMax: 400 },
  });
  try {
    await handler.run({ job, signal: new AbortController().signal, assertHeld: overrides.afterRemoving ?? (async () => {}), span: noSpan });
  } catch (error) {
    await handler.settle(job, { state: "available" });
    throw error;
  }
};

/** Takes in what waits, while a deletion runs. */
const mergeWaiting = async (): Promise<void> => {
  const runner = fixture.startRunner({ SPILLWAY_POLL_MS: "200", QUEUE_CONSUMER_DATA_DELETE_QUEUE_IS_ENABLED: "false" });
  const waiting = () => execute(fixture.db, sql`select 1 from jobs where kind <> 'data.delete' and finished_at is null`);
  while ((await waiting()).length > 0) await new Promise((resolve) => setTimeout(resolve, 80));
  await runner.stop();
};

const replayAll = async (): Promise<void> => {
  await replayEvents(
    { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
    { projectId: fixture.projectId, bucket: fixture.s3.bucket },
    { pageRows: 100, waitingMax: 1000, pollMs: 1, isDryRun: false },
  );
  await runUntilDone();
};

/** Until `act` has ended, or waits before the gate. */
const untilEndedOrWaiting = async (act: Promise<unknown>): Promise<void> => {
  let isEnded = false;
  const ended = () => {
    isEnded = true;
  };
  act.then(ended, ended);
  const waiting = () =>
    execute(
      fixture.db,
      sql`select 1 from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database() where l.locktype = 'advisory' and not l.granted`,
    );
  while (!isEnded && (await waiting()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
};

const lines = async (query: string): Promise<string[]> => (await fixture.query(query)).split("\n").filter((line) => line !== "");
/** Every row of every table, also old versions and such as mark a deletion: `table id`. */
const allRows = async (): Promise<string[]> =>
  (
    await Promise.all(
      [...Object.entries(tables), ["traces_mt", "id"] as const].map(async ([table, id]) =>
        (await lines(`SELECT ${id} FROM ${table}`)).map((found) => `${table} ${found}`),
      ),
    )
  )
    .flat()
    .toSorted();
const seen = (table: keyof typeof tables, column: string) => lines(`SELECT ${column} FROM ${table} FINAL ORDER BY ${column}`);
const keys = async (): Promise<string[]> => (await listObjects(fixture.s3, fixture.eventPrefix)).map(({ key }) => key);
const logged = async (): Promise<string[]> =>
  (await execute<{ key: string }>(fixture.db, sql`select distinct bucket_path as key from event_log `)).map(({ key }) => key).toSorted();
const nothing = { objects: [] as string[], log: [] as string[], rows: [] as string[] };
const everything = async () => ({ objects: await keys(), log: await logged(), rows: await allRows() });
/** Everything stored so far came in `days` ago. */
const age = (days: number) =>
  execute(
    fixture.db,
    sql`update event_log set created_at = created_at - make_interval(days => ${days}), updated_at = updated_at - make_interval(days => ${days})`,
  );
const daysAgo = (days: number) => new Date(Date.now() - days * day * 1000).toISOString();

describe("events stored without a log", () => {
  it("are merged with those that have one, whatever the runner's own switch says", async () => {
    const traceId = unique("t");
    await send([event("trace-create", { id: traceId, name: "before the log" })], unlogged);
    await runUntilDone();
    expect(await seen("traces", "name")).toEqual(["before the log"]);
    await send([event("trace-create", { id: traceId, userId: "after" }, 1)]);
    await runUntilDone({ LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED: "false" });
    expect(await lines("SELECT name, user_id FROM traces FINAL")).toEqual(["before the log\tafter"]);
  });

  it.each([
    ["that are taken in", true],
    ["that wait", false],
  ])("go with their trace, %s, and others stay", async (_, isTakenIn) => {
    const [gone, kept] = [unique("t"), unique("t")];
    await send([...family(gone), ...family(kept)], unlogged);
    if (isTakenIn) await runUntilDone();
    await ask({ scope: "traces", traceIds: [gone] });
    await runDeletion();
    const left = await keys();
    expect(left.filter((key) => key.includes(gone))).toEqual([]);
    expect(left).toHaveLength(3);
    await send([event("trace-create", { id: gone, name: "new" }, 5)], unlogged);
    await runUntilDone();
    expect(await seen("traces", "name")).toEqual(["new", "trace"]);
    expect(await seen("observations", "trace_id")).toEqual([kept]);
  });

  it("go with their trace out of OpenTelemetry requests", async () => {
    const [gone, kept] = [newTraceId(), newTraceId()];
    const alone = await sendOtel([gone], unlogged);
    const both = await sendOtel([gone, kept], unlogged);
    await runUntilDone({ LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED: "false" });
    await deletion({ scope: "traces", traceIds: [gone] });
    const left = await keys();
    expect(left).not.toContain(alone);
    expect(left.filter((key) => key.includes(gone))).toEqual([]);
    expect((await fixture.readObject(both)).toString("utf8")).not.toContain(gone);
    expect(await seen("events", "trace_id")).toEqual([kept]);
  });

  it("go with their project, and no neighbour's", async () => {
    const neighbour = `${fixture.projectId}0`;
    await execute(
      fixture.db,
      sql`insert into projects (id, org_id, name) select ${neighbour}, org_id, 'neighbour' from projects where id = ${fixture.projectId} on conflict do nothing`,
    );
    await send(family(unique("t")), unlogged);
    await send(family(unique("t")));
    await sendOtel([newTraceId()], unlogged);
    const kept = await send(family(unique("t")), unlogged, neighbour);
    await runUntilDone();
    await deletion({ scope: "project" });
    expect({ objects: await keys(), log: await logged() }).toEqual({ objects: kept.toSorted(), log: [] });
    expect(await lines("SELECT DISTINCT project_id FROM traces FINAL")).toEqual([neighbour]);
  });

  it("go when they are older than an instant", async () => {
    const old = unique("t");
    await send(family(old), unlogged);
    await sendOtel([newTraceId()], unlogged);
    await runUntilDone();
    await deletion({ scope: "before", before: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await everything()).toEqual(nothing);
  });
});

describe("an observation that has moved", () => {
  const moved = async () => {
    const [id, first, second] = [unique("o"), unique("t"), unique("t")];
    await send([event("span-create", { id, traceId: first, startTime: at(0) }, 10), event("trace-create", { id: first })]);
    await runUntilDone();
    await send([event("span-create", { id, traceId: second, startTime: at(0) }, 1), event("trace-create", { id: second })]);
    await runUntilDone();
    expect(await seen("observations", "trace_id")).toEqual([second]);
    return { id, first, second };
  };

  it("stays when the trace goes that it has left, also after a replay", async () => {
    const { first, second, id } = await moved();
    await deletion({ scope: "traces", traceIds: [first] });
    await replayAll();
    expect(await seen("observations", "trace_id")).toEqual([second]);
    expect((await keys()).filter((key) => key.includes(`/${id}/`))).toHaveLength(2);
  });

  it("goes with the trace it lives in, and leaves nothing", async () => {
    const { first, second } = await moved();
    await deletion({ scope: "traces", traceIds: [second] });
    await replayAll();
    expect((await everything()).rows.filter((row) => !row.endsWith(first))).toEqual([]);
    expect((await keys()).every((key) => key.includes(`/trace/${first}/`))).toBe(true);
  });

  it("stays when it waits to be taken in and has left", async () => {
    const [id, first, second] = [unique("o"), unique("t"), unique("t")];
    await send([event("span-create", { id, traceId: first, startTime: at(0) }, 10)]);
    await send([event("span-create", { id, traceId: second, startTime: at(0) }, 1)]);
    await ask({ scope: "traces", traceIds: [first] });
    await runDeletion();
    await runUntilDone();
    expect(await seen("observations", "trace_id")).toEqual([second]);
  });
});

describe("a deletion of what is older", () => {
  const before = daysAgo(10);
  const [young, old] = [-5, -20].map((days) => (Date.now() - Date.UTC(2026, 4, 1, 12)) / 1000 + days * day) as [number, number];

  it.each([
    ["later", old, young],
    ["earlier", young, old],
  ])("leaves nothing of a span and a trace that were stored again %s", async (_, from, to) => {
    const [id, traceId] = [unique("o"), unique("t")];
    const [span, trace] = [
      event("span-create", { id, traceId, startTime: at(from) }, from),
      event("trace-create", { id: traceId, timestamp: at(from) }, from),
    ];
    await send([span, trace]);
    await runUntilDone();
    await send([
      { ...span, timestamp: at(to), body: { ...span.body, startTime: at(to) } },
      { ...trace, timestamp: at(to), body: { ...trace.body, timestamp: at(to) } },
    ]);
    await runUntilDone();
    await age(15);
    await deletion({ scope: "before", before });
    expect(await everything()).toEqual(nothing);
  });

  it("takes a trace that began before as a whole, also what came of it since", async () => {
    const traceId = unique("t");
    await send(family(traceId, old));
    await runUntilDone();
    await age(15);
    await send([event("trace-create", { id: traceId, name: "late" }, young)]);
    await runUntilDone();
    await deletion({ scope: "before", before });
    expect(await everything()).toEqual(nothing);
  });

  it("leaves an observation that begins since as a whole, also what came of it before", async () => {
    const [id, traceId] = [unique("o"), unique("t")];
    const files = await send([event("span-create", { id, traceId, name: "kept", startTime: at(young) }, young)]);
    await age(15);
    files.push(...(await send([event("span-update", { id, output: "since" }, young + 1)])));
    await runUntilDone();
    await deletion({ scope: "before", before });
    await replayAll();
    expect(await keys()).toEqual(files.toSorted());
    expect(await lines("SELECT name, output FROM observations FINAL")).toEqual(["kept\tsince"]);
  });

  it("is begun once a day for each project with a retention, with a log or without", async () => {
    await execute(fixture.db, sql`update projects set retention_days = 10 where id = ${fixture.projectId}`);
    await send(family(unique("t"), old), unlogged);
    await runUntilDone();
    await execute(fixture.db, sql`delete from jobs`);
    expect(await enforceRetention(fixture.db, () => newId("job"))).toBe(1);
    expect(await enforceRetention(fixture.db, () => newId("job"))).toBe(0);
    await runUntilDone();
    expect(await everything()).toEqual(nothing);
    expect(await enforceRetention(fixture.db, () => newId("job"))).toBe(0);
    await execute(fixture.db, sql`update jobs set finished_at = finished_at - interval '1 day'`);
    expect(await enforceRetention(fixture.db, () => newId("job"))).toBe(1);
  });
});

/** What is deleted, and whether it was stored with a log. */
const scopesAndLogs = [
  ["trace", "traces", {}],
  ["project", "project", {}],
  ["trace, without a log,", "traces", unlogged],
  ...(isLong ? [["project, without a log,", "project", unlogged] as const] : []),
] as const;

describe("events that come in while they are deleted", () => {
  /** Each event has its object, its row and, with a log, its place there, or nothing of it; answers how many are there. */
  const countWhole = async (files: string[], log: Partial<EventStore>): Promise<number> => {
    const { objects, log: names } = await everything();
    if (log !== unlogged) expect(names).toEqual(objects);
    for (const [table, folder] of [
      ["traces", "trace"],
      ["observations", "observation"],
      ["scores", "score"],
    ] as const)
      expect(await seen(table, "id"), table).toHaveLength(objects.filter((key) => key.includes(`/${folder}/`)).length);
    expect(objects.filter((key) => !files.includes(key))).toEqual([]);
    return objects.length;
  };

  it.each(scopesAndLogs)("under the same key are wholly there or wholly gone, while the objects of their %s go", async (_, scope, log) => {
    const traceId = unique("t");
    const events = family(traceId);
    const files = await send(events, log);
    await runUntilDone();
    await ask(scope === "project" ? { scope } : { scope, traceIds: [traceId] });
    const sent: Promise<unknown>[] = [];
    const s3: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        // Once while what was there goes, and once more while that which came with it goes.
        if (request.method === "DELETE" && request.key === files[0]) {
          const again = send(events, log);
          sent.push(again);
          await untilEndedOrWaiting(again);
        }
        return fixture.s3.send(request);
      },
    };
    // What waits before the gate passes it before the deletion goes on: it is there when the objects are looked for once more.
    await runDeletion({ s3, afterRemoving: async () => void (await Promise.all(sent)) });
    expect(sent).toHaveLength(2);
    await runUntilDone();
    await countWhole(files, log);
  });

  it.each(scopesAndLogs)("are there, and their rows, when the rows of their %s go", async (_, scope, log) => {
    const traceId = unique("t");
    const events = family(traceId);
    const files = await send(events, log);
    await runUntilDone();
    await ask(scope === "project" ? { scope } : { scope, traceIds: [traceId] });
    let isSent = false;
    const takingIn: ClickHouse = {
      ...clickhouse,
      command: async (statement) => {
        if (!isSent) {
          isSent = true;
          await send(events, log);
          await mergeWaiting();
        }
        return clickhouse.command(statement);
      },
    };
    await runDeletion({ clickhouse: takingIn });
    await runUntilDone();
    expect(await countWhole(files, log)).toBe(files.length);
  });

  it.each([
    ["with a log", {}],
    ["without one", unlogged],
  ])("are there when the whole deletion ran between their files and their acknowledgement, %s", async (_, log) => {
    const traceId = unique("t");
    const events = family(traceId);
    const files = await send(events, log);
    await runUntilDone();
    await ask({ scope: "traces", traceIds: [traceId] });
    let puts = 0;
    const s3: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        const answer = await fixture.s3.send(request);
        if (request.method === "PUT" && ++puts === files.length) await runDeletion();
        return answer;
      },
    };
    await send(events, { ...log, s3 });
    await runUntilDone();
    expect(await keys()).toEqual(files.toSorted());
    expect(await seen("traces", "id")).toEqual([traceId]);
    expect(await seen("observations", "trace_id")).toEqual([traceId]);
  });

  it("bring nothing of their trace back that is copied inside ClickHouse while its rows go", async () => {
    const traceId = unique("t");
    await send(family(traceId));
    await runUntilDone();
    await ask({ scope: "traces", traceIds: [traceId] });
    const { claim, processed } = createIngestionBatches(fixture, { clickhouse });
    const settled: Promise<unknown>[] = [];
    let gate: Awaited<ReturnType<typeof startInsertGate>> | undefined;
    const takingIn: ClickHouse = {
      ...clickhouse,
      command: async (statement) => {
        if (gate === undefined) {
          gate = await startInsertGate({ config: { database: fixture.database }, query: fixture.query }, "events");
          await send([event("trace-create", { id: traceId, name: "renamed" }, 60)]);
          const batch = await claim();
          settled.push(processed(batch).then((outcome) => settleBatch(fixture.db, batch.leaseId, outcome)));
          // The rows to be written again have been read, and none is written.
          await gate.reached;
        }
        await clickhouse.command(statement);
        if (statement.sql.startsWith("DELETE FROM events WHERE")) gate.open();
      },
    };
    await runDeletion({ clickhouse: takingIn });
    await Promise.all(settled);
    await gate?.remove();
    await runUntilDone();
    expect(await seen("traces", "name")).toEqual(["renamed"]);
    expect(await lines("SELECT span_id FROM events FINAL")).toEqual([]);
  });

  it("all the time do not keep the deletion from its end", async () => {
    await send(family(unique("t")));
    await runUntilDone();
    await ask({ scope: "project" });
    const later: string[] = [];
    let sending: Promise<unknown> = Promise.resolve();
    const s3: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        const answer = await fixture.s3.send(request);
        if (request.method === "DELETE")
          sending = sending.then(async () => later.push(...(await send([event("trace-create", { id: unique("t"), name: "later" })]))));
        return answer;
      },
    };
    await runDeletion({ s3 });
    await sending;
    await runUntilDone();
    expect(later.length).toBeGreaterThan(0);
    expect(await seen("traces", "name")).toHaveLength((await keys()).length);
    expect(await logged()).toEqual(await keys());
  });
});

describe("the deletion of a score", () => {
  const scored = (traceId: string) => [
    event("trace-create", { id: traceId, name: "trace", timestamp: at(0) }),
    event("score-create", { id: `gone-${traceId}`, traceId, name: "good", value: 1, dataType: "NUMERIC" }),
    event("score-create", { id: `kept-${traceId}`, traceId, name: "good", value: 0, dataType: "NUMERIC" }),
  ];
  const isOfGone = (text: string) => text.includes("gone-");
  const logs = [
    ["with a log", {}],
    ["without one", unlogged],
  ] as const;

  it.each(logs)("takes its objects, log and rows, also out of the aggregates, and nothing else, %s", async (_, log) => {
    const traceId = unique("t");
    const all = await send(scored(traceId), log);
    // Moved to another day: rows in two places.
    await send([event("score-create", { id: `gone-${traceId}`, traceId, name: "better", value: 1, dataType: "NUMERIC" }, -2 * day)], log);
    await runUntilDone({ LANGFUSE_EXPERIMENT_INSERT_INTO_AGGREGATING_MERGE_TREES: "true" });
    const scoreIds = () =>
      lines(
        `SELECT DISTINCT arrayStringConcat(arraySort(score_ids), ',') FROM (SELECT * FROM traces_all_amt FINAL UNION ALL SELECT * FROM traces_30d_amt FINAL) WHERE id = '${traceId}'`,
      );
    expect(await scoreIds()).toContain(`gone-${traceId},kept-${traceId}`);
    await deletion({ scope: "scores", scoreIds: [`gone-${traceId}`, "unknown"] });
    expect(await keys()).toEqual(all.filter((key) => !isOfGone(key)).toSorted());
    expect(await logged()).toEqual(log === unlogged ? [] : await keys());
    expect((await allRows()).filter((row) => row.startsWith("scores"))).toEqual([`scores kept-${traceId}`]);
    expect(await seen("traces", "id")).toEqual([traceId]);
    expect((await scoreIds()).filter((ids) => ids !== "")).toEqual([`kept-${traceId}`]);
    expect((await lines("SELECT toString(score_ids) FROM traces_mt")).filter(isOfGone)).toEqual([]);
    await replayAll();
    expect(await seen("scores", "id")).toEqual([`kept-${traceId}`]);
  });

  it.each(logs)("takes one that waits to be taken in, %s", async (_, log) => {
    const traceId = unique("t");
    await send(scored(traceId), log);
    await ask({ scope: "scores", scoreIds: [`gone-${traceId}`] });
    await runDeletion();
    await runUntilDone();
    expect(await seen("scores", "id")).toEqual([`kept-${traceId}`]);
    expect((await keys()).filter(isOfGone)).toEqual([]);
  });

  it.each(logs)("leaves what is sent again meanwhile wholly there or wholly gone, %s", async (_, log) => {
    const traceId = unique("t");
    const events = scored(traceId);
    const [key = ""] = (await send(events, log)).filter(isOfGone);
    await runUntilDone();
    await ask({ scope: "scores", scoreIds: [`gone-${traceId}`] });
    const sent: Promise<unknown>[] = [];
    const s3: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        if (request.method === "DELETE" && request.key === key) {
          const again = send(events, log);
          sent.push(again);
          await untilEndedOrWaiting(again);
        }
        return fixture.s3.send(request);
      },
    };
    await runDeletion({ s3 });
    await Promise.all(sent);
    // How often the object is deleted depends on which of the two is first.
    expect(sent.length).toBeGreaterThan(0);
    await runUntilDone();
    expect((await seen("scores", "id")).filter(isOfGone)).toHaveLength((await keys()).filter(isOfGone).length);
  });

  it.each(logs)("leaves one that comes when its rows go, with its rows, %s", async (_, log) => {
    const traceId = unique("t");
    const events = scored(traceId);
    await send(events, log);
    await runUntilDone();
    await ask({ scope: "scores", scoreIds: [`gone-${traceId}`] });
    let isSent = false;
    const takingIn: ClickHouse = {
      ...clickhouse,
      command: async (statement) => {
        if (!isSent) {
          isSent = true;
          await send(events, log);
          await mergeWaiting();
        }
        return clickhouse.command(statement);
      },
    };
    await runDeletion({ clickhouse: takingIn });
    await runUntilDone();
    expect((await keys()).filter(isOfGone)).toHaveLength(1);
    expect(await seen("scores", "id")).toEqual([`gone-${traceId}`, `kept-${traceId}`]);
  });
});

describe("a deletion", () => {
  /** How many steps more each attempt takes than the one before. SPILLWAY_DELETION_STEPS=1 ends one after every step, which takes minutes. */
  const mostSteps = Number(process.env["SPILLWAY_DELETION_STEPS"] ?? 16);
  const seed = seedFrom("SPILLWAY_DELETION_SEED");
  const gaps = fc.sample(fc.integer({ min: 1, max: mostSteps }), { seed, numRuns: 1000 });
  const steps = (): number => gaps.pop() ?? 1;
  beforeAll(() => console.info(`deletion: seed ${seed}, attempts end up to ${mostSteps} steps apart`));

  const scopes = ["traces", "scores", "project", "before"] as const;
  const withoutLog = isLong ? scopes : (["traces", "before"] as const);
  it.each([...scopes.map((scope) => [scope, {}] as const), ...withoutLog.map((scope) => [scope, unlogged] as const)])(
    "of %s that ends on its way, wherever that is, is finished by the attempts that follow (%o)",
    async (scope, log) => {
      // What has moved between traces and days, and a request: every kind of step there is.
      const [first, second, otel] = [unique("t"), unique("t"), newTraceId()];
      const span = event("span-create", { id: unique("o"), traceId: unique("left"), startTime: at(0) }, 10);
      await send([...family(first), ...family(second), span], log);
      await sendOtel([otel], log);
      await runUntilDone({ LANGFUSE_S3_EVENT_UPLOAD_POSTGRES_LOG_ENABLED: String(log !== unlogged) });
      await send([event("span-create", { id: span.body["id"], traceId: second, startTime: at(-2 * day) }, 1)], log);
      await runUntilDone();
      await ask(
        scope === "traces"
          ? { scope, traceIds: [first, second, otel] }
          : scope === "scores"
            ? { scope, scoreIds: [`s-${first}`, `s-${second}`] }
            : scope === "before"
              ? { scope, before: new Date(Date.now() + 3_600_000).toISOString() }
              : { scope },
      );
      let stepsMax = 0;
      let stepsTaken = 0;
      for (let isDone = false; !isDone; ) {
        let left = stepsMax;
        stepsMax += steps();
        const ending =
          <Arguments extends unknown[], Answer>(act: (...given: Arguments) => Promise<Answer>) =>
          async (...given: Arguments): Promise<Answer> => {
            if (left-- <= 0) throw new Error("the runner is gone");
            stepsTaken++;
            return act(...given);
          };
        const queryRows = ending(clickhouse.queryRows) as ClickHouse["queryRows"];
        isDone = await runDeletion({
          s3: { ...fixture.s3, send: ending(fixture.s3.send) },
          clickhouse: { ...clickhouse, command: ending(clickhouse.command), queryRows },
        }).then(
          () => true,
          () => false,
        );
      }
      expect(stepsTaken).toBeGreaterThan(scope === "scores" ? 5 : 10);
      await runUntilDone();
      if (scope !== "scores") return expect(await everything()).toEqual(nothing);
      const left = [...(await keys()), ...(await logged()), ...(await allRows())];
      expect(left.filter((name) => name.includes("/score/") || name.startsWith("scores "))).toEqual([]);
      expect(await seen("traces", "id")).toHaveLength(3);
    },
  );

  it("takes what is made meanwhile of a request that was read before it went", async () => {
    const key = await sendOtel([newTraceId()]);
    const batches = createIngestionBatches(fixture, { clickhouse });
    const batch = await batches.claim();
    await ask({ scope: "project" });
    const isGone = Promise.withResolvers<void>();
    const deleting: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        const answer = await fixture.s3.send(request);
        if (request.method === "DELETE" && request.key === key) isGone.resolve();
        return answer;
      },
    };
    let deleted: Promise<void> | undefined;
    const reading: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        const answer = await fixture.s3.send(request);
        if (request.method === "GET" && request.key === key) {
          deleted = runDeletion({ s3: deleting });
          await isGone.promise;
        }
        return answer;
      },
    };
    await settleBatch(fixture.db, batch.leaseId, await batches.processed(batch, { s3: reading }));
    await deleted;
    await runUntilDone();
    expect(await everything()).toEqual(nothing);
  });

  it("takes spans of two traces out of one request, one after the other", async () => {
    const [first, second, kept] = [newTraceId(), newTraceId(), newTraceId()];
    const key = await sendOtel([first, second, kept]);
    await execute(fixture.db, sql`delete from jobs`);
    await ask({ scope: "traces", traceIds: [first] });
    await ask({ scope: "traces", traceIds: [second] });
    const slow: S3Client = {
      ...fixture.s3,
      send: async (request) => {
        const answer = await fixture.s3.send(request);
        // The other one begins while this one has read and not yet written.
        if (request.method === "GET" && request.key === key) {
          other = runDeletion();
          await untilEndedOrWaiting(other);
        }
        return answer;
      },
    };
    let other: Promise<void> | undefined;
    await runDeletion({ s3: slow });
    await other;
    const text = (await fixture.readObject(key)).toString("utf8");
    expect([first, second, kept].filter((traceId) => text.includes(traceId))).toEqual([kept]);
  });

  it("says how far it is, and asks for its lease, also with more objects than a chunk", async () => {
    const traces = Array.from({ length: 1200 }, () => event("trace-create", { id: unique("t") }));
    await send(traces);
    await execute(fixture.db, sql`delete from jobs`);
    await ask({ scope: "project" });
    await runDeletion();
    expect(await keys()).toEqual([]);
    expect(await execute(fixture.db, sql`select state, checkpoint from jobs`)).toEqual([
      { state: "completed", checkpoint: { objects: 1200 } },
    ]);
  });

  it("takes comments on its traces, and of a project those on all that was sent, and its sessions", async () => {
    const comment = (objectType: string, objectId: string) =>
      execute(
        fixture.db,
        sql`insert into comments (id, project_id, object_type, object_id, content) values (${newId("job")}, ${fixture.projectId}, ${objectType}, ${objectId}, 'x')`,
      );
    const left = async () =>
      (
        await execute<{ id: string }>(
          fixture.db,
          sql`select object_id as id from comments where project_id = ${fixture.projectId} order by 1`,
        )
      ).map(({ id }) => id);
    await comment("TRACE", "gone");
    await comment("TRACE", "kept");
    await comment("PROMPT", "prompt");
    await send([event("trace-create", { id: "gone", sessionId: "session" })]);
    await runUntilDone();
    await deletion({ scope: "traces", traceIds: ["gone"] });
    expect(await left()).toEqual(["kept", "prompt"]);
    await deletion({ scope: "project" });
    expect(await left()).toEqual(["prompt"]);
    expect(await execute(fixture.db, sql`select id from trace_sessions where project_id = ${fixture.projectId}`)).toEqual([]);
  });
});

describe("a request of many traces, which is logged without them until the runner names them", () => {
  const logRows = () =>
    execute<{ traceId: string | null }>(
      fixture.db,
      sql`select trace_id as "traceId" from event_log where entity_type = 'otel' order by trace_id`,
    );
  const runDeletionOf = async (traceIds: string[]): Promise<void> => {
    await ask({ scope: "traces", traceIds });
    await runDeletion();
  };

  it("loses a deleted trace before anybody has named it, and keeps the others", async () => {
    const traceIds = Array.from({ length: 150 }, newTraceId);
    const [gone = "", ...left] = traceIds;
    const key = await sendOtel(traceIds);
    expect(await logRows()).toEqual([{ traceId: null }]);
    await runDeletionOf([gone]);
    expect(await logRows()).toEqual([{ traceId: null }]);
    expect((await fixture.s3.send({ method: "GET", key, isBody: true })).text).not.toContain(gone);
    await runUntilDone();
    expect(await seen("observations", "trace_id")).toEqual(left.toSorted());
    expect(await logRows()).toEqual(left.toSorted().map((traceId) => ({ traceId })));
  });

  it("is gone with its row once all of them are deleted", async () => {
    const traceIds = Array.from({ length: 120 }, newTraceId);
    await sendOtel(traceIds);
    await runDeletionOf(traceIds);
    await runUntilDone();
    expect(await everything()).toEqual(nothing);
  });

  it("loses a trace that was named in vain, because its request was read before the deletion", async () => {
    const traceIds = Array.from({ length: 120 }, newTraceId);
    const [gone = ""] = traceIds;
    const fileKey = await sendOtel(traceIds);
    await runDeletionOf([gone]);
    await nameTraces(fixture.eventStore, { projectId: fixture.projectId, fileKey, traceIds: async () => traceIds });
    expect(await logRows()).toHaveLength(120);
    await nameTraces(fixture.eventStore, { projectId: fixture.projectId, fileKey, traceIds: async () => ["again"] });
    expect(await logRows()).toHaveLength(120);
    await runDeletionOf([gone]);
    expect(await logRows()).toEqual(
      traceIds
        .slice(1)
        .toSorted()
        .map((traceId) => ({ traceId })),
    );
  });

  it("is as old as it was when it came, whoever names it later", async () => {
    const traceIds = Array.from({ length: 120 }, newTraceId);
    const fileKey = await sendOtel(traceIds);
    await age(10);
    await nameTraces(fixture.eventStore, { projectId: fixture.projectId, fileKey, traceIds: async () => traceIds });
    await ask({ scope: "before", before: daysAgo(5) });
    await runDeletion();
    expect(await keys()).toEqual([]);
  });
});
