import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { createFixture, type Fixture } from "../support/fixture.ts";
import { at, type StoredRow, tableCases } from "../support/table-cases.ts";

let fixture: Fixture;
let runner: { stop: () => Promise<void> };
const count = 20;

const score = (i: number, more: StoredRow): StoredRow => ({
  ...tableCases.scores.make(fixture, i, "unused"),
  observation_id: null,
  ...more,
});

beforeAll(async () => {
  fixture = await createFixture();
  // Small slices: comments and scores have to find the slice of their row.
  runner = fixture.startRunner({ SPILLWAY_SLICE_MIB: "1" });
  const rows = (name: "traces" | "observations" | "events") =>
    Array.from({ length: count }, (_, i) => tableCases[name].make(fixture, i, "x".repeat(100_000)));
  for (const name of ["traces", "observations", "events"] as const) await tableCases[name].insert(fixture, rows(name));
  // inserting observations has named their traces anew
  await fixture.query("OPTIMIZE TABLE traces FINAL");
  await fixture.query(
    "INSERT INTO scores FORMAT JSONEachRow",
    [
      score(900, { id: "n1", trace_id: "trace-1", name: "quality", data_type: "NUMERIC", value: 0.25, string_value: null }),
      score(901, { id: "n2", trace_id: "trace-1", name: "quality", data_type: "NUMERIC", value: 0.75, string_value: null }),
      score(902, { id: "c1", trace_id: "trace-1", name: "topic", data_type: "CATEGORICAL", value: 0, string_value: "refund: late" }),
      score(903, {
        id: "b1",
        trace_id: "trace-2",
        observation_id: "observation-2",
        name: "safe",
        data_type: "BOOLEAN",
        value: 1,
        string_value: "True",
      }),
      score(904, {
        id: "b2",
        trace_id: "trace-2",
        observation_id: "span-2",
        name: "safe",
        data_type: "BOOLEAN",
        value: 1,
        string_value: "True",
      }),
      score(905, { id: "i1", trace_id: "trace-3", name: "input", data_type: "NUMERIC", value: 7, string_value: null }),
      score(906, { id: "old", trace_id: "trace-4", name: "quality", data_type: "NUMERIC", value: 1, string_value: null }),
      score(906, {
        id: "old",
        trace_id: "trace-4",
        name: "quality",
        data_type: "NUMERIC",
        value: 2,
        string_value: null,
        event_ts: at(Date.UTC(2027, 0, 1)),
      }),
      score(907, { id: "del", trace_id: "trace-5", name: "quality", data_type: "NUMERIC", value: 3, string_value: null }),
      score(907, {
        id: "del",
        trace_id: "trace-5",
        name: "quality",
        data_type: "NUMERIC",
        value: 3,
        string_value: null,
        is_deleted: 1,
        event_ts: at(Date.UTC(2027, 0, 1)),
      }),
      score(908, {
        id: "s1",
        trace_id: null,
        session_id: "session-1",
        name: "mood",
        data_type: "TEXT",
        value: 0,
        string_value: null,
        long_string_value: "calm",
      }),
    ]
      .map((row) => JSON.stringify(row))
      .join("\n"),
  );
  const comments: [string, string, string][] = [
    ["TRACE", "trace-7", 'second "quoted"\nline'],
    ["TRACE", "trace-7", "another"],
    ["TRACE", "trace-8", "100% wrong_answer"],
    ["OBSERVATION", "span-9", "👩‍🚀 on a span"],
    ["OBSERVATION", "observation-9", "on an observation"],
    ["SESSION", "session-1", "on a session"],
  ];
  for (const [i, [type, id, content]] of comments.entries())
    await execute(
      fixture.db,
      sql`insert into comments (id, project_id, object_type, object_id, content, author_user_id, created_at)
        values (${`c${i}`}, ${fixture.projectId}, ${type}, ${id}, ${content}, ${fixture.userId}, ${`2026-05-01T00:00:0${i}Z`}::timestamptz)`,
    );
});
afterAll(async () => {
  await runner.stop();
  await fixture.stop();
});

type Row = Record<string, unknown>;
const exported = async (tableName: string, query: object = {}, more: object = {}): Promise<Row[]> => {
  const row = await fixture.finished(await fixture.requestExport({ format: "JSONL", query: { tableName, ...query }, ...more }));
  return (await fixture.readExport(row))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
};
const byId = (rows: Row[]): Map<unknown, Row> => new Map(rows.map((row) => [row["id"], row]));
const idsOf = (rows: Row[]) => rows.map(({ id }) => String(id)).toSorted();

