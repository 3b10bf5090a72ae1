import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { execute, type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import { startNeonRelay } from "../../local/neon-relay.ts";
import { insertEvents, sampleEvents } from "../../local/sample-data.ts";
import type { Stack } from "../../local/stack.ts";
import { startWorker } from "../../local/workerd/start.ts";
import { startGate } from "../support/gate.ts";
import { startTestStack } from "../support/start-test-stack.ts";
import { waitSeconds } from "../support/wait-seconds.ts";

let stack: Stack;
let open: OpenDatabase;
let other: Key;
let viewer: Key;
let expired: Key;
let narrow: Key;

type Key = { publicKey: string; secretKey: string };

const postAdmin = (path: string, body: object): Promise<Response> =>
  fetch(`${stack.apiUrl}/api/admin/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${stack.adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const admin = async (path: string, body: object): Promise<Record<string, string>> => {
  const response = await postAdmin(path, body);
  expect(response.status).toBe(201);
  return (await response.json()) as Record<string, string>;
};

const newKey = async (role: string, scopes: string[], more: object = {}): Promise<Key> => {
  const organization = await admin("organizations", { name: "Other" });
  const project = await admin("projects", { organizationId: organization["id"], name: "Other" });
  const user = await admin("users", { email: `${crypto.randomUUID()}@example.com` });
  await admin("memberships", { organizationId: organization["id"], userId: user["id"], role });
  return (await admin("api-keys", { projectId: project["id"], userId: user["id"], scopes, ...more })) as unknown as Key;
};

beforeAll(async () => {
  stack = await startTestStack();
  open = openPostgres(stack.postgresUrl, { connectionsMax: 2 });
  await insertEvents(
    { url: stack.clickhouseUrl, database: stack.clickhouseDatabase },
    sampleEvents({ projectId: stack.projectId, events: 500, endMs: Date.now() - 60_000 }),
  );
  const all = ["batchExports:create", "batchExports:read"];
  other = await newKey("OWNER", all);
  viewer = await newKey("VIEWER", all);
  expired = await newKey("OWNER", all, { expiresAt: "2020-01-01T00:00:00Z" });
  narrow = await newKey("OWNER", ["batchExports:read"]);
});
afterAll(async () => {
  await open.close();
  await stack.stop();
});

const basic = ({ publicKey, secretKey }: Key) => `Basic ${btoa(`${publicKey}:${secretKey}`)}`;

const call = async (
  method: string,
  path: string,
  {
    key = stack as Key,
    body,
    raw,
    headers = {},
    baseUrl = stack.apiUrl,
  }: { key?: Key | null; body?: unknown; raw?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string>; baseUrl?: string } = {},
) => {
  const response = await fetch(`${baseUrl}${path}`, {
    method,
    redirect: "manual",
    headers: {
      ...(key === null ? {} : { authorization: basic(key) }),
      ...(body === undefined && raw === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined && raw === undefined ? {} : { body: raw ?? JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
};

const exportsPath = "/api/public/batch-exports";
const valid = { format: "JSONL", query: { tableName: "events", filter: [], orderBy: null } };
const stored = async () => (await execute<{ count: string }>(open.db, sql`select count(*) from batch_exports`))[0]?.count;

const completed = async (body: object): Promise<Record<string, unknown>> => {
  const created = await call("POST", exportsPath, { body });
  expect(created.status).toBe(202);
  const location = created.headers.get("location") ?? "";
  for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
    const { json } = await call("GET", location);
    if (json["finishedAt"] !== null) return json;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the export did not end in 20 s");
};

describe("request to file", () => {
  it("an export is created, followed, downloaded by a signed address, and its receipt agrees", async () => {
    const done = await completed({
      ...valid,
      name: "a/b: name",
      metadata: { ticket: "42" },
      query: { ...valid.query, filter: [{ type: "stringOptions", column: "type", operator: "any of", value: ["TOOL"] }] },
    });
    expect(done).toMatchObject({
      status: "COMPLETED",
      isDownloadable: true,
      error: null,
      metadata: { ticket: "42" },
      progress: { percent: 100, stage: "finished" },
    });
    const link = await call("GET", `${exportsPath}/${done["id"]}/download`);
    expect(link.status).toBe(302);
    expect(link.headers.get("cache-control")).toBe("no-store");
    const address = link.headers.get("location") ?? "";
    const file = await fetch(address);
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="a-b-name.jsonl"');
    const lines = (await file.text()).trimEnd().split("\n");
    expect(lines.every((line) => (JSON.parse(line) as { type: string }).type === "TOOL")).toBe(true);
    const manifest = await call("GET", `${exportsPath}/${done["id"]}/manifest`);
    expect(manifest.json).toMatchObject({ rows: lines.length, truncated: false, metadata: { ticket: "42" } });
    const forged = await fetch(address.replace(/filename%3D%22a/, "filename%3D%22b"));
    expect(forged.status).toBe(403);
  });

  it("an export shows the options it was asked for with, under their names in the request, and no others", async () => {
    const asked = {
      json: { embed: false, embedLevels: 7 },
      csv: { neutralizeFormulas: false, bom: true },
      targetFileMib: 7,
      notify: false,
    };
    const made = await call("POST", exportsPath, { body: { ...valid, ...asked } });
    expect(made.status).toBe(202);
    const { json, csv, targetFileMib, notify } = made.json;
    expect({ json, csv, targetFileMib, notify }).toEqual(asked);
    const plain = (await call("POST", exportsPath, { body: valid })).json;
    expect([plain["json"], plain["csv"], plain["targetFileMib"], plain["notify"]]).toEqual([
      { embed: true, embedLevels: 250 },
      { neutralizeFormulas: true, bom: false },
      null,
      true,
    ]);
  });

  it("estimate counts what the export then holds", async () => {
    const { json } = await call("POST", `${exportsPath}/estimate`, { body: { query: valid.query } });
    expect(json).toMatchObject({ rows: 500, exact: true, truncated: false });
    expect((await completed(valid))["result"]).toMatchObject({ rows: 500 });
  });

  it("events are sent until the end", async () => {
    const { json } = await call("POST", exportsPath, { body: valid });
    const response = await fetch(`${stack.apiUrl}${exportsPath}/${json["id"]}/events`, { headers: { authorization: basic(stack) } });
    const text = await response.text();
    expect(text).toContain("event: end");
    expect(text).toContain('"status":"COMPLETED"');
  });

  it("the row limit reached is said in the API", async () => {
    const done = await completed({ ...valid, query: { ...valid.query, limit: 10 } });
    expect(done["result"]).toMatchObject({ rows: 10, truncated: true, matchedRows: 500, rowLimit: 10 });
  });

  it("retrying and cancelling a completed export is refused", async () => {
    const { id } = (await completed(valid)) as unknown as { id: string };
    expect((await call("POST", `${exportsPath}/${id}/cancel`)).json).toMatchObject({ code: "EXPORT_NOT_CANCELLABLE" });
    expect((await call("POST", `${exportsPath}/${id}/retry`)).json).toMatchObject({ code: "EXPORT_NOT_RETRYABLE" });
  });
});

describe("bad input is refused with its field, and nothing is stored", () => {
  const bad: [
    string,
    { body?: unknown; raw?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
    number,
    string,
    string?,
  ][] = [
    ["malformed JSON", { raw: "{" }, 400, "INVALID_JSON"],
    [
      "bytes that are no UTF-8",
      {
        raw: Uint8Array.from([...new TextEncoder().encode('{"format":"JSONL","query":{"tableName":"events"},"name":"'), 0xff, 0x22, 0x7d]),
      },
      400,
      "INVALID_JSON",
    ],
    [
      "lists without end",
      { raw: `{"format":"JSONL","query":{"tableName":"events","filter":${"[".repeat(200_000)}${"]".repeat(200_000)}}}` },
      400,
      "INVALID_FILTER",
    ],
    ["compressed JSON", { body: valid, headers: { "content-encoding": "gzip" } }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "JSON in another charset",
      { body: valid, headers: { "content-type": "application/json; charset=latin1" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "__proto__ in the metadata",
      { raw: '{"format":"JSONL","query":{"tableName":"events"},"metadata":{"__proto__":"x"}}' },
      400,
      "INVALID_REQUEST",
      "metadata.__proto__",
    ],
    [
      "__proto__ in a filter",
      {
        raw: '{"format":"JSONL","query":{"tableName":"events","filter":[{"type":"string","column":"name","operator":"=","value":"x","__proto__":{}}]}}',
      },
      400,
      "INVALID_REQUEST",
      "query.filter[0].__proto__",
    ],
    [
      "NUL in a privacy path",
      { body: { ...valid, query: { ...valid.query, privacy: [{ path: 'metadata["\u0000"]', action: "drop" }] } } },
      400,
      "INVALID_REQUEST",
      "query.privacy[0].path",
    ],
    [
      "NUL in a comment filter",
      {
        body: {
          ...valid,
          query: { tableName: "traces", filter: [{ type: "string", column: "commentContent", operator: "=", value: "\u0000" }] },
        },
      },
      400,
      "INVALID_FILTER",
      "query.filter[0].value",
    ],
    ["not JSON", { raw: "a=1", headers: { "content-type": "text/plain" } }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["no body", {}, 400, "INVALID_REQUEST"],
    ["an unknown field", { body: { ...valid, colour: "red" } }, 400, "INVALID_REQUEST", "colour"],
    ["an unknown format", { body: { ...valid, format: "XLSX" } }, 400, "INVALID_REQUEST", "format"],
    ["an unknown table", { body: { ...valid, query: { tableName: "datasets" } } }, 400, "UNKNOWN_TABLE", "query.tableName"],
    [
      "an unknown filter column",
      { body: { ...valid, query: { tableName: "events", filter: [{ type: "string", column: "x; DROP", operator: "=", value: "" }] } } },
      400,
      "INVALID_FILTER",
      "query.filter[0].column",
    ],
    [
      "a filter type that does not fit",
      { body: { ...valid, query: { tableName: "events", filter: [{ type: "number", column: "name", operator: "=", value: 1 }] } } },
      400,
      "INVALID_FILTER",
      "query.filter[0].type",
    ],
    [
      "an unknown operator",
      { body: { ...valid, query: { tableName: "events", filter: [{ type: "string", column: "name", operator: "like", value: "" }] } } },
      400,
      "INVALID_FILTER",
      "query.filter[0].operator",
    ],
    [
      "an empty list",
      {
        body: {
          ...valid,
          query: { tableName: "events", filter: [{ type: "stringOptions", column: "name", operator: "any of", value: [] }] },
        },
      },
      400,
      "INVALID_FILTER",
      "query.filter[0].value",
    ],
    [
      "a time without zone",
      {
        body: {
          ...valid,
          query: { tableName: "events", filter: [{ type: "datetime", column: "startTime", operator: ">", value: "2026-01-01" }] },
        },
      },
      400,
      "INVALID_FILTER",
      "query.filter[0].value",
    ],
    [
      "an unknown order",
      { body: { ...valid, query: { tableName: "events", orderBy: { column: "nope", order: "ASC" } } } },
      400,
      "INVALID_ORDER_BY",
      "query.orderBy.column",
    ],
    [
      "an unknown column",
      { body: { ...valid, query: { tableName: "events", columns: ["id", "nope"] } } },
      400,
      "INVALID_COLUMNS",
      "query.columns[1]",
    ],
    [
      "search without a type",
      { body: { ...valid, query: { tableName: "events", searchQuery: "x", searchType: [] } } },
      400,
      "INVALID_FILTER",
      "query.searchType",
    ],
    [
      "an unknown score mode",
      { body: { ...valid, query: { tableName: "events", scores: "all" } } },
      400,
      "INVALID_REQUEST",
      "query.scores",
    ],
    ["compressed Parquet", { body: { ...valid, format: "PARQUET", compression: "gzip" } }, 400, "INVALID_REQUEST", "compression"],
    ["nested events", { body: { ...valid, query: { tableName: "events", shape: "trace" } } }, 400, "INVALID_REQUEST", "query.shape"],
    ["nested traces as CSV", { body: { format: "CSV", query: { tableName: "traces", shape: "trace" } } }, 400, "INVALID_REQUEST", "format"],
    [
      "a privacy path that is none",
      { body: { ...valid, query: { tableName: "events", privacy: [{ path: "input[", action: "drop" }] } } },
      400,
      "INVALID_COLUMNS",
      "query.privacy[0].path",
    ],
    [
      "a privacy rule for an unknown column",
      { body: { ...valid, query: { tableName: "events", privacy: [{ path: "nope.a", action: "mask" }] } } },
      400,
      "INVALID_COLUMNS",
      "query.privacy[0].path",
    ],
    [
      "an unknown privacy action",
      { body: { ...valid, query: { tableName: "events", privacy: [{ path: "input", action: "burn" }] } } },
      400,
      "INVALID_REQUEST",
      "query.privacy[0].action",
    ],
    [
      "privacy that leaves no column",
      { body: { ...valid, query: { tableName: "events", columns: ["id"], privacy: [{ path: "id", action: "drop" }] } } },
      400,
      "INVALID_COLUMNS",
      "query.privacy",
    ],
    [
      "a comment filter where nothing has comments",
      { body: { ...valid, query: { tableName: "scores", filter: [{ type: "number", column: "commentCount", operator: "=", value: 1 }] } } },
      400,
      "INVALID_FILTER",
      "query.filter[0].column",
    ],
    [
      "a score filter without a key",
      {
        body: {
          ...valid,
          query: { tableName: "traces", filter: [{ type: "numberObject", column: "scores_avg", operator: "=", value: 1 }] },
        },
      },
      400,
      "INVALID_FILTER",
      "query.filter[0].key",
    ],
    [
      "content search where there is none",
      { body: { ...valid, query: { tableName: "scores", searchQuery: "x", searchType: ["content"] } } },
      400,
      "INVALID_FILTER",
      "query.searchType[0]",
    ],
    [
      "an order of a table of Postgres",
      { body: { ...valid, query: { tableName: "dataset_items", orderBy: { column: "status", order: "ASC" } } } },
      400,
      "INVALID_ORDER_BY",
      "query.orderBy.column",
    ],
    ["files of no size", { body: { ...valid, targetFileMib: 0 } }, 400, "INVALID_REQUEST", "targetFileMib"],
    ["an expiry out of bounds", { body: { ...valid, expiresAfterHours: 721 } }, 400, "INVALID_REQUEST", "expiresAfterHours"],
    ["an oversized body", { raw: `{"name":"${"x".repeat(1_100_000)}"}` }, 413, "PAYLOAD_TOO_LARGE"],
  ];
  it.each(bad)("%s", async (_name, request, status, code, field) => {
    const before = await stored();
    const answer = await call("POST", exportsPath, request);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.json["requestId"]).toBe(answer.headers.get("x-request-id"));
    if (field !== undefined) expect((answer.json["errors"] as { path: string }[]).map(({ path }) => path)).toContain(field);
    expect(await stored()).toBe(before);
  });

  it.each([
    ["GET", `${exportsPath}?limit=0`, 400, "INVALID_REQUEST"],
    ["GET", `${exportsPath}?cursor=rubbish`, 400, "INVALID_CURSOR"],
    ["DELETE", exportsPath, 405, "METHOD_NOT_ALLOWED"],
    ["GET", "/api/public/nothing", 404, "ROUTE_NOT_FOUND"],
    ["GET", "/api/public/export-tables/nothing", 404, "NOT_FOUND"],
    ["GET", "/api/public/export-tables/nothing/schema/CSV", 404, "NOT_FOUND"],
    ["GET", "/api/public/export-tables/events/schema/XLSX", 400, "INVALID_REQUEST"],
    ["GET", "/api/public/comments?objectType=DREAM", 400, "INVALID_REQUEST"],
    ["GET", "/api/public/audit-logs?cursor=x", 400, "INVALID_CURSOR"],
    ["DELETE", "/api/public/comments/com_unknown", 404, "NOT_FOUND"],
    ["GET", `${exportsPath}/%00`, 400, "INVALID_REQUEST"],
    ["GET", `${exportsPath}/exp_%EF%BF%BD`, 400, "INVALID_REQUEST"],
    ["GET", `${exportsPath}/exp_%ff/events`, 400, "INVALID_REQUEST"],
    ["POST", `${exportsPath}/%00/rerun`, 400, "INVALID_REQUEST"],
    ["DELETE", `${exportsPath}/%00`, 400, "INVALID_REQUEST"],
    ["DELETE", "/api/public/comments/com_%00", 400, "INVALID_REQUEST"],
    ["GET", "/api/public/export-tables/%00", 404, "NOT_FOUND"],
    ["GET", "/api/public/export-tables/__proto__", 404, "NOT_FOUND"],
    ["GET", "/api/public/comments?objectId=%00", 400, "INVALID_REQUEST"],
    ["GET", "/api/public/audit-logs?resourceType=%00", 400, "INVALID_REQUEST"],
    ["GET", "/api/public/audit-logs?resourceId=%00", 400, "INVALID_REQUEST"],
    ["GET", "/api/public/audit-logs?action=%00", 400, "INVALID_REQUEST"],
  ])("%s %s", async (method, path, status, code) => {
    const answer = await call(method, path);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
  });

  it.each([exportsPath, "/api/public/comments", "/api/public/audit-logs"])("cursors of no page of %s", async (path) => {
    for (const cursor of [
      { at: "0000-01-01T00:00:00Z", id: "x" },
      { at: "2026-02-30T00:00:00Z", id: "x" },
      { at: "2026-13-01T00:00:00Z", id: "x" },
      { at: "+010000-01-01T00:00:00Z", id: "x" },
      { at: "-000001-01-01T00:00:00Z", id: "x" },
      { at: "2026-01-01T00:00:00Z", id: "\u0000" },
      { at: "2026-01-01T00:00:00Z", id: "x".repeat(101) },
      { at: 0, id: "x" },
      { __proto__: null },
      null,
    ]) {
      const answer = await call("GET", `${path}?cursor=${encodeURIComponent(btoa(JSON.stringify(cursor)))}`);
      expect([cursor, answer.status, answer.json["code"]]).toEqual([cursor, 400, "INVALID_CURSOR"]);
    }
    for (const at of ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
      expect((await call("GET", `${path}?cursor=${encodeURIComponent(btoa(JSON.stringify({ at, id: "x" })))}`)).status).toBe(200);
  });

  it.each([
    ["organizations", { name: "a\u0000" }, "name"],
    ["organizations", { name: "\ud800" }, "name"],
    ["projects", { organizationId: "\u0000", name: "a" }, "organizationId"],
    ["users", { email: `${"a".repeat(64)}@${"b.".repeat(200)}example.com` }, "email"],
    ["users", { email: "a@example.com", name: "\u0000" }, "name"],
    ["memberships", { organizationId: "a", userId: "\ud800", role: "OWNER" }, "userId"],
    ["api-keys", { projectId: "a", userId: "b", scopes: ["batchExports:read"], note: "\u0000" }, "note"],
    ["api-keys", { projectId: "a", userId: "b", scopes: ["batchExports:read"], expiresAt: "0000-01-01T00:00:00Z" }, "expiresAt"],
    ["api-keys", { projectId: "a", userId: "b", scopes: ["batchExports:read"], expiresAt: "9999-12-31T23:59:59-01:00" }, "expiresAt"],
  ])("administrators: %s %j", async (path, body, field) => {
    const response = await postAdmin(path, body);
    const json = (await response.json()) as { code: string; errors: { path: string }[] };
    expect([response.status, json.code, json.errors.map((error) => error.path)]).toEqual([400, "INVALID_REQUEST", [field]]);
  });

  it.each([
    ["projects", { organizationId: "none", name: "a" }],
    ["memberships", { organizationId: "none", userId: "none", role: "OWNER" }],
    ["api-keys", { projectId: "none", userId: "none", scopes: ["batchExports:read"] }],
  ])("administrators: an id that is not known, in %s %j", async (path, body) => {
    const response = await postAdmin(path, body);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, "NOT_FOUND"]);
  });
});

describe("a body is JSON by any of its names", () => {
  it.each([
    "application/json ; charset=utf-8",
    'APPLICATION/JSON;charset="UTF-8"',
    "application/x+json",
    'application/vnd.api.v2+json; profile="a;b"',
    "model/gltf+json",
  ])("%s", async (type) => {
    const answer = await call("POST", `${exportsPath}/estimate`, { body: { query: valid.query }, headers: { "content-type": type } });
    expect([answer.status, answer.json["code"]]).toEqual([200, undefined]);
  });
});

describe("comments", () => {
  const path = "/api/public/comments";
  it("are made, listed, exported and deleted, each with its audit row", async () => {
    const made = await call("POST", path, { body: { objectType: "TRACE", objectId: "trace-of-comment", content: "looks wrong 👀" } });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ objectId: "trace-of-comment", authorEmail: "owner@example.com" });
    const id = String(made.json["id"]);
    expect((await call("GET", `${path}?objectType=TRACE&objectId=trace-of-comment`)).json).toMatchObject({
      data: [{ id }],
      nextCursor: null,
    });
    expect((await call("DELETE", `${path}/${id}`, { key: other })).status).toBe(403);
    expect((await call("DELETE", `${path}/${id}`)).status).toBe(204);
    expect((await call("DELETE", `${path}/${id}`)).status).toBe(404);
    const audit = await call("GET", `/api/public/audit-logs?resourceType=comment&resourceId=${id}`);
    expect((audit.json["data"] as { action: string }[]).map(({ action }) => action)).toEqual(["delete", "create"]);
  });

  it.each([
    ["NUL", { objectType: "TRACE", objectId: "t", content: "a\u0000b" }, "content"],
    ["no text", { objectType: "TRACE", objectId: "t", content: "" }, "content"],
    ["an unknown type", { objectType: "DREAM", objectId: "t", content: "a" }, "objectType"],
    ["an author who is no member", { objectType: "TRACE", objectId: "t", content: "a", authorUserId: "usr_nobody" }, "authorUserId"],
    ["an unknown field", { objectType: "TRACE", objectId: "t", content: "a", projectId: "p" }, "projectId"],
  ])("with %s are refused", async (_name, body, field) => {
    const answer = await call("POST", path, { body });
    expect([answer.status, answer.json["code"]]).toEqual([400, "INVALID_REQUEST"]);
    expect((answer.json["errors"] as { path: string }[])[0]?.path).toBe(field);
  });
});

describe("audit logs", () => {
  it("can only be exported, seen and downloaded with auditLogs:read", async () => {
    const reader = await newKey("OWNER", ["batchExports:create", "batchExports:read", "auditLogs:read"]);
    const body = { format: "JSONL", query: { tableName: "audit_logs" } };
    expect((await call("POST", exportsPath, { key: other, body })).json).toMatchObject({ status: 403, code: "FORBIDDEN_SCOPE" });
    expect((await call("POST", `${exportsPath}/estimate`, { key: other, body: { query: body.query } })).status).toBe(403);
    const done = await completed(body);
    expect(done["status"]).toBe("COMPLETED");
    // A key of the same project and user without the scope.
    const [project] = await execute<{ userId: string }>(
      open.db,
      sql`select user_id as "userId" from api_keys where public_key = ${stack.publicKey}`,
    );
    const blind = (await admin("api-keys", {
      projectId: stack.projectId,
      userId: project?.userId,
      scopes: ["batchExports:create", "batchExports:read"],
    })) as unknown as Key;
    for (const [method, suffix] of [
      ["GET", ""],
      ["GET", "/download"],
      ["GET", "/manifest"],
      ["GET", "/events"],
      ["POST", "/rerun"],
      ["POST", "/retry"],
      ["POST", "/cancel"],
      ["DELETE", ""],
    ] as const)
      expect([suffix, (await call(method, `${exportsPath}/${String(done["id"])}${suffix}`, { key: blind })).status]).toEqual([suffix, 403]);
    const listed = (await call("GET", `${exportsPath}?limit=100`, { key: blind })).json["data"] as { tableName: string }[];
    expect(listed.length).toBeGreaterThan(0);
    expect(listed.some(({ tableName }) => tableName === "audit_logs")).toBe(false);
    expect((await call("GET", `${exportsPath}?limit=100`)).text).toContain("audit_logs");
    expect((await call("GET", exportsPath, { key: reader })).json).toMatchObject({ data: [] });
  });
});

describe("the life of an export through the API", () => {
  it("re-run makes a new one, delete removes it, and a deleted one is not found", async () => {
    const first = await completed({ ...valid, query: { tableName: "events", limit: 3 } });
    const again = await call("POST", `${exportsPath}/${String(first["id"])}/rerun`);
    expect(again.status).toBe(202);
    expect(again.headers.get("location")).toBe(`${exportsPath}/${String(again.json["id"])}`);
    expect(again.json["id"]).not.toBe(first["id"]);
    expect((await call("DELETE", `${exportsPath}/${String(first["id"])}`)).status).toBe(204);
    expect((await call("GET", `${exportsPath}/${String(first["id"])}/download`)).json).toMatchObject({ status: 404, code: "NOT_FOUND" });
  });

  it("several files are downloaded by their number", async () => {
    const done = await completed({ ...valid, format: "CSV", targetFileMib: 1, query: { tableName: "events" } });
    const files = (done["result"] as { files: { bytes: number }[] }).files;
    for (const [index, file] of files.entries()) {
      const link = await call("GET", `${exportsPath}/${String(done["id"])}/download?file=${index}`);
      const bytes = await (await fetch(link.headers.get("location") ?? "")).arrayBuffer();
      expect(bytes.byteLength).toBe(file.bytes);
    }
    expect((await call("GET", `${exportsPath}/${String(done["id"])}/download?file=${files.length}`)).status).toBe(404);
  });

  it("every table and format has a schema", async () => {
    const { data } = (await call("GET", "/api/public/export-tables")).json as { data: { name: string }[] };
    expect(data.length).toBe(8);
    for (const { name } of data)
      for (const format of ["CSV", "JSON", "JSONL", "PARQUET"]) {
        const { json, status } = await call("GET", `/api/public/export-tables/${name}/schema/${format}`);
        expect([name, format, status]).toEqual([name, format, 200]);
        expect((json["columns"] as unknown[]).length).toBeGreaterThan(5);
      }
  });
});

describe("keys", () => {
  const routes: [string, string][] = [
    ["GET", exportsPath],
    ["POST", exportsPath],
    ["POST", `${exportsPath}/estimate`],
    ["GET", `${exportsPath}/ID`],
    ["POST", `${exportsPath}/ID/cancel`],
    ["POST", `${exportsPath}/ID/retry`],
    ["POST", `${exportsPath}/ID/rerun`],
    ["DELETE", `${exportsPath}/ID`],
    ["GET", `${exportsPath}/ID/download`],
    ["GET", `${exportsPath}/ID/manifest`],
    ["GET", `${exportsPath}/ID/events`],
    ["GET", `${exportsPath}/events`],
    ["GET", "/api/public/export-tables"],
    ["GET", "/api/public/export-tables/events"],
    ["GET", "/api/public/export-tables/events/schema/PARQUET"],
    ["GET", "/api/public/comments"],
    ["POST", "/api/public/comments"],
    ["DELETE", "/api/public/comments/com_unknown"],
    ["GET", "/api/public/audit-logs"],
    ["POST", "/api/public/scores"],
    ["DELETE", "/api/public/scores/unknown"],
    ["GET", "/api/public/limits"],
    ["GET", "/api/public/api-keys"],
    ["POST", "/api/public/api-keys"],
    ["GET", "/api/public/api-keys/key_unknown"],
    ["DELETE", "/api/public/api-keys/key_unknown"],
    ["POST", "/api/public/api-keys/key_unknown/rotate"],
  ];
  const bodyOf = (method: string, path: string) =>
    path.endsWith("comments") && method === "POST"
      ? { body: { objectType: "TRACE", objectId: "t", content: "c" } }
      : method === "POST" && !path.includes("ID")
        ? { body: path.endsWith("estimate") ? { query: valid.query } : valid }
        : {};

  it.each(routes)("%s %s: missing, wrong, mismatched and expired keys are 401, a role without the scope is 403", async (method, route) => {
    const path = route.replace("ID", "exp_unknown");
    const more = bodyOf(method, path);
    expect((await call(method, path, { key: null, ...more })).json).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
    expect((await call(method, path, { key: { publicKey: stack.publicKey, secretKey: "sk-lf-wrong" }, ...more })).json).toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect((await call(method, path, { key: { publicKey: other.publicKey, secretKey: stack.secretKey }, ...more })).json).toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect((await call(method, path, { key: expired, ...more })).json).toMatchObject({ status: 401, code: "API_KEY_EXPIRED" });
    expect((await call(method, path, { key: viewer, ...more })).json).toMatchObject({ status: 403, code: "FORBIDDEN_SCOPE" });
  });

  it("another project's export does not exist for this key, on every route", async () => {
    const { json } = await call("POST", exportsPath, { body: valid });
    for (const [method, route] of routes.filter(([, path]) => path.includes("ID"))) {
      const answer = await call(method, route.replace("ID", String(json["id"])), { key: other });
      expect([route, answer.status, answer.json["code"]]).toEqual([route, 404, "NOT_FOUND"]);
    }
    expect((await call("GET", exportsPath, { key: other })).json).toEqual({ data: [], nextCursor: null });
  });

  it("a key without the scope cannot create", async () => {
    expect((await call("POST", exportsPath, { key: narrow, body: valid })).json).toMatchObject({
      status: 403,
      detail: "This needs the scope batchExports:create.",
    });
  });

  it("the admin routes refuse API keys, and no secret is stored", async () => {
    expect((await call("GET", "/api/admin/projects")).status).toBe(401);
    const [row] = await execute<{ all: string }>(open.db, sql`select string_agg(k::text, '') as all from api_keys k`);
    expect(row?.all).not.toContain(stack.secretKey);
  });
});

describe("idempotency", () => {
  it("20 parallel requests with one key make one export and get the same answer; another body is refused", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const create = async () => {
      for (;;) {
        const answer = await call("POST", exportsPath, { body: valid, headers });
        // On a busy machine the first may take longer than the others wait for it. They are told to ask again.
        if (answer.json["code"] !== "IDEMPOTENCY_KEY_IN_FLIGHT") return answer;
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"]);
      }
    };
    const answers = await Promise.all(Array.from({ length: 20 }, create));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ json }) => json["id"])).size).toBe(1);
    expect((await call("POST", exportsPath, { body: { ...valid, format: "CSV" }, headers })).json).toMatchObject({
      status: 422,
      code: "IDEMPOTENCY_KEY_REUSED",
    });
  });

  it("the same JSON in another order of keys and another spelling of numbers is the same request", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const one =
      '{"format":"JSONL","metadata":{"a":"1","b":"2"},"query":{"tableName":"events","limit":1,"filter":[{"type":"number","column":"latency","operator":">","value":1}]}}';
    const other =
      '{"query":{"filter":[{"value":1.0,"operator":">","column":"latency","type":"number"}],"limit":1e0,"tableName":"events"},"metadata":{"b":"2","a":"1"},"format":"JSONL"}';
    const first = await call("POST", exportsPath, { raw: one, headers });
    const second = await call("POST", exportsPath, { raw: other, headers });
    expect([first.status, second.status, second.json["id"]]).toEqual([202, 202, first.json["id"]]);
    const third = await call("POST", exportsPath, { raw: other.replace('"b":"2"', '"b":"3"'), headers });
    expect(third.json["code"]).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("a repeated request gets the first answer although the export was deleted, and begins no other", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const first = await call("POST", exportsPath, { body: valid, headers });
    await execute(open.db, sql`delete from batch_exports where id = ${String(first.json["id"])}`);
    const before = await stored();
    const again = await call("POST", exportsPath, { body: valid, headers });
    expect([again.status, again.text, again.headers.get("location")]).toEqual([202, first.text, first.headers.get("location")]);
    expect(await stored()).toBe(before);
  });
});

describe("lists", () => {
  it("pages hold every export once, newest first", async () => {
    for (let i = 0; i < 3; i++) await call("POST", exportsPath, { body: valid });
    const all = ((await call("GET", `${exportsPath}?limit=100`)).json["data"] as { id: string }[]).map(({ id }) => id);
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const { json }: { json: Record<string, unknown> } = await call(
        "GET",
        `${exportsPath}?limit=2${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      paged.push(...(json["data"] as { id: string }[]).map(({ id }) => id));
      cursor = json["nextCursor"] as string | null;
    } while (cursor !== null);
    expect(paged).toEqual(all);
  });

  it("of exports are without queries and files, which the export itself shows, also to a key that may not see every table", async () => {
    const key = await newKey("OWNER", ["batchExports:create", "batchExports:read"]);
    // NUL is text that Postgres keeps in a document, and can read none of its fields from.
    const value = Array.from({ length: 100 }, (_, index) => `${index}\u0000${"x".repeat(1500)}`);
    const filter = [{ type: "stringOptions", column: "name", operator: "any of", value }];
    const query = { tableName: "events", filter };
    for (let i = 0; i < 3; i++) expect((await call("POST", exportsPath, { key, body: { ...valid, query } })).status).toBe(202);
    const page = await call("GET", exportsPath, { key });
    expect(page.status).toBe(200);
    expect(page.text.length).toBeLessThan(10_000);
    const data = page.json["data"] as Record<string, unknown>[];
    expect(data).toHaveLength(3);
    for (const item of data) expect([item["tableName"], "query" in item]).toEqual(["events", false]);
    expect((await call("GET", `${exportsPath}/${String(data[0]?.["id"])}`, { key })).json["query"]).toMatchObject(query);
  });

  it("of audit logs hold fewer rows when they are large, and every row once", async () => {
    const [project] = await execute<{ id: string }>(
      open.db,
      sql`insert into projects (id, org_id, name) select 'prj_audit', org_id, 'Audit' from projects where id = ${stack.projectId} returning id`,
    );
    const [owner] = await execute<{ id: string }>(open.db, sql`select user_id as id from api_keys where public_key = ${stack.publicKey}`);
    const key = (await admin("api-keys", {
      projectId: project?.id,
      userId: owner?.id,
      scopes: ["auditLogs:read"],
    })) as unknown as Key;
    await execute(
      open.db,
      sql`insert into audit_logs (id, type, project_id, resource_type, resource_id, action, after, created_at)
        select 'aud_large_' || n, 'API_KEY', 'prj_audit', 'large', 'x', 'create', json_build_object('text', repeat('x', 1500000)), now() + make_interval(secs => n)
        from generate_series(1, 7) n`,
    );
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { json, text }: { json: Record<string, unknown>; text: string } = await call(
        "GET",
        `/api/public/audit-logs?resourceType=large&limit=100${more}`,
        { key },
      );
      expect(text.length).toBeLessThan(4_500_000);
      found.push(...(json["data"] as { id: string }[]).map(({ id }) => id));
      cursor = json["nextCursor"] as string | null;
    } while (cursor !== null);
    expect(found).toEqual([7, 6, 5, 4, 3, 2, 1].map((n) => `aud_large_${n}`));
  });
});

