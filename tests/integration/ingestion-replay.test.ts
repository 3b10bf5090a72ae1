import { spawnSync } from "node:child_process";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseTracesJson } from "../../core/otel/parse-json.ts";
import { execute } from "../../db/postgres/client.ts";
import { listDeadLetters } from "../../db/queue/list-dead-letters.ts";
import { retryDeadLetters } from "../../db/queue/retry-dead-letters.ts";
import { bunPath, repositoryRoot } from "../../local/service.ts";
import { type ReplayReport, replayEvents } from "../../services/ingestion/replay-events.ts";
import { storeOtelRequest } from "../../services/ingestion/store-otel-request.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await truncate();
  await execute(fixture.db, sql`delete from jobs`);
  await execute(fixture.db, sql`delete from event_log`);
});

const tables = ["traces", "observations", "scores", "dataset_run_items_rmt", "events"];
const truncate = async () => {
  for (const table of tables) await fixture.query(`TRUNCATE TABLE ${table}`);
};

const contents = async (): Promise<Record<string, unknown[]>> => {
  const found: [string, unknown[]][] = [];
  for (const table of tables) {
    const text = await fixture.query(
      `SELECT * EXCEPT (${table === "dataset_run_items_rmt" ? "updated_at, event_ts, created_at, dataset_run_created_at" : "created_at, updated_at, event_ts"})
       FROM ${table} FINAL ORDER BY ${table === "events" ? "span_id" : "id"} FORMAT JSONEachRow`,
    );
    found.push([
      table,
      text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown),
    ]);
  }
  return Object.fromEntries(found);
};

/** The latest `created_at` of all rows, in microseconds. */
const lastCreatedUs = async (): Promise<number> => {
  const latest = tables.map(async (table) =>
    Number(await fixture.query(`SELECT toUnixTimestamp64Micro(toDateTime64(max(created_at), 6)) FROM ${table}`)),
  );
  return Math.max(...(await Promise.all(latest)));
};

let counter = 0;
const unique = (prefix: string) => `${prefix}-${++counter}`;
const at = (seconds: number) => new Date(Date.UTC(2026, 4, 1, 12) + seconds * 1000).toISOString();
const event = (type: string, body: Record<string, unknown>, seconds = 0) => ({ id: unique("event"), timestamp: at(seconds), type, body });
/** Too long to travel with its job: the runner has to ask the store. */
const long = "x".repeat(20_000);

type Open = { open: number; dead: number };
const counts = async (): Promise<Open> => {
  const [row] = await execute<Open>(
    fixture.db,
    sql`select count(*) filter (where finished_at is null)::int as open, count(*) filter (where state = 'discarded')::int as dead from jobs`,
  );
  return row ?? { open: 0, dead: 0 };
};

/** Runs a runner until nothing waits any more; answers the dead letters. */
const drained = async (): Promise<number> => {
  const runner = fixture.startRunner({ SPILLWAY_POLL_MS: "200" });
  try {
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      const { open, dead } = await counts();
      if (open === 0) return dead;
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    throw new Error(
      `jobs are left after ${waitSeconds} s: ${JSON.stringify(await execute(fixture.db, sql`select kind, state, last_error from jobs limit 5`))}`,
    );
  } finally {
    await runner.stop();
  }
};

const replay = (scope: object = {}, options: object = {}, onProgress: (report: ReplayReport) => void = () => {}) =>
  replayEvents(
    { ...fixture.eventStore, wait: () => Promise.reject(new Error("nothing to wait for")), onProgress },
    { projectId: fixture.projectId, bucket: fixture.s3Config.bucket, ...scope },
    { pageRows: 2, waitingMax: 1000, pollMs: 1, isDryRun: false, ...options },
  );

