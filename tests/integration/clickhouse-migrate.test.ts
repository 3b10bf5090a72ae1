import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateClickHouse } from "../../db/clickhouse/migrate.ts";
import { clickHouseMigrations } from "../../db/clickhouse/migrations/index.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { eventRow } from "../support/event-rows.ts";

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
beforeAll(async () => {
  database = await createClickHouseDatabase();
});
afterAll(() => database.drop());

const fresh = () => ({ ...database.config, database: `test_${randomUUID().replaceAll("-", "")}` });
const drop = (name: string) => database.query(`DROP DATABASE ${name} SYNC`);
const recorded = async (name: string) =>
  (await database.query(`SELECT name FROM ${name}.schema_migrations FINAL ORDER BY name FORMAT TSV`))
    .split("\n")
    .filter((line) => line !== "");

describe("migrations", () => {
  it("are applied once: a second run finds nothing to do and keeps the data", async () => {
    await database.insertEvents([eventRow({ span_id: "kept" })]);
    expect(await migrateClickHouse(database.config)).toEqual([]);
    expect(await database.query("SELECT span_id FROM events FORMAT TSV")).toBe("kept\n");
    expect(await recorded(database.config.database)).toEqual(clickHouseMigrations.map(({ name }) => name));
  });

  it("run by several at once leave one complete schema", async () => {
    const config = fresh();
    await Promise.all([1, 2, 3, 4].map(() => migrateClickHouse(config)));
    expect(await recorded(config.database)).toEqual(clickHouseMigrations.map(({ name }) => name));
    expect(await database.query(`SELECT count() FROM ${config.database}.events FORMAT TSV`)).toBe("0\n");
    await drop(config.database);
  });

  it("that failed half way are run again and completed", async () => {
    const config = fresh();
    const broken = { name: "0002-two", statements: () => ["CREATE TABLE IF NOT EXISTS two (id String) ORDER BY id", "SELECT throwIf(1)"] };
    await expect(migrateClickHouse(config, [...clickHouseMigrations, broken])).rejects.toThrow("throwIf");
    expect(await recorded(config.database)).toEqual(clickHouseMigrations.map(({ name }) => name));
    const mended = { name: broken.name, statements: () => broken.statements().slice(0, 1) };
    expect(await migrateClickHouse(config, [...clickHouseMigrations, mended])).toEqual(["0002-two"]);
    await drop(config.database);
  });

  it("that were changed after they were applied are refused by name", async () => {
    const changed = clickHouseMigrations.map((migration) => ({ ...migration, statements: () => ["SELECT 'something else'"] }));
    await expect(migrateClickHouse(database.config, changed)).rejects.toThrow(
      `The ClickHouse migration ${clickHouseMigrations[0]?.name} was changed after it was applied.`,
    );
  });

  it.each(["a`b", "a b", "", "a; DROP DATABASE default", "1a"])("refuse %j as the name of a database", async (name) => {
    await expect(migrateClickHouse({ ...database.config, database: name })).rejects.toThrow("is not a name");
  });
});

describe("events", () => {
  it("merges by version and deletion, is cut by month, and sorted by project, time, trace and id", async () => {
    const [table] = (
      await database.query(
        `SELECT engine_full, partition_key, primary_key, sorting_key FROM system.tables
         WHERE database = '${database.config.database}' AND name = 'events' FORMAT JSONEachRow`,
      )
    )
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(table).toMatchObject({
      partition_key: "toYYYYMM(start_time)",
      primary_key: "project_id, start_time, xxHash32(trace_id)",
      sorting_key: "project_id, start_time, xxHash32(trace_id), span_id",
    });
    expect(table?.["engine_full"]).toMatch(/^ReplacingMergeTree\(event_ts, is_deleted\)/);
  });

  it("has a replicated engine and runs everywhere on a cluster", () => {
    const [sql = ""] =
      clickHouseMigrations[0]?.statements({
        onCluster: "ON CLUSTER `c`",
        engine: (name, args) => `Replicated${name}('path', ${args})`,
        stored: (table) => table,
        distribute: () => [],
      }) ?? [];
    expect(sql).toContain("CREATE TABLE IF NOT EXISTS events ON CLUSTER `c` (");
    expect(sql).toContain("ENGINE = ReplicatedReplacingMergeTree('path', event_ts, is_deleted)");
  });

  it("looks up ids, lists of ids, users and sessions by index, also where versions are merged while reading", async () => {
    await database.query(
      `INSERT INTO events (project_id, trace_id, span_id, user_id, session_id, start_time, event_ts, is_deleted)
       SELECT 'p', concat('t', n), concat('s', n), concat('u', n), concat('x', n), toDateTime64('2026-01-01 00:00:00', 6) + toUInt32(n), now64(6), 0
       FROM (SELECT toString(number) AS n FROM numbers(60000))`,
    );
    for (const condition of ["e.span_id IN ['s7']", "e.trace_id = 't7'", "e.user_id = 'u7'", "e.session_id IN ['x7']"]) {
      const plan = await database.query(
        `EXPLAIN indexes = 1 SELECT e.span_id FROM events AS e FINAL WHERE e.project_id = 'p' AND ${condition}`,
      );
      const [, read] = /Parts: \d+ \| Granules: (\d+)/.exec(plan) ?? [];
      const [, all] = /Granules: \d+\/(\d+)/.exec(plan) ?? [];
      expect(Number(all), plan).toBeGreaterThan(7);
      expect(Number(read), plan).toBeLessThan(4);
    }
  });
});
