/**
 * What the product reads depends on its answer and not on the size of the table: neither on the rows of a neighbour nor on the rest of a large
 * project. Counted in rows that the server says each statement read, while a large project fills 40 granules of each wide table.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { countReads } from "../../local/bench/growth/count-reads.ts";
import { endMs, insertSlice } from "../../local/bench/growth/fill.ts";
import { deletionOf, exportsOf, ingestionOf, type Operation, pagesOf, publicReadsOf } from "../../local/bench/growth/operations.ts";
import { takeSample } from "../../local/bench/growth/sample.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

const granuleRows = 8192;
const dayUs = 86_400_000_000;
const largeEvents = 330_000;
/** Granules of the large project in each of `events` and `observations`: what one look at all of its rows reads at least. */
const largeGranules = Math.floor(largeEvents / granuleRows);
const projects = { small: "m-small", large: "n-large" };
type Size = keyof typeof projects;

let fixture: Fixture;
let statements: { granules: number; sql: string }[] = [];
let operations: Record<Size, Map<string, Operation>>;

/** Twenty-three days of one month, so that all rows of a table can be in one part. */
const fill = async (run: (sql: string) => Promise<string>) => {
  const slice = { fromUs: endMs * 1000 - 24 * dayUs, sliceUs: 23 * dayUs, payloadOf: 20 };
  await insertSlice(run, { ...slice, project: `'${projects.small}'`, first: 900_004_000, rows: 2500 });
  for (let first = 0; first < largeEvents; first += largeEvents / 3)
    await insertSlice(run, { ...slice, project: `'${projects.large}'`, first, rows: largeEvents / 3 });
  for (const table of ["events", "observations", "traces", "scores"]) await run(`OPTIMIZE TABLE ${table} FINAL`);
};

beforeAll(async () => {
  fixture = await createFixture();
  const run = (sql: string) => fixture.query(sql);
  await fill(run);
  const counted = countReads(({ rows }, sql) => statements.push({ granules: rows / granuleRows, sql }));
  const config = { url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database };
  const deps = { db: fixture.db, clickhouse: createClickHouse(config, counted.fetch) };
  const of = async (projectId: string) => {
    const sample = await takeSample(run, projectId, { days: 12 });
    const all = [pagesOf, publicReadsOf, exportsOf, ingestionOf, deletionOf].flatMap((make) => make(deps, sample));
    return new Map(all.map((one) => [one.name, one]));
  };
  operations = { small: await of(projects.small), large: await of(projects.large) };
});
afterAll(() => fixture.stop());

/** Runs the operation and expects that none of its statements read more. */
const expectGranules = async (size: Size, name: string, granulesMax: number): Promise<void> => {
  const operation = operations[size].get(name);
  if (operation === undefined) throw new Error(`There is no operation ${name}.`);
  statements = [];
  expect(await operation.run()).toBeGreaterThan(0);
  expect(statements.length).toBeGreaterThan(0);
  expect(statements.filter(({ granules }) => granules > granulesMax)).toEqual([]);
};

/**
 * Its rows lie in one granule of each table, and a statement looks at a table in up to twenty places: its versions, what replaced them, and
 * the same of the tables that it joins. One look at the neighbour would be 40.
 */
describe("a small project beside a large one", () => {
  const names = [
    ...["traces", "observations", "events"].flatMap((table) =>
      ["first page", "first page of a user", "all by name"].map((page) => `console, ${table}: ${page}`),
    ),
    "API, one trace with 20 observations",
    "API, one observation",
    "API, traces: first page",
    "API, traces: first page of a user",
    "API, traces: first page by name",
    "API, observations of a trace",
    "API, observations: first page",
    "API, observations: page 50",
    "API v2, observations: first page",
    "API v2, observations of a trace",
    "API, traces of a session",
    "export, events: a day",
    "export, traces: a day",
    "export, observations: a day",
    "integration, events: an hour",
    "integration, traces: an hour",
    "integration, observations: an hour",
    "ingestion, loadStoredTraces of 200",
    "ingestion, loadStoredSortKeys of 20 traces",
    "ingestion, loadStoredSortKeys of 400 observations",
    "ingestion, loadStoredSortKeys of 400 events",
    "ingestion, loadStoredSortKeys of 20 traces sent again",
    "ingestion, loadStoredSortKeys of 400 observations sent again",
    "ingestion, loadStoredSortKeys of 400 events sent again",
    "ingestion, loadUsageNodes of 200",
    "ingestion, findDiffering of 200 traces",
    "ingestion, rewriteTraceFields of one trace",
    "deletion of a trace",
  ];
  for (const name of names) it(`${name}: reads granules of its own`, () => expectGranules("small", name, largeGranules / 2));
});

/**
 * Bounds in granules for each statement: those the answer lies in, times the looks at the table. All looks at the project would be 40 each.
 */
const boundsOfLarge: Record<string, number> = {
  "console, traces: first page": 3,
  "console, observations: first page": 15,
  "console, events: first page": 3,
  "API, one trace with 20 observations": 38,
  "API, one observation": 15,
  "API v2, observations: first page": 6,
  "API v2, observations of a trace": 18,
  "export, events: a day": 30,
  "export, traces: a day": 10,
  "export, observations: a day": 38,
  "integration, events: an hour": 4,
  "integration, traces: an hour": 6,
  "integration, observations: an hour": 30,
  "ingestion, loadStoredTraces of 200": 4,
  "ingestion, loadStoredSortKeys of 20 traces": 2,
  "ingestion, loadStoredSortKeys of 400 observations": 8,
  "ingestion, loadStoredSortKeys of 400 events": 4,
  "ingestion, loadStoredSortKeys of 20 traces sent again": 1,
  "ingestion, loadStoredSortKeys of 400 observations sent again": 7,
  "ingestion, loadStoredSortKeys of 400 events sent again": 5,
  "ingestion, loadUsageNodes of 200": 8,
  "ingestion, listPointing of 200": 6,
  "ingestion, findDiffering of 200 traces": 8,
  "ingestion, rewriteTraceFields of one trace": 4,
  "deletion of a trace": 20,
};

describe("a large project", () => {
  for (const [name, granulesMax] of Object.entries(boundsOfLarge))
    it(`${name}: reads granules of the answer`, () => expectGranules("large", name, granulesMax));
});