const sendOtel = async (traceId: string, spans: { spanId: string; name: string; parentSpanId?: string }[]) => {
  const { traces } = parseTracesJson(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
          scopeSpans: [
            {
              scope: { name: "langfuse-sdk" },
              spans: spans.map((span) => ({
                traceId,
                kind: 1,
                startTimeUnixNano: "1777636800000000000",
                endTimeUnixNano: "1777636801000000000",
                attributes: [{ key: "session.id", value: { stringValue: "otel session" } }],
                status: {},
                ...span,
              })),
            },
          ],
        },
      ],
    }),
  );
  const id = unique("request");
  await storeOtelRequest(fixture.eventStore, {
    projectId: fixture.projectId,
    fileKey: `${fixture.eventPrefix}otel/${fixture.projectId}/2026/05/01/12/00/${id}.json`,
    id,
    text: JSON.stringify(traces),
    traceIds: [traceId],
    origin: { apiKey: fixture.publicKey, sdkName: "otel tests", sdkVersion: "2" },
  });
};

/** Something of every kind, in several requests: what changes later, arrives late, moves, and is long. */
const sendEverything = async () => {
  const [trace, generation, loose, score] = [unique("trace"), unique("o"), unique("o"), unique("s")];
  await fixture.ingest([
    event("trace-create", { id: trace, name: "first", sessionId: "session", tags: ["a"], metadata: { a: 1 }, input: long }, 1),
    event("generation-create", { id: generation, traceId: trace, name: "call", model: "gpt-4o", startTime: at(2), input: long }, 2),
    event("score-create", { id: score, traceId: trace, observationId: generation, name: "quality", value: 0.5 }, 3),
    event("score-create", { id: unique("s"), sessionId: "session", name: "mood", value: "good" }, 3),
    event("dataset-run-item-create", { id: unique("r"), traceId: trace, datasetId: "d", runId: "r", datasetItemId: "i" }, 3),
  ]);
  await fixture.ingest([event("span-update", { id: loose, output: "names no trace" }, 5)]);
  await fixture.ingest([
    event("trace-create", { id: trace, name: "last", tags: ["b"], metadata: { b: 2 } }, 6),
    event("generation-update", { id: generation, endTime: at(7), usage: { input: 100, output: 50 } }, 7),
  ]);
  await fixture.ingest([event("span-create", { id: loose, traceId: trace, startTime: "2026-04-30T10:00:00Z", name: "late" }, 0)]);
  await fixture.ingest([event("score-create", { id: score, traceId: trace, name: "quality", value: 0.75, comment: "again" }, 8)]);
  await sendOtel("0af7651916cd43dd8448eb211c80319c", [
    { spanId: "b7ad6b7169203331", name: "request" },
    { spanId: "b7ad6b7169203332", name: "query", parentSpanId: "b7ad6b7169203331" },
  ]);
  return { trace, generation };
};

