import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { type FaultStore, type StoreCall, type StoreFault, startFaultStore } from "../support/fault-store.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

const rowsTotal = 20_000;
let fixture: Fixture;
let store: FaultStore;
let runner: { stop: () => Promise<void> };

/** About 20 MB as JSONL: four parts of 5 MiB. */
beforeAll(async () => {
  fixture = await createFixture();
  store = await startFaultStore(fixture.s3Config.endpoint);
  await fixture.query(
    `INSERT INTO events (project_id, trace_id, span_id, start_time, name, input, event_ts)
     SELECT '${fixture.projectId}', concat('t', toString(number)), concat('s', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + toIntervalMillisecond(number), 'n',
       repeat('payload ', 40), now64(6) FROM numbers(${rowsTotal})`,
  );
  runner = fixture.startRunner({ LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint });
});
afterAll(async () => {
  await runner.stop();
  store.stop();
  await fixture.stop();
});

const body = { format: "JSONL", query: { tableName: "events" } };
const small = { ...body, query: { tableName: "events", limit: 10 } };

const once = (kind: StoreCall["kind"], fault: StoreFault, partNumber?: number) => (call: StoreCall, times: number) =>
  call.kind === kind && times === 1 && (partNumber === undefined || call.partNumber === partNumber) ? fault : undefined;

const exported = async (request: unknown, maxAttempts = 1) => {
  const row = await fixture.finished(await fixture.requestExport(request, maxAttempts));
  return {
    row,
    ids:
      row.status === "COMPLETED"
        ? (await fixture.readExport(row))
            .trimEnd()
            .split("\n")
            .map((line) => (JSON.parse(line) as { id: string }).id)
        : [],
  };
};

/** Visible objects of one export, as they lie on the store's disk. */
const objectsOf = (exportId: string): string[] => {
  const bucket = join(fixture.s3Config.dataDir, fixture.s3Config.bucket);
  return existsSync(bucket)
    ? readdirSync(bucket, { recursive: true, encoding: "utf8" }).filter(
        (file) => file.includes(exportId) && file.endsWith("_S3rver_object"),
      )
    : [];
};

/** Keys of the live multipart uploads of one export, as the store tells them. */
const uploadsOf = async (exportId: string): Promise<string[]> => {
  const answer = await fixture.s3.send({ method: "GET", key: "", query: { uploads: "" } });
  return [...answer.text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key ?? "").filter((key) => key.includes(exportId));
};

describe("a fault of the store that passes is not seen by the caller", () => {
  const cases: [string, (call: StoreCall, times: number) => StoreFault | undefined, unknown][] = [
    ["a part whose connection is reset", once("part", "reset", 2), body],
    ["a part answered with 503 SlowDown", once("part", "slowDown", 1), body],
    ["a part answered with 500", once("part", "internalError", 3), body],
    ["a part of which one byte arrives changed", once("part", "flippedByte", 2), body],
    ["a part that was stored although its answer was lost", once("part", "lostAnswer", 2), body],
    ["a create whose answer was lost", once("create", "lostAnswer"), body],
    ["a complete that fails inside a 200", once("complete", "errorIn200"), body],
    ["a complete that succeeded although its answer was lost", once("complete", "lostAnswer"), body],
    ["a complete whose connection is reset", once("complete", "reset"), body],
    ["a check of the object that is reset", once("head", "reset"), body],
    ["a small file whose PUT is reset", once("put", "reset"), small],
    ["a small file of which one byte arrives changed", once("put", "flippedByte"), small],
    [
      "every part twice",
      (call, times) => (call.kind === "part" && times <= 2 ? (call.partNumber % 2 === 0 ? "reset" : "slowDown") : undefined),
      body,
    ],
  ];
  it.each(cases)("%s", async (_name, decide, request) => {
    store.fail(decide);
    const { row, ids } = await exported(request);
    expect(row.log).toBeNull();
    expect(row.status).toBe("COMPLETED");
    expect(new Set(ids).size).toBe(request === small ? 10 : rowsTotal);
    expect(ids.length).toBe(row.rows);
    expect(objectsOf(row.id)).toHaveLength(1);
    expect(await uploadsOf(row.id)).toEqual([]);
  });
});

describe("a fault of the store that stays ends the export and leaves no file", () => {
  const cases: [string, (call: StoreCall, times: number) => StoreFault | undefined, string][] = [
    ["access denied", (call) => (call.kind === "create" ? "denied" : undefined), "S3_ACCESS_DENIED"],
    ["a complete that always fails inside a 200", (call) => (call.kind === "complete" ? "errorIn200" : undefined), "S3_UNAVAILABLE"],
    ["an object that is shorter than what was sent", (call) => (call.kind === "head" ? "shortObject" : undefined), "UPLOAD_NOT_VERIFIED"],
  ];
  it.each(cases)("%s", async (_name, decide, code) => {
    store.fail(decide);
    const { row } = await exported(body);
    expect(row.status).toBe("FAILED");
    expect(row.errorCode).toBe(code);
    expect(row.log).toMatch(/^[A-Z]\w+ \w+ \w+/);
    expect(objectsOf(row.id)).toEqual([]);
  });
});