describe("the service itself", () => {
  it("is healthy and ready, and shows its document and page", async () => {
    expect((await call("GET", "/health", { key: null })).json).toEqual({ status: "ok" });
    expect((await call("GET", "/ready", { key: null })).json).toMatchObject({ status: "ready" });
    expect((await call("GET", "/api/public/openapi.json", { key: null })).json).toMatchObject({ openapi: "3.1.0" });
    expect((await call("GET", "/api/public/health", { key: null })).json).toEqual({ status: "OK", version: "0.1.0" });
    expect((await call("GET", "/api/public/ready", { key: null })).json).toMatchObject({ status: "ready" });
    for (const path of ["/api/public/health", "/api/public/ready"]) expect((await call("GET", path)).status).toBe(200);
  });

  it("shows a page of its document that loads from this origin only, script and style included, without a key", async () => {
    for (const path of ["/docs", "/api/public/docs"]) {
      const page = await call("GET", path, { key: null });
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=UTF-8"]);
      const policy = page.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
      const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
      expect(loaded).toEqual([
        "data:,",
        "/docs/swagger-ui.css",
        "/api/public/openapi.json",
        "/docs/swagger-ui-bundle.js",
        "/docs/start.js",
      ]);
      for (const file of loaded.filter((address) => address.startsWith("/"))) {
        const answer = await call("GET", file, { key: null });
        expect([file, answer.status]).toEqual([file, 200]);
        expect(answer.headers.get("content-type")).toMatch(file.endsWith(".css") ? /^text\/css/ : /^(text\/javascript|application\/json)/);
        expect(answer.text.length).toBeGreaterThan(100);
      }
    }
    const unknown = await call("GET", "/docs/swagger-ui-bundle.js.map", { key: null });
    expect([unknown.status, unknown.json["code"]]).toEqual([404, "ROUTE_NOT_FOUND"]);
  });

  it("every change has an audit row with its actor", async () => {
    const rows = await execute<{ action: string; type: string; key: string | null }>(
      open.db,
      sql`select action, type, api_key_id as key from audit_logs where resource_type = 'batchExport'`,
    );
    expect(new Set(rows.map(({ action }) => action))).toEqual(new Set(["create", "complete", "download", "rerun", "delete"]));
    expect(rows.every(({ key }) => key !== null)).toBe(true);
  });
});

