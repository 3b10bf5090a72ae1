/**
 * Spans that are made to rows out of their request, beside the same spans stored as files of events: the rows are the same, whatever SDKs
 * send about the same traces and observations, in whatever portions the jobs are done, and whatever fails meanwhile.
 */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AppError } from "../../core/errors.ts";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { defaultModels } from "../../core/models/default-models/index.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { noSpan } from "../../core/telemetry/tracer.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { execute } from "../../db/postgres/client.ts";
import { settleBatch } from "../../db/queue/settle-batch.ts";
import { storeSpans } from "../../runner/ingestion/store-spans.ts";
import { createOtelHandler } from "../../runner/jobs/ingestion-otel.ts";
import { replayEvents } from "../../services/ingestion/replay-events.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { claimUnlimitedJob, settleGroupedOn } from "../support/claim-job.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { insertProject } from "../support/project.ts";
import { runsOf } from "../support/property-runs.ts";
import { at } from "../support/sent-event.ts";

let fixture: Fixture;
let clickhouse: ClickHouse;
let batches: ReturnType<typeof createIngestionBatches>;
/** The first takes spans out of their requests, the second out of files of events. */
let projects: { direct: string; stored: string };
beforeAll(async () => {
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  batches = createIngestionBatches(fixture, { clickhouse, loadModels: () => Promise.resolve(defaultModels) });
  projects = { direct: fixture.projectId, stored: await insertProject(fixture.db) };
});
afterAll(() => fixture.stop());

const tables = ["traces", "observations", "scores", "events"] as const;
const emptyTables = async () => {
  for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
};

/** Every live row of a project, without what names the file it came from. */
const contents = async (projectId: string): Promise<string[]> => {
  const found: string[] = [];
  for (const table of tables) {
    const more = table === "events" ? ", blob_storage_file_path, event_bytes" : "";
    const text = await fixture.query(
      `SELECT * EXCEPT (project_id, created_at, updated_at, event_ts${more}) FROM ${table} FINAL WHERE project_id = '${projectId}' FORMAT JSONEachRow`,
    );
    found.push(...text.split("\n").flatMap((line) => (line === "" ? [] : [`${table} ${line}`])));
  }
  return found.toSorted();
};

const [first, second] = ["a".repeat(32), "b".repeat(32)] as [string, string];
const traceId = fc.constantFrom(first, second);
/** Spans of the two traces have different ids: which trace gets an id depends on which is worked on first. */
const spanIdOf = (trace: string, index: number): string => `${trace.slice(0, 15)}${index}`;
const index = fc.nat(4);
const word = fc.constantFrom("red", "green", "blue");
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const attributes = fc.record(
  {
    "user.id": word,
    "session.id": word,
    "langfuse.trace.name": word,
    "langfuse.trace.tags": word,
    "langfuse.trace.metadata.colour": word,
    "langfuse.trace.input": word,
    "langfuse.environment": word,
    "langfuse.internal.is_app_root": fc.constant("true"),
    "input.value": fc.oneof(word, fc.constant('{"id":1234567890123456789,"price":0.10}')),
    "output.value": word,
    "gen_ai.operation.name": fc.constantFrom("chat", "invoke_agent", "execute_tool"),
    "gen_ai.usage.input_tokens": fc.constantFrom("3", "5"),
    custom: word,
  },
  { requiredKeys: [] },
);
const span = fc.record({ index, parent: optional(index), attributes });
const event = fc.oneof(
  fc.record({
    type: fc.constant("trace-create"),
    body: fc.record({ id: traceId, name: optional(word), userId: optional(word), input: optional(word) }),
  }),
  fc
    .record({
      type: fc.constantFrom("span-create", "generation-update", "span-update"),
      trace: traceId,
      index,
      isNaming: fc.boolean(),
      name: word,
    })
    .map(({ type, trace, index: at, isNaming, name }) => ({
      type,
      body: { id: spanIdOf(trace, at), traceId: isNaming ? trace : undefined, name, output: name },
    })),
  fc.record({ trace: traceId, index, name: word, value: fc.constantFrom(1, 2) }).map(({ trace, index: at, name, value }) => ({
    type: "score-create",
    body: { id: `score-${name}`, traceId: trace, observationId: spanIdOf(trace, at), name, value },
  })),
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("spans" as const),
      /** Of each trace, a list of spans; what a span says is decided by its place, so that one sent again says the same. */
      traces: fc.record({ first: fc.array(index, { maxLength: 4 }), second: fc.array(index, { maxLength: 4 }) }),
      seconds: fc.nat(3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("events" as const), events: fc.array(event, { minLength: 1, maxLength: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("work" as const),
      jobsMax: fc.constantFrom(1, 3, 50),
      fault: fc.constantFrom("none" as const, "none" as const, "outage" as const, "refused" as const, "lost answer" as const),
      call: fc.nat(9),
    }),
  },
);

