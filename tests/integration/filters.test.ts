import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportPredicate, fromClause } from "../../core/exports/build-query.ts";
import { compileQuery } from "../../core/exports/compile-query.ts";
import { ExportQuery } from "../../core/exports/request.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { baseUs, clickHouseTime, type EventRow, eventRow } from "../support/event-rows.ts";
import { type Filter, found, matches } from "../support/filter-oracle.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

const texts = [
  "",
  "alpha",
  "Alpha beta",
  "100%",
  "under_score",
  "it's",
  'say "hi"',
  "back\\slash",
  "{p:String}",
  "{f0_0:String}",
  "\u0000nul",
  "👩‍🚀",
  "日本語",
  "__exception__",
  "a\r\nb",
  "\t",
  "' OR 1=1 --",
  "\\N",
  "é",
];
const keys = ["k", "other key", "{p:String}", "it's"];
const text = fc.constantFrom(...texts);
const micros = fc.integer({ min: 0, max: 5_000_000 }).map((offset) => baseUs + offset);

const arbitraryRow = fc.record({
  trace_id: fc.constantFrom("t1", "t2", "it's"),
  parent_span_id: fc.constantFrom("", "p1"),
  startUs: micros,
  durationMs: fc.option(fc.integer({ min: 0, max: 3000 })),
  name: text,
  type: fc.constantFrom("SPAN", "GENERATION", "TOOL"),
  level: fc.constantFrom("DEFAULT", "ERROR"),
  user_id: text,
  session_id: text,
  release: text,
  status_message: text,
  trace_name: text,
  provided_model_name: fc.constantFrom("", "gpt-4o", "{p:String}"),
  input: text,
  output: text,
  prompt_version: fc.option(fc.integer({ min: 0, max: 9 })),
  cost: fc.option(fc.integer({ min: 0, max: 40 })),
  tokens: fc.option(fc.integer({ min: 0, max: 20 })),
  tags: fc.uniqueArray(text, { maxLength: 3 }),
  tools: fc.uniqueArray(fc.constantFrom("search", "it's"), { maxLength: 2 }),
  is_app_root: fc.boolean(),
  metadata: fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), text), { maxLength: 3, selector: ([key]) => key }),
});

const stringOperator = fc.constantFrom("=", "contains", "does not contain", "starts with", "ends with");
const stringColumn = fc.constantFrom(
  "traceId",
  "name",
  "userId",
  "sessionId",
  "release",
  "statusMessage",
  "traceName",
  "input",
  "output",
  "parentObservationId",
  "providedModelName",
  "type",
);
const comparison = fc.constantFrom("=", ">", "<", ">=", "<=");
const list = fc.uniqueArray(text, { minLength: 1, maxLength: 4 });

const arbitraryFilter: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ type: fc.constant("string"), column: stringColumn, operator: stringOperator, value: text }),
  fc.record({ type: fc.constant("stringOptions"), column: stringColumn, operator: fc.constantFrom("any of", "none of"), value: list }),
  fc.record({
    type: fc.constant("stringOptions"),
    column: fc.constantFrom("tags", "calledToolNames"),
    operator: fc.constantFrom("any of", "none of"),
    value: list,
  }),
  fc.record({
    type: fc.constant("arrayOptions"),
    column: fc.constantFrom("tags", "calledToolNames"),
    operator: fc.constantFrom("any of", "none of", "all of"),
    value: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant("number"),
    column: fc.constantFrom("promptVersion", "totalTokens", "inputTokens"),
    operator: comparison,
    value: fc.integer({ min: -1, max: 21 }),
  }),
  fc.record({
    type: fc.constant("number"),
    column: fc.constant("totalCost"),
    operator: comparison,
    value: fc.integer({ min: 0, max: 40 }).map((n) => n / 10),
  }),
  fc.record({
    type: fc.constant("number"),
    column: fc.constant("latency"),
    operator: comparison,
    value: fc.integer({ min: 0, max: 3000 }).map((n) => n / 1000),
  }),
  fc.record({
    type: fc.constant("datetime"),
    column: fc.constantFrom("startTime", "endTime"),
    operator: fc.constantFrom(">", "<", ">=", "<="),
    value: micros.map((us) => `${clickHouseTime(us).replace(" ", "T")}Z`),
  }),
  fc.record({
    type: fc.constant("boolean"),
    column: fc.constantFrom("hasParentObservation", "isRootObservation", "hasInput"),
    operator: fc.constantFrom("=", "<>"),
    value: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("stringObject"),
    column: fc.constant("metadata"),
    key: fc.constantFrom(...keys),
    operator: stringOperator,
    value: text,
  }),
  fc.record({
    type: fc.constant("null"),
    column: fc.constantFrom("userId", "name", "endTime", "promptVersion", "totalCost", "latency", "tags", "metadata", "input", "release"),
    operator: fc.constantFrom("is null", "is not null"),
    value: fc.constant(""),
  }),
);

