/** Usage that runs of agents repeat: it counts once, whatever the order spans come in. Real engines; jobs are claimed by hand. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { defaultModels } from "../../core/models/default-models/index.ts";
import { mapSpans } from "../../core/otel/map-spans.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { execute } from "../../db/postgres/client.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { createIngestionBatches } from "../support/ingestion-batches.ts";
import { runsOf } from "../support/property-runs.ts";
import { seedFrom } from "../support/property-seed.ts";

let fixture: Fixture;
let clickhouse: ClickHouse;
let batches: ReturnType<typeof createIngestionBatches>;
let queries: string[] = [];
beforeAll(async () => {
  fixture = await createFixture();
  const real = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  clickhouse = {
    ...real,
    queryRows: (query) => {
      queries.push(query.sql);
      return real.queryRows(query);
    },
  };
  batches = createIngestionBatches(fixture, { clickhouse, loadModels: () => Promise.resolve(defaultModels) });
});
afterAll(() => fixture.stop());

let traces = 0;
type TestSpan = { index: number; parent: number | null; operation: "invoke_agent" | "chat" | "step" | "plain"; tokens: number };

/** Of the trace made last: ids are not used again in another. */
const spanId = (index: number): string => (traces * 256 + index + 1).toString(16).padStart(16, "0");
const attribute = (key: string, value: string | number) => ({
  key,
  value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
});

const otlp = (traceId: string, spans: readonly TestSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            scope: { name: "tests" },
            spans: spans.map(({ index, parent, operation, tokens }) => ({
              traceId,
              spanId: spanId(index),
              ...(parent === null ? {} : { parentSpanId: spanId(parent) }),
              name: `${operation} ${index}`,
              kind: 1,
              startTimeUnixNano: `17953416000${String(index).padStart(2, "0")}000000`,
              endTimeUnixNano: "1795341601000000000",
              attributes: [
                ...(operation === "invoke_agent" || operation === "chat" ? [attribute("gen_ai.operation.name", operation)] : []),
                ...(tokens === 0 ? [] : [attribute("gen_ai.usage.input_tokens", tokens)]),
                ...(tokens > 0 && operation !== "plain" ? [attribute("gen_ai.request.model", "gpt-4o")] : []),
              ],
            })),
          },
        ],
      },
    ],
  });

const send = async (text: string): Promise<void> => {
  const { events } = mapSpans(parseTracesJson(text).traces, { nowMs: Date.UTC(2026, 10, 22) });
  const arrived = events.map((original) => {
    const parsed = parseEvent(JSON.parse(JSON.stringify(original)), { isInternal: true });
    if (!parsed.ok || parsed.event === undefined) throw new Error(parsed.ok ? "log" : parsed.error);
    return { event: parsed.event, original };
  });
  const groups = arrangeBatch(arrived, {
    projectId: fixture.projectId,
    prefix: fixture.eventPrefix,
    sampling: new Map(),
    segmentBytesMax: 400,
    sha256Hex: fixture.eventStore.sha256Hex,
  });
  const failed = await storeGroups(fixture.eventStore, {
    projectId: fixture.projectId,
    groups,
    origin: { apiKey: "", sdkName: "tests", sdkVersion: "1" },
    source: "otel",
  });
  expect([...failed.values()]).toEqual([]);
};

const rowsOf = async (traceId: string, table: "observations" | "events" = "observations"): Promise<Record<string, string>> => {
  const id = table === "events" ? "span_id" : "id";
  const text = await fixture.query(
    `SELECT ${id} AS id, toString(usage_details['total']) AS total FROM ${table} FINAL WHERE trace_id = '${traceId}' AND is_deleted = 0 FORMAT JSONEachRow`,
  );
  const rows = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as { id: string; total: string }]));
  return Object.fromEntries(rows.filter(({ total }) => total !== "0").map(({ id: own, total }) => [own, total]));
};

const carries = ({ tokens }: TestSpan): boolean => tokens > 0;
const isRollUp = ({ operation }: TestSpan): boolean => operation === "invoke_agent" || operation === "plain";

/** By its definition, one ancestor after the other. */
const expected = (spans: readonly TestSpan[]): Record<string, string> => {
  const isBelow = (one: TestSpan, above: TestSpan): boolean => {
    for (let at = one.parent; at !== null; at = spans.find(({ index }) => index === at)?.parent ?? null)
      if (at === above.index) return true;
    return false;
  };
  return Object.fromEntries(
    spans
      .filter((span) => carries(span) && !(isRollUp(span) && spans.some((other) => carries(other) && isBelow(other, span))))
      .map(({ index, tokens }) => [spanId(index), String(tokens)]),
  );
};

const onlyFileOf = async (traceId: string): Promise<{ key: string }> => {
  const files = await execute<{ key: string }>(
    fixture.db,
    sql`select bucket_path as key from event_log where entity_type = 'trace' and entity_id = ${traceId}`,
  );
  const [file] = files;
  if (file === undefined || files.length > 1) throw new Error(`${files.length} files`);
  return file;
};

const newTraceId = (): string => (++traces).toString(16).padStart(32, "a");

