import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { listObjects } from "../../db/object-store/read-objects.ts";
import { execute } from "../../db/postgres/client.ts";
import { giveObservationIds, ObservationIdTaken, untilNoneIsTaken } from "../../services/ingestion/observation-ids.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { deleteData } from "../../services/traces/delete-data.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { storeRequest } from "../support/store-request.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());
const tables = ["traces", "observations", "scores", "dataset_run_items_rmt", "events"];
beforeEach(async () => {
  for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
});

type Span = { spanId: string; name: string; parentSpanId?: string; at?: number; attributes?: Record<string, string>; service?: string };

const nanos = (at: number) => String(1_795_341_600_000_000_000n + BigInt(at) * 1_000_000n);
const attribute = ([key, stringValue]: [string, string]) => ({ key, value: { stringValue } });
const requestOf = (spans: readonly (Span & { traceId: string })[]) => ({
  resourceSpans: spans.map(({ at = 0, attributes = {}, service = "shop", ...span }) => ({
    resource: { attributes: Object.entries({ "service.name": service, "service.version": `v-${service}` }).map(attribute) },
    scopeSpans: [
      {
        scope: { name: "scope", version: "1" },
        spans: [
          {
            kind: 1,
            startTimeUnixNano: nanos(at),
            endTimeUnixNano: nanos(at + 50),
            attributes: Object.entries({ "input.value": `in ${span.name}`, ...attributes }).map(attribute),
            ...span,
          },
        ],
      },
    ],
  })),
});

const send = async (...spans: (Span & { traceId: string })[]): Promise<void> =>
  void (await storeRequest(fixture, requestOf(spans).resourceSpans, {
    origin: { apiKey: fixture.publicKey, sdkName: "tests", sdkVersion: "2" },
  }));

const drained = async (runners = 1): Promise<void> => {
  const running = Array.from({ length: runners }, () => fixture.startRunner({ SPILLWAY_POLL_MS: "200" }));
  try {
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      const [row] = await execute<{ open: number; dead: number }>(
        fixture.db,
        sql`select count(*) filter (where finished_at is null)::int as open, count(*) filter (where state = 'discarded')::int as dead from jobs`,
      );
      if (row?.open === 0) return expect(row.dead).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    throw new Error(`jobs are left: ${JSON.stringify(await execute(fixture.db, sql`select kind, state, last_error from jobs limit 5`))}`);
  } finally {
    await Promise.all(running.map((runner) => runner.stop()));
  }
};

