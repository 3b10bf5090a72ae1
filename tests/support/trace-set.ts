/** Random traces with observations and scores, stored both ways, and what readers must find of them: computed here from the entities, not from any table. */
import { createClient } from "@clickhouse/client-web";
import fc from "fast-check";
import {
  type AggregateRow,
  observationAggregateRow,
  scoreAggregateRow,
  traceAggregateRow,
  type WrittenObservation,
  type WrittenScore,
  type WrittenTrace,
} from "../../core/ingestion/aggregate-rows.ts";
import { aggregateTables } from "../../core/traces/experiment-env.ts";
import { deleteTraceAggregates } from "../../db/clickhouse/traces/delete-trace-aggregates.ts";
import type { FullTraceRow, MeasuredTraceRow } from "../../services/traces/trace-row.ts";
import type { createClickHouseDatabase } from "./clickhouse-database.ts";

type Database = Awaited<ReturnType<typeof createClickHouseDatabase>>;

export const dayMs = 24 * 3600 * 1000;
/** As ClickHouse reads instants. */
export const stored = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");
export const read = (text: string): string => `${text.replace(" ", "T")}Z`;
const msOf = (text: string) => Date.parse(read(text));

/** Texts that break out of quotes, parameters, patterns and encodings where something is not bound. */
export const hostileTexts = [
  "' OR 1=1 --",
  "'); DROP TABLE traces; --",
  "\\' \\\\ \\N \\0",
  '"`{projectId:String}`"',
  "%_%",
  "\u0000 nul",
  "line\nfeed\ttab\r",
  "[], ['a'], NULL",
  "\u{1F600} é́ \u202E",
  "__proto__",
];
export const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("alpha", "beta", "gamma", "Alpha") },
  { weight: 1, arbitrary: fc.constantFrom(...hostileTexts) },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 3 });
const cost = fc.bigInt(0n, 10n ** 15n);
const details = fc.dictionary(fc.constantFrom("input", "output", "total", "constructor"), fc.nat(1000), { noNullPrototype: true });

const observationOf = fc.record({ startAfterMs: fc.nat(5000), lastsMs: maybe(fc.nat(60_000)), usage: details, cost });
const entity = fc.record({
  ageMs: fc.oneof(fc.nat(5 * dayMs), fc.nat(28 * dayMs), fc.nat(60 * dayMs)).map((ms) => Math.floor(ms / 1000) * 1000 + 60_000),
  name: maybe(text),
  user: maybe(text),
  session: maybe(text),
  environment: fc.constantFrom("default", "production"),
  release: maybe(text),
  version: maybe(text),
  tags: fc.uniqueArray(text, { maxLength: 3 }),
  public: fc.boolean(),
  bookmarked: fc.boolean(),
  input: maybe(text),
  output: maybe(text),
  metadata: fc.uniqueArray(fc.tuple(text, text), { maxLength: 3, selector: ([key]) => key }),
  observations: fc.array(observationOf, { maxLength: 3 }),
  scores: fc.nat(2),
  isDeleted: fc.boolean(),
  hasOldVersion: fc.boolean(),
  isInOtherProject: fc.boolean(),
});
type Entity = typeof entity extends fc.Arbitrary<infer T> ? T : never;

export type ExpectedTrace = FullTraceRow &
  MeasuredTraceRow & {
    startedMs: number;
    endedMs: number;
  };