it("what is sent once is not sent again: without faults each part travels once", async () => {
  store.fail(() => undefined);
  const { row } = await exported(body);
  const parts = store.calls.filter(({ kind }) => kind === "part").map(({ partNumber }) => partNumber);
  expect(parts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: Math.ceil((row.bytes ?? 0) / (5 * 1024 * 1024)) }, (_, i) => i + 1));
  expect(store.calls.filter(({ kind }) => kind === "create" || kind === "complete")).toHaveLength(2);
});

describe("the sweep", () => {
  const open = async (bucket: string, key: string, ageSeconds: number) => {
    await execute(
      fixture.db,
      sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key, updated_at)
        values ('exp_swept', ${fixture.projectId}, 'job_gone', gen_random_uuid(), ${bucket}, ${key}, now() - make_interval(secs => ${ageSeconds}))`,
    );
  };
  const stateOf = async (key: string) =>
    (await execute<{ state: string }>(fixture.db, sql`select state from export_objects where key = ${key}`))[0]?.state;
  const exists = async (key: string) => (await fixture.s3.send({ method: "HEAD", key, accept: [404] })).status === 200;
  const swept = (faults: (call: StoreCall, times: number) => StoreFault | undefined) => {
    store.fail(faults);
    return fixture.startRunner({
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint,
      SPILLWAY_SWEEP_SECONDS: "0.1",
      SPILLWAY_SWEEP_GRACE_SECONDS: "2",
    });
  };
  const untilRemoved = async (key: string) => {
    for (const end = Date.now() + 10_000; Date.now() < end && (await stateOf(key)) !== "removed"; )
      await new Promise((resolve) => setTimeout(resolve, 30));
    expect([await stateOf(key), await exists(key)]).toEqual(["removed", false]);
  };

  it("removes what it knows where the store does not let it list uploads", async () => {
    const key = `${fixture.database}/exports/denied-listing`;
    await fixture.s3.send({ method: "PUT", key, body: "left" });
    await open(fixture.s3Config.bucket, key, 60);
    const sweeper = swept(({ kind }) => (kind === "list" ? "denied" : undefined));
    await untilRemoved(key);
    await sweeper.stop();
  });

  it("is not held up by hundreds of objects in another bucket, or by those that cannot be removed", async () => {
    for (let i = 0; i < 150; i++) await open("another-bucket", `other-${i}`, 3600 + i);
    const key = `${fixture.database}/exports/behind-others`;
    await fixture.s3.send({ method: "PUT", key, body: "left" });
    await open(fixture.s3Config.bucket, key, 60);
    const sweeper = swept((call, times) => (call.kind === "delete" && times === 1 ? "denied" : undefined));
    await untilRemoved(key);
    await sweeper.stop();
    expect(await stateOf("other-0")).toBe("open");
  });

  it("leaves alone what a running job holds, and what it has only just claimed", async () => {
    const exportId = await fixture.requestExport(body, 5);
    await fixture.finished(exportId);
    const key = `${fixture.database}/exports/just-claimed`;
    await fixture.s3.send({ method: "PUT", key, body: "left" });
    await execute(
      fixture.db,
      sql`insert into jobs (id, kind, project_id, payload, priority, state, attempt, max_attempts, lease_id, lease_until, started_at, run_at)
      values ('job_claimed', 'export.run', ${fixture.projectId}, '{}'::jsonb, 0, 'running', 2, 5, gen_random_uuid(), now() + interval '1 hour', now(), now())`,
    );
    await execute(
      fixture.db,
      sql`insert into export_objects (batch_export_id, project_id, job_id, lease_id, bucket, key, updated_at)
      values ('exp_swept', ${fixture.projectId}, 'job_claimed', gen_random_uuid(), ${fixture.s3Config.bucket}, ${key}, now() - interval '1 hour')`,
    );
    const left = `${fixture.database}/exports/left-behind`;
    await fixture.s3.send({ method: "PUT", key: left, body: "left" });
    await open(fixture.s3Config.bucket, left, 60);
    const sweeper = swept(() => undefined);
    await untilRemoved(left);
    await sweeper.stop();
    expect([await stateOf(key), await exists(key)]).toEqual(["open", true]);
    await execute(fixture.db, sql`delete from jobs where id = 'job_claimed'`);
  });
});