it("the only span that tells usage keeps it, with its model and cost", async () => {
  const traceId = newTraceId();
  await send(otlp(traceId, [{ index: 0, parent: null, operation: "invoke_agent", tokens: 1000 }]));
  expect(await batches.drained()).toEqual([]);
  const text = await fixture.query(
    `SELECT type, provided_model_name, toString(total_cost) AS cost FROM observations FINAL WHERE trace_id = '${traceId}' FORMAT JSONEachRow`,
  );
  expect(JSON.parse(text)).toEqual({ type: "AGENT", provided_model_name: "gpt-4o", cost: "0.0025" });
  expect(await rowsOf(traceId)).toEqual({ [spanId(0)]: "1000" });
});

it("a span that comes later, below one that is not there yet, takes the usage off the run above it", async () => {
  const traceId = newTraceId();
  const spans: TestSpan[] = [
    { index: 0, parent: null, operation: "invoke_agent", tokens: 1000 },
    { index: 1, parent: 0, operation: "step", tokens: 0 },
    { index: 2, parent: 1, operation: "chat", tokens: 900 },
  ];
  const told: Record<string, string>[] = [];
  for (const span of [spans[0], spans[2], spans[1]]) {
    await send(otlp(traceId, span === undefined ? [] : [span]));
    expect(await batches.drained()).toEqual([]);
    told.push(await rowsOf(traceId));
  }
  expect(told).toEqual([{ [spanId(0)]: "1000" }, { [spanId(0)]: "1000", [spanId(2)]: "900" }, { [spanId(2)]: "900" }]);
  expect(await rowsOf(traceId, "events")).toEqual({ [spanId(2)]: "900" });
});

it("a call that repeats the one below it counts once, in the innermost span", async () => {
  const traceId = newTraceId();
  const spans: TestSpan[] = [
    { index: 0, parent: null, operation: "invoke_agent", tokens: 1000 },
    { index: 1, parent: 0, operation: "chat", tokens: 1000 },
    { index: 2, parent: 1, operation: "step", tokens: 0 },
    { index: 3, parent: 2, operation: "chat", tokens: 1000 },
  ];
  await send(otlp(traceId, spans));
  expect(await batches.drained()).toEqual([]);
  expect(await rowsOf(traceId)).toEqual({ [spanId(3)]: "1000" });
});

it("an unreadable file of a trace fails the trace alone, even where parents form a cycle that only its files would decide", async () => {
  const traceId = newTraceId();
  await send(otlp(traceId, [{ index: 0, parent: 1, operation: "invoke_agent", tokens: 10 }]));
  expect(await batches.drained()).toEqual([]);
  const { key } = await onlyFileOf(traceId);
  await fixture.eventStore.s3.send({ method: "PUT", key, body: "not json" });
  await send(otlp(traceId, [{ index: 1, parent: 0, operation: "chat", tokens: 20 }]));
  expect((await batches.drained()).map(({ error }) => error.code)).toEqual(["INTERNAL"]);
  expect(await rowsOf(traceId)).toMatchObject({ [spanId(1)]: "20" });
  // The trace would be tried again beside the traces of other tests.
  await execute(fixture.db, sql`delete from jobs`);
});

it("spans without such runs above them cost no query, and a whole trace in one request none either", async () => {
  const asked = () => queries.filter((sql) => sql.includes("carries_usage")).length;
  queries = [];
  await send(
    otlp(newTraceId(), [
      { index: 0, parent: null, operation: "step", tokens: 0 },
      { index: 1, parent: 0, operation: "chat", tokens: 5 },
    ]),
  );
  await send(
    otlp(newTraceId(), [
      { index: 0, parent: null, operation: "invoke_agent", tokens: 5 },
      { index: 1, parent: 0, operation: "chat", tokens: 5 },
    ]),
  );
  expect(await batches.drained()).toEqual([]);
  expect(asked()).toBe(0);
});

it("whatever the order, the requests and the batches, each token is in one row", async () => {
  const seed = seedFrom("FC_SEED");
  const tree = fc.array(
    fc.record({
      above: fc.nat(),
      operation: fc.constantFrom("invoke_agent" as const, "chat" as const, "step" as const, "plain" as const),
      tokens: fc.constantFrom(0, 0, 3, 40),
      request: fc.nat(3),
    }),
    { minLength: 2, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
      fc.constantFrom(1, 2, 500),
      fc.boolean(),
      async (nodes, keys, jobsMax, isDrainedEach) => {
        const traceId = newTraceId();
        const spans = nodes.map(
          ({ above, operation, tokens }, index): TestSpan => ({
            index,
            parent: index === 0 ? null : above % index,
            operation,
            // A step has no model and no usage of its own. No call has as many tokens as those below it, or it would repeat them.
            tokens: operation === "step" || tokens === 0 ? 0 : tokens + 64 * 2 ** index,
          }),
        );
        const order = spans.toSorted((a, b) => (keys[a.index] ?? 0) - (keys[b.index] ?? 0));
        for (const request of [0, 1, 2, 3]) {
          const of = order.filter(({ index }) => nodes[index]?.request === request);
          if (of.length === 0) continue;
          await send(otlp(traceId, of));
          if (isDrainedEach) expect(await batches.drained({}, jobsMax)).toEqual([]);
        }
        expect(await batches.drained({}, jobsMax)).toEqual([]);
        expect(await rowsOf(traceId)).toEqual(expected(spans));
      },
    ),
    { seed, numRuns: runsOf(40), endOnFailure: true },
  );
});