describe("Postgres away", () => {
  it("is answered with 503 and Retry-After, whether it or its proxy refuses or says nothing, or a row is held too long, and is logged without parameters", async () => {
    const server = await startGate(stack.postgresUrl);
    const relay = startNeonRelay(server.url);
    const proxy = await startGate(`http://${relay.address}`);
    const { salt } = JSON.parse(readFileSync(join(stack.dataDir, "secrets.json"), "utf8")) as { salt: string };
    const worker = await startWorker({
      bundle: inject("workerBundle"),
      dataDir: join(stack.dataDir, "cut-off"),
      logFile: join(stack.dataDir, "cut-off.log"),
      bindings: {
        DATABASE_URL: stack.postgresUrl,
        NEON_WS_PROXY: proxy.url.slice("http://".length),
        SPILLWAY_DATABASE_TIMEOUT_SECONDS: "2",
        CLICKHOUSE_URL: stack.clickhouseUrl,
        LANGFUSE_S3_BATCH_EXPORT_ENABLED: "true",
        LANGFUSE_S3_BATCH_EXPORT_BUCKET: stack.s3.buckets.exports,
        LANGFUSE_S3_BATCH_EXPORT_ACCESS_KEY_ID: stack.s3.accessKeyId,
        LANGFUSE_S3_BATCH_EXPORT_SECRET_ACCESS_KEY: stack.s3.secretAccessKey,
        SALT: salt,
        ADMIN_API_KEY: stack.adminKey,
      },
    });
    const baseUrl = worker.url;
    /** Two seconds are little for a busy machine, too: a client asks again. */
    const untilAnswered = async (ask: () => ReturnType<typeof call>) => {
      for (;;) {
        const answer = await ask();
        if (answer.status !== 503) return answer;
      }
    };
    const refuse = async (why: string) => {
      // Administrators need no look-up: the first statement begins a transaction.
      const askedMs = performance.now();
      const asAdmin = { key: null, headers: { authorization: `Bearer ${stack.adminKey}` } };
      const [ready, ...answers] = await Promise.all([
        call("GET", "/ready", { baseUrl, key: null }),
        call("GET", exportsPath, { baseUrl }),
        call("POST", exportsPath, { baseUrl, body: { ...valid, name: "private-name" } }),
        call("POST", "/api/admin/organizations", { baseUrl, body: { name: "private-name" }, ...asAdmin }),
      ]);
      // Asked for are 2 s for each statement. The runtime itself gives up a silent socket after 60 s, so what is not bounded by us is red.
      expect(performance.now() - askedMs, why).toBeLessThan(55_000);
      expect([why, ready.status, ready.json["checks"]]).toMatchObject([why, 503, { postgres: "unavailable" }]);
      for (const answer of answers) {
        expect([why, answer.status, answer.json["code"], answer.headers.get("retry-after")]).toEqual([
          why,
          503,
          "DATABASE_UNAVAILABLE",
          "5",
        ]);
        expect(answer.text).not.toMatch(/private-name|select|insert/i);
      }
    };
    try {
      for (const [name, gate] of Object.entries({ server, proxy })) {
        expect((await untilAnswered(() => call("GET", exportsPath, { baseUrl }))).status).toBe(200);
        await gate.shut();
        await refuse(`${name} refuses`);
        await gate.open();
        expect((await untilAnswered(() => call("GET", exportsPath, { baseUrl }))).status).toBe(200);
        for (const how of ["silent", "mute"] as const) {
          await gate.open(how);
          await refuse(`${name} ${how}`);
        }
        await gate.open();
      }
      // A row that another transaction holds: the answer does not wait for it.
      const headers = { "idempotency-key": crypto.randomUUID() };
      await open.db.transaction(async (tx) => {
        await tx.execute(
          sql`insert into idempotent_requests (caller, key, request_hash) select id, ${headers["idempotency-key"]}, '' from api_keys where public_key = ${stack.publicKey}`,
        );
        expect((await call("POST", exportsPath, { baseUrl, body: valid, headers })).json["code"]).toBe("DATABASE_UNAVAILABLE");
        await tx.execute(sql`delete from idempotent_requests where key = ${headers["idempotency-key"]}`);
      });
      expect((await untilAnswered(() => call("POST", exportsPath, { baseUrl, body: valid, headers }))).status).toBe(202);
      const log = readFileSync(worker.logFile, "utf8");
      expect(log).toContain("DATABASE_UNAVAILABLE");
      expect(log).not.toMatch(/params|private-name/);
    } finally {
      await worker.stop();
      await proxy.shut();
      await relay.stop();
      await server.shut();
    }
  });
});
