/** Rows for PostHog and Mixpanel out of the real ClickHouse: every column of the four tables, by write time, up to the local servers. */
import { randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AnalyticsTable, analyticsSource, analyticsTables } from "../../core/integrations/analytics/analytics-tables.ts";
import type { AnalyticsContext } from "../../core/integrations/analytics/map-to-analytics-event.ts";
import type { Rejection } from "../../core/integrations/analytics/sink-event.ts";
import { toMixpanelEvent } from "../../core/integrations/analytics/to-mixpanel-event.ts";
import { toPostHogEvent } from "../../core/integrations/analytics/to-posthog-event.ts";
import { createClickHouse } from "../../db/clickhouse/client.ts";
import { startMixpanelServer } from "../../local/mixpanel/mixpanel-server.ts";
import { startPostHogServer } from "../../local/posthog/posthog-server.ts";
import { systemClock } from "../../runner/clock.ts";
import { sendTable } from "../../runner/transfer/send-table.ts";
import { createMixpanelSink } from "../../runner/transfer/sinks/mixpanel-sink.ts";
import { createPostHogSink } from "../../runner/transfer/sinks/posthog-sink.ts";
import { openSource } from "../../runner/transfer/source/open-source.ts";
import { baseUs, clickHouseTime, eventRow } from "../support/event-rows.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

const projectId = "analytics";
const signal = new AbortController().signal;
const written = (ms: number) => clickHouseTime(baseUs + ms * 1000);
const at = (ms: number) => new Date(baseUs / 1000 + ms).toISOString();
const metadata = { $posthog_session_id: "ph-1", $mixpanel_session_id: "mp-1", large: "x".repeat(1000) };

let fixture: Fixture;
const insert = (table: string, rows: readonly object[]) =>
  fixture.query(
    `INSERT INTO ${table} FORMAT JSONEachRow`,
    rows.map((row) => JSON.stringify({ project_id: projectId, is_deleted: 0, event_ts: written(10), ...row })).join("\n"),
  );

/** Written at 10 ms unless said otherwise; windows are [0, 100) ms and [100, 200) ms. */
const fill = async () => {
  const trace = {
    id: "t1",
    timestamp: written(0),
    name: "chat",
    user_id: "jo",
    session_id: "s1",
    release: "r1",
    version: "v1",
    tags: ["b", "a"],
    metadata,
  };
  // In an insert of its own: one insert keeps only the newest version of a row.
  await insert("traces", [{ ...trace, name: "old name", event_ts: written(5) }]);
  await insert("traces", [
    trace,
    { id: "t2", timestamp: written(1), name: "", user_id: null, session_id: "", tags: [] },
    { id: "gone", timestamp: written(1), name: "gone", is_deleted: 1 },
    { id: "later", timestamp: written(1), name: "later", event_ts: written(150) },
  ]);
  const generation = {
    id: "g1",
    trace_id: "t1",
    type: "GENERATION",
    start_time: written(1000),
    end_time: written(2235),
    completion_start_time: written(1310),
    name: "answer",
    level: "WARNING",
    version: "v2",
    provided_model_name: "gpt-4o",
    usage_details: { input: 100, output: 25, total: 125, input_cached: 7 },
    cost_details: { total: "0.000750000001" },
    total_cost: "0.000750000001",
  };
  await insert("observations", [
    generation,
    { id: "g2", trace_id: "unknown", type: "GENERATION", start_time: written(3000), name: "", level: "DEFAULT" },
    { id: "s1", trace_id: "t1", type: "SPAN", start_time: written(500), end_time: written(5000), name: "span", level: "DEFAULT" },
  ]);
  const score = { trace_id: "t1", timestamp: written(4000), name: "help", value: 0.75, source: "API", data_type: "NUMERIC" };
  await insert("scores", [
    { ...score, id: "c1", comment: "good", metadata: { k: '{"a":1}' } },
    { ...score, id: "c2", trace_id: null, session_id: "s9", data_type: "CATEGORICAL", value: 0, string_value: "red" },
    { ...score, id: "c3", data_type: "TEXT", long_string_value: "long words" },
    { ...score, id: "c4", data_type: "CORRECTION", long_string_value: "no measurement" },
  ]);
  const span = eventRow({
    project_id: projectId,
    span_id: "e1",
    trace_id: "t1",
    start_time: clickHouseTime(baseUs + 7),
    end_time: clickHouseTime(baseUs + 1_234_567),
    completion_start_time: clickHouseTime(baseUs + 310_000),
    name: "answer",
    type: "GENERATION",
    version: "v2",
    release: "r1",
    trace_name: "chat",
    user_id: "jo",
    session_id: "s1",
    tags: ["a"],
    provided_model_name: "gpt-4o",
    usage_details: { input: "100", output: "25", total: "125" },
    cost_details: { total: "0.000750000001" },
    metadata_names: ["other", "$mixpanel_session_id", "$posthog_session_id"],
    metadata_values: ["x", "mp-1", "ph-1"],
    event_ts: clickHouseTime(baseUs + 10_001),
  });
  await fixture.insertEvents([span, eventRow({ project_id: projectId, span_id: "e2", event_ts: written(20) })]);
};

