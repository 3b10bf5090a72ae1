import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unknownOrigin } from "../../core/ingestion/event-origin.ts";
import { putEventFile } from "../../db/event-store/event-file.ts";
import { createS3Client } from "../../db/object-store/s3-client.ts";
import { execute } from "../../db/postgres/client.ts";
import { type FaultStore, type StoreCall, type StoreFault, startFaultStore } from "../support/fault-store.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

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
    ["ETags that a proxy marks as weak", (call) => (call.kind === "part" || call.kind === "put" ? "weakEtag" : undefined), body],
    [
      "XML with prefixes and character references",
      (call) => (call.kind === "create" || call.kind === "list" ? "prefixedXml" : undefined),
      body,
    ],
    ["an answer without a body to a complete", once("complete", "emptyAnswer"), body],
    ["a HEAD that tells no length", (call) => (call.kind === "head" ? "noLength" : undefined), body],
    ["parts that must be equal", () => "equalParts", body],
    [
      "a new bucket that sends every request on",
      (call, times) =>
        times % 2 === 0 ? undefined : { status: 307, code: "TemporaryRedirect", headers: { location: `${store.endpoint}${call.path}` } },
      small,
    ],
    ["KMS that is throttled", once("create", { status: 400, code: "KMS.ThrottlingException" }), body],
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
    [
      "a quota that is used up, which is not about credentials",
      (call) => (call.method === "PUT" ? { status: 403, code: "QuotaExceeded", message: "The bucket is full." } : undefined),
      "S3_ACCOUNT_LIMIT",
    ],
    [
      "a checksum header that is refused",
      (call) =>
        Object.keys(call.headers).some((name) => name.startsWith("x-amz-checksum"))
          ? { status: 400, code: "InvalidArgument", message: "Unsupported header 'x-amz-checksum-crc32' received for this API call." }
          : undefined,
      "S3_CHECKSUM_REFUSED",
    ],
    [
      "a store that sends every request on, for ever",
      (call) => ({ status: 307, code: "TemporaryRedirect", headers: { location: `${store.endpoint}${call.path}` } }),
      "S3_WRONG_REGION",
    ],
    [
      "a redirect to another store",
      () => ({ status: 307, code: "TemporaryRedirect", headers: { location: "http://evil.example/" } }),
      "S3_WRONG_REGION",
    ],
    [
      "a bucket in another region",
      () => ({
        status: 400,
        code: "AuthorizationHeaderMalformed",
        message: "the region is wrong; expecting 'eu-west-3'",
        more: "<Region>eu-west-3</Region>",
      }),
      "S3_WRONG_REGION",
    ],
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

  it("and its owner reads what the store said, and what to set", async () => {
    store.fail(() => ({
      status: 400,
      code: "InvalidArgument",
      message: "Unsupported header &#39;x-amz-checksum-crc32&#39; received for this API call.",
    }));
    const { row } = await exported(body, 3);
    expect(row.log).toContain("InvalidArgument: Unsupported header 'x-amz-checksum-crc32' received for this API call.");
    expect(row.log).toContain("set LANGFUSE_S3_BATCH_EXPORT_CHECKSUM=none");
    expect(row.job?.attempt).toBe(1);
  });
});

describe("encryption", () => {
  it("is asked for where objects begin: PUT and CreateMultipartUpload, of exports and of events", async () => {
    store.fail(() => undefined);
    const encrypted = fixture.startRunner({
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint,
      LANGFUSE_S3_BATCH_EXPORT_SSE: "aws:kms",
      LANGFUSE_S3_BATCH_EXPORT_SSE_KMS_KEY_ID: "arn:aws:kms:eu-central-1:1:key/abc",
    });
    await runner.stop();
    try {
      const asked = (kind: StoreCall["kind"]) =>
        store.calls.filter((call) => call.kind === kind).map(({ headers }) => headers["x-amz-server-side-encryption"]);
      expect((await exported(small)).row.status).toBe("COMPLETED");
      expect(asked("put")).toEqual(["aws:kms"]);
      expect(store.calls.find(({ kind }) => kind === "put")?.headers).toMatchObject({
        "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-central-1:1:key/abc",
      });
      expect((await exported(body)).row.status).toBe("COMPLETED");
      expect(asked("create")).toEqual(["aws:kms"]);
      expect(new Set(asked("part"))).toEqual(new Set([undefined]));
    } finally {
      await encrypted.stop();
      runner = fixture.startRunner({ LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint });
    }
    const events = createS3Client(
      { ...fixture.s3Config, endpoint: store.endpoint, forcePathStyle: true, encryption: { algorithm: "AES256", kmsKeyId: null } },
      { fetch, wait: () => Promise.resolve(), random: () => 0 },
    );
    await putEventFile(events, `${fixture.database}/encrypted.json`, "[]", unknownOrigin);
    expect(store.calls.at(-1)?.headers).toMatchObject({ "x-amz-server-side-encryption": "AES256", "content-type": "application/json" });
    expect(store.calls.at(-1)?.headers).not.toHaveProperty("x-amz-server-side-encryption-aws-kms-key-id");
  });
});