describe("comments", () => {
  it("are an array on the row they belong to, oldest first, whatever slice it is in", async () => {
    const rows = byId(await exported("traces", { columns: ["id", "input", "comments"] }));
    expect(rows.size).toBe(count);
    expect(rows.get("trace-7")?.["comments"]).toEqual([
      { id: "c0", content: 'second "quoted"\nline', authorEmail: expect.stringContaining("@"), createdAt: "2026-05-01T00:00:00.000000Z" },
      { id: "c1", content: "another", authorEmail: expect.any(String), createdAt: "2026-05-01T00:00:01.000000Z" },
    ]);
    expect(rows.get("trace-6")?.["comments"]).toEqual([]);
    const events = byId(await exported("events", { columns: ["id", "input", "comments"] }));
    expect(events.get("span-9")?.["comments"]).toMatchObject([{ content: "👩‍🚀 on a span" }]);
    const sessions = byId(await exported("sessions", { columns: ["id", "comments"] }));
    expect(sessions.get("session-1")?.["comments"]).toMatchObject([{ content: "on a session" }]);
  });

  it.each([
    [{ type: "number", column: "commentCount", operator: ">=", value: 2 }, ["trace-7"]],
    [{ type: "number", column: "commentCount", operator: "=", value: 1 }, ["trace-8"]],
    [{ type: "number", column: "commentCount", operator: ">", value: 2 }, []],
    [{ type: "string", column: "commentContent", operator: "contains", value: "% wrong_" }, ["trace-8"]],
    [{ type: "string", column: "commentContent", operator: "contains", value: "%x" }, []],
    [{ type: "string", column: "commentContent", operator: "ends with", value: "other" }, ["trace-7"]],
    [{ type: "null", column: "commentContent", operator: "is not null", value: "" }, ["trace-7", "trace-8"]],
  ])("filter %j", async (filter, ids) => {
    expect(idsOf(await exported("traces", { filter: [filter], columns: ["id"] }))).toEqual(ids);
  });

  it("a count that 0 satisfies keeps rows without comments", async () => {
    const filter = [{ type: "number", column: "commentCount", operator: "<=", value: 1 }];
    const ids = idsOf(await exported("traces", { filter, columns: ["id"] }));
    expect(ids).toHaveLength(count - 1);
    expect(ids).not.toContain("trace-7");
  });

  it("of another project are not seen", async () => {
    const other = await createFixture();
    await execute(
      fixture.db,
      sql`insert into projects (id, org_id, name) values ('foreign', ${fixture.organizationId}, 'foreign') on conflict do nothing`,
    );
    await execute(
      fixture.db,
      sql`insert into comments (id, project_id, object_type, object_id, content) values ('foreign', 'foreign', 'TRACE', 'trace-6', 'secret')`,
    );
    const rows = byId(await exported("traces", { columns: ["id", "comments"] }));
    expect(rows.get("trace-6")?.["comments"]).toEqual([]);
    await other.stop();
  });
});

