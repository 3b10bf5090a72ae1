/** What one project makes long, beside a canary: a job of another project that came later. Guarantees are in steps and events, never in time. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Model } from "../../core/models/model.ts";
import { noTracer } from "../../core/telemetry/tracer.ts";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { listEntityFiles } from "../../db/event-store/logged-objects.ts";
import { execute } from "../../db/postgres/client.ts";
import { claimBatch, heartbeatBatch } from "../../db/queue/claim-batch.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { systemClock } from "../../runner/clock.ts";
import { startBatchLoop } from "../../runner/queue/batch-loop.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { insertProject } from "../support/project.ts";
import { eventWith, uniqueIds } from "../support/sent-event.ts";

let fixture: Fixture;
let heavy: string;
let canary: string;
let batches: ReturnType<typeof createIngestionBatches>;
beforeAll(async () => {
  fixture = await createFixture();
  const clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  batches = createIngestionBatches(fixture, { clickhouse });
  heavy = fixture.projectId;
  canary = await insertProject(fixture.db);
});
afterAll(() => fixture.stop());
beforeEach(() => execute(fixture.db, sql`delete from jobs`));

const unique = uniqueIds();
const event = eventWith(unique);
const generation = (body: Record<string, unknown>) => event("generation-create", { id: unique("o"), traceId: unique("t"), ...body });

const modelWith = (id: string, matchPattern: string, tokenizer: string | null = null): Model => ({
  ...{ id, projectId: heavy, modelName: id, matchPattern, startDate: null, tokenizer },
  pricingTiers: [{ id: `${id}_0`, name: "Standard", isDefault: true, priority: 0, conditions: [], prices: { input: "1" } }],
});

/** The projects of the jobs done in each batch, in the order of settling. */
const drainedByBatch = async (overrides: Parameters<typeof batches.processed>[1]): Promise<string[][]> => {
  const done: string[][] = [];
  for (let batches_ = 0; batches_ < 100; batches_++) {
    const left = await execute<{ jobs: number }>(fixture.db, sql`select count(*)::int as jobs from jobs`);
    if (left[0]?.jobs === 0) return done;
    const batch = await batches.claim();
    const projectOf = new Map(batch.jobs.map(({ id, projectId }) => [id, projectId]));
    const outcome = await batches.processed(batch, overrides);
    expect(outcome.failed).toEqual([]);
    done.push(outcome.doneIds.map((id) => projectOf.get(id) ?? ""));
    await settleBatch(fixture.db, batch.leaseId, outcome);
  }
  throw new Error("not done after 100 batches");
};

/** Patterns nothing matches that read every character of a name in many states. */
const costlyModels = Array.from({ length: 60 }, (_, at) => modelWith(`costly-${at}`, `(.?){30}never${at}$`));
const longName = (at: number) => `${at}-`.padEnd(200, "x");

it("patterns of a project that match long names slowly: a canary that came later is done before the last of them", async () => {
  await fixture.ingest(Array.from({ length: 60 }, (_, at) => generation({ model: longName(at), usageDetails: { input: 1 } })));
  await fixture.ingest([generation({ model: "gpt" })], canary);
  const done = await drainedByBatch({ loadModels: () => Promise.resolve(costlyModels) });
  expect(done.flat().filter((project) => project === heavy)).toHaveLength(60);
  expect(done[0]).toContain(canary);
  // Its share of a batch, never nothing.
  expect(done.length).toBeGreaterThan(2);
  expect(done.every((projects) => projects.length > 0)).toBe(true);
});

it("the same name again costs nothing, so that many calls of few models are done in one batch", async () => {
  await fixture.ingest(Array.from({ length: 200 }, (_, at) => generation({ model: longName(at % 5), usageDetails: { input: 1 } })));
  const done = await drainedByBatch({ loadModels: () => Promise.resolve(costlyModels) });
  expect(done).toHaveLength(1);
});

it("long texts whose tokens are counted: a canary that came later is done before the last of them", async () => {
  const models = [modelWith("counted", "^counted$", "o200k_base")];
  await fixture.ingest(Array.from({ length: 40 }, () => generation({ model: "counted", input: "x".repeat(100_000) })));
  await fixture.ingest([generation({ model: "gpt" })], canary);
  let counted = 0;
  const done = await drainedByBatch({
    loadModels: () => Promise.resolve(models),
    openCounter: () =>
      Promise.resolve(function* () {
        counted++;
        yield;
        return 25;
      }),
  });
  expect(done[0]).toContain(canary);
  expect(done.length).toBeGreaterThan(1);
  expect(counted).toBe(40);
  const usage = await fixture.query(`SELECT DISTINCT usage_details['input'] FROM observations FINAL WHERE provided_model_name = 'counted'`);
  expect(usage.trim()).toBe("25");
});

it("an entity with thousands of files: the others of its project wait for a later batch, the canary does not", async () => {
  await fixture.ingest(Array.from({ length: 20 }, () => generation({ model: "gpt" })));
  await fixture.ingest([generation({ model: "gpt" })], canary);
  // Deleted since, as far as the store tells, so that nothing has to be read.
  const gone = Array.from({ length: 6000 }, (_, at) => ({
    key: `gone/${at}`,
    storedAt: "2026-05-01 12:00:00",
    firstStoredAt: "2026-05-01T12:00:00Z",
    isRewritten: false,
    traceId: null,
    traceEvents: null,
  }));
  const absent = { status: 404, headers: new Headers(), text: "", attempts: 1 };
  let asked = 0;
  const done = await drainedByBatch({
    s3: { ...fixture.s3, send: (request) => (request.key.startsWith("gone/") ? Promise.resolve(absent) : fixture.s3.send(request)) },
    listLogged:
      async () =>
      ({ projectId }) => {
        if (projectId === heavy) asked++;
        return projectId === heavy ? { files: gone, isComplete: true } : { files: [], isComplete: false };
      },
  });
  expect(done[0]).toContain(canary);
  expect(done.length).toBeGreaterThan(5);
  expect(asked).toBeGreaterThanOrEqual(20);
});