it("a session token travels with every request", async () => {
  store.fail(() => undefined);
  const temporary = createS3Client(
    { ...fixture.s3Config, endpoint: store.endpoint, forcePathStyle: true },
    {
      fetch,
      wait: () => Promise.resolve(),
      random: () => 0,
      credentials: () =>
        Promise.resolve({
          accessKeyId: fixture.s3Config.accessKeyId,
          secretAccessKey: fixture.s3Config.secretAccessKey,
          sessionToken: "tok",
        }),
    },
  );
  await temporary.send({ method: "PUT", key: `${fixture.database}/temporary`, body: "x" });
  expect(store.calls.at(-1)?.headers).toMatchObject({ "x-amz-security-token": "tok" });
  expect(store.calls.at(-1)?.headers.authorization).toContain("x-amz-security-token");
});

describe("an upload that another attempt goes on with", () => {
  it("keeps the size of its parts, whatever the settings have become: a store that wants equal parts takes it", async () => {
    // No part after the second arrives, for as long as this runner lives.
    store.fail((call) => (call.kind === "part" && call.partNumber >= 3 ? "internalError" : "equalParts"));
    const exportId = await fixture.requestExport(body, 8);
    const partsLeft = async () =>
      (
        await execute<{ number: number }>(
          fixture.db,
          sql`select p.number from export_parts p join export_objects o on o.id = p.object_id where o.batch_export_id = ${exportId} order by 1`,
        )
      ).map(({ number }) => number);
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end && (await partsLeft()).length < 2; )
      await new Promise((resolve) => setTimeout(resolve, 80));
    await runner.stop();
    expect(await partsLeft()).toEqual([1, 2]);
    store.fail(() => "equalParts");
    runner = fixture.startRunner({ LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint, BATCH_EXPORT_S3_PART_SIZE_MIB: "8" });
    const row = await fixture.finished(exportId);
    expect([row.status, row.log]).toEqual(["COMPLETED", null]);
    expect(store.calls.filter(({ kind }) => kind === "create")).toEqual([]);
    const sizes = store.calls.filter(({ kind }) => kind === "part").map((call) => [call.partNumber, call.body.byteLength]);
    expect(sizes.toSorted().slice(0, -1)).toEqual([[3, 5 * 1024 * 1024]]);
    await runner.stop();
    runner = fixture.startRunner({ LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint });
  });
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
  const swept = (faults: (call: StoreCall, times: number) => StoreFault | undefined, graceSeconds = 2) => {
    store.fail(faults);
    return fixture.startRunner({
      LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: store.endpoint,
      SPILLWAY_SWEEP_SECONDS: "0.1",
      SPILLWAY_SWEEP_GRACE_SECONDS: String(graceSeconds),
    });
  };
  const untilRemoved = async (key: string) => {
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end && (await stateOf(key)) !== "removed"; )
      await new Promise((resolve) => setTimeout(resolve, 80));
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
    await open(fixture.s3Config.bucket, left, 3600);
    // More than this test takes on any machine: the job was only just claimed until its end.
    const sweeper = swept(() => undefined, 1800);
    await untilRemoved(left);
    await sweeper.stop();
    expect([await stateOf(key), await exists(key)]).toEqual(["open", true]);
    await execute(fixture.db, sql`delete from jobs where id = 'job_claimed'`);
  });
});
