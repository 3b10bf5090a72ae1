/** Filters, pages and order of lists. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Query, sorted, useReadBack } from "../support/read-back.ts";
import { at, baseMs, iso, type Key, observationRow, scoreRow, traceRow } from "../support/stored-rows.ts";

const { apiUrl, newProject, page, idsOf, insert } = useReadBack();

describe("filters", () => {
  let key: Key;
  beforeAll(async () => {
    key = await newProject();
    const odd = 'it\'s "a\\b" {id:String}, 100%';
    await insert("traces", [
      traceRow(key, "t1", {
        user_id: "u1",
        session_id: "s1",
        name: "a",
        tags: ["x", "y"],
        environment: "prod",
        version: "1",
        release: "r1",
        metadata: { plan: "pro" },
        bookmarked: true,
      }),
      traceRow(key, "t2", {
        user_id: "u2",
        session_id: "s1",
        name: "b",
        tags: ["y"],
        environment: "staging",
        version: "2",
        release: "r2",
        timestamp: at(baseMs + 1000),
      }),
      traceRow(key, "t3", {
        user_id: odd,
        session_id: odd,
        name: odd,
        tags: ["x,y", odd],
        environment: "default",
        version: odd,
        release: odd,
        timestamp: at(baseMs + 2000),
      }),
    ]);
    await insert("observations", [
      observationRow(key, "o1", {
        trace_id: "t1",
        name: "a",
        type: "GENERATION",
        level: "ERROR",
        version: "1",
        environment: "prod",
        cost_details: { total: "0.5" },
        end_time: at(baseMs + 500),
      }),
      observationRow(key, "o2", {
        trace_id: "t2",
        name: "b",
        parent_observation_id: "o1",
        level: "DEBUG",
        environment: "staging",
        start_time: at(baseMs + 1000),
      }),
      observationRow(key, "o3", {
        trace_id: "t3",
        name: odd,
        type: "TOOL",
        version: odd,
        parent_observation_id: odd,
        start_time: at(baseMs + 2000),
      }),
    ]);
    await insert("scores", [
      scoreRow(key, "c1", {
        trace_id: "t1",
        name: "quality",
        value: 0.1,
        source: "EVAL",
        config_id: "cfg",
        queue_id: "q",
        environment: "prod",
        metadata: { by: "x" },
      }),
      scoreRow(key, "c2", {
        trace_id: "t2",
        observation_id: "o2",
        name: "topic",
        value: 1,
        data_type: "CATEGORICAL",
        string_value: "refund",
        timestamp: at(baseMs + 1000),
        environment: "staging",
      }),
      scoreRow(key, "c3", {
        trace_id: "t3",
        observation_id: "o3",
        name: odd,
        value: 0,
        data_type: "BOOLEAN",
        string_value: "False",
        source: "ANNOTATION",
        timestamp: at(baseMs + 2000),
      }),
      scoreRow(key, "c4", { trace_id: null, session_id: "s1", name: "mood", value: -3, timestamp: at(baseMs + 3000) }),
      scoreRow(key, "c5", {
        trace_id: null,
        dataset_run_id: "run",
        name: "run",
        data_type: "TEXT",
        value: 0,
        long_string_value: "x",
        timestamp: at(baseMs + 4000),
      }),
    ]);
  });

  const odd = 'it\'s "a\\b" {id:String}, 100%';
  const json = (...filters: object[]) => JSON.stringify(filters);

  it.each<[string, Query, string[]]>([
    ["traces", {}, ["t1", "t2", "t3"]],
    ["traces", { userId: "u1" }, ["t1"]],
    ["traces", { userId: odd }, ["t3"]],
    ["traces", { userId: "' OR 1=1 --" }, []],
    ["traces", { name: "b" }, ["t2"]],
    ["traces", { name: odd }, ["t3"]],
    ["traces", { tags: "y" }, ["t1", "t2"]],
    ["traces", { tags: ["x", "y"] }, ["t1"]],
    ["traces", { tags: "x,y" }, ["t1"]],
    ["traces", { tags: ["x,y", odd] }, ["t3"]],
    ["traces", { environment: "prod" }, ["t1"]],
    ["traces", { environment: ["prod", "staging"] }, ["t1", "t2"]],
    ["traces", { environment: "prod,staging" }, ["t1", "t2"]],
    ["traces", { sessionId: "s1" }, ["t1", "t2"]],
    ["traces", { sessionId: odd }, ["t3"]],
    ["traces", { version: "1" }, ["t1"]],
    ["traces", { version: odd }, ["t3"]],
    ["traces", { release: "r2" }, ["t2"]],
    ["traces", { release: odd }, ["t3"]],
    ["traces", { fromTimestamp: iso(1000) }, ["t2", "t3"]],
    ["traces", { fromTimestamp: "2026-03-10T14:00:01.000001+02:00" }, ["t3"]],
    ["traces", { toTimestamp: iso(1000) }, ["t1"]],
    ["traces", { toTimestamp: "2026-03-10T12:00:01.0000001Z" }, ["t1", "t2"]],
    ["traces", { fromTimestamp: iso(1), toTimestamp: iso(2000) }, ["t2"]],
    ["traces", { sessionId: "s1", name: "b" }, ["t2"]],
    ["traces", { userId: "", tags: "", environment: "", filter: "", orderBy: "", fields: "", page: "", limit: "" }, ["t1", "t2", "t3"]],
    ["traces", { unknown: "1", expand: "true" }, ["t1", "t2", "t3"]],
    ["traces", { filter: json({ type: "stringObject", column: "metadata", key: "plan", operator: "=", value: "pro" }) }, ["t1"]],
    ["traces", { filter: json({ type: "boolean", column: "bookmarked", operator: "=", value: true }) }, ["t1"]],
    ["traces", { filter: json({ type: "number", column: "totalCost", operator: ">=", value: 0.5 }) }, ["t1"]],
    ["traces", { filter: json({ type: "number", column: "errorCount", operator: "=", value: 0 }) }, ["t2", "t3"]],
    ["traces", { filter: json({ type: "numberObject", column: "scores_avg", key: "quality", operator: ">", value: 0 }) }, ["t1"]],
    ["traces", { filter: json({ type: "string", column: "sessionId", operator: "=", value: "s1" }), userId: "u2" }, ["t2"]],
    ["traces", { filter: json({ type: "null", column: "release", operator: "is null", value: "" }) }, []],
    ["observations", { name: "a" }, ["o1"]],
    ["observations", { name: odd }, ["o3"]],
    ["observations", { userId: "u2" }, ["o2"]],
    ["observations", { userId: odd }, ["o3"]],
    ["observations", { type: "GENERATION" }, ["o1"]],
    ["observations", { type: "AGENT" }, []],
    ["observations", { level: "ERROR" }, ["o1"]],
    ["observations", { traceId: "t2" }, ["o2"]],
    ["observations", { version: "1" }, ["o1"]],
    ["observations", { version: odd }, ["o3"]],
    ["observations", { parentObservationId: "o1" }, ["o2"]],
    ["observations", { parentObservationId: odd }, ["o3"]],
    ["observations", { environment: ["prod", "staging"] }, ["o1", "o2"]],
    ["observations", { fromStartTime: iso(1000) }, ["o2", "o3"]],
    ["observations", { toStartTime: iso(1000) }, ["o1"]],
    ["observations", { filter: json({ type: "number", column: "latency", operator: ">=", value: 0.5 }) }, ["o1"]],
    ["observations", { filter: json({ type: "arrayOptions", column: "traceTags", operator: "any of", value: ["x"] }) }, ["o1"]],
    ["scores", {}, ["c1", "c2", "c3"]],
    ["v2/scores", {}, ["c1", "c2", "c3", "c4", "c5"]],
    ["v2/scores", { userId: "u1" }, ["c1"]],
    ["scores", { userId: odd }, ["c3"]],
    ["v2/scores", { dataType: "TEXT" }, ["c5"]],
    ["scores", { dataType: "TEXT" }, []],
    ["scores", { dataType: "BOOLEAN" }, ["c3"]],
    ["scores", { configId: "cfg" }, ["c1"]],
    ["scores", { queueId: "q" }, ["c1"]],
    ["scores", { traceTags: "y" }, ["c1", "c2"]],
    ["scores", { traceTags: ["x", "y"] }, ["c1"]],
    ["scores", { environment: ["prod", "staging"] }, ["c1", "c2"]],
    ["scores", { name: odd }, ["c3"]],
    ["v2/scores", { fromTimestamp: iso(2000) }, ["c3", "c4", "c5"]],
    ["v2/scores", { toTimestamp: iso(2000) }, ["c1", "c2"]],
    ["scores", { source: "EVAL" }, ["c1"]],
    ["v2/scores", { value: "0.1", operator: "=" }, ["c1"]],
    ["v2/scores", { value: "0", operator: "=" }, ["c3", "c5"]],
    ["v2/scores", { value: "0", operator: "!=" }, ["c1", "c2", "c4"]],
    ["v2/scores", { value: "0.1", operator: "<" }, ["c3", "c4", "c5"]],
    ["v2/scores", { value: "0.1", operator: "<=" }, ["c1", "c3", "c4", "c5"]],
    ["v2/scores", { value: "0.1", operator: ">" }, ["c2"]],
    ["v2/scores", { value: "0.1", operator: ">=" }, ["c1", "c2"]],
    ["v2/scores", { value: "0", operator: "!=", name: "mood", environment: "default" }, ["c4"]],
    ["v2/scores", { scoreIds: "c1, c5,nope" }, ["c1", "c5"]],
    ["v2/scores", { sessionId: "s1" }, ["c4"]],
    ["v2/scores", { traceId: "t2" }, ["c2"]],
    ["v2/scores", { datasetRunId: "run" }, ["c5"]],
    ["v2/scores", { observationId: "o2,o3" }, ["c2", "c3"]],
    ["scores", { traceId: "t2" }, ["c1", "c2", "c3"]],
    ["v2/scores", { filter: json({ type: "stringObject", column: "metadata", key: "by", operator: "=", value: "x" }) }, ["c1"]],
    ["v2/scores", { filter: json({ type: "string", column: "configId", operator: "=", value: "cfg" }) }, ["c1"]],
    ["sessions", {}, ["s1", odd]],
    ["sessions", { environment: "prod" }, ["s1"]],
    ["sessions", { environment: "staging" }, []],
    ["sessions", { environment: ["prod", "default"] }, ["s1", odd]],
    ["sessions", { fromTimestamp: iso(2000) }, [odd]],
    ["sessions", { fromTimestamp: "2026-03-10T12:00:02.000001Z" }, []],
    ["sessions", { toTimestamp: iso(2000) }, ["s1"]],
    ["sessions", { toTimestamp: iso(0) }, []],
  ])("%s %j", async (path, query, expected) => {
    expect(sorted(await idsOf(key, path, query))).toEqual(sorted(expected));
  });

  it("a filter on comments is answered", async () => {
    const response = await fetch(`${apiUrl()}/api/public/comments`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${key.publicKey}:${key.secretKey}`)}`, "content-type": "application/json" },
      body: JSON.stringify({ objectType: "TRACE", objectId: "t2", content: "look" }),
    });
    expect(response.status).toBe(201);
    const about = (operator: string, value: number) => json({ type: "number", column: "commentCount", operator, value });
    expect(await idsOf(key, "traces", { filter: about(">", 0) })).toEqual(["t2"]);
    expect(sorted(await idsOf(key, "traces", { filter: about("=", 0) }))).toEqual(["t1", "t3"]);
  });
});

describe("pages", () => {
  let key: Key;
  const names = Array.from({ length: 23 }, (_, i) => `p${i}`);
  beforeAll(async () => {
    key = await newProject();
    // One instant for all, in several parts.
    for (const some of [names.slice(0, 10), names.slice(10)]) {
      await insert(
        "traces",
        some.map((id) => traceRow(key, id, { session_id: `session-${id}`, name: "same" })),
      );
      await insert(
        "observations",
        some.map((id) => observationRow(key, id)),
      );
      await insert(
        "scores",
        some.map((id) => scoreRow(key, id)),
      );
    }
  });

  it.each<[string, Query]>([
    ["traces", {}],
    ["traces", { orderBy: "name.asc" }],
    ["traces", { orderBy: "timestamp.asc" }],
    ["traces", { orderBy: "totalCost.desc" }],
    ["observations", {}],
    ["scores", {}],
    ["v2/scores", {}],
    ["sessions", {}],
  ])("%s %j: every row is on one page, though all are of one instant", async (path, query) => {
    const seen: unknown[] = [];
    for (let number = 1; number <= 7; number++) {
      const { data, meta } = await page(key, path, { ...query, page: String(number), limit: "4" });
      expect(meta).toEqual({ page: number, limit: 4, totalItems: 23, totalPages: 6 });
      expect(data).toHaveLength([4, 4, 4, 4, 4, 3, 0][number - 1] ?? 0);
      seen.push(...data.map(({ id }) => id));
    }
    const expected = path === "sessions" ? names.map((id) => `session-${id}`) : names;
    expect(sorted(seen)).toEqual(sorted(expected));
  });

  it("a page far behind the end is empty", async () => {
    const { data, meta } = await page(key, "traces", { page: "1000000000", limit: "100" });
    expect(data).toEqual([]);
    expect(meta).toMatchObject({ totalItems: 23, totalPages: 1 });
  });

  it("an empty project has empty pages", async () => {
    const empty = await newProject();
    for (const path of ["traces", "observations", "scores", "v2/scores", "sessions"])
      expect(await page(empty, path)).toEqual({ data: [], meta: { page: 1, limit: 50, totalItems: 0, totalPages: 0 } });
  });
});

describe("order", () => {
  let key: Key;
  beforeAll(async () => {
    key = await newProject();
    await insert("traces", [
      traceRow(key, "b", { name: "1", user_id: "z", release: "2", version: "1", session_id: "k", public: true, timestamp: at(baseMs) }),
      traceRow(key, "a", {
        name: "3",
        user_id: null,
        release: "1",
        version: "3",
        session_id: "l",
        bookmarked: true,
        timestamp: at(baseMs + 1),
      }),
      traceRow(key, "c", { name: "2", user_id: "y", release: "3", version: "2", session_id: "j", timestamp: at(baseMs + 2) }),
    ]);
    await insert("observations", [observationRow(key, "o", { trace_id: "a", cost_details: { total: "2" }, end_time: at(baseMs + 5) })]);
  });

  it.each([
    ["", "c,a,b"],
    ["timestamp.asc", "b,a,c"],
    ["timestamp.DESC", "c,a,b"],
    ["id.asc", "a,b,c"],
    ["id.desc", "c,b,a"],
    ["name.asc", "b,c,a"],
    ["userId.desc", "b,c,a"],
    ["release.asc", "a,b,c"],
    ["version.desc", "a,c,b"],
    ["sessionId.asc", "c,b,a"],
    ["public.desc", "b,c,a"],
    ["bookmarked.desc", "a,c,b"],
    ["totalCost.desc", "a,c,b"],
  ])("%s gives %s", async (orderBy, expected) => {
    const { data } = await page(key, "traces", { orderBy });
    expect(data.map(({ id }) => id).join()).toBe(expected);
  });

  it("observations, scores and sessions come newest first", async () => {
    await insert("observations", [
      observationRow(key, "newer", { start_time: at(baseMs + 9) }),
      observationRow(key, "older", { start_time: at(baseMs - 9) }),
    ]);
    await insert("scores", [scoreRow(key, "older", { timestamp: at(baseMs - 9) }), scoreRow(key, "newer", { timestamp: at(baseMs + 9) })]);
    expect(await idsOf(key, "observations")).toEqual(["newer", "o", "older"]);
    expect(await idsOf(key, "v2/scores")).toEqual(["newer", "older"]);
    expect(await idsOf(key, "sessions")).toEqual(["j", "l", "k"]);
  });
});