type TestSpan = { index: number; parent?: number | undefined; attributes: Record<string, string | undefined> };

/** `seconds`, how long spans last, may differ when a span is sent again: the last request says it. */
const requestOf = (trace: string, spans: readonly TestSpan[], seconds: number) => ({
  scopeSpans: [
    {
      scope: { name: "tests", version: "1" },
      spans: spans.map((one) => ({
        traceId: trace,
        spanId: spanIdOf(trace, one.index),
        ...(one.parent === undefined ? {} : { parentSpanId: spanIdOf(trace, one.parent) }),
        name: `span ${one.index}`,
        kind: 1,
        startTimeUnixNano: `${1_795_341_600 + one.index * 7}000000000`,
        endTimeUnixNano: `${1_795_341_600 + one.index * 7 + seconds}000000000`,
        attributes: Object.entries(one.attributes).flatMap(([key, stringValue]) =>
          stringValue === undefined ? [] : [{ key, value: { stringValue } }],
        ),
      })),
    },
  ],
});

let requests = 0;
const origin = { apiKey: "", sdkName: "tests", sdkVersion: "1" };
const sendSpans = async (resourceSpans: object[]): Promise<void> => {
  const { traces } = parseTracesJson(JSON.stringify({ resourceSpans }));
  const text = JSON.stringify(traces);
  const id = String(++requests).padStart(6, "0");
  const traceIds = [
    ...new Set(traces.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map((one) => one.traceId)))),
  ];
  const keyOf = (projectId: string) => `${fixture.eventPrefix}otel/${projectId}/2026/11/22/12/00/${id}.json`;
  const { direct, stored } = projects;
  await storeOtelRequest(fixture.eventStore, { projectId: direct, fileKey: keyOf(direct), id, text, traceIds, origin });
  const deps = { store: fixture.eventStore, prefix: fixture.eventPrefix, segmentBytesMax: 400, sampling: new Map(), log: () => {} };
  await storeSpans(deps, { projectId: stored, fileKey: keyOf(stored), text, origin }, new AbortController().signal);
};

let events = 0;
const sendEvents = async (sent: readonly { type: string; body: object }[]): Promise<void> => {
  const arrived = sent.map((one) => {
    const original = { ...one, id: `event-${++events}`, timestamp: at(events % 500) };
    const parsed = parseEvent(JSON.parse(JSON.stringify(original)), { isInternal: true });
    if (!parsed.ok || parsed.event === undefined) throw new Error(parsed.ok ? "log" : parsed.error);
    return { event: parsed.event, original };
  });
  const { sha256Hex } = fixture.eventStore;
  for (const projectId of Object.values(projects)) {
    const groups = arrangeBatch(arrived, { projectId, prefix: fixture.eventPrefix, sampling: new Map(), segmentBytesMax: 400, sha256Hex });
    await storeGroups(fixture.eventStore, { projectId, groups, origin, source: "api" });
  }
};

