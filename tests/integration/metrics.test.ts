import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { arrangeBatch } from "../../core/ingestion/arrange-batch.ts";
import { parseEvent } from "../../core/ingestion/event-schema.ts";
import { execute } from "../../db/postgres/client.ts";
import { countedMax, measureQueue } from "../../db/queue/measure-queue.ts";
import { freePort } from "../../local/free-port.ts";
import { type MetricDefinition, metricDefinitions } from "../../runner/metrics/definitions.ts";
import type { EventStore } from "../../services/ingestion/event-store.ts";
import { storeGroups } from "../../services/ingestion/store-groups.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { baseUs, clickHouseTime, eventRow } from "../support/event-rows.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { keyOf, readPage, shows } from "../support/metrics-page.ts";
import { startQueryHook } from "../support/query-hook.ts";

let fixture: Fixture;
let port: number;
/** Stopped after the test, the last first. */
let open: (() => unknown)[];

beforeEach(async () => {
  fixture = await createFixture();
  port = await freePort();
  open = [];
});
afterEach(async () => {
  for (const stop of open.toReversed()) await stop();
  await fixture.stop();
});

const sha256Hex = (text: string) => createHash("sha256").update(text).digest("hex");
const origin = { apiKey: "pk", sdkName: "test", sdkVersion: "1" };
const prefix = () => `${fixture.database}/events/`;
const store = (): EventStore => ({
  db: fixture.db,
  s3: fixture.s3,
  isLogEnabled: true,
  nowMs: () => performance.now(),
  newJobId: () => newId("job"),
  sha256Hex,
});

const startRunner = (env: Record<string, string> = {}) => {
  const lines: Record<string, unknown>[] = [];
  const runner = fixture.startRunner(
    {
      SPILLWAY_METRICS_PORT: String(port),
      LANGFUSE_S3_EVENT_UPLOAD_BUCKET: fixture.s3Config.bucket,
      LANGFUSE_S3_EVENT_UPLOAD_PREFIX: prefix(),
      LANGFUSE_S3_EVENT_UPLOAD_ENDPOINT: fixture.s3Config.endpoint,
      LANGFUSE_S3_EVENT_UPLOAD_REGION: fixture.s3Config.region,
      LANGFUSE_S3_EVENT_UPLOAD_ACCESS_KEY_ID: fixture.s3Config.accessKeyId,
      LANGFUSE_S3_EVENT_UPLOAD_SECRET_ACCESS_KEY: fixture.s3Config.secretAccessKey,
      LANGFUSE_S3_EVENT_UPLOAD_FORCE_PATH_STYLE: "true",
      ...env,
    },
    lines,
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= runner.stop());
  open.push(stop);
  return { stop, said: (event: string) => lines.filter((line) => line["event"] === event) };
};

const insertEvents = (rows: number) =>
  fixture.insertEvents(
    Array.from({ length: rows }, (_, i) =>
      eventRow({ project_id: fixture.projectId, trace_id: `t${i}`, span_id: `s${i}`, start_time: clickHouseTime(baseUs + i) }),
    ),
  );
const exportEvents = (more: object = {}) => fixture.requestExport({ format: "JSONL", query: { tableName: "events" }, ...more });

/** Events as POST /api/public/ingestion stores them. */
const ingest = async (...events: { type: string; body: Record<string, unknown> }[]): Promise<string[]> => {
  const arrived = events.map((event, i) => {
    const original = { id: `event-${sha256Hex(JSON.stringify(event)).slice(0, 8)}`, timestamp: `2026-05-01T12:00:0${i}Z`, ...event };
    const parsed = parseEvent(original, { isInternal: false });
    if (!parsed.ok || parsed.event === undefined) throw new Error(JSON.stringify(parsed));
    return { event: parsed.event, original };
  });
  const options = { projectId: fixture.projectId, prefix: prefix(), sampling: new Map(), segmentBytesMax: 400, sha256Hex };
  const groups = arrangeBatch(arrived, options);
  expect((await storeGroups(store(), { projectId: fixture.projectId, groups, origin, source: "api" })).size).toBe(0);
  return groups.map(({ fileKey }) => fileKey);
};

