import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../api/app.ts";
import type { AppDeps } from "../../api/deps.ts";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import { noTracer } from "../../core/telemetry/tracer.ts";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { createFixture, type Fixture, newId } from "../support/fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());

/** The app on real Postgres, with two ports of the test: what it waits for between looks, and a count of its open connections. */
const startApp = (betweenLooks: (look: number) => Promise<unknown>, salt = "test-salt") => {
  const seen = { opened: 0, open: 0, looks: 0 };
  const lines: Record<string, unknown>[] = [];
  const deps = {
    openDatabase: () => {
      seen.opened++;
      seen.open++;
      const { db, close } = openPostgres(fixture.runnerEnv()["DATABASE_URL"] ?? "", { connectionsMax: 1 });
      return {
        db,
        close: async () => {
          await close();
          seen.open--;
        },
      };
    },
    newId,
    nowMs: () => Date.now(),
    wait: async () => {
      await betweenLooks(++seen.looks);
    },
    hashSecret: (secretKey: string) => hashSecret(secretKey, salt),
    burst: null,
    keyring: null,
    defaultPlan: "unlimited",
    publicUrl: null,
    openTracer: () => noTracer,
    log: (line) => lines.push(line),
  } satisfies Partial<AppDeps>;
  // Everything the events route uses.
  const app = createApp(deps as Partial<AppDeps> as AppDeps);
  const events = (id: string, method = "GET") =>
    app.request(`/api/public/batch-exports/${id}/events`, { method, headers: { authorization: `Bearer ${fixture.secretKey}` } });
  return { events, seen, lines };
};

/** An export that nobody runs. */
const waiting = () => fixture.requestExport({ format: "JSONL", query: { tableName: "events" } });

const eventsOf = (text: string) =>
  text
    .split("\n\n")
    .filter((piece) => piece.startsWith("event: "))
    .map((piece) => {
      const [name = "", data = ""] = piece.split("\n");
      return { event: name.slice("event: ".length), data: JSON.parse(data.slice("data: ".length)) as Record<string, unknown> };
    });

describe("an event stream", () => {
  it("holds no connection between two looks, and ends with the export", async () => {
    const id = await waiting();
    const opens: number[] = [];
    const gate = Promise.withResolvers<void>();
    const { events, seen } = startApp(async (look) => {
      await gate.promise;
      opens.push(seen.open);
      if (look === 3) await execute(fixture.db, sql`update batch_exports set status = 'CANCELLED', finished_at = now() where id = ${id}`);
    });
    const response = await events(id);
    gate.resolve();
    const found = eventsOf(await response.text());
    expect(opens).toEqual([0, 0, 0]);
    expect(found.map(({ event, data }) => [event, data["status"]])).toEqual([
      ["progress", "QUEUED"],
      ["end", "CANCELLED"],
    ]);
    expect(found[0]?.data).toMatchObject({ id, tableName: "events" });
    expect(found.some(({ data }) => "query" in data)).toBe(false);
  });

  it.each([
    ["key is deleted", () => sql`delete from api_keys where id = ${fixture.keyId}`, "UNAUTHENTICATED"],
    ["key expires", () => sql`update api_keys set expires_at = now() where id = ${fixture.keyId}`, "API_KEY_EXPIRED"],
    ["key's owner leaves", () => sql`delete from memberships where user_id = ${fixture.userId}`, "FORBIDDEN_SCOPE"],
    ["export is deleted", () => sql`delete from batch_exports`, "NOT_FOUND"],
  ])("ends when its %s, and says why", async (_name, change, code) => {
    const id = await waiting();
    const rows = async (table: string) => JSON.stringify(await execute(fixture.db, sql`select * from ${sql.identifier(table)}`));
    const before = { keys: await rows("api_keys"), memberships: await rows("memberships") };
    const { events } = startApp(async (look) => {
      if (look === 2) await execute(fixture.db, change());
      if (look > 20) throw new Error("the stream goes on");
    });
    try {
      const found = eventsOf(await (await events(id)).text());
      expect(found.map(({ event }) => event)).toEqual(["progress", "problem"]);
      expect(found[1]?.data).toMatchObject({ code });
    } finally {
      await execute(fixture.db, sql`delete from api_keys`);
      await execute(fixture.db, sql`delete from memberships`);
      await execute(fixture.db, sql`insert into api_keys select * from json_populate_recordset(null::api_keys, ${before.keys}::json)`);
      await execute(
        fixture.db,
        sql`insert into memberships select * from json_populate_recordset(null::memberships, ${before.memberships}::json)`,
      );
    }
  });

  it("is not begun by HEAD", async () => {
    const id = await waiting();
    const { events, seen } = startApp(async () => {
      throw new Error("HEAD has begun a stream");
    });
    const response = await events(id, "HEAD");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(seen).toEqual({ opened: 1, open: 0, looks: 0 });
  });
});
