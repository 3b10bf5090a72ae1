/** The API of scheduled integrations: Langfuse's shapes field for field, access, validation, the ledger's routes, and no secret anywhere. */

import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { scopes as allScopes } from "../../core/auth/scopes.ts";
import { execute } from "../../db/postgres/client.ts";
import { waitSeconds } from "../support/wait-seconds.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { authorization, db, newProject, stack } = useWholeStack({
  env: {
    // A delivery with the planted credentials fails and switches its integration off, sooner or later. Validations run all the same.
    QUEUE_CONSUMER_BLOB_STORAGE_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_POSTHOG_INTEGRATION_QUEUE_IS_ENABLED: "false",
    QUEUE_CONSUMER_MIXPANEL_INTEGRATION_QUEUE_IS_ENABLED: "false",
  },
});
type Json = Record<string, unknown>;
type Answer = { status: number; body: Json; text: string; headers: Headers };

/** Texts of all answers of this file. */
const answers: string[] = [];
const planted = {
  secretAccessKey: `planted-${randomUUID()}-secret`,
  otherSecretAccessKey: `planted-${randomUUID()}-other`,
  projectApiKey: `phc_planted_${randomUUID()}`,
  projectToken: `planted-token-${randomUUID()}`,
};

let key: ProjectKey;
let foreign: ProjectKey;
let posthog: Server;
let posthogStatus = 200;
beforeAll(async () => {
  key = await newProject("integrations");
  foreign = await newProject("foreign-integrations");
  posthog = createServer((request, response) => {
    request.resume();
    response
      .writeHead(posthogStatus, { "content-type": "application/json" })
      .end(JSON.stringify({ detail: `key ${planted.projectApiKey}` }));
  });
  await new Promise<void>((resolve) => posthog.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => posthog.close(resolve)));
const posthogUrl = () => `http://127.0.0.1:${(posthog.address() as AddressInfo).port}`;

const send = async (method: string, path: string, body?: unknown, of: ProjectKey = key, raw?: string): Promise<Answer> => {
  const init: RequestInit = { method, headers: { authorization: authorization(of), "content-type": "application/json" } };
  if (body !== undefined || raw !== undefined) init.body = raw ?? JSON.stringify(body);
  const response = await fetch(`${stack().apiUrl}/api/public/integrations${path}`, init);
  const text = await response.text();
  answers.push(text);
  return { status: response.status, text, headers: response.headers, body: text.startsWith("{") ? (JSON.parse(text) as Json) : {} };
};
const fieldsOf = ({ body }: Answer): string[] => ((body["errors"] ?? []) as { path: string }[]).map(({ path }) => path);

const storageSettings = () => {
  const { endpoint, region, dataDir } = inject("s3");
  const bucketName = `integrations-${key.projectId.slice(-12)}`.toLowerCase();
  mkdirSync(join(dataDir, bucketName), { recursive: true });
  return { type: "S3_COMPATIBLE", bucketName, endpoint, region, prefix: `${randomUUID()}/`, checksum: "none" };
};
const storageBody = (name: string = randomUUID()) => ({
  kind: "blob_storage",
  name,
  enabled: false,
  schedule: { frequency: "hourly" },
  settings: storageSettings(),
  secret: { accessKeyId: inject("s3").accessKeyId, secretAccessKey: planted.secretAccessKey },
});
const created = async (body: object = storageBody(), of = key): Promise<Json & { id: string }> => {
  const answer = await send("POST", "", body, of);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body as Json & { id: string };
};
const auditOf = (id: string) =>
  execute<{ action: string; before: unknown; after: unknown }>(
    db(),
    sql`select action, before, after from audit_logs where resource_id = ${id} order by created_at, id`,
  );
/** Rows of runs as a runner leaves them; hours of a day. */
const insertRuns = (id: string, hours: readonly number[], state = "completed") =>
  execute(
    db(),
    sql`insert into integration_runs (integration_id, project_id, cause, state, window_start, window_end, rows)
      select ${id}, project_id, 'schedule', ${state}, '2026-11-01'::timestamptz + make_interval(hours => h.value::int),
        '2026-11-01'::timestamptz + make_interval(hours => h.value::int + 1), 10
      from integrations, jsonb_array_elements_text(${JSON.stringify(hours)}::jsonb) as h(value) where id = ${id}`,
  );
const setRow = (id: string, set: ReturnType<typeof sql>) => execute(db(), sql`update integrations set ${set} where id = ${id}`);

const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("Langfuse's routes of blob storage", () => {
  let own: ProjectKey;
  beforeAll(async () => {
    own = await newProject("langfuse-routes");
  });
  const put = (more: Json = {}) => ({
    projectId: own.projectId,
    type: "S3_COMPATIBLE",
    bucketName: "warehouse",
    endpoint: "https://s3.example.com",
    region: "eu-central-1",
    accessKeyId: "AKIAEXAMPLE",
    secretAccessKey: planted.secretAccessKey,
    prefix: "langfuse/",
    exportFrequency: "daily",
    enabled: false,
    forcePathStyle: true,
    fileType: "JSONL",
    exportMode: "FROM_CUSTOM_DATE",
    exportStartDate: "2026-11-01T00:00:00Z",
    compressed: false,
    exportSource: "LEGACY_TRACES_AND_ENRICHED_OBSERVATIONS",
    exportFieldGroups: ["core", "io"],
    ...more,
  });
  const shown = {
    id: expect.stringMatching(/^int_/),
    type: "S3_COMPATIBLE",
    bucketName: "warehouse",
    endpoint: "https://s3.example.com",
    region: "eu-central-1",
    accessKeyId: "AKIAEXAMPLE",
    prefix: "langfuse/",
    exportFrequency: "daily",
    enabled: false,
    forcePathStyle: true,
    fileType: "JSONL",
    exportMode: "FROM_CUSTOM_DATE",
    exportStartDate: "2026-11-01T00:00:00.000Z",
    compressed: false,
    exportSource: "LEGACY_TRACES_AND_ENRICHED_OBSERVATIONS",
    exportFieldGroups: ["core", "io"],
    nextSyncAt: null,
    lastSyncAt: null,
    lastError: null,
    lastErrorAt: null,
    createdAt: instant,
    updatedAt: instant,
  };

  it("answer PUT, list, status and deletion field for field", async () => {
    const answer = await send("PUT", "/blob-storage", put(), own);
    expect([answer.status, answer.body]).toEqual([200, { ...shown, projectId: own.projectId }]);
    expect((await send("GET", "/blob-storage", undefined, own)).body).toEqual({ data: [answer.body] });
    const status = {
      ...{ id: answer.body["id"], projectId: own.projectId, syncStatus: "disabled", enabled: false },
      ...{ nextSyncAt: null, lastSyncAt: null, lastError: null, lastErrorAt: null },
    };
    for (const id of [String(answer.body["id"]), own.projectId])
      expect(await send("GET", `/blob-storage/${id}`, undefined, own)).toMatchObject({ status: 200, body: status });
    const deleted = await send("DELETE", `/blob-storage/${own.projectId}`, undefined, own);
    expect([deleted.status, deleted.body]).toEqual([200, { message: "Blob storage integration successfully deleted" }]);
    expect((await send("DELETE", `/blob-storage/${own.projectId}`, undefined, own)).status).toBe(404);
    expect((await send("GET", "/blob-storage", undefined, own)).body).toEqual({ data: [] });
  });

  it("change the integration on a second PUT and keep what is left out: secret, compression, source and its groups", async () => {
    const first = await send("PUT", "/blob-storage", put(), own);
    const { secretAccessKey: _, compressed: __, exportSource: ___, exportFieldGroups: ____, ...rest } = put({ bucketName: "other" });
    const second = await send("PUT", "/blob-storage", rest, own);
    expect([second.status, second.body]).toEqual([
      200,
      { ...shown, projectId: own.projectId, id: first.body["id"], bucketName: "other", createdAt: first.body["createdAt"] },
    ]);
    const audit = await auditOf(String(first.body["id"]));
    expect(audit.map(({ action }) => action)).toEqual(["create", "update"]);
    expect(audit[1]?.after).toMatchObject({ secretChanged: false, settings: { bucketName: "other" } });
    await send("DELETE", `/blob-storage/${own.projectId}`, undefined, own);
  });

  it("use Langfuse's defaults for what a new one leaves out", async () => {
    const {
      compressed: _,
      exportSource: __,
      exportFieldGroups: ___,
      prefix: ____,
      exportStartDate: _____,
      ...rest
    } = put({ exportMode: "FULL_HISTORY" });
    const { body } = await send("PUT", "/blob-storage", rest, own);
    expect(body).toMatchObject({ compressed: true, exportSource: "OBSERVATIONS_V2", prefix: "", exportStartDate: null });
    expect(body["exportFieldGroups"]).toHaveLength(11);
    await send("DELETE", `/blob-storage/${own.projectId}`, undefined, own);
  });

  it.each([
    [{ surprise: 1 }, ["surprise"]],
    [{ type: "AZURE_BLOB_STORAGE" }, ["type"]],
    [{ endpoint: null }, ["endpoint"]],
    [{ prefix: "langfuse" }, ["prefix"]],
    [{ exportFrequency: "yearly" }, ["exportFrequency"]],
    [{ exportStartDate: null }, ["exportStartDate"]],
    [{ exportStartDate: "2099-01-01T00:00:00Z" }, ["exportStartDate"]],
    [{ exportFieldGroups: ["io"] }, ["exportFieldGroups"]],
    [{ exportSource: null }, ["exportFieldGroups"]],
    [{ secretAccessKey: "" }, ["secretAccessKey"]],
    [{ bucketName: 1, region: null, enabled: "yes" }, ["bucketName", "region", "enabled"]],
  ])("refuse %j by the names of the request", async (more, fields) => {
    const answer = await send("PUT", "/blob-storage", put(more), own);
    expect([answer.status, fieldsOf(answer)]).toEqual([400, fields]);
  });

  it("know only the key's own project", async () => {
    expect(await send("PUT", "/blob-storage", put({ projectId: foreign.projectId }), own)).toMatchObject({ status: 404 });
    await send("PUT", "/blob-storage", put({ projectId: foreign.projectId }), foreign);
    expect((await send("GET", `/blob-storage/${foreign.projectId}`, undefined, own)).status).toBe(404);
    expect((await send("DELETE", `/blob-storage/${foreign.projectId}`, undefined, own)).status).toBe(404);
  });
});

describe("our routes", () => {
  it.each([
    [
      "blob_storage",
      () => storageBody(),
      { accessKeyId: inject("s3").accessKeyId, secretAccessKey: expect.stringMatching(/^\.\.\..{4}$/) },
    ],
    [
      "posthog",
      () => ({
        kind: "posthog",
        name: randomUUID(),
        enabled: false,
        schedule: { frequency: "cron", cron: "*/30 * * * *", timeZone: "Europe/Berlin" },
        settings: { hostName: posthogUrl() },
        secret: { projectApiKey: planted.projectApiKey },
      }),
      { projectApiKey: `...${planted.projectApiKey.slice(-4)}` },
    ],
    [
      "mixpanel",
      () => ({
        kind: "mixpanel",
        name: randomUUID(),
        enabled: false,
        schedule: { frequency: "every_20_minutes" },
        settings: { region: "api-eu" },
        secret: { projectToken: planted.projectToken },
      }),
      { projectToken: `...${planted.projectToken.slice(-4)}` },
    ],
  ])("create, show, change and delete an integration of %s", async (kind, body, secret) => {
    const one = await created(body());
    expect(one).toMatchObject({
      kind,
      secret,
      projectId: key.projectId,
      mode: "FULL_HISTORY",
      status: { syncStatus: "disabled", deliveredThrough: null },
    });
    expect((await send("GET", `/${one.id}`)).body).toMatchObject({ id: one.id, secret });
    const changed = await send("PATCH", `/${one.id}`, { name: `${kind} renamed`, enabled: true });
    expect(changed).toMatchObject({ status: 200, body: { name: `${kind} renamed`, enabled: true, secret, settings: one["settings"] } });
    expect((changed.body["status"] as Json)["syncStatus"]).not.toBe("disabled");
    expect((await send("GET", `?kind=${kind}&limit=100`)).body["data"]).toContainEqual(expect.objectContaining({ id: one.id }));
    expect((await send("DELETE", `/${one.id}`)).status).toBe(204);
    expect((await send("GET", `/${one.id}`)).status).toBe(404);
    expect((await auditOf(one.id)).map(({ action }) => action)).toEqual(["create", "update", "delete"]);
  });

  it("create once per Idempotency-Key, refuse a taken name, and list in pages", async () => {
    const own = await newProject("pages");
    const body = storageBody("taken");
    const once = async (sent: object) => {
      const response = await fetch(`${stack().apiUrl}/api/public/integrations`, {
        method: "POST",
        headers: { authorization: authorization(own), "content-type": "application/json", "idempotency-key": "once" },
        body: JSON.stringify(sent),
      });
      return { status: response.status, body: (await response.json()) as Json };
    };
    const { status, body: first } = await once(body);
    const id = String(first["id"]);
    expect([status, (await once(body)).body["id"], (await once(storageBody())).status]).toEqual([201, id, 422]);
    expect(await send("POST", "", body, own)).toMatchObject({ status: 409, body: { code: "INTEGRATION_NAME_TAKEN" } });
    const others = [await created(storageBody(), own), await created(storageBody(), own)];
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const { body: page } = await send("GET", `?limit=2${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`, undefined, own);
      found.push(...(page["data"] as { id: string }[]).map((one) => one.id));
      cursor = page["nextCursor"] as string | null;
    }
    expect(found.toSorted()).toEqual([id, ...others.map((one) => one.id)].toSorted());
    expect(found).toHaveLength(3);
  });

  it("pause and resume: a switched-off integration starts at once with its failures forgotten, and keeps how far it got", async () => {
    const { id } = await created();
    await setRow(
      id,
      sql`disabled_code = 'S3_ACCESS_DENIED', failures = 7, alerted_at = now(), cursor = '2026-11-05', last_error = '{"code":"S3_ACCESS_DENIED","message":"denied","at":"2026-11-05T00:00:00.000Z"}'`,
    );
    const off = (await send("GET", `/${id}`)).body["status"] as Json;
    expect(off).toMatchObject({
      syncStatus: "disabled",
      disabledCode: "S3_ACCESS_DENIED",
      lastError: { help: expect.stringMatching(/access key/) },
    });
    expect(off["sentence"]).toMatch(/Switched off after S3_ACCESS_DENIED: denied\. Correct the cause/);
    expect((await send("POST", `/${id}/run`)).body["code"]).toBe("INTEGRATION_DISABLED");
    const on = await send("POST", `/${id}/resume`);
    expect(on).toMatchObject({
      status: 200,
      body: {
        enabled: true,
        status: { disabledCode: null, failures: 0, nextRunAt: instant, deliveredThrough: "2026-11-05T00:00:00.000Z" },
      },
    });
    expect((await send("POST", `/${id}/run`)).status).toBe(202);
    expect((await send("POST", `/${id}/pause`)).body).toMatchObject({ enabled: false, status: { nextRunAt: null } });
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(["create", "resume", "run", "pause"]);
  });

  it("begin again when the mode changes, and not when anything else does", async () => {
    const { id } = await created({ ...storageBody(), mode: "FROM_TODAY" });
    await setRow(id, sql`cursor = '2026-11-05'`);
    const through = async (body: object) => ((await send("PATCH", `/${id}`, body)).body["status"] as Json)["deliveredThrough"];
    expect(await through({ settings: { prefix: "other/" }, mode: "FROM_TODAY" })).toBe("2026-11-05T00:00:00.000Z");
    expect(await through({ mode: "FROM_CUSTOM_DATE", startDate: "2026-10-01T00:00:00Z" })).toBe("2026-10-01T00:00:00.000Z");
    expect(await through({ mode: "FULL_HISTORY" })).toBeNull();
  });

  it("do not deliver two integrations to one place", async () => {
    const first = await created();
    const body = { ...storageBody(), settings: first["settings"] };
    const refused = await send("POST", "", body);
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ["settings.prefix"]]);
    const { id } = await created();
    const moved = await send("PATCH", `/${id}`, { settings: first["settings"] });
    expect([moved.status, fieldsOf(moved)]).toEqual([400, ["settings.prefix"]]);
  });

  it("refuse a change of something that was changed meanwhile", async () => {
    const one = await created();
    const { updatedAt } = (await send("PATCH", `/${one.id}`, { name: randomUUID(), updatedAt: one["updatedAt"] })).body;
    expect(await send("PATCH", `/${one.id}`, { name: randomUUID(), updatedAt: one["updatedAt"] })).toMatchObject({
      status: 409,
      body: { code: "INTEGRATION_CHANGED" },
    });
    expect((await send("PATCH", `/${one.id}`, { name: randomUUID(), updatedAt })).status).toBe(200);
  });

  it("do not send a stored key to another host", async () => {
    const { id } = await created({
      kind: "posthog",
      name: randomUUID(),
      enabled: false,
      schedule: { frequency: "hourly" },
      settings: { hostName: posthogUrl() },
      secret: { projectApiKey: planted.projectApiKey },
    });
    const settings = { hostName: "https://elsewhere.example.com" };
    const refused = await send("PATCH", `/${id}`, { settings });
    expect([refused.status, fieldsOf(refused)]).toEqual([400, ["secret"]]);
    expect((await send("PATCH", `/${id}`, { settings, secret: { projectApiKey: planted.projectApiKey } })).status).toBe(200);
  });

  it.each([
    [{ kind: "ftp" }, ["kind"]],
    [{ schedule: { frequency: "cron", cron: "* * * * *" } }, ["schedule.cron"]],
    [{ schedule: { frequency: "hourly", timeZone: "Mars" } }, ["schedule.timeZone"]],
    [{ tables: ["audit_logs"] }, ["tables[0]"]],
    [{ settings: { type: "S3" }, secret: {} }, ["settings.bucketName"]],
    [{ settings: { type: "S3_COMPATIBLE", bucketName: "bucket", endpoint: "http://10.0.0.1/" } }, ["settings.endpoint"]],
    [{ settings: { type: "S3", bucketName: "bucket", keyTemplate: "{prefix}x.{ext}" } }, ["settings.keyTemplate"]],
    [{ secret: { accessKeyId: "a", secretAccessKey: "b", extra: "c" } }, ["secret.extra"]],
    [{ name: "a\u0000b" }, ["name"]],
    [{ startDate: "2026-11-01T00:00:00Z" }, ["startDate"]],
  ])("refuse %j by field", async (more, fields) => {
    const answer = await send("POST", "", { ...storageBody(), ...more });
    expect([answer.status, fieldsOf(answer)]).toEqual([400, fields]);
  });
});

