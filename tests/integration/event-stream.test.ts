import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute, openPostgres } from "../../db/postgres/client.ts";
import { createAppOnFixture } from "../support/app-on-fixture.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";

let fixture: Fixture;

beforeAll(async () => {
  fixture = await createFixture();
});
afterAll(() => fixture.stop());

/** The app on real Postgres, with two ports of the test: what it waits for between looks, and a count of its open connections. */
const startApp = (betweenLooks: (look: number) => Promise<unknown>) => {
  const seen = { opened: 0, open: 0, looks: 0 };
  const lines: Record<string, unknown>[] = [];
  const app = createAppOnFixture(fixture, {
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
    wait: async () => {
      await betweenLooks(++seen.looks);
    },
    log: (line) => lines.push(line),
  });
  const events = (id: string, method = "GET") =>
    app.request(`/api/public/batch-exports/${id}/events`, { method, headers: { authorization: `Bearer ${fixture.secretKey}` } });
  const allEvents = () => app.request("/api/public/batch-exports/events", { headers: { authorization: `Bearer ${fixture.secretKey}` } });
  return { events, allEvents, seen, lines };
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

describe("the stream of all exports", () => {
  const finish = (id: string) =>
    execute(fixture.db, sql`update batch_exports set status = 'CANCELLED', finished_at = now() where id = ${id}`);
  const endJob = (id: string) =>
    execute(
      fixture.db,
      sql`update jobs set state = 'cancelled', finished_at = now() where id = (select job_id from batch_exports where id = ${id})`,
    );
  /** Ends the stream, which goes on for 15 minutes otherwise, by taking its key away. */
  const untilKeyIsGone = async (looks: Record<number, () => Promise<unknown>>) => {
    const [key] = await execute<{ row: string }>(
      fixture.db,
      sql`select row_to_json(k)::text as row from api_keys k where id = ${fixture.keyId}`,
    );
    const { allEvents, seen } = startApp(async (look) => {
      await looks[look]?.();
      if (look === 5) await execute(fixture.db, sql`delete from api_keys where id = ${fixture.keyId}`);
      if (look > 20) throw new Error("the stream goes on");
    });
    try {
      return { found: eventsOf(await (await allEvents()).text()), seen };
    } finally {
      await execute(
        fixture.db,
        sql`insert into api_keys select * from json_populate_record(null::api_keys, ${key?.row ?? ""}::json) on conflict do nothing`,
      );
    }
  };

  it("shows each change once: what waits, what is made, what progresses and what ends, also between two looks", async () => {
    await execute(fixture.db, sql`delete from batch_exports`);
    const first = await waiting();
    let second = "";
    let quick = "";
    const { found, seen } = await untilKeyIsGone({
      2: async () => {
        second = await waiting();
        await execute(
          fixture.db,
          sql`update batch_exports set progress = '{"stage":"streaming","rows":5,"bytes":9,"slices":1,"slicesTotal":2,"rowsTotal":10}' where id = ${first}`,
        );
      },
      3: async () => {
        await finish(first);
        quick = await waiting();
        await finish(quick);
        await endJob(quick);
      },
    });
    const states = found.map(({ event, data }) => [event, data["id"] ?? data["code"], data["status"]]);
    const of = (id: string) => states.filter(([, one]) => one === id).map(([event, , status]) => [event, status]);
    expect(of(first)).toEqual([
      ["progress", "QUEUED"],
      ["progress", "QUEUED"],
      ["end", "CANCELLED"],
    ]);
    expect(of(second)).toEqual([["progress", "QUEUED"]]);
    expect(of(quick)).toEqual([["end", "CANCELLED"]]);
    expect(states.at(-1)).toEqual(["problem", "UNAUTHENTICATED", 401]);
    expect(found).toHaveLength(6);
    expect(seen.open).toBe(0);
  });

  it("shows nothing of other projects, nor of tables that the key may not export", async () => {
    await execute(fixture.db, sql`delete from batch_exports`);
    const id = await fixture.requestExport({ format: "JSONL", query: { tableName: "audit_logs" } });
    const [key] = await execute<{ scopes: string[] }>(fixture.db, sql`select scopes from api_keys where id = ${fixture.keyId}`);
    await execute(fixture.db, sql`update api_keys set scopes = array_remove(scopes, 'auditLogs:read') where id = ${fixture.keyId}`);
    const { found } = await untilKeyIsGone({});
    await execute(fixture.db, sql`update api_keys set scopes = ${sql.param(key?.scopes)}::text[] where id = ${fixture.keyId}`);
    expect(found.map(({ event }) => event)).toEqual(["problem"]);
    const all = await untilKeyIsGone({});
    expect(all.found.map(({ data }) => data["id"])).toEqual([id, undefined]);
  });
});