describe("a replay", () => {
  it("makes the same rows again out of the log, with one job for each entity and request, also a second time", async () => {
    await sendEverything();
    expect(await drained()).toBe(0);
    const before = await contents();
    expect(Object.values(before).map((rows) => rows.length)).toEqual([2, 4, 2, 1, 4]);
    expect(before["events"]).toContainEqual(expect.objectContaining({ ingestion_sdk_name: "otel tests", service_name: "shop" }));
    const [clock] = await execute<{ us: string }>(
      fixture.db,
      sql`select (extract(epoch from clock_timestamp()) * 1000000)::bigint::text as us`,
    );
    await truncate();

    const report = await replay();
    expect(report).toMatchObject({ merges: 6, otelRequests: 1, unknown: 0 });
    expect(await counts()).toEqual({ open: 7, dead: 0 });
    expect(await drained()).toBe(0);
    expect(await contents()).toEqual(before);
    // Rows were created when their files were first stored.
    expect(await lastCreatedUs()).toBeLessThan(Number(clock?.us));

    await replay();
    await replay();
    expect(await drained()).toBe(0);
    expect(await contents()).toEqual(before);
  });

  it("takes what a scope names and nothing else", async () => {
    const { trace, generation } = await sendEverything();
    expect(await replay({ traceId: trace }, { isDryRun: true })).toMatchObject({ merges: 5, otelRequests: 0 });
    expect(await replay({ entityType: "observation", entityId: generation }, { isDryRun: true })).toMatchObject({ merges: 1 });
    expect(await replay({ entityType: "score" }, { isDryRun: true })).toMatchObject({ merges: 2 });
    expect(await replay({ entityType: "otel" }, { isDryRun: true })).toMatchObject({ merges: 0, otelRequests: 1 });
    expect(await replay({ from: "2100-01-01T00:00:00Z" }, { isDryRun: true })).toMatchObject({ merges: 0, loggedAt: null });
    expect(await replay({ to: "2000-01-01T00:00:00Z" }, { isDryRun: true })).toMatchObject({ merges: 0 });
    expect(await replay({ bucket: "another" }, { isDryRun: true })).toMatchObject({ merges: 0 });
    expect(await replay({ projectId: "another" }, { isDryRun: true })).toMatchObject({ merges: 0 });
  });

  it("adds nothing in a dry run", async () => {
    await sendEverything();
    await execute(fixture.db, sql`delete from jobs`);
    await replay({}, { isDryRun: true });
    expect(await counts()).toEqual({ open: 0, dead: 0 });
  });

  it("gives an entity the ordering key of the trace that any of its files names", async () => {
    const { trace, generation } = await sendEverything();
    await execute(fixture.db, sql`delete from jobs`);
    // Its newest file names no trace.
    await replay({ entityId: generation });
    expect(await execute(fixture.db, sql`select lane, payload ->> 'entityId' as id from jobs`)).toEqual([
      { lane: `${fixture.projectId}/${trace}`, id: generation },
    ]);
  });

  it("goes on where it was stopped", async () => {
    await sendEverything();
    await execute(fixture.db, sql`delete from jobs`);
    let last: ReplayReport | undefined;
    const stopped = replay({}, {}, (report) => {
      last = report;
      if (report.merges + report.otelRequests >= 4) throw new Error("stopped");
    });
    await expect(stopped).rejects.toThrow("stopped");
    await replay({ from: last?.loggedAt ?? "" });
    const entities = await execute<{ name: string }>(
      fixture.db,
      sql`select distinct coalesce(payload ->> 'entityId', payload ->> 'fileKey') as name from jobs`,
    );
    const logged = await execute(fixture.db, sql`select distinct entity_type, entity_id from event_log`);
    expect(entities).toHaveLength(logged.length);
  });

  it("adds nothing while more jobs wait than it may leave waiting", async () => {
    await sendEverything();
    await execute(fixture.db, sql`delete from jobs`);
    let waits = 0;
    let most = 0;
    await replayEvents(
      {
        ...fixture.eventStore,
        onProgress: () => {},
        wait: async () => {
          waits++;
          most = Math.max(most, (await counts()).open);
          await execute(fixture.db, sql`delete from jobs`);
        },
      },
      { projectId: fixture.projectId },
      { pageRows: 2, waitingMax: 3, pollMs: 1, isDryRun: false },
    );
    expect(most).toBe(4);
    expect(waits).toBeGreaterThanOrEqual(1);
  });
});

const letters = () => listDeadLetters(fixture.db, { projectId: fixture.projectId, rowsMax: 10 });
/** Any further instant would do: the clocks of this process and of Postgres are one. */
const retry = (code?: string) =>
  retryDeadLetters(fixture.db, { projectId: fixture.projectId, code, before: new Date(Date.now() + 1000).toISOString() });
const lastAttempt = () => execute(fixture.db, sql`update jobs set max_attempts = 1`);
const names = async (table: string) =>
  (await fixture.query(`SELECT name FROM ${table} FINAL ORDER BY name FORMAT TSV`)).split("\n").filter((line) => line !== "");

const command = (...args: string[]) => {
  const ended = spawnSync(bunPath, [`${repositoryRoot}cli/operator/ingestion.ts`, ...args], {
    env: { ...process.env, DATABASE_URL: fixture.runnerEnv()["DATABASE_URL"], LANGFUSE_S3_EVENT_UPLOAD_BUCKET: fixture.s3Config.bucket },
    encoding: "utf8",
  });
  return { status: ended.status, out: ended.stdout.trim(), err: ended.stderr };
};