describe("scores", () => {
  it("are one column for each name; numbers averaged, words listed, newest version, deleted ones gone", async () => {
    const rows = byId(await exported("traces", { columns: ["id", "input", "scores"] }));
    expect(rows.get("trace-1")).toMatchObject({ quality: [0.5], topic: ["refund: late"], safe: null });
    expect(rows.get("trace-2")).toMatchObject({ safe: [1, 1].slice(0, 1), quality: null });
    expect(rows.get("trace-4")).toMatchObject({ quality: [2] });
    expect(rows.get("trace-5")).toMatchObject({ quality: null });
  });

  it("named like a fixed column get a name of their own, and the manifest tells which", async () => {
    const row = await fixture.finished(await fixture.requestExport({ format: "JSONL", query: { tableName: "traces" } }));
    expect(row.manifest?.scoreColumns).toMatchObject({ score_input: "input", quality: "quality" });
    const rows = byId(
      (await fixture.readExport(row))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Row),
    );
    expect(rows.get("trace-3")?.["score_input"]).toEqual([7]);
    expect(String(rows.get("trace-3")?.["input"])).not.toBe("7");
  });

  it("of the trace and of the observation are merged on observations and events", async () => {
    const observations = byId(await exported("observations", { columns: ["id", "scores"] }));
    expect(observations.get("observation-2")).toMatchObject({ safe: [1] });
    expect(observations.get("observation-1")).toMatchObject({ quality: [0.5], safe: null });
    const events = byId(await exported("events", { columns: ["id", "scores"] }));
    expect(events.get("span-2")).toMatchObject({ safe: [1] });
    expect(events.get("span-1")).toMatchObject({ topic: ["refund: late"] });
  });

  it("come as one nested column, or not at all, when asked", async () => {
    const nested = byId(await exported("traces", { scores: "nested", columns: ["id", "scores"] }));
    expect(nested.get("trace-1")?.["scores"]).toEqual([
      { name: "quality", dataType: "NUMERIC", value: 0.5, stringValue: "" },
      { name: "topic", dataType: "CATEGORICAL", value: 0, stringValue: "refund: late" },
    ]);
    const none = byId(await exported("traces", { scores: "none" }));
    expect(Object.keys(none.get("trace-1") ?? {})).not.toContain("quality");
    const sessions = byId(await exported("sessions", { columns: ["id", "scores"] }));
    expect(sessions.get("session-1")).toMatchObject({ mood: ["calm"] });
  });

  it.each([
    ["traces", { type: "numberObject", column: "scores_avg", key: "quality", operator: ">", value: 0.4 }, ["trace-1", "trace-4"]],
    ["traces", { type: "numberObject", column: "scores", key: "quality", operator: "=", value: 2 }, ["trace-4"]],
    [
      "traces",
      { type: "categoryOptions", column: "score_categories", key: "topic", operator: "any of", value: ["refund: late"] },
      ["trace-1"],
    ],
    ["observations", { type: "booleanObject", column: "score_booleans", key: "safe", operator: "=", value: true }, ["observation-2"]],
    ["observations", { type: "numberObject", column: "trace_scores_avg", key: "quality", operator: "<", value: 1 }, ["observation-1"]],
    ["events", { type: "numberObject", column: "scores_avg", key: "quality", operator: "<", value: 1 }, ["span-1"]],
    ["events", { type: "booleanObject", column: "trace_score_booleans", key: "safe", operator: "=", value: true }, []],
  ])("filter of %s: %j", async (tableName, filter, ids) => {
    expect(idsOf(await exported(tableName, { filter: [filter], columns: ["id"] }))).toEqual(ids);
  });

  it("a negation holds for rows without the score", async () => {
    const filter = [{ type: "booleanObject", column: "score_booleans", key: "safe", operator: "<>", value: true }];
    expect(idsOf(await exported("observations", { filter, columns: ["id"] }))).toHaveLength(count - 1);
  });
});

describe("nested traces", () => {
  it("hold their observations and scores, each once in its newest version", async () => {
    const rows = byId(await exported("traces", { shape: "trace" }));
    expect(rows.size).toBe(count);
    const one = rows.get("trace-1") as { observations: Row[]; scores: Row[]; comments: Row[] };
    expect(one.observations.map(({ id }) => id)).toEqual(["observation-1"]);
    expect(one.observations[0]).toMatchObject({
      traceId: "trace-1",
      startTime: "2026-04-01T00:00:01.001Z",
      usageDetails: { input: "18446744073709551615" },
      modelParameters: { temperature: 1 },
      endTime: null,
      input: "x".repeat(100_000),
    });
    expect(one.scores.map(({ id }) => id).toSorted()).toEqual(["c1", "n1", "n2"]);
    expect(one.comments).toEqual([]);
    expect((rows.get("trace-4") as { scores: Row[] }).scores).toMatchObject([{ id: "old", value: 2 }]);
    expect((rows.get("trace-5") as { scores: Row[] }).scores).toEqual([]);
  });

  it("can be ordered by another column and chosen from", async () => {
    const rows = await exported("traces", {
      shape: "trace",
      columns: ["id", "observations"],
      orderBy: { column: "id", order: "ASC" },
      limit: 3,
    });
    expect(rows.map(({ id }) => id)).toEqual(["trace-0", "trace-1", "trace-10"]);
    expect((rows[0] as { observations: Row[] }).observations).toMatchObject([{ id: "observation-0" }]);
  });
});

describe("filters across levels", () => {
  it.each([
    ["traces", { type: "number", column: "errorCount", operator: "=", value: 1 }, count],
    ["traces", { type: "number", column: "warningCount", operator: ">", value: 0 }, 0],
    ["traces", { type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }, count],
    ["traces", { type: "number", column: "latency", operator: ">=", value: 1.234 }, count / 2],
    ["traces", { type: "number", column: "totalTokens", operator: ">", value: 9007199254740000 }, count],
    ["observations", { type: "stringOptions", column: "traceName", operator: "any of", value: ["trace name"] }, count],
    ["observations", { type: "arrayOptions", column: "traceTags", operator: "any of", value: ["plain"] }, count],
    ["observations", { type: "string", column: "userId", operator: "=", value: "trace name" }, count / 2],
    ["observations", { type: "null", column: "userId", operator: "is null", value: "" }, count / 2],
    ["scores", { type: "stringOptions", column: "traceName", operator: "any of", value: ["trace name"] }, 7],
  ])("%s by %j", async (tableName, filter, rows) => {
    expect(await exported(tableName, { filter: [filter], columns: ["id"] })).toHaveLength(rows);
  });
});