it("while a project's names are matched its lease is kept, and the next batch is claimed", async () => {
  await fixture.ingest(Array.from({ length: 60 }, (_, at) => generation({ model: longName(100 + at), usageDetails: { input: 1 } })));
  let [priced, ticks, heartbeats] = [0, 0, 0];
  let [withoutTick, longestWithout, ticksBefore] = [0, 0, 0];
  const settled = Promise.withResolvers<void>();
  const models = costlyModels.slice();
  const loop = startBatchLoop(
    {
      kind: "ingestion.merge",
      repeat: () => Promise.resolve(),
      // Whether the timer runs out is decided in this process. What Postgres needs for a heartbeat is not counted.
      clock: {
        ...systemClock,
        startTimer: (milliseconds, onTick) =>
          systemClock.startTimer(milliseconds, () => {
            ticks++;
            onTick();
          }),
      },
      log: () => {},
      tracer: noTracer,
      emit: () => {},
      random: () => 0.5,
      claim: () => claimBatch(fixture.db, { kind: "ingestion.merge", jobsMax: 100, claimedBy: "tests", leaseSeconds: 60 }),
      heartbeat: (leaseId) => {
        heartbeats++;
        return heartbeatBatch(fixture.db, leaseId, 60);
      },
      settle: async (leaseId, outcome) => {
        const held = await settleBatch(fixture.db, leaseId, outcome);
        const [left] = await execute<{ jobs: number }>(fixture.db, sql`select count(*)::int as jobs from jobs`);
        if (left?.jobs === 0) settled.resolve();
        return held;
      },
      process: (batch, signal) => {
        const load = () => {
          priced++;
          withoutTick = ticks === ticksBefore ? withoutTick + 1 : 0;
          longestWithout = Math.max(longestWithout, withoutTick);
          ticksBefore = ticks;
          return Promise.resolve(models);
        };
        // A turn is over whenever it is asked for: each observation is followed by a pause.
        let asked = 0;
        return batches.processed(batch, { loadModels: load, steadyMs: () => (asked += 25) }).finally(() => signal.throwIfAborted());
      },
    },
    { concurrency: 1, pollMs: 10, pollIdleMs: 20, heartbeatSeconds: 0.001, selfFenceSeconds: 30, maxRunSeconds: 3600, graceSeconds: 0 },
  );
  await settled.promise;
  await loop.stop();
  expect(priced).toBeGreaterThanOrEqual(60);
  expect(heartbeats).toBeGreaterThan(0);
  // Every pause lets the timer run out, but for those that fall between two of its ticks: several, where a name takes a fraction of one.
  expect(longestWithout).toBeLessThan(priced / 3);
});

it("a trace with thousands of files is read with its requests, until its project has used up its share of the batch", async () => {
  const traceId = "a".repeat(32);
  const files = Array.from({ length: 4000 }, (_, at) => ({
    ...{ key: `gone/${at}`, storedAt: "2026-05-01 12:00:00", firstStoredAt: "2026-05-01T12:00:00Z" },
    ...{ isRewritten: false, traceId: null, traceEvents: null },
  }));
  const count = 12;
  for (let n = 0; n < count; n++) {
    const span = {
      ...{ traceId, spanId: (n + 1).toString(16).padStart(16, "b"), name: "span", kind: 1, events: [], links: [], status: { code: 0 } },
      ...{ startTimeUnixNano: "1777636800000000000", endTimeUnixNano: "1777636801000000000" },
      // A slice holds three of them, and reads the trace with each slice.
      attributes: [{ key: "input.value", value: { stringValue: "x".repeat(1_700_000) } }],
    };
    const scopeSpans = [{ scope: { name: "tests", version: "1", attributes: [] }, spans: [span] }];
    await storeOtelRequest(fixture.eventStore, {
      projectId: heavy,
      fileKey: `${fixture.eventPrefix}otel/${heavy}/2026/05/01/12/00/${n}.json`,
      id: String(n),
      text: JSON.stringify({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans }] }),
      traceIds: [traceId],
      origin: { apiKey: "", sdkName: "tests", sdkVersion: "1" },
    });
  }
  await fixture.ingest([generation({ model: "gpt" })], canary);
  const absent = { status: 404, headers: new Headers(), text: "", attempts: 1 };
  const listed = (entities: Parameters<typeof listEntityFiles>[2]) => listEntityFiles(fixture.db, fixture.s3.bucket, entities);
  const done = await drainedByBatch({
    s3: { ...fixture.s3, send: (request) => (request.key.startsWith("gone/") ? Promise.resolve(absent) : fixture.s3.send(request)) },
    listLogged: async (entities) => {
      const logged = await listed(entities);
      return (entity) => ({ ...logged(entity), files: [...logged(entity).files, ...(entity.entityType === "trace" ? files : [])] });
    },
  });
  expect(done.flat()).toHaveLength(count + 1);
  expect(done[0]).toContain(canary);
  expect(done.length).toBeGreaterThan(1);
});