describe("the command", () => {
  it("lists dead letters, puts them back and replays", async () => {
    const trace = unique("trace");
    await fixture.ingest([
      event("trace-create", { id: trace, name: "n" }),
      event("score-create", { id: unique("s"), traceId: trace, name: "s", value: 1 }),
    ]);
    await execute(
      fixture.db,
      sql`update jobs set state = 'discarded', finished_at = now(), last_error = '{"code":"INTERNAL","message":"It\\u001b[31m failed."}'`,
    );
    const listed = command("dead-letters", "--project", fixture.projectId, "--limit", "1");
    expect(listed).toMatchObject({
      status: 0,
      out: expect.stringMatching(/ingestion\.merge {2}\w+\/\S+ {2}INTERNAL {2}It\?\[31m failed\.\n1 dead letters, perhaps more/),
    });
    expect(command("dead-letters", "--retry", "--code", "S3_UNAVAILABLE")).toMatchObject({ status: 0, out: "0 jobs put back" });
    expect(command("dead-letters", "--retry", "--project", fixture.projectId)).toMatchObject({ status: 0, out: "2 jobs put back" });
    expect(await drained()).toBe(0);
    await truncate();
    expect(command("replay", "--project", fixture.projectId, "--dry-run").out).toMatch(
      /^would replay 2 entities, 0 OpenTelemetry requests, up to 20/,
    );
    expect(command("replay", "--project", fixture.projectId, "--entity-type", "trace").out).toMatch(/^replays 1 entities/);
    expect(await drained()).toBe(0);
    expect(await names("traces")).toEqual(["n"]);
    expect(await names("scores")).toEqual([]);
  });

  it("deletes a project and sets how long events are kept", async () => {
    const trace = unique("trace");
    await fixture.ingest([event("trace-create", { id: trace, name: "n" })]);
    expect(await drained()).toBe(0);
    expect(command("delete", "--project", fixture.projectId, "--before", "2020-01-01").status).toBe(0);
    expect(await drained()).toBe(0);
    expect(await names("traces")).toEqual(["n"]);
    expect(command("delete", "--project", fixture.projectId, "--all")).toMatchObject({ status: 0, out: "It will be deleted by a job." });
    expect(command("delete", "--project", fixture.projectId, "--all").out).toMatch(/waits or runs already/);
    expect(await drained()).toBe(0);
    expect(await names("traces")).toEqual([]);
    expect(command("retention", "--project", fixture.projectId, "--days", "30").status).toBe(0);
    const kept = () => execute(fixture.db, sql`select retention_days from projects where id = ${fixture.projectId}`);
    expect(await kept()).toEqual([{ retention_days: 30 }]);
    expect(command("retention", "--project", fixture.projectId, "--days", "never").status).toBe(0);
    expect(await kept()).toEqual([{ retention_days: null }]);
  });

  it.each([
    [["replay", "--project", "none"]],
    [["delete", "--project", "none", "--all"]],
    [["delete", "--project", "none", "--trace", "t"]],
    [["retention", "--project", "none", "--days", "1"]],
  ])("%j says that there is no such project, and nothing else", (args) => {
    expect(command(...args)).toEqual({ status: 1, out: "", err: "There is no project none.\n" });
  });

  it.each([
    [["replay"], "--project: must be given"],
    [["replay", "--project", "p", "--from", "yesterday"], "--from: must be an instant such as"],
    [["retention", "--project", "p", "--days", "soon"], "--days: must be never, or 1 to 36500"],
    [["delete", "--project", "p"], "one of --all, --before and --trace must be given"],
  ])("called with %j it says what it needs", (args, said) => {
    expect(command(...args).err.split("\n")[0]).toContain(said);
  });

  it.each([
    [[]],
    [["delete", "--project", "p"]],
    [["delete", "--project", "p", "--all", "--trace", "t"]],
    [["retention", "--project", "p", "--days", "0"]],
    [["replay"]],
    [["replay", "--project", "p", "--from", "yesterday"]],
    [["dead-letters", "--project", "p", "--code", "X"]],
    [["forget"]],
  ])("called with %j says how it is used", (args) => {
    expect(command(...args)).toMatchObject({ status: 2, err: expect.stringContaining("Usage:") });
  });
});

describe("a dead letter", () => {
  it("is one entity whose file cannot be read; its neighbours are written, and it too once the file is whole and it is put back", async () => {
    const trace = unique("trace");
    const keys = await fixture.ingest([
      event("trace-create", { id: trace, name: "trace", input: long }),
      event("span-create", { id: unique("o"), traceId: trace, name: "damaged", input: long }),
      event("span-create", { id: unique("o"), traceId: trace, name: "neighbour", input: long }),
    ]);
    const damaged = keys[1] ?? "";
    const whole = (await fixture.readObject(damaged)).toString("utf8");
    await fixture.s3.send({ method: "PUT", key: damaged, body: whole.slice(0, 100) });
    await lastAttempt();
    expect(await drained()).toBe(1);
    expect(await names("observations")).toEqual(["neighbour"]);
    expect(await names("events")).toEqual(["neighbour"]);
    expect(await names("traces")).toEqual(["trace"]);
    expect(await letters()).toMatchObject([
      { kind: "ingestion.merge", projectId: fixture.projectId, code: "INTERNAL", message: "A stored file of events is not JSON." },
    ]);

    expect(await retry("S3_UNAVAILABLE")).toBe(0);
    expect(await retry()).toBe(1);
    expect(await letters()).toEqual([]);
    await lastAttempt();
    expect(await drained()).toBe(1);

    await fixture.s3.send({ method: "PUT", key: damaged, body: whole });
    expect(await retry("INTERNAL")).toBe(1);
    expect(await drained()).toBe(0);
    expect(await names("observations")).toEqual(["damaged", "neighbour"]);
    expect(await names("events")).toEqual(["damaged", "neighbour"]);
  });

  it("is one row that ClickHouse refuses, and no other of its batch", async () => {
    const trace = unique("trace");
    // Each cost fits its column; the sum, which the table makes, does not: DECIMAL_OVERFLOW.
    const costDetails = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`input_${index}`, 999_999]));
    await fixture.ingest([
      event("trace-create", { id: trace, name: "trace" }),
      ...Array.from({ length: 6 }, (_, index) => event("span-create", { id: unique("o"), traceId: trace, name: `good ${index}` })),
      event("generation-create", { id: unique("o"), traceId: trace, name: "poison", costDetails }),
      ...Array.from({ length: 6 }, (_, index) => event("span-create", { id: unique("o"), traceId: trace, name: `good ${6 + index}` })),
    ]);
    await lastAttempt();
    expect(await drained()).toBe(1);
    expect(await letters()).toMatchObject([{ kind: "ingestion.merge", code: "CLICKHOUSE_QUERY_FAILED" }]);
    expect(await names("events")).toHaveLength(12);
    expect(await names("events")).not.toContain("poison");
    expect(await names("traces")).toEqual(["trace"]);
  });

  it("put back while a newer job of its kind waits under the same key is no conflict", async () => {
    const job = (id: string, state: string) =>
      execute(
        fixture.db,
        sql`insert into jobs (id, kind, project_id, payload, state, priority, max_attempts, has_slot, dedupe_key, finished_at)
          values (${id}, 'data.delete', ${fixture.projectId}, '{"scope":"project"}', ${state}, 1, 1, false, 'retention:x', case when ${state} = 'discarded' then now() end)`,
      );
    await job("old-1", "discarded");
    await job("old-2", "discarded");
    await job("new", "scheduled");
    expect(await letters()).toMatchObject([{ entity: "project" }, { entity: "project" }]);
    expect(await retry()).toBe(2);
    expect(await counts()).toEqual({ open: 3, dead: 0 });
  });
});