const makeDue = () => execute(fixture.db, sql`update jobs set run_at = now() where finished_at is null and state <> 'running'`);

const work = async ({ jobsMax, fault, call }: { jobsMax: number; fault: string; call: number }): Promise<void> => {
  await makeDue();
  const batch = await batches.find(jobsMax);
  if (batch === undefined) return;
  let calls = 0;
  const faulty =
    <Arguments extends unknown[], Answer>(act: (...given: Arguments) => Promise<Answer>) =>
    async (...given: Arguments): Promise<Answer> => {
      if (fault === "none" || calls++ !== call) return act(...given);
      if (fault === "lost answer") await act(...given);
      throw new AppError({ code: fault === "refused" ? "CLICKHOUSE_QUERY_FAILED" : "CLICKHOUSE_UNAVAILABLE" });
    };
  const outcome = await batches.processed(batch, {
    clickhouse: {
      ...clickhouse,
      insertRows: faulty(clickhouse.insertRows),
      command: faulty(clickhouse.command),
      queryRows: faulty(clickhouse.queryRows) as ClickHouse["queryRows"],
    },
  });
  await settleBatch(fixture.db, batch.leaseId, outcome);
};

const finish = async (): Promise<void> => {
  for (let left = 1; left > 0; ) {
    await makeDue();
    expect(await batches.drained()).toEqual([]);
    [{ left }] = (await execute<{ left: number }>(fixture.db, sql`select count(*)::int as left from jobs`)) as [{ left: number }];
  }
};

it("rows made out of requests are those made out of files of events, and a replay makes them again", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(span, { minLength: 10, maxLength: 10 }),
      fc.array(step, { minLength: 4, maxLength: 14, size: "max" }),
      async (saying, steps) => {
        await emptyTables();
        await execute(fixture.db, sql`delete from jobs`);
        await execute(fixture.db, sql`delete from event_log`);
        const spansOf = (trace: string, indexes: readonly number[]): TestSpan[] =>
          [...new Set(indexes)].flatMap((one) => {
            const said = saying[one + (trace === first ? 0 : 5)];
            return said === undefined ? [] : [{ ...said, index: one }];
          });
        for (const one of steps) {
          if (one.act === "events") await sendEvents(one.events);
          else if (one.act === "work") await work(one);
          else
            await sendSpans([
              requestOf(first, spansOf(first, one.traces.first), one.seconds),
              requestOf(second, spansOf(second, one.traces.second), one.seconds),
            ]);
        }
        await finish();
        const direct = await contents(projects.direct);
        expect(direct).toEqual(await contents(projects.stored));
        await emptyTables();
        await replayEvents(
          { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress: () => {} },
          { projectId: projects.direct, bucket: fixture.s3.bucket },
          { pageRows: 100, waitingMax: 1000, pollMs: 1, isDryRun: false },
        );
        await splitRequests();
        await finish();
        expect(await contents(projects.direct)).toEqual(direct);
      },
    ),
    { numRuns: runsOf(40), endOnFailure: true },
  ));

/** What the job of a whole request does, which only a replay and requests of many traces have. */
const splitRequests = async (): Promise<void> => {
  const { eventStore, eventPrefix } = fixture;
  const handler = createOtelHandler({
    settleGrouped: settleGroupedOn(fixture.db),
    events: { store: eventStore, prefix: eventPrefix, segmentBytesMax: 400, sampling: new Map() },
    log: () => {},
    emit: () => {},
  });
  const claim = () => claimUnlimitedJob(fixture.db, { kind: "ingestion.otel", afterProjectId: "", claimedBy: "tests", leaseSeconds: 60 });
  for (let job = await claim(); job !== undefined; job = await claim())
    await handler.run({ job, signal: new AbortController().signal, assertHeld: async () => {}, span: noSpan });
  await execute(fixture.db, sql`delete from jobs where kind = 'ingestion.otel' and finished_at is not null`);
};
