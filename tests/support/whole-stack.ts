/** The whole stack for one file of tests: started before them, stopped after them, and how a user and an operator meet it. */
import { afterAll, beforeAll, expect } from "vitest";
import { scopes } from "../../core/auth/scopes.ts";
import { type Database, type OpenDatabase, openPostgres } from "../../db/postgres/client.ts";
import type { Stack } from "../../local/stack.ts";
import type { SentEvent } from "./sent-event.ts";
import { startTestStack, type TestStackOptions } from "./start-test-stack.ts";
import { untilIngested } from "./until-ingested.ts";
import { waitSeconds } from "./wait-seconds.ts";

export type IngestionAnswer = {
  successes: { id: string; status: number }[];
  errors: { id: string; status: number; message?: string; error?: string }[];
};
export type ProjectKey = { projectId: string; publicKey: string; secretKey: string };
type Headers = Record<string, string>;
type Row = Record<string, unknown>;

/** Called once, at the top of a file. */
export const useWholeStack = (options: TestStackOptions = {}) => {
  let stack: Stack;
  let open: OpenDatabase;
  beforeAll(async () => {
    stack = await startTestStack(options);
    open = openPostgres(stack.postgresUrl, { connectionsMax: 2 });
  });
  afterAll(async () => {
    await open.close();
    await stack.stop();
  });

  const authorization = (key: Pick<ProjectKey, "publicKey" | "secretKey"> = stack) => `Basic ${btoa(`${key.publicKey}:${key.secretKey}`)}`;
  const call = (path: string, init: RequestInit = {}, headers: Headers = {}): Promise<Response> =>
    fetch(`${stack.apiUrl}/api/public/${path}`, {
      ...init,
      headers: { authorization: authorization(), "content-type": "application/json", ...headers },
    });
  const json = async <Answer = Row>(path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await call(path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return JSON.parse(text) as Answer;
  };
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Headers = {}, path = "ingestion") =>
    call(path, { method: "POST", body }, headers);
  const ingest = async (batch: readonly unknown[], headers: Headers = {}): Promise<IngestionAnswer> => {
    const response = await post(JSON.stringify({ batch }), headers);
    expect(response.status).toBe(207);
    return (await response.json()) as IngestionAnswer;
  };

  const admin = async (path: string, body: object): Promise<Record<string, string>> => {
    const init = { method: "POST", headers: { authorization: `Bearer ${stack.adminKey}`, "content-type": "application/json" } };
    const response = await fetch(`${stack.apiUrl}/api/admin/${path}`, { ...init, body: JSON.stringify(body) });
    expect(response.status).toBe(201);
    return (await response.json()) as Record<string, string>;
  };

  return {
    stack: () => stack,
    /** As the SDKs are told. */
    connection: () => ({ publicKey: stack.publicKey, secretKey: stack.secretKey, baseUrl: stack.apiUrl }),
    /** Of an organisation of its own. */
    newProject: async (name: string, keyScopes: readonly string[] = scopes): Promise<ProjectKey> => {
      const { id: organizationId } = await admin("organizations", { name });
      const { id: projectId = "" } = await admin("projects", { organizationId, name });
      const { id: userId } = await admin("users", { email: `${name}@example.com` });
      await admin("memberships", { organizationId, userId, role: "OWNER" });
      const { publicKey = "", secretKey = "" } = await admin("api-keys", { projectId, userId, scopes: keyScopes });
      return { projectId, publicKey, secretKey };
    },
    db: (): Database => open.db,
    authorization,
    call,
    json,
    post,
    ingest,
    /** All of them are taken in. */
    accepted: async (batch: readonly SentEvent[]): Promise<void> => {
      const answer = await ingest(batch);
      expect(answer.errors).toEqual([]);
      expect(answer.successes.map(({ status }) => status)).toEqual(batch.map(() => 201));
    },
    settled: (): Promise<void> => untilIngested(open.db),
    /** Rows of ClickHouse, as they are stored. */
    rows: async <Found = Row>(query: string): Promise<Found[]> => {
      const response = await fetch(`${stack.clickhouseUrl}/?database=${stack.clickhouseDatabase}&output_format_json_quote_decimals=1`, {
        method: "POST",
        body: `${query} FORMAT JSONEachRow`,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
      return parseLines(text);
    },
    /** Rows of an export made through the API, as a user gets them. */
    exported: async (tableName: string, filter: readonly object[]): Promise<Row[]> => {
      const body = JSON.stringify({ format: "JSONL", query: { tableName, filter } });
      const { id } = await json<{ id: string }>("batch-exports", { method: "POST", body });
      for (const end = Date.now() + waitSeconds * 1000; Date.now() < end; ) {
        const now = await json<{ status: string; log: string | null }>(`batch-exports/${id}`);
        if (now.status === "FAILED") throw new Error(String(now.log));
        if (now.status === "COMPLETED") return parseLines(await (await call(`batch-exports/${id}/download`)).text());
        await new Promise((resolve) => setTimeout(resolve, 80));
      }
      throw new Error("the export did not end");
    },
  };
};

const parseLines = <Found>(text: string): Found[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Found);