const replay = () =>
  replayEvents(
    { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
    { projectId: fixture.projectId },
    { pageRows: 100, waitingMax: 100_000, pollMs: 1, isDryRun: false },
  );

const rows = async (query: string): Promise<Record<string, unknown>[]> =>
  (await fixture.query(`${query} FORMAT JSONEachRow`))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const observations = () =>
  rows("SELECT trace_id, id, name, parent_observation_id AS parent FROM observations FINAL ORDER BY trace_id, name");
const events = () =>
  rows("SELECT trace_id, span_id AS id, name, nullIf(parent_span_id, '') AS parent FROM events FINAL ORDER BY trace_id, name");

const [a, b, c] = ["a", "b", "c"].map((letter) => letter.repeat(32)) as [string, string, string];
const [one, two, three] = [1, 2, 3].map((n) => n.toString(16).padStart(16, "0")) as [string, string, string];
const row = (traceId: string, id: string, name: string, parent: string | null = null) => ({ trace_id: traceId, id, name, parent });

describe("two spans with one span id in two traces", () => {
  it("are two observations, of which the one that came first has the span id; children point at the one of their trace", async () => {
    await send({ traceId: a, spanId: one, name: "first" }, { traceId: a, spanId: two, parentSpanId: one, name: "first child" });
    await drained();
    await send({ traceId: b, spanId: three, parentSpanId: two, name: "grandchild" });
    await drained();
    await send({ traceId: b, spanId: one, name: "second" }, { traceId: b, spanId: two, parentSpanId: one, name: "second child" });
    await drained();
    const expected = [
      row(a, one, "first"),
      row(a, two, "first child", one),
      row(b, three, "grandchild", `${b}-${two}`),
      row(b, `${b}-${one}`, "second"),
      row(b, `${b}-${two}`, "second child", `${b}-${one}`),
    ];
    expect(await observations()).toEqual(expected);
    expect(await events()).toEqual(expected);
    expect(await rows("SELECT id, name, input FROM traces FINAL ORDER BY id")).toEqual([
      { id: a, name: "first", input: "in first" },
      { id: b, name: "second", input: "in second" },
    ]);
  });

  it("keep their ids whatever is replayed, and are told apart in one request as well", async () => {
    await send(
      ...[a, b, c].flatMap((traceId) => [
        { traceId, spanId: one, name: `root of ${traceId}` },
        { traceId, spanId: two, parentSpanId: one, name: `child of ${traceId}` },
      ]),
    );
    await drained();
    const before = await observations();
    expect(before).toHaveLength(6);
    expect(before.slice(0, 2)).toEqual([row(a, two, `child of ${a}`, one), row(a, one, `root of ${a}`)]);
    expect(before.slice(4)).toEqual([row(c, `${c}-${two}`, `child of ${c}`, `${c}-${one}`), row(c, `${c}-${one}`, `root of ${c}`)]);
    for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
    await replay();
    await replay();
    await drained(2);
    expect(await observations()).toEqual(before);
    expect(await events()).toEqual(before);
  });

  it("stay apart however many runners take them in at once: one id for each span, one of them the span id, parents of their trace", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ trace: fc.nat(3), span: fc.nat(4), parent: fc.option(fc.nat(4), { nil: undefined }) }), {
          minLength: 4,
          maxLength: 12,
        }),
        async (found) => {
          for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
          await execute(fixture.db, sql`delete from event_log`);
          const traceOf = (n: number) => (n + 10).toString(16).repeat(32);
          const spanOf = (n: number) => (n + 1).toString(16).padStart(16, "0");
          // A span has one parent, however often it is sent.
          const parents = new Map<string, number | undefined>();
          const spans = found.map(({ trace, span, parent }) => {
            const name = `${trace}/${span}`;
            if (!parents.has(name)) parents.set(name, parent === span ? undefined : parent);
            const own = parents.get(name);
            return { traceId: traceOf(trace), spanId: spanOf(span), name, ...(own === undefined ? {} : { parentSpanId: spanOf(own) }) };
          });
          for (const span of spans) await send(span);
          await drained(2);
          const stored = await observations();
          expect(stored.map(({ name }) => name)).toEqual([...parents.keys()].toSorted());
          const idOf = new Map(stored.map(({ name, id }) => [name, id]));
          for (const { name, parent } of stored) {
            const [trace, span] = String(name).split("/").map(Number) as [number, number];
            expect([spanOf(span), `${traceOf(trace)}-${spanOf(span)}`]).toContain(idOf.get(name));
            const above = parents.get(String(name));
            if (above === undefined) expect(parent).toBeNull();
            else if (idOf.has(`${trace}/${above}`)) expect(parent).toBe(idOf.get(`${trace}/${above}`));
            else expect([spanOf(above), `${traceOf(trace)}-${spanOf(above)}`]).toContain(parent);
          }
          for (const span of new Set([...parents.keys()].map((name) => Number(name.split("/")[1]))))
            expect(stored.filter(({ id }) => id === spanOf(span)).length).toBeLessThanOrEqual(1);
          await replay();
          await drained();
          expect(await observations()).toEqual(stored);
        },
      ),
      { numRuns: 3 },
    );
  });

  it("wanted at once: one of them gets the span id, the other looks again", async () => {
    const tracesOf = (traceId: string) => parseTracesJson(JSON.stringify(requestOf([{ traceId, spanId: one, name: traceId }]))).traces;
    const scope = { projectId: fixture.projectId, prefix: fixture.eventPrefix, segmentBytesMax: 400 };
    const give = (traceId: string) => giveObservationIds(fixture.eventStore, scope, tracesOf(traceId));
    const store = (traceId: string, observationIds: Awaited<ReturnType<typeof give>>) => {
      const entityId = observationIds.idOf({ traceId, spanId: one });
      const group = {
        entityType: "observation" as const,
        entityId,
        eventId: traceId,
        traceId,
        events: [],
        isSampled: true,
        orderingKey: traceId,
      };
      const groups = [{ ...group, fileKey: `${fixture.eventPrefix}${entityId}/${traceId}.json` }];
      const origin = { apiKey: "k", sdkName: "tests", sdkVersion: "1" };
      return storeGroups(fixture.eventStore, { projectId: fixture.projectId, groups, origin, source: "otel", observationIds });
    };
    const [ofA, ofB] = await Promise.all([give(a), give(b)]);
    await store(a, ofA);
    await expect(store(b, ofB)).rejects.toThrow(ObservationIdTaken);
    expect((await listObjects(fixture.s3, `${fixture.eventPrefix}${one}/`)).map(({ key }) => key)).toEqual([expect.stringContaining(a)]);
    await untilNoneIsTaken(async () => store(b, await give(b)))({});
    const logged = await execute(fixture.db, sql`select entity_id as id, trace_id as trace from event_log order by trace_id`);
    expect(logged).toEqual([
      { id: one, trace: a },
      { id: `${b}-${one}`, trace: b },
    ]);
  });

  it("are deleted with their own trace only, and the other keeps its id, also when it is replayed", async () => {
    await send({ traceId: a, spanId: one, name: "first" });
    await send({ traceId: b, spanId: one, name: "second" });
    await drained();
    const [own] = (await observations()).filter(({ trace_id }) => trace_id === a);
    const other = own?.["id"] === one ? b : a;
    await deleteData(fixture.db, fixture.projectId, { scope: "traces", traceIds: [other === b ? a : b] }, fixture.eventStore.newJobId());
    await drained();
    expect(await observations()).toEqual([row(other, `${other}-${one}`, other === b ? "second" : "first")]);
    await replay();
    await drained();
    expect(await observations()).toEqual([row(other, `${other}-${one}`, other === b ? "second" : "first")]);
    expect(await execute(fixture.db, sql`select 1 from event_log where trace_id <> ${other}`)).toEqual([]);
  });

  it("have the scores that name their trace, whichever came first", async () => {
    const score = (id: string, traceId: string) => ({
      id: `event-${id}`,
      timestamp: "2026-11-22T12:00:00.000Z",
      type: "score-create",
      body: { id, traceId, observationId: one, name: "quality", value: 1 },
    });
    await fixture.ingest([score("early", b)]);
    await send({ traceId: a, spanId: one, name: "first" });
    await drained();
    await send({ traceId: b, spanId: one, name: "second" });
    await drained();
    await fixture.ingest([score("late", b), score("of a", a)]);
    await drained();
    const stored = await rows("SELECT id, observation_id FROM scores FINAL ORDER BY id");
    expect(stored).toEqual([
      { id: "early", observation_id: `${b}-${one}` },
      { id: "late", observation_id: `${b}-${one}` },
      { id: "of a", observation_id: one },
    ]);
  });
});

