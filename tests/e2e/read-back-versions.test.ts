/** Of each id the newest version is read back, and only in the project of the key. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { pairsOf } from "../support/property-runs.ts";
import { type Json, useReadBack } from "../support/read-back.ts";
import { at, baseMs, dayMs, iso, observationRow, type Row, scoreRow, traceRow } from "../support/stored-rows.ts";

const { newProject, stackKey, get, page, idsOf, insert } = useReadBack();
type Key = Awaited<ReturnType<typeof newProject>>;

describe("one row for each id: the newest version, wherever it is stored", () => {
  const later = (steps: number) => ({ event_ts: at(baseMs + steps * 1000) });
  const places = [
    ["the same key", {}],
    ["another instant of the day", { shift: 3600_000 }],
    ["another day", { shift: 3 * dayMs }],
    ["another month", { shift: 60 * dayMs }],
    ["an earlier month", { shift: -60 * dayMs }],
  ] as const;
  const tables = [
    ["traces", "timestamp", traceRow, "version", "traces/"],
    ["observations", "start_time", observationRow, "version", "observations/"],
    ["scores", "timestamp", scoreRow, "comment", "v2/scores/"],
  ] as const;

  for (const [table, time, make, field, path] of tables)
    describe(table, () => {
      const list = table === "scores" ? "v2/scores" : table;
      const own = pairsOf(places, tables).flatMap(([place, [name]]) => (name === table ? [place] : []));
      it.each(own)("written again at %s", async (_where, place) => {
        const key = await newProject();
        const shift = "shift" in place ? place.shift : 0;
        await insert(table, [make(key, "x", { [field]: "old" }), make(key, "still", {})]);
        await insert(table, [make(key, "x", { [field]: "new", [time]: at(baseMs + shift), ...later(1) })]);
        const { data, meta } = await page(key, list);
        expect(meta.totalItems).toBe(2);
        expect(data.filter(({ id }) => id === "x").map((row) => row[field])).toEqual(["new"]);
        expect((await get(key, `${path}x`)).json).toMatchObject({ id: "x", [field]: "new" });
        // What only the old version fulfils finds nothing.
        const filter = JSON.stringify([{ type: "string", column: field, operator: "=", value: "old" }]);
        expect(await idsOf(key, list, { filter })).toEqual([]);
        if (shift !== 0) {
          const [from, to] = table === "observations" ? ["fromStartTime", "toStartTime"] : ["fromTimestamp", "toTimestamp"];
          expect(await idsOf(key, list, { [from]: iso(0), [to]: iso(1) })).toEqual(["still"]);
          expect(await idsOf(key, list, { [from]: iso(shift), [to]: iso(shift + 1) })).toEqual(["x"]);
        }
      });

      it.each(own)("deleted at %s", async (_where, place) => {
        const key = await newProject();
        const shift = "shift" in place ? place.shift : 0;
        await insert(table, [make(key, "x", {}), make(key, "still", {})]);
        await insert(table, [make(key, "x", { [time]: at(baseMs + shift), is_deleted: 1, ...later(1) })]);
        expect(await idsOf(key, list)).toEqual(["still"]);
        expect((await get(key, `${path}x`)).status).toBe(404);
      });

      it("moved, the old place written again as deleted with the same version", async () => {
        const key = await newProject();
        await insert(table, [make(key, "x", { [field]: "old" })]);
        await insert(table, [
          make(key, "x", { [field]: "new", [time]: at(baseMs + 60 * dayMs), ...later(1) }),
          make(key, "x", { [field]: "old", is_deleted: 1, ...later(1) }),
        ]);
        const { data, meta } = await page(key, list);
        expect(data.map((row) => row[field])).toEqual(["new"]);
        expect(meta.totalItems).toBe(1);
        expect((await get(key, `${path}x`)).json).toMatchObject({ [field]: "new" });
      });

      it("written twice alike", async () => {
        const key = await newProject();
        for (let times = 0; times < 2; times++) await insert(table, [make(key, "x", {})]);
        expect(await idsOf(key, list)).toEqual(["x"]);
        expect((await get(key, `${path}x`)).status).toBe(200);
      });

      it("written back to a place it had left", async () => {
        const key = await newProject();
        await insert(table, [make(key, "x", { [field]: "first" })]);
        await insert(table, [make(key, "x", { [field]: "second", [time]: at(baseMs + 60 * dayMs), ...later(1) })]);
        await insert(table, [make(key, "x", { [field]: "third", ...later(2) })]);
        const { data } = await page(key, list);
        expect(data.map((row) => row[field])).toEqual(["third"]);
      });
    });

  it.each([
    ["before it is written again", ["old", "new"]],
    ["after it was written again", ["new", "old"]],
  ])("what belongs to a moved row, the old place deleted with the same version %s", async (_when, order) => {
    const key = await newProject();
    const placesOf = (make: (more: Row) => Row, time: string): Record<string, Row> => ({
      old: make({ is_deleted: 1, ...later(1) }),
      new: make({ [time]: at(baseMs + 60 * dayMs), ...later(1) }),
    });
    const trace = placesOf((more) => traceRow(key, "t", { user_id: "u", session_id: "s", tags: ["x"], ...more }), "timestamp");
    const observation = placesOf((more) => observationRow(key, "o", { cost_details: { total: "2" }, ...more }), "start_time");
    const score = placesOf((more) => scoreRow(key, "c", more), "timestamp");
    for (const place of order) {
      await insert("traces", [trace[place] ?? {}]);
      await insert("observations", [observation[place] ?? {}]);
      await insert("scores", [score[place] ?? {}]);
    }
    expect((await page(key, "traces")).data).toMatchObject([{ id: "t", observations: ["o"], scores: ["c"], totalCost: 2 }]);
    expect(await idsOf(key, "observations", { userId: "u" })).toEqual(["o"]);
    expect(await idsOf(key, "scores", { traceTags: "x" })).toEqual(["c"]);
    expect((await page(key, "scores")).data).toMatchObject([{ id: "c", trace: { userId: "u" } }]);
    expect(await idsOf(key, "sessions")).toEqual(["s"]);
  });

  it("an observation whose type changed is one", async () => {
    const key = await newProject();
    await insert("observations", [observationRow(key, "x", { type: "SPAN" })]);
    await insert("observations", [observationRow(key, "x", { type: "GENERATION", ...later(1) })]);
    expect(await idsOf(key, "observations")).toEqual(["x"]);
    expect(await idsOf(key, "observations", { type: "SPAN" })).toEqual([]);
    expect(await idsOf(key, "observations", { type: "GENERATION" })).toEqual(["x"]);
    expect((await get(key, "observations/x")).json["type"]).toBe("GENERATION");
  });

  it("what moved to another trace is in that one alone, and what was deleted in none", async () => {
    const key = await newProject();
    await insert("traces", [traceRow(key, "t1"), traceRow(key, "t2")]);
    await insert("observations", [
      observationRow(key, "moved", { trace_id: "t1", cost_details: { total: "1" } }),
      observationRow(key, "gone", { trace_id: "t2", cost_details: { total: "10" } }),
    ]);
    await insert("scores", [scoreRow(key, "score", { trace_id: "t1" }), scoreRow(key, "gone", { trace_id: "t2" })]);
    await insert("observations", [
      observationRow(key, "moved", { trace_id: "t2", start_time: at(baseMs + dayMs), cost_details: { total: "2" }, ...later(1) }),
      observationRow(key, "gone", { trace_id: "t2", start_time: at(baseMs + dayMs), is_deleted: 1, ...later(1) }),
    ]);
    await insert("scores", [
      scoreRow(key, "score", { trace_id: "t2", name: "other", ...later(1) }),
      scoreRow(key, "gone", { trace_id: "t2", name: "other", is_deleted: 1, ...later(1) }),
    ]);
    const { data } = await page(key, "traces", { orderBy: "id.asc" });
    expect(data).toMatchObject([
      { id: "t1", observations: [], scores: [], totalCost: 0 },
      { id: "t2", observations: ["moved"], scores: ["score"], totalCost: 2 },
    ]);
    const ids = (list: unknown) => (list as Json[]).map(({ id }) => id);
    const [first, second] = [(await get(key, "traces/t1")).json, (await get(key, "traces/t2")).json];
    expect([ids(first["observations"]), ids(first["scores"]), first["totalCost"]]).toEqual([[], [], 0]);
    expect([ids(second["observations"]), ids(second["scores"]), second["totalCost"]]).toEqual([["moved"], ["score"], 2]);
  });

  it("a trace that left a session is not in it, and a session without traces is none", async () => {
    const key = await newProject();
    await insert("traces", [
      traceRow(key, "a", { session_id: "one" }),
      traceRow(key, "b", { session_id: "one", timestamp: at(baseMs + 5) }),
      traceRow(key, "c", { session_id: "three" }),
    ]);
    await insert("traces", [
      traceRow(key, "a", { session_id: "two", timestamp: at(baseMs + dayMs), ...later(1) }),
      traceRow(key, "c", { session_id: "three", is_deleted: 1, ...later(1) }),
    ]);
    const { data } = await page(key, "sessions");
    expect(data.map(({ id, createdAt }) => [id, createdAt])).toEqual([
      ["two", iso(dayMs)],
      ["one", iso(5)],
    ]);
    const { json } = await get(key, "sessions/one");
    expect((json["traces"] as Json[]).map(({ id }) => id)).toEqual(["b"]);
    expect((await get(key, "sessions/three")).status).toBe(404);
  });
});

describe("only what is in the project of the key", () => {
  const hostile = [
    "a/b",
    "a b",
    "it's",
    '"',
    "\\",
    "' OR '1'='1",
    "{id:String}",
    "../admin",
    "%2F",
    "100%",
    "a?b#c",
    "日本 👩‍🚀",
    "a\nb",
    "nul\u0000",
    "${doc:Raw}",
    "x".repeat(2000),
  ];

  const readers = [
    [
      "its trace",
      async (key: Key, id: string) => {
        const { json } = await get(key, `traces/${encodeURIComponent(id)}`);
        expect(json).toMatchObject({ id, observations: [{ id }], scores: [{ id }] });
        expect(json["htmlPath"]).toMatch(/^\/project\/[\w-]+\/traces\/[\w.%-]+$/);
        expect(decodeURIComponent(String(json["htmlPath"]))).toBe(`/project/${key.projectId}/traces/${id}`);
      },
    ],
    ...["observations", "scores", "v2/scores"].map((kind): [string, (key: Key, id: string) => Promise<void>] => [
      kind,
      async (key, id) => expect((await get(key, `${kind}/${encodeURIComponent(id)}`)).json).toMatchObject({ id }),
    ]),
    [
      "its session",
      async (key: Key, id: string) =>
        expect((await get(key, `sessions/${encodeURIComponent(id)}`)).json).toMatchObject({ id, traces: [{ id }] }),
    ],
    [
      "a list of traces",
      async (key: Key, id: string) => {
        const filter = JSON.stringify([{ type: "stringOptions", column: "id", operator: "any of", value: [id] }]);
        expect((await page(key, "traces", { filter })).data).toMatchObject([{ id, observations: [id], scores: [id] }]);
      },
    ],
  ] as const;

  it.each(pairsOf(hostile, readers).map(([id, [name, reads]]) => ({ id, name, reads })))(
    "the id $id is found, by $name, with what belongs to it",
    async ({ id, reads }) => {
      const key = await stackKey();
      const own = `${id}-${randomUUID()}`;
      await insert("traces", [traceRow(key, own, { session_id: own })]);
      await insert("observations", [observationRow(key, own, { trace_id: own })]);
      await insert("scores", [scoreRow(key, own, { trace_id: own })]);
      await reads(key, own);
    },
  );

  it("ids of another project are not found, nor in any list", async () => {
    const [mine, other] = [await newProject(), await newProject()];
    await insert("traces", [traceRow(other, "t", { session_id: "s" })]);
    await insert("observations", [observationRow(other, "o")]);
    await insert("scores", [scoreRow(other, "c")]);
    for (const path of ["traces/t", "observations/o", "scores/c", "v2/scores/c", "sessions/s"]) {
      expect((await get(other, path)).status).toBe(200);
      const answer = await get(mine, path);
      expect(answer.status).toBe(404);
      expect(answer.json).toMatchObject({ code: "NOT_FOUND", status: 404 });
      expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    }
    for (const path of ["traces", "observations", "scores", "v2/scores", "sessions"])
      expect((await page(mine, path, { projectId: other.projectId })).data).toEqual([]);
    // Equal ids in two projects do not mix.
    await insert("traces", [traceRow(mine, "t")]);
    expect((await get(mine, "traces/t")).json).toMatchObject({ projectId: mine.projectId, sessionId: null, observations: [], scores: [] });
    expect((await page(mine, "traces")).data).toMatchObject([{ projectId: mine.projectId, observations: [], scores: [] }]);
  });

  it("without a key 401, without the scope 403", async () => {
    const narrow = await newProject(["batchExports:read"]);
    for (const path of [
      "traces",
      "traces/t",
      "observations",
      "observations/o",
      "scores",
      "scores/s",
      "v2/scores",
      "v2/scores/s",
      "sessions",
      "sessions/s",
      "v2/observations",
      "v3/scores",
      "projects",
    ]) {
      expect((await get(null, path)).status).toBe(401);
      expect((await get(narrow, path)).json).toMatchObject({ status: 403, code: "FORBIDDEN_SCOPE" });
    }
  });
});