let fixture: Fixture;
let clickhouse: ClickHouse;
let rows: EventRow[];

/** The seed of the rows and filters of this run; a failure prints it, and FILTER_SEED replays it. */
const seed = Number(process.env["FILTER_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

beforeAll(async () => {
  console.log(`filter seed ${seed}`);
  fixture = await createFixture();
  clickhouse = createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch);
  rows = fc.sample(arbitraryRow, { numRuns: 150, seed }).map((r, i) =>
    eventRow({
      project_id: fixture.projectId,
      span_id: `s${i}`,
      trace_id: r.trace_id,
      parent_span_id: r.parent_span_id,
      start_time: clickHouseTime(r.startUs),
      end_time: r.durationMs === null ? null : clickHouseTime(r.startUs + r.durationMs * 1000),
      name: r.name,
      type: r.type,
      level: r.level,
      user_id: r.user_id,
      session_id: r.session_id,
      release: r.release,
      status_message: r.status_message,
      trace_name: r.trace_name,
      provided_model_name: r.provided_model_name,
      input: r.input,
      output: r.output,
      prompt_version: r.prompt_version,
      cost_details: r.cost === null ? {} : { total: (r.cost / 10).toFixed(12) },
      usage_details: r.tokens === null ? {} : { input: String(r.tokens), total: String(r.tokens) },
      tags: r.tags,
      tool_call_names: r.tools,
      is_app_root: r.is_app_root,
      metadata_names: r.metadata.map(([key]) => key),
      metadata_values: r.metadata.map(([, value]) => value),
    }),
  );
  await fixture.insertEvents(rows);
  // Another project's rows must never be found.
  await fixture.insertEvents(rows.map((row) => ({ ...row, project_id: "other", span_id: `other-${row.span_id}` })));
});
afterAll(() => fixture.stop());

const idsOf = async (query: object): Promise<string[]> => {
  const compiled = compileQuery(ExportQuery.parse({ tableName: "events", ...query }));
  const { sql, params } = exportPredicate(compiled, {
    projectId: fixture.projectId,
    cutoff: "2100-01-01T00:00:00Z",
    physicalTable: "events",
  });
  const answer = await clickhouse.queryRows<{ id: string }>({
    sql: `SELECT span_id AS id FROM ${fromClause("events", { needsFinal: true })} WHERE ${sql}`,
    params,
  });
  return answer.map(({ id }) => id).toSorted();
};
const oracle = (keep: (row: EventRow) => boolean) =>
  rows
    .filter(keep)
    .map((row) => row.span_id)
    .toSorted();

describe("filters", () => {
  it("find exactly the rows a plain evaluation finds, for random lists of filters", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryFilter, { minLength: 1, maxLength: 3 }), async (filter) => {
        expect(await idsOf({ filter })).toEqual(oracle((row) => filter.every((one) => matches(row, one))));
      }),
      { numRuns: 400, seed },
    );
  });

  it("find the same under every single filter", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryFilter, async (one) => {
        expect(await idsOf({ filter: [one] })).toEqual(oracle((row) => matches(row, one)));
      }),
      { numRuns: 400, seed },
    );
  });
});

describe("search", () => {
  it("finds exactly the rows that hold the text, whatever characters it has", async () => {
    const types = fc.uniqueArray(fc.constantFrom("id", "content", "input", "output"), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts.filter((t) => t !== ""), "%", "_", "ALPHA", "lph", "s1"),
        types,
        async (searchQuery, searchType) => {
          expect(await idsOf({ searchQuery, searchType })).toEqual(oracle((row) => found(row, searchQuery, searchType)));
        },
      ),
      { numRuns: 100, seed },
    );
  });
});
