import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadStoredSortKeys, loadStoredTraces, ownedName } from "../../db/clickhouse/stored-entities.ts";
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

const keys = {
  traces: { id: "id", time: "timestamp", other: "name" },
  observations: { id: "id", time: "start_time", other: "type" },
  scores: { id: "id", time: "timestamp", other: "name" },
  events: { id: "span_id", time: "start_time", other: "trace_id" },
} as const;
const version = fc.record({
  id: fc.constantFrom("a", "b", "c"),
  time: fc.constantFrom("2026-03-01 12:00:00.000", "2026-03-01 18:00:00.000", "2026-03-02 12:00:00.000"),
  other: fc.constantFrom("x", "y"),
  isDeleted: fc.nat(1),
  insert: fc.nat(3),
});

describe.each(Object.entries(keys) as [keyof typeof keys, (typeof keys)[keyof typeof keys]][])(
  "sort keys in %s",
  (table, { id, time, other }) => {
    beforeAll(() => database.query(`SYSTEM STOP MERGES ${table}`));

    it("are those of the rows that FINAL shows, of any version in any part", async () => {
      let [runs, found] = [0, 0];
      await fc.assert(
        fc.asyncProperty(fc.array(version, { minLength: 1, maxLength: 12 }), fc.subarray(["a", "b", "c"]), async (versions, wanted) => {
          const projectId = `${table}-${runs++}`;
          const rows = versions.map(({ insert, ...one }, at) => ({
            insert,
            row: {
              ...{ project_id: projectId, [id]: one.id, [time]: one.time, [other]: one.other, is_deleted: one.isDeleted },
              ...{ created_at: stored(nowMs + at), event_ts: stored(nowMs + at) },
            },
          }));
          for (const part of new Set(rows.map(({ insert }) => insert)))
            await insertRows(
              database,
              table,
              rows.filter(({ insert }) => insert === part).map(({ row: one }) => one),
            );
          const shown = await database.query(
            `SELECT ${id}, toString(${time}), ${other}, toString(created_at) FROM ${table} FINAL WHERE project_id = '${projectId}' ORDER BY ALL FORMAT JSONCompactEachRow`,
          );
          const expected = shown
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => JSON.parse(line) as string[]);
          for (const days of [null, ["2026-03-01"]]) {
            const listed = await loadStoredSortKeys(database.clickhouse, table, table, {
              wanted: wanted.map((one) => ({ projectId, id: one, days })),
              signal: new AbortController().signal,
            });
            found += listed.length;
            expect(listed.map((one) => [one.id, one.key[time], one.key[other] ?? "x", one.createdAt]).toSorted()).toEqual(
              expected
                .filter(([name = "", at = ""]) => wanted.includes(name) && (days === null || days.includes(at.slice(0, 10))))
                .map(([name, at, value, created]) => [name, at, table === "traces" ? "x" : value, created])
                .toSorted(),
            );
          }
        }),
        { numRuns: 25 },
      );
      expect(found).toBeGreaterThan(0);
    });
  },
);