type Window = readonly [number, number];
const openTable = (
  table: AnalyticsTable,
  [start, end]: Window,
  rowIds?: readonly string[],
  bounds = { sliceBytes: 2000, sliceBytesMin: 1, sliceRowsMax: 2 },
) =>
  openSource(
    {
      db: fixture.db,
      clickhouse: createClickHouse({ url: fixture.clickhouseUrl, user: "default", password: "", database: fixture.database }, fetch),
      settings: { physical: { events: "events" }, sliceThreads: 1, isOnlyWriter: true, ...bounds },
    },
    {
      ...analyticsSource(table, rowIds),
      projectId,
      window: { axis: "writeTime", start: at(start), end: at(end) },
      queryId: randomUUID(),
      signal,
      known: null,
      isWhole: false,
    },
  );

const read = async (table: AnalyticsTable, window: Window = [0, 100], rowIds?: readonly string[]): Promise<Record<string, unknown>[]> => {
  const source = await openTable(table, window, rowIds);
  const texts = [];
  for (const [index, slice] of source.slices.entries()) {
    const { body } = await slice.open({ attempts: 0, limitRows: 1000, isFirst: index === 0, isCompressed: false });
    texts.push(await new Response(body).text());
  }
  return texts
    .join("")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

beforeAll(async () => {
  fixture = await createFixture();
  for (const table of ["traces", "observations", "scores", "events"]) await fixture.query(`SYSTEM STOP MERGES ${table}`);
  await fill();
});
afterAll(() => fixture.stop());

const ofTrace = { userId: "jo", sessionId: "s1", release: "r1", tags: ["b", "a"], posthogSessionId: "ph-1", mixpanelSessionId: "mp-1" };
const none = { userId: null, sessionId: null, release: null, tags: [], posthogSessionId: null, mixpanelSessionId: null };
const base = (ms: number, version = "2026-01-01T00:00:00.010000Z") => ({
  projectId,
  environment: "default",
  timestamp: at(ms),
  _version: version,
});

describe("the rows of a window", () => {
  it("of traces have their newest revision of the window, with the totals of their observations", async () => {
    expect(await read("traces")).toEqual([
      { ...base(0), ...ofTrace, id: "t1", name: "chat", version: "v1", costUsd: 0.000750000001, observations: 2, latencySeconds: 4.5 },
      { ...base(1), ...none, id: "t2", name: null, version: null, costUsd: 0, observations: 0, latencySeconds: null },
    ]);
    expect((await read("traces", [100, 200])).map(({ id }) => id)).toEqual(["later"]);
    expect((await read("traces", [0, 10])).map(({ name }) => name)).toEqual(["old name"]);
  });

  it("of generations are the observations of that type, with the fields of their trace", async () => {
    const empty = { costUsd: null, inputUnits: null, outputUnits: null, totalUnits: null, latencySeconds: null, timeToFirstTokenMs: null };
    expect(await read("generations")).toEqual([
      {
        ...base(1000),
        ...ofTrace,
        id: "g1",
        name: "answer",
        traceId: "t1",
        traceName: "chat",
        version: "v2",
        model: "gpt-4o",
        level: "WARNING",
        costUsd: 0.000750000001,
        inputUnits: 100,
        outputUnits: 25,
        totalUnits: 125,
        latencySeconds: 1.235,
        timeToFirstTokenMs: 310,
      },
      {
        ...base(3000),
        ...none,
        ...empty,
        id: "g2",
        name: null,
        traceId: "unknown",
        traceName: null,
        version: null,
        model: null,
        level: "DEFAULT",
      },
    ]);
  });

  it("of scores have their trace, their words and their metadata as text, and leave corrections out", async () => {
    const score = { ...base(4000), ...ofTrace, name: "help", traceId: "t1", traceName: "chat", scoredSessionId: null, datasetRunId: null };
    const rows = await read("scores");
    expect(rows.toSorted((a, b) => String(a["id"]).localeCompare(String(b["id"])))).toEqual([
      { ...score, id: "c1", value: 0.75, comment: "good", metadata: { k: '{"a":1}' }, stringValue: null, dataType: "NUMERIC" },
      {
        ...score,
        ...none,
        id: "c2",
        value: 0,
        comment: null,
        metadata: {},
        stringValue: "red",
        dataType: "CATEGORICAL",
        traceId: null,
        traceName: null,
        scoredSessionId: "s9",
      },
      { ...score, id: "c3", value: 0.75, comment: null, metadata: {}, stringValue: "long words", dataType: "TEXT" },
    ]);
  });

  it("of events have the fields of their own row, in microseconds", async () => {
    const empty = {
      costUsd: null,
      inputUnits: null,
      outputUnits: null,
      totalUnits: null,
      latencySeconds: null,
      timeToFirstTokenSeconds: null,
    };
    const rows = await read("events");
    expect(rows.toSorted((a, b) => String(a["id"]).localeCompare(String(b["id"])))).toEqual([
      {
        ...base(0, "2026-01-01T00:00:00.010001Z"),
        ...ofTrace,
        timestamp: "2026-01-01T00:00:00.000007Z",
        tags: ["a"],
        id: "e1",
        name: "answer",
        traceId: "t1",
        traceName: "chat",
        type: "GENERATION",
        version: "v2",
        model: "gpt-4o",
        level: "DEFAULT",
        costUsd: 0.000750000001,
        inputUnits: 100,
        outputUnits: 25,
        totalUnits: 125,
        latencySeconds: 1.234,
        timeToFirstTokenSeconds: 0.31,
      },
      {
        ...base(0, "2026-01-01T00:00:00.020000Z"),
        ...none,
        ...empty,
        timestamp: "2026-01-01T00:00:00.000000Z",
        id: "e2",
        name: null,
        traceId: "t",
        traceName: null,
        type: "SPAN",
        version: null,
        model: null,
        level: "DEFAULT",
      },
    ]);
  });

  it("have exactly the columns that are declared", async () => {
    for (const table of Object.keys(analyticsTables) as AnalyticsTable[])
      for (const row of await read(table))
        expect(Object.keys(row).toSorted()).toEqual(Object.keys(analyticsTables[table].table.columns).toSorted());
  });
});

describe("sending a table", () => {
  const context: AnalyticsContext = { projectId, projectName: "Analytics", baseUrl: null };
  const deps = { fetch, clock: systemClock, random: Math.random, crc32, slicesAhead: 1 };
  const names = Object.keys(analyticsTables) as AnalyticsTable[];

  it("reaches PostHog and Mixpanel, each row as one event", async () => {
    const posthog = await startPostHogServer({ projectToken: "phc_t" });
    const mixpanel = await startMixpanelServer({ projectToken: "t" });
    const toPostHog = createPostHogSink({ host: posthog.url, projectToken: "phc_t" }, { ...deps, newUuid: randomUUID });
    const toMixpanel = createMixpanelSink({ region: "api", projectToken: "t" }, { ...deps, baseUrl: mixpanel.url });
    const onRejected = () => Promise.reject(new Error("rejected"));
    try {
      for (const table of names) {
        const rows = (await read(table, [0, 200])).length;
        const all = { sent: rows, accepted: rows, rejected: 0, bytes: expect.any(Number), warnings: 0 };
        const common = { table, context, onRejected, signal };
        const source = () => openTable(table, [0, 200]);
        expect(await sendTable(deps, { ...common, source: await source(), map: toPostHogEvent, sink: toPostHog })).toEqual(all);
        expect(await sendTable(deps, { ...common, source: await source(), map: toMixpanelEvent, sink: toMixpanel })).toEqual(all);
      }
      expect([posthog.events().length, mixpanel.events().length]).toEqual([10, 10]);
      expect(posthog.events().filter(({ isHistorical }) => isHistorical).length).toBe(10);
    } finally {
      await Promise.all([posthog.stop(), mixpanel.stop()]);
    }
  });

  it("tells every row that the mapping or the product rejects, and those alone can be read again", async () => {
    const many = Array.from({ length: 2501 }, (_, i) => ({
      id: `m${i}`,
      timestamp: i === 7 ? "1970-06-01 00:00:00.000" : written(i),
      name: `name ${i}`,
      event_ts: written(1000),
    }));
    await insert("traces", many);
    const refused = { field: "properties.langfuse_trace_name", message: "no" };
    const server = await startMixpanelServer({
      projectToken: "t",
      refuse: ({ properties }) => (properties["langfuse_id"] === "m2500" ? refused : undefined),
    });
    const sink = createMixpanelSink({ region: "api", projectToken: "t" }, { ...deps, baseUrl: server.url });
    const rejections: Rejection[] = [];
    const onRejected = (more: readonly Rejection[]) => {
      rejections.push(...more);
      return Promise.resolve();
    };
    try {
      const source = await openTable("traces", [1000, 1001], undefined, {
        sliceBytes: 1_000_000,
        sliceBytesMin: 1,
        sliceRowsMax: 1_000_000,
      });
      const sent = await sendTable(deps, { table: "traces", source, context, map: toMixpanelEvent, sink, onRejected, signal });
      expect(sent).toEqual({ sent: 2501, accepted: 2499, rejected: 2, bytes: expect.any(Number), warnings: 0 });
      expect(new Set(server.events().map(({ properties }) => properties["langfuse_id"])).size).toBe(2499);
      expect(server.requests.length).toBeGreaterThanOrEqual(3);
    } finally {
      await server.stop();
    }
    // Several batches are on their way at once, and are answered in any order.
    expect(Object.fromEntries(rejections.map(({ event, code }) => [event.rowId, code]))).toEqual({
      m7: "EVENT_TIME_OUT_OF_RANGE",
      m2500: "REFUSED_BY_SINK",
    });
    expect(rejections).toHaveLength(2);
    const again = await read(
      "traces",
      [1000, 1001],
      rejections.map(({ event }) => event.rowId),
    );
    expect(again.map(({ id }) => id)).toEqual(["m7", "m2500"]);
  });

  it("ends with the failure of the sink", async () => {
    const server = await startMixpanelServer({ projectToken: "another" });
    const sink = createMixpanelSink({ region: "api", projectToken: "t" }, { ...deps, baseUrl: server.url });
    const onRejected = () => Promise.resolve();
    const source = await openTable("traces", [0, 200]);
    const sent = sendTable(deps, { table: "traces", source, context, map: toMixpanelEvent, sink, onRejected, signal });
    await expect(sent).rejects.toMatchObject({ code: "SINK_CREDENTIALS_REJECTED" });
    await server.stop();
  });
});