const decimal = (scaled: bigint): string => {
  const digits = scaled.toString().padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
};
export const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Everything one entity is stored as. */
const describe = (one: Entity, i: number, nowMs: number, projectId: string, otherProjectId: string) => {
  const project = one.isInOtherProject && i % 3 === 0 ? otherProjectId : projectId;
  const isDeleted = one.isDeleted && i % 4 === 0;
  // Some are old for certain, whatever the seed.
  const startMs = nowMs - (i % 10 === 3 ? 31 * dayMs + (one.ageMs % (28 * dayMs)) : one.ageMs);
  const id = `${i % 7 === 0 ? `${hostileTexts[i % hostileTexts.length]} ` : ""}trace-${i}`;
  // The trace is the first to be created and the last to be updated: creation and update of an aggregate are those of all that belongs to it.
  const written = {
    project_id: project,
    environment: one.environment,
    created_at: stored(startMs + 1000),
    updated_at: stored(nowMs),
    event_ts: stored(nowMs),
  };
  const trace: WrittenTrace = {
    ...written,
    id,
    timestamp: stored(startMs),
    name: one.name ?? "",
    user_id: one.user,
    session_id: one.session,
    release: one.release,
    version: one.version,
    tags: one.tags.toSorted(byBytes),
    public: one.public,
    bookmarked: one.bookmarked,
    input: one.input,
    output: one.output,
    metadata: Object.fromEntries(one.metadata),
  };
  const later = { ...written, created_at: stored(startMs + 2000), updated_at: stored(nowMs - 1000) };
  const observations: WrittenObservation[] = one.observations.map((observation, n) => ({
    ...later,
    id: `observation-${i}-${n}`,
    trace_id: id,
    start_time: stored(startMs + observation.startAfterMs),
    end_time: observation.lastsMs === null ? null : stored(startMs + observation.startAfterMs + observation.lastsMs),
    usage_details: observation.usage,
    cost_details: { total: decimal(observation.cost), input: decimal(observation.cost / 2n) },
  }));
  const scores: WrittenScore[] = Array.from({ length: one.scores }, (_, n) => ({
    ...later,
    id: `score-${i}-${n}`,
    trace_id: id,
    timestamp: stored(startMs + 20 * dayMs),
  }));
  const ended = one.observations.map(({ startAfterMs, lastsMs }) => startMs + startAfterMs + (lastsMs ?? 0));
  const endedMs = Math.max(startMs, ...ended);
  const expected: ExpectedTrace = {
    id,
    projectId: project,
    timestamp: read(trace.timestamp),
    name: one.name ?? "",
    userId: one.user,
    sessionId: one.session,
    release: one.release,
    version: one.version,
    environment: one.environment,
    tags: one.tags.toSorted(byBytes),
    public: one.public,
    bookmarked: one.bookmarked,
    createdAt: read(trace.created_at),
    updatedAt: read(trace.updated_at),
    input: one.input,
    output: one.output,
    metadata: Object.fromEntries(one.metadata),
    observationIds: observations.map((observation) => observation.id),
    scoreIds: scores.map((score) => score.id),
    totalCost: decimal(one.observations.reduce((sum, observation) => sum + observation.cost, 0n)),
    totalTokens: String(one.observations.reduce((sum, { usage }) => sum + (usage["total"] ?? 0), 0)),
    latencyMs: observations.length === 0 ? null : endedMs - startMs,
    startedMs: startMs,
    endedMs,
  };
  return { one, trace, observations, scores, expected, isDeleted };
};

export const sampleTraceSet = (seed: number, count: number, nowMs: number) => {
  const projectId = "project 'one'";
  const otherProjectId = "project two";
  const all = fc.sample(entity, { seed, numRuns: count }).map((one, i) => describe(one, i, nowMs, projectId, otherProjectId));
  const live = all.filter(({ isDeleted }) => !isDeleted).map(({ expected }) => expected);
  return {
    projectId,
    otherProjectId,
    nowMs,
    deletedIds: all.filter(({ isDeleted }) => isDeleted).map(({ trace }) => trace.id),
    live,
    /** Of the first project, in the order of time and id. */
    expected: live
      .filter((trace) => trace.projectId === projectId)
      .toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp) || byBytes(a.id, b.id)),
    store: async (database: Database) => {
      await storeTables(database, all, nowMs);
      await storeAggregates(database, all);
    },
  };
};
export type TraceSet = ReturnType<typeof sampleTraceSet>;

type Described = ReturnType<typeof describe>;

/** Statements with parameters that change something, as the writer runs them. */
export const runOn =
  (database: Database) =>
  async (query: string, query_params: Record<string, unknown>): Promise<void> => {
    const { url, user, password, database: name } = database.config;
    const client = createClient({ url, username: user, password, database: name });
    await client.command({ query, query_params });
    await client.close();
  };

