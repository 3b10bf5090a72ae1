/** An API without a runner, whose rows a test writes into ClickHouse itself, and what it reads back of them. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject } from "vitest";
import type { Stack } from "../../local/stack.ts";
import { startTestStack } from "./start-test-stack.ts";
import type { Key, Row } from "./stored-rows.ts";

export type Json = Record<string, unknown>;
export type Query = Record<string, string | readonly string[]>;

/** Bounds of one answer. */
export const bytesMax = 2_000_000;
export const observationsMax = 300;
/** Under another name than its own, as an operator may have it. */
export const eventsTable = "events_full";

export const sorted = (ids: readonly unknown[]) => ids.map(String).toSorted();

/** Called once, at the top of a file. */
export const useReadBack = () => {
  const database = `test_${randomUUID().replaceAll("-", "")}`;
  let stack: Stack;

  const clickhouse = async (sql: string, body?: string): Promise<string> => {
    const url = new URL(inject("clickhouseUrl"));
    url.searchParams.set("database", database);
    if (body !== undefined) url.searchParams.set("query", sql);
    const response = await fetch(url, { method: "POST", body: body ?? sql });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };

  beforeAll(async () => {
    stack = await startTestStack({
      withRunner: false,
      env: {
        CLICKHOUSE_URL: inject("clickhouseUrl"),
        CLICKHOUSE_DB: database,
        CLICKHOUSE_EVENTS_TABLE: eventsTable,
        LANGFUSE_S3_BATCH_EXPORT_ENABLED: "false",
        LANGFUSE_S3_BATCH_EXPORT_ENDPOINT: inject("s3").endpoint,
        LANGFUSE_MAX_OBSERVATIONS_PER_TRACE: String(observationsMax),
        LANGFUSE_API_TRACE_OBSERVATIONS_SIZE_LIMIT_BYTES: String(bytesMax),
      },
    });
    await clickhouse(`CREATE TABLE IF NOT EXISTS ${eventsTable} AS events`);
    // What was stored twice stays stored twice.
    for (const table of ["traces", "observations", "scores"]) await clickhouse(`SYSTEM STOP MERGES ${table}`);
  });
  afterAll(async () => {
    await stack.stop();
  });

  const admin = async (path: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(`${stack.apiUrl}/api/admin/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(201);
    return (await response.json()) as Record<string, string>;
  };

  const newProject = async (scopes: string[] = ["traces:read", "comments:CRUD"]): Promise<Key> => {
    const organization = await admin("organizations", { name: "Read" });
    const project = await admin("projects", { organizationId: organization["id"], name: "Read" });
    const user = await admin("users", { email: `${randomUUID()}@example.com` });
    await admin("memberships", { organizationId: organization["id"], userId: user["id"], role: "OWNER" });
    const key = (await admin("api-keys", { projectId: project["id"], userId: user["id"], scopes })) as unknown as Key;
    return { ...key, projectId: project["id"] ?? "" };
  };

  const get = async (key: Key | null, path: string, query: Query = {}) => {
    const url = new URL(`${stack.apiUrl}/api/public/${path}`);
    for (const [name, values] of Object.entries(query)) for (const value of [values].flat()) url.searchParams.append(name, value);
    const response = await fetch(url, {
      headers: key === null ? {} : { authorization: `Basic ${btoa(`${key.publicKey}:${key.secretKey}`)}` },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) as Json };
  };

  const page = async (key: Key, path: string, query: Query = {}) => {
    const { status, json, text } = await get(key, path, query);
    expect(status, text).toBe(200);
    return json as { data: Json[]; meta: { page: number; limit: number; totalItems: number; totalPages: number } };
  };
  const cursorPage = async (key: Key, path: string, query: Query): Promise<{ data: Row[]; meta: { cursor?: string } }> => {
    const { status, json, text } = await get(key, path, query);
    expect([status, text.slice(0, 300)]).toEqual([200, expect.any(String)]);
    return json as never;
  };
  const idsOf = async (key: Key, path: string, query: Query = {}): Promise<unknown[]> => {
    const { data, meta } = await page(key, path, query);
    expect(meta.totalItems).toBe(data.length);
    return data.map(({ id }) => id);
  };

  const insert = (table: string, rows: readonly Row[]) =>
    clickhouse(`INSERT INTO ${table} FORMAT JSONEachRow`, rows.map((row) => JSON.stringify(row)).join("\n"));

  let shared: Promise<Key> | undefined;
  /** Of a project that the tests of the file share. */
  const stackKey = () => (shared ??= newProject());

  return { apiUrl: () => stack.apiUrl, newProject, stackKey, get, page, cursorPage, idsOf, insert };
};
