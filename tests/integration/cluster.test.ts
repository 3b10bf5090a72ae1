/**
 * The product on two shards with two replicas each: four servers of the embedded ClickHouse and a ZooKeeper (Debian package `zookeeper`).
 * Without it this is skipped.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JobPayload } from "../../core/jobs/kinds.ts";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { type ClickHouse, createClickHouse } from "../../db/clickhouse/client.ts";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { enqueueJob } from "../../db/queue/enqueue-job.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { createAppOnFixture } from "../support/app-on-fixture.ts";
import {
  clusterName,
  missingForCluster,
  oneShardName,
  type Replica,
  startCluster,
  type TestCluster,
} from "../support/clickhouse-cluster/start-cluster.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";
import { insertProject } from "../support/project.ts";
import { untilIngested } from "../support/until-ingested.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { pageOf } from "../support/walk-rows.ts";

const missing = missingForCluster();
if (missing !== undefined) console.warn(`SKIPPED: ClickHouse on two shards with two replicas each, because ${missing}`);

const tables = ["events", "traces", "observations", "scores"] as const;
const at = (seconds: number) => new Date(Date.UTC(2026, 9, 1, 12) + seconds * 1000).toISOString();
let counter = 0;
const event = (type: string, body: Record<string, unknown>, seconds = 0) => ({
  id: `event-${++counter}`,
  timestamp: at(seconds),
  type,
  body,
});
/** A trace with an observation and a score; the score comes first. */
const family = (id: string, name: string, seconds = 0) => [
  event("score-create", { id: `s-${id}`, traceId: id, name: "good", value: 1, dataType: "NUMERIC" }, seconds),
  event("span-create", { id: `o-${id}`, traceId: id, name, startTime: at(seconds) }, seconds),
  event("trace-create", { id, name, userId: "user", timestamp: at(seconds) }, seconds),
];
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${String(i).padStart(4, "0")}`);

describe.skipIf(missing !== undefined)("a ClickHouse of two shards with two replicas each", () => {
  let dir: string;
  let cluster: TestCluster;
  let fixture: Fixture;
  let clickhouse: ClickHouse;
  /** A project on each shard. */
  let projects: [string, string];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "spillway-cluster-"));
    chmodSync(dir, 0o755);
    cluster = await startCluster(dir);
    fixture = await createFixture({ cluster: { url: cluster.url, name: clusterName } });
    clickhouse = createClickHouse(
      {
        ...{ url: cluster.url, user: "default", password: "", database: fixture.database },
        cluster: { name: clusterName, sharded: true, insertQuorum: "auto" },
      },
      fetch,
    );
    projects = [fixture.projectId, await projectBeside(fixture.projectId)];
  });
  afterAll(async () => {
    await fixture?.stop();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const shardOf = async (projectId: string): Promise<number> =>
    Number(await fixture.query(`SELECT cityHash64('${projectId}') % 2 + 1 FORMAT TSV`));
  const projectBeside = async (projectId: string): Promise<string> => {
    const taken = await shardOf(projectId);
    for (;;) {
      const other = await insertProject(fixture.db);
      if ((await shardOf(other)) !== taken) return other;
    }
  };
  const replicasOf = (shard: number) => cluster.replicas.filter((replica) => replica.shard === shard);
  const ask = async (replica: Replica, sql: string): Promise<string> => {
    const url = new URL(replica.url);
    url.searchParams.set("database", fixture.database);
    const response = await fetch(url, { method: "POST", body: sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  /** The rows a replica itself holds: merged, without internal columns of one copy. Waits until it has fetched everything. */
  const heldBy = async (replica: Replica): Promise<string[]> => {
    const held: string[] = [];
    for (const table of tables) {
      await ask(replica, `SYSTEM SYNC REPLICA ${table}_local`);
      held.push(await ask(replica, `SELECT * FROM ${table}_local FINAL ORDER BY ALL FORMAT JSONEachRow`));
    }
    return held;
  };
  const expectEqualReplicas = async () => {
    for (const shard of [1, 2]) {
      const [first, second] = replicasOf(shard);
      if (first === undefined || second === undefined) throw new Error("a shard has two replicas");
      expect(await heldBy(second)).toEqual(await heldBy(first));
    }
  };
  const working = async (work: () => Promise<unknown>): Promise<void> => {
    const runner = fixture.startRunner({ SPILLWAY_SLICE_MIB: "1" });
    try {
      await work();
    } finally {
      await runner.stop();
    }
  };
  const send = async (projectId: string, traceIds: readonly string[], name = "span") => {
    for (let from = 0; from < traceIds.length; from += 100)
      await fixture.ingest(
        traceIds.slice(from, from + 100).flatMap((id, i) => family(id, name, from + i)),
        projectId,
      );
  };
  const idsIn = async (projectId: string, table: string, id = "id"): Promise<string[]> =>
    (
      await clickhouse.queryRows<{ id: string }>({
        sql: `SELECT ${id} AS id FROM ${table} FINAL WHERE project_id = {projectId:String} ORDER BY id`,
        params: { projectId },
      })
    ).map((row) => row.id);
  const exportOf = async (projectId: string, attempts = 1) =>
    fixture.requestExport({ format: "JSONL", query: { tableName: "traces", orderBy: null, filter: [] } }, attempts, projectId);
  const exportedIds = async (exportId: string, projectId: string): Promise<string[]> => {
    const row = await fixture.finished(exportId, waitSeconds, projectId);
    return (await fixture.readExport(row))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { id: string }).id);
  };
  const remove = async (projectId: string, payload: JobPayload<"data.delete">) => {
    await enqueueJob(fixture.db, { id: newId("job"), kind: "data.delete", projectId, payload });
    await working(() => untilIngested(fixture.db));
  };

  it("is migrated once, on every server, and refused where shards are not wanted", async () => {
    const config = { url: cluster.url, user: "default", password: "", database: fixture.database, cluster: clusterName };
    for (const replica of cluster.replicas)
      expect(
        await ask(
          replica,
          "SELECT engine FROM system.tables WHERE name IN ('traces', 'traces_local') AND database = currentDatabase() ORDER BY name FORMAT CSV",
        ),
      ).toBe('"Distributed"\n"ReplicatedReplacingMergeTree"\n');
    for (const replica of cluster.replicas) await ask(replica, "SYSTEM SYNC REPLICA schema_migrations");
    expect(await migrateClickHouse({ ...config, sharded: true })).toEqual([]);
    await expect(migrateClickHouse({ ...config, database: "other" })).rejects.toThrow("Set CLICKHOUSE_SHARDED=true");
    await expect(migrateClickHouse({ ...config, database: "other", cluster: "unknown" })).rejects.toThrow("knows no cluster");
  });

  it("of one shard keeps its tables under their names, and deletes from every replica", async () => {
    const config = { url: cluster.oneShardUrl, user: "default", password: "", database: "one_shard" };
    await migrateClickHouse({ ...config, cluster: oneShardName });
    const single = createClickHouse({ ...config, cluster: { name: oneShardName, sharded: false, insertQuorum: "auto" } }, fetch);
    const rows = ["kept", "gone"].map((id) => ({ id, project_id: "p", timestamp: at(0), event_ts: at(0), is_deleted: 0 }));
    await single.insertRows({ table: "traces", rows, token: "first" });
    await single.insertRows({ table: "traces", rows, token: "first" });
    await single.command({ sql: "DELETE FROM traces WHERE id = 'gone'" });
    const foreign = "SELECT count() FROM system.tables WHERE database = 'one_shard' AND (engine = 'Distributed' OR name LIKE '%_local')";
    for (const replica of replicasOf(1)) {
      expect(await ask(replica, "SELECT id FROM one_shard.traces FORMAT TSV")).toBe("kept\n");
      expect(await ask(replica, `${foreign} FORMAT TSV`)).toBe("0\n");
      await ask(replica, "SYSTEM SYNC REPLICA one_shard.schema_migrations");
    }
    expect(await migrateClickHouse({ ...config, cluster: oneShardName })).toEqual([]);
  });

  it("takes in Langfuse events and OTLP, each project on one shard and equal on its replicas", async () => {
    const traceIds = ids("first", 150);
    const otelTraceId = "a".repeat(32);
    for (const projectId of projects) {
      await send(projectId, traceIds);
      await sendSpan(projectId, otelTraceId);
    }
    await working(() => untilIngested(fixture.db));
    for (const projectId of projects) {
      // Written means written on both: whichever answers has every row, without being asked to catch up first.
      for (const replica of replicasOf(await shardOf(projectId)))
        expect(await ask(replica, `SELECT count() FROM traces_local FINAL WHERE project_id = '${projectId}' FORMAT TSV`)).toBe("151\n");
      expect(await idsIn(projectId, "traces")).toEqual([otelTraceId, ...traceIds]);
      expect(await idsIn(projectId, "events", "span_id")).toEqual(["b".repeat(16), ...traceIds.map((id) => `o-${id}`)]);
      expect(await idsIn(projectId, "scores")).toEqual(traceIds.map((id) => `s-${id}`));
      for (const replica of cluster.replicas)
        expect(Number(await ask(replica, `SELECT count() > 0 FROM traces_local WHERE project_id = '${projectId}' FORMAT TSV`))).toBe(
          replica.shard === (await shardOf(projectId)) ? 1 : 0,
        );
    }
    await expectEqualReplicas();
  });

  it("is read as one server: pages, one trace, an aggregate", async () => {
    const app = createAppOnFixture(fixture, {
      openClickHouse: () => clickhouse,
      eventsTable: "events",
      answers: { bytesMax: 80_000_000, observationsMax: 20_000 },
      traceExperiment: null,
    });
    const authorization = `Basic ${btoa(`${fixture.publicKey}:${fixture.secretKey}`)}`;
    const get = async (path: string): Promise<Record<string, unknown>> => {
      const response = await app.request(path, { headers: { authorization } });
      expect(`${response.status} ${response.status === 200 ? "" : await response.clone().text()}`).toBe("200 ");
      return (await response.json()) as Record<string, unknown>;
    };
    const list = await get("/api/public/traces?limit=100&page=2");
    expect([(list["data"] as unknown[]).length, list["meta"]]).toEqual([51, { page: 2, limit: 100, totalItems: 151, totalPages: 2 }]);
    const trace = await get("/api/public/traces/first-0007");
    expect(trace).toMatchObject({
      id: "first-0007",
      userId: "user",
      observations: [{ id: "o-first-0007" }],
      scores: [{ id: "s-first-0007" }],
    });
    expect(trace["observations"]).toHaveLength(1);
    const page = await pageOf(fixture, { tableName: "events", orderBy: null, filter: [] }, { limit: 20 }, clickhouse);
    expect(page.rowCount).toBe(20);
    expect((await get("/api/public/observations?limit=10"))["meta"]).toMatchObject({ totalItems: 151 });
    const [{ rows, users } = { rows: "", users: "" }] = await clickhouse.queryRows<{ rows: string; users: string }>({
      sql: "SELECT count() AS rows, countIf(user_id = 'user') AS users FROM events FINAL WHERE project_id = {projectId:String}",
      params: { projectId: fixture.projectId },
    });
    expect([rows, users]).toEqual(["151", "150"]);
  });

  it("follows a trace that changes, and an observation that moves to another trace", async () => {
    const [projectId] = projects;
    // What fixes the trace of an observation is the earliest event that names one.
    const moved = event("span-create", { id: "o-first-0002", traceId: "first-0004", name: "span" }, -5000);
    await fixture.ingest([event("trace-create", { id: "first-0001", userId: "renamed", timestamp: at(1) }, 5000), moved], projectId);
    await working(() => untilIngested(fixture.db));
    const rows = await clickhouse.queryRows<{ id: string; trace: string; user: string }>({
      sql: `SELECT span_id AS id, trace_id AS trace, user_id AS user FROM events FINAL WHERE project_id = {projectId:String}
        AND span_id IN ('o-first-0001', 'o-first-0002') ORDER BY id`,
      params: { projectId },
    });
    expect(rows).toEqual([
      { id: "o-first-0001", trace: "first-0001", user: "renamed" },
      { id: "o-first-0002", trace: "first-0004", user: "user" },
    ]);
    expect(await idsIn(projectId, "observations")).toHaveLength(151);
  });

  it("is exported with exactly the rows that were sent", async () => {
    const asked = await Promise.all(projects.map(async (projectId) => [projectId, await exportOf(projectId)] as const));
    await working(async () => {
      for (const [projectId, exportId] of asked)
        expect((await exportedIds(exportId, projectId)).toSorted()).toEqual(["a".repeat(32), ...ids("first", 150)]);
    });
  });

  it("loses nothing and doubles nothing when a replica is killed before an insert, and both are equal once it is back", async () => {
    const [projectId] = projects;
    const [, victim] = replicasOf(await shardOf(projectId));
    if (victim === undefined) throw new Error("a shard has two replicas");
    const traceIds = ids("second", 300);
    let isKilled = false;
    cluster.once(/INSERT INTO observations/, async () => {
      await victim.kill();
      isKilled = true;
    });
    await send(projectId, traceIds);
    await working(async () => {
      await until(() => Promise.resolve(isKilled));
      // The shard has one replica of the two that the quorum asks for: rows wait, and what was acknowledged is readable.
      expect((await idsIn(projectId, "traces")).filter((id) => !id.startsWith("second"))).toHaveLength(151);
      await victim.start();
      await untilIngested(fixture.db);
    });
    expect(await idsIn(projectId, "traces")).toEqual(["a".repeat(32), ...ids("first", 150), ...traceIds]);
    expect(await idsIn(projectId, "observations")).toHaveLength(451);
    await expectEqualReplicas();
  });

  it("completes an export of several slices while a replica is killed between two of them, with each row once", async () => {
    const [projectId] = projects;
    const [victim] = replicasOf(await shardOf(projectId));
    if (victim === undefined) throw new Error("a shard has two replicas");
    const big = "x".repeat(40_000);
    const traceIds = ids("third", 60);
    await fixture.ingest(
      traceIds.map((id, i) => event("trace-create", { id, input: big + i, timestamp: at(i) }, i)),
      projectId,
    );
    await working(() => untilIngested(fixture.db));
    const exportId = await exportOf(projectId, 5);
    let slices = 0;
    let isKilled = false;
    const between = async (): Promise<void> => {
      if (++slices === 1) return cluster.once(/sliceStart/, between);
      await victim.kill();
      isKilled = true;
    };
    cluster.once(/sliceStart/, between);
    await working(async () => {
      const exported = await exportedIds(exportId, projectId);
      expect(exported.toSorted()).toEqual(["a".repeat(32), ...ids("first", 150), ...ids("second", 300), ...traceIds]);
    });
    expect(isKilled).toBe(true);
    await victim.start();
    await expectEqualReplicas();
  });

  it("deletes a trace, then a project, from every replica, and leaves the others alone", async () => {
    const [projectId, other] = projects;
    await remove(projectId, { scope: "traces", traceIds: ["first-0003"] });
    expect(await idsIn(projectId, "traces")).toHaveLength(510);
    expect(await idsIn(projectId, "events", "span_id")).not.toContain("o-first-0003");
    await remove(projectId, { scope: "project" });
    for (const table of tables) {
      for (const replica of cluster.replicas)
        expect(await ask(replica, `SELECT count() FROM ${table}_local WHERE project_id = '${projectId}' FORMAT TSV`)).toBe("0\n");
      expect((await idsIn(other, table, table === "events" ? "span_id" : "id")).length).toBeGreaterThanOrEqual(150);
    }
    await expectEqualReplicas();
  });

  const until = async (isDone: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      if (await isDone()) return;
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    throw new Error(`not so after ${waitSeconds} s`);
  };
  const sendSpan = async (projectId: string, traceId: string): Promise<void> => {
    const span = {
      ...{ traceId, spanId: "b".repeat(16), name: "span", kind: 1, attributes: [], status: {} },
      ...{ startTimeUnixNano: "1790856000000000000", endTimeUnixNano: "1790856001000000000" },
    };
    const { traces } = parseTracesJson(
      JSON.stringify({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: {}, spans: [span] }] }] }),
    );
    const id = `request-${++counter}`;
    const minute = new Date().toISOString().slice(0, 16).replaceAll(/[-T:]/g, "/");
    await storeOtelRequest(fixture.eventStore, {
      ...{ projectId, id, text: JSON.stringify(traces), traceIds: [traceId], origin: { apiKey: "", sdkName: "", sdkVersion: "" } },
      fileKey: `${fixture.eventPrefix}otel/${projectId}/${minute}/${id}.json`,
    });
  };
});