/** One root span for each trace, as POST /api/public/otel/v1/traces stores them. */
const sendSpans = (traceIds: readonly string[]) => {
  const span = (traceId: string) => ({
    traceId,
    spanId: traceId.slice(0, 16),
    name: "span",
    kind: 1,
    startTimeUnixNano: "1777636800000000000",
    endTimeUnixNano: "1777636801000000000",
    attributes: [],
    events: [],
    links: [],
    status: { code: 0 },
  });
  return storeOtelRequest(store(), {
    projectId: fixture.projectId,
    fileKey: `${prefix()}otel/${fixture.projectId}/2026/05/01/12/00/request.json`,
    id: "request",
    text: JSON.stringify({
      resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: "s", attributes: [] }, spans: traceIds.map(span) }] }],
    }),
    traceIds,
    origin,
  });
};

const promNames = Object.values<MetricDefinition>(metricDefinitions).map(({ name, type, attributes }) => ({
  name: `${name.replaceAll(".", "_")}${type === "counter" ? "_total" : ""}`,
  labels: [...attributes, ...(type === "histogram" ? ["le"] : [])],
}));

describe("the page for Prometheus", () => {
  it("shows what was exported, to the row and byte, and what failed", async () => {
    await insertEvents(300);
    const { said } = startRunner();
    const plain = await fixture.finished(await exportEvents());
    const packed = await fixture.finished(await exportEvents({ format: "CSV", compression: "gzip" }));
    const failed = await fixture.finished(
      await exportEvents({ query: { tableName: "traces", privacy: [{ path: "userId", action: "hash" }] } }),
    );
    expect([plain.status, packed.status, failed.errorCode]).toEqual(["COMPLETED", "COMPLETED", "HASHING_DISABLED"]);
    await shows(port, {
      'spillway_export_rows_total{format="JSONL",outcome="completed",table="events"}': 300,
      'spillway_export_rows_total{format="CSV",outcome="completed",table="events"}': 300,
      'spillway_export_bytes_total{format="JSONL",outcome="completed",table="events"}': plain.manifest?.bytes ?? -1,
      'spillway_export_bytes_total{format="CSV",outcome="completed",table="events"}': packed.manifest?.bytes ?? -1,
      'spillway_export_slices_total{format="JSONL",outcome="completed",table="events"}': plain.manifest?.slices ?? -1,
      'spillway_export_slices_resumed_total{format="JSONL",outcome="completed",table="events"}': undefined,
      'spillway_export_duration_count{format="JSONL",outcome="completed",table="events"}': 1,
      'spillway_export_duration_count{format="JSONL",outcome="failed",table="traces"}': 1,
      'spillway_export_rows_total{format="JSONL",outcome="failed",table="traces"}': undefined,
      'spillway_job_claimed_total{kind="export.run"}': 3,
      'spillway_job_settled_total{kind="export.run",state="completed"}': 2,
      'spillway_job_settled_total{kind="export.run",state="discarded"}': 1,
      'spillway_job_failures_total{error_code="HASHING_DISABLED",kind="export.run"}': 1,
      'spillway_job_dead_letters_total{kind="export.run"}': 1,
      'spillway_job_attempt_duration_count{kind="export.run",state="completed"}': 2,
      'spillway_job_running{kind="export.run"}': 0,
    });
    const { values } = await readPage(port);
    expect(values["process_memory_usage"]).toBeGreaterThan(10_000_000);
    const seconds = values['spillway_job_attempt_duration_sum{kind="export.run",state="completed"}'] ?? -1;
    const logged = said("job_attempt").filter(({ kind, state }) => kind === "export.run" && state === "completed");
    expect(seconds).toBeCloseTo(
      logged.reduce((sum, line) => sum + Number(line["seconds"]), 0),
      6,
    );
  });

  it("shows a job as running while it runs, and as due before", async () => {
    await insertEvents(5);
    const hook = await startQueryHook(fixture.clickhouseUrl);
    open.push(hook.stop);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    hook.before(() => held);
    startRunner({ CLICKHOUSE_URL: hook.url });
    const exportId = await exportEvents();
    await shows(port, { 'spillway_job_running{kind="export.run"}': 1, 'spillway_job_claimed_total{kind="export.run"}': 1 });
    letGo();
    await fixture.finished(exportId);
    await shows(port, { 'spillway_job_running{kind="export.run"}': 0 });
  });

  it("counts each event taken in once, by entity and by the route it came by, and what sampling leaves out", async () => {
    const isIn = (traceId: string) => Number.parseInt(sha256Hex(traceId).slice(0, 8), 16) / 0xffffffff < 0.5;
    const traceIds = Array.from({ length: 12 }, (_, i) => sha256Hex(`trace ${i}`).slice(0, 32));
    const [sampledIn, sampledOut] = [traceIds.filter(isIn).slice(0, 2), traceIds.filter((id) => !isIn(id)).slice(0, 3)];
    expect([sampledIn.length, sampledOut.length]).toEqual([2, 3]);
    await ingest(
      { type: "trace-create", body: { id: "t", name: "first" } },
      { type: "trace-create", body: { id: "t", userId: "u" } },
      { type: "span-create", body: { id: "o", traceId: "t" } },
      { type: "score-create", body: { id: "s", traceId: "t", name: "good", value: 1 } },
    );
    await sendSpans([...sampledIn, ...sampledOut]);
    startRunner({ LANGFUSE_INGESTION_PROCESSING_SAMPLED_PROJECTS: `${fixture.projectId}:0.5` });
    const first = {
      'langfuse_ingestion_event_total{entity_type="observation",source="api"}': 1,
      'langfuse_ingestion_event_total{entity_type="score",source="api"}': 1,
      'langfuse_ingestion_event_total{entity_type="observation",source="otel"}': 2,
      'langfuse_ingestion_event_total{entity_type="trace",source="otel"}': 2,
      'langfuse_ingestion_sampling_total{sampling_decision="in"}': 4,
      'langfuse_ingestion_sampling_total{sampling_decision="out"}': 6,
      'spillway_job_running{kind="ingestion.merge"}': 0,
    };
    await shows(port, {
      ...first,
      'langfuse_ingestion_event_total{entity_type="trace",source="api"}': 2,
      'langfuse_ingestion_event_distribution_count{entity_type="trace",source="api"}': 1,
      'langfuse_ingestion_event_distribution_sum{entity_type="trace",source="api"}': 2,
      'spillway_job_settled_total{kind="ingestion.merge",state="completed"}': 8,
      spillway_ingestion_batch_size_sum: 8,
    });
    // The entity is read whole again; only the new file counts.
    await ingest({ type: "trace-create", body: { id: "t", name: "second" } });
    await shows(port, {
      ...first,
      'langfuse_ingestion_event_total{entity_type="trace",source="api"}': 3,
      'langfuse_ingestion_event_distribution_count{entity_type="trace",source="api"}': 2,
      'spillway_job_settled_total{kind="ingestion.merge",state="completed"}': 9,
      spillway_ingestion_batch_size_sum: 9,
    });
    const { values } = await readPage(port);
    expect(values["spillway_ingestion_batch_duration_count"]).toBe(values["spillway_ingestion_batch_size_count"]);
    expect(values["spillway_ingestion_batch_duration_sum"]).toBeGreaterThan(0);
  });

  it("counts what cannot be taken in by code, and dead letters", async () => {
    const [bad = ""] = await ingest({ type: "trace-create", body: { id: "bad" } });
    await ingest({ type: "trace-create", body: { id: "good" } });
    await fixture.s3.send({ method: "PUT", key: bad, body: "not JSON" });
    await execute(fixture.db, sql`update jobs set payload = payload - 'inline', max_attempts = 1 where payload->>'fileKey' = ${bad}`);
    startRunner();
    await shows(port, {
      'spillway_job_failures_total{error_code="INTERNAL",kind="ingestion.merge"}': 1,
      'spillway_job_dead_letters_total{kind="ingestion.merge"}': 1,
      'spillway_job_settled_total{kind="ingestion.merge",state="discarded"}': 1,
      'spillway_job_settled_total{kind="ingestion.merge",state="completed"}': 1,
      'langfuse_ingestion_event_total{entity_type="trace",source="api"}': 1,
    });
  });

  it("shows how many jobs are due of each kind, and since when", async () => {
    const begunMs = Date.now();
    await exportEvents();
    await exportEvents();
    await ingest({ type: "trace-create", body: { id: "a" } }, { type: "trace-create", body: { id: "b" } });
    await sendSpans([sha256Hex("x").slice(0, 32)]);
    const [late] = await execute<{ id: string }>(
      fixture.db,
      sql`update jobs set run_at = now() - interval '2 hours' where id = (select min(id) from jobs where kind = 'ingestion.merge') returning id`,
    );
    expect(late).toBeDefined();
    // Not due yet.
    await ingest({ type: "trace-create", body: { id: "c" } });
    await execute(fixture.db, sql`update jobs set run_at = now() + interval '1 hour' where payload->>'entityId' = 'c'`);
    const off = Object.fromEntries(
      ["BATCH_EXPORT", "MAIL", "INGESTION", "OTEL_INGESTION", "DATA_DELETE"].map((queue) => [
        `QUEUE_CONSUMER_${queue}_QUEUE_IS_ENABLED`,
        "false",
      ]),
    );
    startRunner(off);
    await shows(port, {
      'spillway_queue_depth{kind="export.run"}': 2,
      'spillway_queue_depth{kind="ingestion.merge"}': 3,
      'spillway_queue_depth{kind="ingestion.otel"}': 0,
      'spillway_queue_depth{kind="mail.send"}': 0,
      'spillway_queue_depth{kind="data.delete"}': 0,
      'spillway_queue_oldest_due_age{kind="mail.send"}': 0,
    });
    const { values } = await readPage(port);
    const age = values['spillway_queue_oldest_due_age{kind="ingestion.merge"}'] ?? 0;
    const takenSeconds = (Date.now() - begunMs) / 1000;
    expect(age).toBeGreaterThanOrEqual(7200);
    expect(age).toBeLessThanOrEqual(7200 + takenSeconds);
    expect(values['spillway_queue_oldest_due_age{kind="export.run"}']).toBeLessThanOrEqual(takenSeconds);
  });

  it("counts a long queue to its bound, with the age of the oldest, and short ones behind it", async () => {
    const many = countedMax + 500;
    await execute(
      fixture.db,
      sql`insert into jobs (id, kind, project_id, payload, state, priority, max_attempts, has_slot, lane, run_at)
        select 'l' || i, 'ingestion.merge', ${fixture.projectId}, '{}'::jsonb, 'available', 20, 6, false, 'lane' || i, now() - make_interval(secs => i) from generate_series(1, ${many}::int) i
        union all select 'o' || i, 'ingestion.otel', ${fixture.projectId}, '{}', 'available', 20, 6, false, null, now() - make_interval(secs => i) from generate_series(1, ${many}::int) i
        union all select 'd', 'data.delete', ${fixture.projectId}, '{}', 'available', 80, 12, false, null, now() - interval '5 seconds'`,
    );
    const measured = new Map((await measureQueue(fixture.db)).map(({ kind, ...rest }) => [kind, rest]));
    expect(measured.get("ingestion.merge")?.due).toBe(countedMax);
    expect(measured.get("ingestion.otel")?.due).toBe(countedMax);
    for (const kind of ["ingestion.merge", "ingestion.otel"] as const)
      expect(measured.get(kind)?.oldestSeconds).toBeGreaterThanOrEqual(many);
    expect(measured.get("data.delete")).toMatchObject({ due: 1 });
  });

  it("counts objects the sweep removes", async () => {
    const key = `${fixture.database}/left-behind`;
    await fixture.s3.send({ method: "PUT", key, body: "left" });
    await execute(
      fixture.db,
      sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key, updated_at)
        values ('gone', ${fixture.projectId}, 'gone', gen_random_uuid(), ${fixture.s3Config.bucket}, ${key}, now() - interval '1 day')`,
    );
    startRunner({ SPILLWAY_SWEEP_SECONDS: "0.2", SPILLWAY_SWEEP_GRACE_SECONDS: "0" });
    await shows(port, {
      'spillway_sweep_objects_total{outcome="removed"}': 1,
      'spillway_sweep_objects_total{outcome="failed"}': undefined,
    });
  });

  it("holds the documented metrics and attributes only, and nobody's ids", async () => {
    await insertEvents(3);
    await ingest({ type: "trace-create", body: { id: "the-trace-id", userId: "the-user-id" } });
    startRunner();
    const row = await fixture.finished(await exportEvents({ name: "the-export-name" }));
    await shows(port, { 'spillway_job_settled_total{kind="ingestion.merge",state="completed"}': 1 });
    const { text, samples } = await readPage(port);
    const ids = [fixture.projectId, fixture.organizationId, fixture.userId, row.id, row.jobId, fixture.database];
    for (const id of [...ids, "the-trace-id", "the-user-id", "the-export-name"]) expect(text).not.toContain(id);
    const strange = samples.filter(
      ({ name, labels }) =>
        name !== "target_info" &&
        !promNames.some(
          (known) =>
            name.replace(known.labels.includes("le") ? /_(count|sum|bucket)$/ : /$^/, "") === known.name &&
            Object.keys(labels).every((label) => known.labels.includes(label)),
        ),
    );
    expect(strange.map(keyOf)).toEqual([]);
    expect(text).toContain('service_name="spillway-runner"');
  });

  it("answers /healthz, nothing else, and only to reading", async () => {
    startRunner();
    await shows(port, {});
    const ask = async (path: string, method = "GET") => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
      return [response.status, await response.text()];
    };
    expect(await ask("/healthz")).toEqual([200, "ok\n"]);
    expect(await ask("/")).toEqual([404, ""]);
    expect(await ask("/constructor")).toEqual([404, ""]);
    expect(await ask("/metrics", "POST")).toEqual([405, ""]);
  });

  it("is gone when the runner has stopped", async () => {
    const { stop } = startRunner();
    await shows(port, {});
    await stop();
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });

  it("whose port is taken is missing, is told of, and disturbs no job", async () => {
    const other = createServer((_, response) => response.end("somebody else"));
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    open.push(() => new Promise((resolve) => other.close(resolve)));
    await insertEvents(5);
    const { said, stop } = startRunner();
    expect((await fixture.finished(await exportEvents())).status).toBe("COMPLETED");
    await stop();
    expect(said("pages_not_served")).toHaveLength(1);
  });
});

type Point = { attributes: { key: string; value: { stringValue: string } }[]; asInt?: number; asDouble?: number; count?: number };
type Otlp = {
  resourceMetrics: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeMetrics: {
      metrics: {
        name: string;
        unit: string;
        sum?: { dataPoints: Point[]; isMonotonic: boolean; aggregationTemporality: number };
        histogram?: { dataPoints: Point[] };
        gauge?: { dataPoints: Point[] };
      }[];
    }[];
  }[];
};

/** A collector on loopback: what it was sent, in order. */
const startCollector = async () => {
  const requests: { path: string; headers: IncomingHttpHeaders; body: Otlp }[] = [];
  let arrived = () => {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push({
        path: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Otlp,
      });
      response.setHeader("content-type", "application/json");
      response.end("{}");
      arrived();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
    requests,
    /** Resolves when so many requests have come in all. */
    reached: (count: number) =>
      new Promise<void>((resolve) => {
        arrived = () => {
          if (requests.length >= count) resolve();
        };
        arrived();
      }),
  };
};

const metricIn = (body: Otlp | undefined, name: string) =>
  body?.resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .find((metric) => metric.name === name);
const plainPoint = ({ attributes, asInt, asDouble }: Point) => ({
  ...Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
  value: asInt ?? asDouble,
});

describe("OTLP", () => {
  it("arrives when the runner stops, whatever the interval, with headers, units and values", async () => {
    const collector = await startCollector();
    await insertEvents(42);
    const { stop } = startRunner({
      SPILLWAY_METRICS_PORT: "",
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/base/`,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret,x-tenant=a",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRIC_EXPORT_INTERVAL: "3600000",
    });
    const row = await fixture.finished(await exportEvents());
    await stop();
    const [request, ...more] = collector.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ path: "/base/v1/metrics", headers: { authorization: "Bearer secret", "x-tenant": "a" } });
    const what = { table: "events", format: "JSONL", outcome: "completed" };
    const rows = metricIn(request?.body, "spillway.export.rows");
    expect(rows).toMatchObject({ unit: "{row}", sum: { isMonotonic: true, aggregationTemporality: 2 } });
    expect(rows?.sum?.dataPoints.map(plainPoint)).toEqual([{ ...what, value: 42 }]);
    const bytes = metricIn(request?.body, "spillway.export.bytes");
    expect([bytes?.unit, bytes?.sum?.dataPoints.map(plainPoint)]).toEqual(["By", [{ ...what, value: row.manifest?.bytes }]]);
    expect(metricIn(request?.body, "spillway.export.duration")?.histogram?.dataPoints.map(({ count }) => count)).toEqual([1]);
    expect(metricIn(request?.body, "spillway.queue.depth")?.gauge?.dataPoints.map(plainPoint)).toContainEqual({
      kind: "export.run",
      value: 0,
    });
    expect(request?.body.resourceMetrics[0]?.resource.attributes).toContainEqual({
      key: "service.name",
      value: { stringValue: "spillway-runner" },
    });
  });

  it("is sent at every interval, to the address of metrics where one is named", async () => {
    const collector = await startCollector();
    startRunner({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/own`,
      OTEL_METRIC_EXPORT_INTERVAL: "100",
    });
    await collector.reached(3);
    expect(new Set(collector.requests.map(({ path }) => path))).toEqual(new Set(["/own"]));
  });

  it("whose collector is gone is told of once a minute, and disturbs no job", async () => {
    await insertEvents(20);
    const begunMs = Date.now();
    const { said, stop } = startRunner({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_METRIC_EXPORT_INTERVAL: "100",
    });
    for (let i = 0; i < 3; i++) expect((await fixture.finished(await exportEvents())).status).toBe("COMPLETED");
    await shows(port, { 'spillway_export_rows_total{format="JSONL",outcome="completed",table="events"}': 60 });
    await stop();
    const minutes = (Date.now() - begunMs) / 60_000;
    expect(said("metrics_not_sent").length).toBeGreaterThanOrEqual(1);
    expect(said("metrics_not_sent").length).toBeLessThanOrEqual(1 + minutes);
    expect(said("listener_failed")).toEqual([]);
  });

  it("whose collector never answers disturbs no job, and holds up the end for 5 s at most", async () => {
    const sockets: Socket[] = [];
    let closed = 0;
    const silent = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on("close", () => closed++);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    open.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    await insertEvents(20);
    const { said, stop } = startRunner({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
      OTEL_METRIC_EXPORT_INTERVAL: "3600000",
    });
    expect((await fixture.finished(await exportEvents())).status).toBe("COMPLETED");
    await stop();
    // The library by itself hangs up after 10 s.
    expect([sockets.length > 0, closed]).toEqual([true, 0]);
    expect(said("metrics_not_sent")).toHaveLength(1);
    expect(said("runner_stopped")).toHaveLength(1);
  });
});

describe("without a place for metrics", () => {
  it("nothing listens and the runner works", async () => {
    await insertEvents(5);
    startRunner({ SPILLWAY_METRICS_PORT: "" });
    expect((await fixture.finished(await exportEvents())).status).toBe("COMPLETED");
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });
});
