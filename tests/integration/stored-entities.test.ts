import { afterAll, beforeAll, expect, it } from "vitest";
import { loadStoredTraces, ownedName } from "../../db/clickhouse/stored-entities.ts";
import { createClickHouseDatabase } from "../support/clickhouse-database.ts";
import { dayMs, insertRows, stored } from "../support/trace-set.ts";

const nowMs = Date.UTC(2026, 2, 10, 12);
const owned = { projectId: "p", id: "t" };
const row = {
  id: "t",
  project_id: "p",
  name: "moved",
  metadata: {},
  created_at: stored(nowMs),
  updated_at: stored(nowMs),
  event_ts: stored(nowMs),
};
const left = { ...row, timestamp: stored(nowMs - dayMs), is_deleted: 1 };
const lives = { ...row, timestamp: stored(nowMs), is_deleted: 0 };

let database: Awaited<ReturnType<typeof createClickHouseDatabase>>;
beforeAll(async () => {
  database = await createClickHouseDatabase();
  await database.query("SYSTEM STOP MERGES traces");
});
afterAll(() => database.drop());

it.each([
  ["first", [left, lives]],
  ["last", [lives, left]],
])("a trace that moved is stored, though its old place is deleted with the same version, written %s", async (_when, rows) => {
  await database.query("TRUNCATE TABLE traces SYNC");
  for (const one of rows) await insertRows(database, "traces", [one]);
  const found = await loadStoredTraces(database.clickhouse, [owned], new AbortController().signal);
  expect(found.get(ownedName(owned))).toMatchObject({ name: "moved" });
});