describe("what was stored by an older mapping", () => {
  const older = (traceId: string, spanId: string, body: object) => ({
    id: `otel-${traceId}-${spanId}`,
    timestamp: "2026-11-22T12:00:00.000Z",
    type: "span-create",
    body: { id: spanId, traceId, startTime: "2026-11-22T12:00:00.000Z", otel: { source: "otel" }, ...body },
  });
  const olderTrace = (traceId: string, spanId: string, body: object, at = 0) => ({
    id: `otel-trace-${traceId}-${spanId}`,
    timestamp: new Date(1_795_341_600_000 + at).toISOString(),
    type: "trace-create",
    body: { id: traceId, timestamp: new Date(1_795_341_600_000 + at).toISOString(), environment: "default", ...body },
  });

  it("comes right by a replay: spans of two traces under one id, in one file and in two", async () => {
    await fixture.ingest([older(a, one, { name: "first" })]);
    await fixture.ingest([older(b, one, { name: "second" })]);
    await fixture.ingest([older(a, two, { name: "first child" }), older(b, two, { name: "second child" })]);
    await send({ traceId: a, spanId: one, name: "first" }, { traceId: a, spanId: two, parentSpanId: one, name: "first child" });
    await send({ traceId: b, spanId: one, name: "second" }, { traceId: b, spanId: two, parentSpanId: one, name: "second child" });
    await execute(fixture.db, sql`delete from jobs where payload ->> 'isOtelRequest' = 'true'`);
    await drained();
    expect(await observations()).toHaveLength(2);
    const expected = [
      row(a, one, "first"),
      row(a, two, "first child", one),
      row(b, `${b}-${one}`, "second"),
      row(b, `${b}-${two}`, "second child", `${b}-${one}`),
    ];
    for (let times = 0; times < 2; times++) {
      await replay();
      await drained(2);
      expect(await observations()).toEqual(expected);
      expect(await events()).toEqual(expected);
    }
  });

  it("comes right by a replay: a trace named after its last root, and one without a name", async () => {
    await fixture.ingest([olderTrace(a, one, { name: "gateway", version: "v-gateway" })]);
    await fixture.ingest([
      olderTrace(a, two, { name: "worker", version: "v-worker" }, 300),
      olderTrace(a, three, { version: "v-child", userId: "u" }, 400),
    ]);
    await fixture.ingest([olderTrace(b, one, {})]);
    await send({ traceId: a, spanId: one, name: "gateway", service: "gateway" });
    await send(
      { traceId: a, spanId: two, name: "worker", at: 300, service: "worker" },
      { traceId: a, spanId: three, parentSpanId: two, name: "child", at: 400, service: "child", attributes: { "user.id": "u" } },
    );
    await send({ traceId: b, spanId: three, parentSpanId: two, name: "below a parent that never comes", service: "b" });
    await replay();
    await drained();
    const expected = [
      { id: a, name: "gateway", version: "v-gateway", input: "in gateway", user_id: "u" },
      { id: b, name: "below a parent that never comes", version: "v-b", input: "in below a parent that never comes", user_id: null },
    ];
    expect(await rows("SELECT id, name, version, input, user_id FROM traces FINAL ORDER BY id")).toEqual(expected);
    expect(await rows("SELECT DISTINCT trace_id AS id, trace_name AS name, user_id FROM events FINAL ORDER BY id")).toEqual([
      { id: a, name: "gateway", user_id: "u" },
      { id: b, name: "below a parent that never comes", user_id: "" },
    ]);
  });
});