export const insertRows = async (database: Database, table: string, rows: readonly object[]): Promise<void> => {
  if (rows.length > 0) await database.query(`INSERT INTO ${table} FORMAT JSONEachRow`, rows.map((row) => JSON.stringify(row)).join("\n"));
};

const oldVersion = (nowMs: number) => ({ event_ts: stored(nowMs - dayMs), name: "old", environment: "old" });

/** Old versions differ in everything a filter may ask for, and lie on another day: only the newest may be found. */
const storeTables = async (database: Database, all: readonly Described[], nowMs: number) => {
  const old = all.filter(({ one }) => one.hasOldVersion);
  await insertRows(
    database,
    "traces",
    old.map(({ trace }) => ({
      ...trace,
      ...oldVersion(nowMs),
      timestamp: stored(msOf(trace.timestamp) - 2 * dayMs),
      user_id: "old user",
      session_id: "old session",
      tags: ["old tag"],
      is_deleted: 0,
    })),
  );
  await insertRows(
    database,
    "traces",
    all.map(({ trace }) => ({ ...trace, is_deleted: 0 })),
  );
  await insertRows(
    database,
    "traces",
    all.filter(({ isDeleted }) => isDeleted).map(({ trace }) => ({ ...trace, event_ts: stored(nowMs + 1000), is_deleted: 1 })),
  );
  const observations = all.flatMap((described) => described.observations);
  const row = { type: "SPAN", level: "DEFAULT", metadata: {}, provided_usage_details: {}, provided_cost_details: {}, is_deleted: 0 };
  await insertRows(
    database,
    "observations",
    observations.map((observation) => ({
      ...row,
      ...observation,
      ...oldVersion(nowMs),
      cost_details: { total: "7" },
      usage_details: { total: 7 },
    })),
  );
  await insertRows(
    database,
    "observations",
    observations.map((observation) => ({ ...row, name: "o", ...observation })),
  );
  const scores = all.flatMap((described) => described.scores);
  await insertRows(
    database,
    "scores",
    scores.map((score) => ({
      name: "s",
      value: 1,
      source: "API",
      data_type: "NUMERIC",
      metadata: {},
      long_string_value: "",
      is_deleted: 0,
      ...score,
    })),
  );
};

/**
 * In several inserts that stay parts of their own, what belongs to a trace partly before it; beside them a trace that only others have written of.
 * Deleted traces are written and deleted first: nothing can be deleted while merges stand still.
 */
const storeAggregates = async (database: Database, all: readonly Described[]) => {
  const projects = [...new Set(all.map(({ trace }) => trace.project_id))];
  const deleted = all.filter(({ isDeleted }) => isDeleted);
  await insertRows(database, "traces_mt", deleted.flatMap(aggregateRowsOf));
  for (const project of projects)
    await deleteTraceAggregates(runOn(database), {
      projectId: project,
      traceIds: deleted.filter(({ trace }) => trace.project_id === project).map(({ trace }) => trace.id),
    });
  for (const table of aggregateTables) await database.query(`SYSTEM STOP MERGES ${table}`);
  const batches: AggregateRow[][] = [[], [], [], []];
  const live = all.filter(({ isDeleted }) => !isDeleted);
  for (const [i, described] of live.entries()) {
    const rows = aggregateRowsOf(described);
    // Some traces are written a second time as they are.
    if (i % 5 === 0) rows.push(traceAggregateRow(described.trace));
    for (const [n, row] of rows.entries()) batches[(i + n) % batches.length]?.push(row);
  }
  const [first] = all;
  if (first !== undefined)
    for (const project_id of projects)
      batches[0]?.push({ ...traceAggregateRow({ ...first.trace, project_id, id: "nobody wrote this" }), public: null, bookmarked: null });
  for (const batch of batches) await insertRows(database, "traces_mt", batch);
};

const aggregateRowsOf = ({ trace, observations, scores }: Described): AggregateRow[] =>
  [
    traceAggregateRow(trace),
    ...observations.map((observation) => observationAggregateRow(observation)),
    ...scores.map((score) => scoreAggregateRow({ ...score, timestamp: trace.timestamp })),
  ].filter((row) => row !== undefined);