describe("the ledger", () => {
  it("is listed newest window first, in pages, by state and range, and shows one run with its tables", async () => {
    const { id } = await created();
    await insertRuns(id, [0, 1, 2, 3, 4]);
    await execute(
      db(),
      sql`update integration_runs set state = 'failed' where integration_id = ${id} and window_start = '2026-11-01T02:00:00Z'`,
    );
    const starts = ({ body }: Answer) => (body["data"] as { windowStart: string }[]).map(({ windowStart }) => windowStart.slice(11, 13));
    const first = await send("GET", `/${id}/runs?limit=3`);
    expect(starts(first)).toEqual(["04", "03", "02"]);
    expect(starts(await send("GET", `/${id}/runs?limit=3&cursor=${encodeURIComponent(String(first.body["nextCursor"]))}`))).toEqual([
      "01",
      "00",
    ]);
    expect(starts(await send("GET", `/${id}/runs?state=failed`))).toEqual(["02"]);
    expect(starts(await send("GET", `/${id}/runs?from=2026-11-01T01:00:00Z&to=2026-11-01T03:00:00Z`))).toEqual(["02", "01"]);
    const [run] = first.body["data"] as { id: string }[];
    expect((await send("GET", `/${id}/runs/${run?.id}`)).body).toMatchObject({ rows: 10, state: "completed", tables: {} });
  });

  it("is shown at a glance: a cell for each window, or for equally many, with their states and what lies between them", async () => {
    const { id } = await created();
    await insertRuns(id, [0, 1, 2, 5, 6]);
    await insertRuns(id, [7], "failed");
    const cellsOf = async (query: string) => (await send("GET", `/${id}/coverage${query}`)).body["cells"] as Json[];
    const hours = (cell: Json) => [cell["from"], cell["to"]].map((at) => String(at).slice(11, 13)).join("-");
    const single = await cellsOf("");
    expect(single.map(hours)).toEqual(["00-01", "01-02", "02-03", "05-06", "06-07", "07-08"]);
    expect(single.map(({ hasGap }) => hasGap)).toEqual([false, false, false, true, false, false]);
    expect(single.at(-1)).toMatchObject({ windows: 1, failed: 1, completed: 0, rows: 10, rejected: 0 });
    const bundled = await cellsOf("?cells=4");
    expect(bundled.map(hours)).toEqual(["00-02", "02-06", "06-08"]);
    expect(bundled.map(({ hasGap }) => hasGap)).toEqual([false, true, false]);
    expect(bundled.at(-1)).toMatchObject({ windows: 2, failed: 1, completed: 1, rows: 20 });
    expect((await cellsOf("?from=2026-11-01T05:00:00Z&to=2026-11-01T07:00:00Z")).map(hours)).toEqual(["05-06", "06-07"]);
    await insertRuns(
      id,
      Array.from({ length: 1000 }, (_, hour) => hour + 100),
    );
    const many = await cellsOf("?cells=100");
    expect(many.length).toBeLessThanOrEqual(100);
    expect(many.reduce((sum, { windows }) => sum + Number(windows), 0)).toBe(1006);
  });

  it("is delivered again by a backfill: windows that touch the range, and those that no run covers", async () => {
    const { id } = await created();
    expect((await send("POST", `/${id}/backfill`, { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" })).body["code"]).toBe(
      "INTEGRATION_NOT_STARTED",
    );
    await insertRuns(id, [2, 3, 5]);
    await execute(
      db(),
      sql`update integration_runs set state = 'running' where integration_id = ${id} and window_start = '2026-11-01T03:00:00Z'`,
    );
    await setRow(id, sql`cursor = '2026-11-01T06:00:00Z'`);
    const answer = await send("POST", `/${id}/backfill`, { from: "2026-11-01T00:30:00Z", to: "2026-11-03T00:00:00Z" });
    expect([answer.status, answer.body]).toEqual([
      202,
      { again: 2, added: 3, from: "2026-11-01T00:30:00.000Z", to: "2026-11-01T06:00:00.000Z" },
    ]);
    const runs = await execute<{ window: string }>(
      db(),
      sql`select to_char(window_start at time zone 'UTC', 'HH24:MI') || '-' || to_char(window_end at time zone 'UTC', 'HH24:MI') || ' ' || state as window
        from integration_runs where integration_id = ${id} order by window_start`,
    );
    expect(runs.map(({ window }) => window)).toEqual([
      "00:30-01:00 pending",
      "01:00-02:00 pending",
      "02:00-03:00 pending",
      "03:00-04:00 running",
      "04:00-05:00 pending",
      "05:00-06:00 pending",
    ]);
    expect((await send("POST", `/${id}/backfill`, { from: "2026-11-01T00:30:00Z", to: "2026-11-03T00:00:00Z" })).body).toMatchObject({
      again: 0,
      added: 0,
    });
    const far = await send("POST", `/${id}/backfill`, { from: "1990-01-01T00:00:00Z", to: "2026-11-03T00:00:00Z" });
    expect([far.status, fieldsOf(far)]).toEqual([400, ["from"]]);
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(["create", "backfill", "backfill"]);
  });

  it("keeps refused rows, lists them, and sends those that are open again", async () => {
    const { id } = await created();
    await insertRuns(id, [0, 1]);
    await execute(
      db(),
      sql`insert into integration_rejections (integration_id, run_id, table_name, row_id, event_id, code, message, accepted_at)
        select ${id}, r.id, 'traces', 'row-' || n, 'event', 'DROPPED', 'too old', case when n = 3 then now() end
        from (select id from integration_runs where integration_id = ${id} order by window_start limit 1) r, generate_series(1, 3) n`,
    );
    expect((await send("GET", `/${id}`)).body).toMatchObject({
      status: { openRejections: 2, sentence: expect.stringMatching(/2 rows were refused/) },
    });
    const rows = ({ body }: Answer) => (body["data"] as { rowId: string }[]).map(({ rowId }) => rowId);
    const first = await send("GET", `/${id}/rejections?limit=1`);
    expect(rows(first)).toEqual(["row-2"]);
    expect(rows(await send("GET", `/${id}/rejections?cursor=${encodeURIComponent(String(first.body["nextCursor"]))}`))).toEqual(["row-1"]);
    expect(rows(await send("GET", `/${id}/rejections?state=all&tableName=traces`))).toHaveLength(3);
    expect(await send("POST", `/${id}/redeliver`)).toMatchObject({ status: 202, body: { windows: 1 } });
  });
});

describe("a validation", () => {
  const validated = async (id: string): Promise<Json> => {
    const { body, status } = await send("POST", `/${id}/validate`);
    expect(status).toBe(202);
    for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
      const now = (await send("GET", `/${id}/validations/${body["id"]}`)).body;
      if (now["finishedAt"] !== null) return now;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the validation did not end");
  };
  const outcomes = ({ steps }: Json) => (steps as { name: string; outcome: string }[]).map(({ name, outcome }) => `${name} ${outcome}`);

  it("writes, reads, lists and deletes an object, and leaves none", async () => {
    const { id } = await created({
      ...storageBody(),
      secret: { accessKeyId: inject("s3").accessKeyId, secretAccessKey: inject("s3").secretAccessKey },
    });
    const result = await validated(id);
    expect([result["state"], outcomes(result)]).toEqual(["passed", ["write passed", "read passed", "list passed", "delete passed"]]);
    const { endpoint, bucketName } = storageSettings();
    expect(await (await fetch(`${endpoint}/${bucketName}?list-type=2`)).text()).not.toContain("<Key>");
  });

  it("shows the store's own reason for each step", async () => {
    const body = storageBody();
    const { id } = await created({ ...body, settings: { ...body.settings, bucketName: "no-such-bucket" } });
    const result = await validated(id);
    expect([result["state"], outcomes(result)]).toEqual(["failed", ["write failed", "read skipped", "list failed", "delete skipped"]]);
    expect((result["steps"] as Json[])[0]).toMatchObject({
      message: expect.stringMatching(/NoSuchBucket|denied|SignatureDoesNotMatch/i),
      help: expect.stringMatching(/./),
    });
  });

  it("checks the key of PostHog and does not quote it", async () => {
    const { id } = await created({
      kind: "posthog",
      name: randomUUID(),
      enabled: false,
      schedule: { frequency: "hourly" },
      settings: { hostName: posthogUrl() },
      secret: { projectApiKey: planted.projectApiKey },
    });
    posthogStatus = 401;
    expect(await validated(id)).toMatchObject({
      state: "failed",
      steps: [{ name: "authenticate", code: "SINK_CREDENTIALS_REJECTED", message: expect.stringMatching(/401.*key …/) }],
    });
    posthogStatus = 200;
    expect(await validated(id)).toMatchObject({ state: "passed", steps: [{ name: "authenticate", outcome: "passed" }] });
    const other = await created();
    const { id: validationId } = (await send("POST", `/${id}/validate`)).body;
    expect((await send("GET", `/${other.id}/validations/${validationId}`)).status).toBe(404);
  });
});

describe("access", () => {
  const routes = (id: string): [string, string, unknown?][] => [
    ["GET", "/blob-storage"],
    ["PUT", "/blob-storage", {}],
    ["GET", `/blob-storage/${id}`],
    ["DELETE", `/blob-storage/${id}`],
    ["POST", "", {}],
    ["GET", ""],
    ["GET", `/${id}`],
    ["PATCH", `/${id}`, { name: "stolen" }],
    ["POST", `/${id}/run`],
    ["POST", `/${id}/pause`],
    ["POST", `/${id}/resume`],
    ["POST", `/${id}/backfill`, { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" }],
    ["POST", `/${id}/validate`],
    ["GET", `/${id}/validations/job_1`],
    ["POST", `/${id}/redeliver`],
    ["GET", `/${id}/runs`],
    ["GET", `/${id}/runs/run_1`],
    ["GET", `/${id}/coverage`],
    ["GET", `/${id}/rejections`],
    ["DELETE", `/${id}`],
  ];
  const admin = async (path: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(`${stack().apiUrl}/api/admin/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack().adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, string>;
  };
  const keyOf = async (role: string, scopes: readonly string[]): Promise<ProjectKey> => {
    const [{ id: organizationId } = { id: "" }] = await execute<{ id: string }>(
      db(),
      sql`select org_id as id from projects where id = ${key.projectId}`,
    );
    const { id: userId } = await admin("users", { email: `${randomUUID()}@example.com` });
    await admin("memberships", { organizationId, userId, role });
    const { publicKey = "", secretKey = "" } = await admin("api-keys", { projectId: key.projectId, userId, scopes });
    return { projectId: key.projectId, publicKey, secretKey };
  };

  it.each([
    ["a member", "MEMBER", allScopes],
    ["a viewer", "VIEWER", allScopes],
    ["an owner whose key lacks the scope", "OWNER", allScopes.filter((scope) => scope !== "integrations:CRUD")],
  ])("of %s is refused on every route", async (_, role, scopes) => {
    const limited = await keyOf(role, scopes);
    const { id } = await created();
    for (const [method, path, body] of routes(id))
      expect([method, path, (await send(method, path, body, limited)).status]).toEqual([method, path, 403]);
    expect((await send("GET", `/${id}`)).status).toBe(200);
  });

  it("of an administrator is granted", async () => {
    expect((await send("GET", "", undefined, await keyOf("ADMIN", allScopes))).status).toBe(200);
  });

  it("without a key is refused on every route", async () => {
    const nobody = { projectId: "", publicKey: "pk", secretKey: "sk" };
    for (const [method, path, body] of routes("int_1")) expect((await send(method, path, body, nobody)).status).toBe(401);
  });

  it("to another project's integration finds nothing and changes nothing", async () => {
    const { id } = await created();
    const before = (await send("GET", `/${id}`)).body;
    for (const [method, path, body] of routes(id))
      if (path.includes(id)) expect([method, path, (await send(method, path, body, foreign)).status]).toEqual([method, path, 404]);
    expect((await send("GET", "?limit=100", undefined, foreign)).text).not.toContain(id);
    const { status: _, ...same } = before;
    expect((await send("GET", `/${id}`)).body).toMatchObject(same);
  });
});

describe("hostile input", () => {
  it("is refused by status 4xx, whatever it is", async () => {
    const { id } = await created();
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("\u0000", "\ud800", "x".repeat(100_000), 1e308, -1, [], {}, "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"),
    );
    const names = ["kind", "name", "enabled", "schedule", "mode", "startDate", "endsAt", "tables", "settings", "secret", "updatedAt"];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        anything,
        fc.constantFrom("schedule", "settings", "secret"),
        anything,
        async (name, value, inner, innerValue) => {
          const body = { ...storageBody(), [name]: value };
          const nested = {
            ...storageBody(),
            [inner]: { ...(storageBody() as unknown as Record<string, object>)[inner], [name]: innerValue },
          };
          for (const answer of [
            await send("POST", "", body),
            await send("POST", "", nested),
            await send("PATCH", `/${id}`, { [name]: value }),
            await send("PUT", "/blob-storage", { ...body, projectId: value }),
            await send("POST", `/${id}/backfill`, { from: value, to: innerValue }),
          ])
            expect([answer.status, answer.text.slice(0, 300)]).toEqual([
              expect.toSatisfy((status: number) => status < 500),
              expect.anything(),
            ]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(["", "[]", "null", "{", `{"a":`, `{"__proto__":{}}`])("of the body %j is refused", async (raw) => {
    expect((await send("POST", "", undefined, key, raw)).status).toBe(400);
  });

  it.each([
    "/int_1%00/runs",
    `/${"x".repeat(200)}`,
    "/%ff",
    "/a/runs?limit=0",
    "/a/coverage?cells=0",
    "/a/coverage?from=never",
    "/a/runs?from=never",
    "/a/runs?cursor=AAAA",
    "/a/rejections?cursor=%00",
    "?kind=ftp",
    "?unknown=1",
    "/a/rejections?tableName=%00",
  ])("of the path %s is refused", async (path) => {
    expect((await send("GET", path)).status).toSatisfy((status: number) => status >= 400 && status < 500);
  });
});

describe("secrets", () => {
  it("that were planted are in no row of Postgres and in no answer", async () => {
    const { id } = await created();
    await send("PATCH", `/${id}`, { secret: { secretAccessKey: planted.otherSecretAccessKey } });
    await send("PATCH", `/${id}`, { secret: { secretAccessKey: planted.otherSecretAccessKey, accessKeyId: 7 } });
    await send("POST", "", { ...storageBody(), secret: planted.secretAccessKey });
    const tables = await execute<{ name: string }>(
      db(),
      sql`select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["integrations", "audit_logs", "outbox", "jobs", "idempotent_requests"]),
    );
    const dump: string[] = [];
    for (const { name } of tables)
      dump.push(...(await execute<{ row: string }>(db(), sql`select t::text as row from ${sql.identifier(name)} t`)).map(({ row }) => row));
    expect(dump.some((row) => row.includes(id))).toBe(true);
    expect(dump.some((row) => row.includes("v1."))).toBe(true);
    for (const secret of Object.values(planted)) {
      const encodings = [secret, btoa(secret).replace(/=+$/, ""), Buffer.from(secret).toString("hex")];
      for (const text of encodings) {
        expect(dump.filter((row) => row.includes(text))).toEqual([]);
        expect(answers.filter((answer) => answer.includes(text))).toEqual([]);
      }
    }
  });
});
