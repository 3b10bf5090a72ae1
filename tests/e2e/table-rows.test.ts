/** Rows, histograms and suggestions of tables over the API: their answers, what each role sees, cursors of other queries, and faults. */
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { eventRow } from "../support/event-rows.ts";
import { usePeople } from "../support/people.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const bytesMax = 30_000;
const { stack, db, authorization, newProject, json } = useWholeStack({
  withRunner: false,
  env: { LANGFUSE_API_TRACE_OBSERVATIONS_SIZE_LIMIT_BYTES: String(bytesMax) },
});
const { join, signIn } = usePeople({ db, apiUrl: () => stack().apiUrl });

type Answer = { status: number; json: Record<string, unknown>; text: string };
const ask = async (path: string, body: object, key?: ProjectKey): Promise<Answer> => {
  const response = await fetch(`${stack().apiUrl}/api/public/export-tables/${path}`, {
    method: "POST",
    headers: { authorization: authorization(key), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: JSON.parse(text) as Record<string, unknown>, text };
};
const idsOf = ({ json: page }: Answer): string[] => (page["rows"] as { id: string }[]).map(({ id }) => id);
const outcome = ({ status, json: problem }: Answer) => [status, problem["code"]];
const faultsOf = ({ json: problem }: Answer) => (problem["errors"] as { path: string }[]).map(({ path }) => path);

const insert = async (rows: readonly object[]): Promise<void> => {
  const url = new URL(stack().clickhouseUrl);
  url.searchParams.set("database", stack().clickhouseDatabase);
  url.searchParams.set("query", "INSERT INTO events FORMAT JSONEachRow");
  const response = await fetch(url, { method: "POST", body: rows.map((row) => JSON.stringify(row)).join("\n") });
  expect(await response.text()).toBe("");
};

const rowOf = (projectId: string, i: number) =>
  eventRow({
    project_id: projectId,
    span_id: `span-${String(i).padStart(2, "0")}`,
    trace_id: `trace-${i % 3}`,
    start_time: `2026-02-01 00:00:${String(i).padStart(2, "0")}.000001`,
    name: i % 2 === 0 ? "even" : "odd",
    level: i % 5 === 0 ? "ERROR" : "DEFAULT",
    input: "é".repeat(i * 100),
    usage_details: { total: "18446744073709551615" },
    cost_details: { total: "0.000000000001" },
  });

let other: ProjectKey;
let viewer: ProjectKey;
let onlyAudit: ProjectKey;
let onlyWrites: ProjectKey;
beforeAll(async () => {
  other = await newProject("rows-elsewhere");
  const own = stack();
  await insert([
    ...Array.from({ length: 30 }, (_, i) => rowOf(own.projectId, i)),
    eventRow({ ...rowOf(other.projectId, 1), span_id: "foreign" }),
  ]);
  [viewer, onlyAudit, onlyWrites] = (await Promise.all([
    keyWith(["traces:read"]),
    keyWith(["auditLogs:read"]),
    keyWith(["ingestion:write"]),
  ])) as [ProjectKey, ProjectKey, ProjectKey];
});

const keyWith = async (scopes: string[]): Promise<ProjectKey> => {
  const { publicKey, secretKey } = await json<ProjectKey>("api-keys", { method: "POST", body: JSON.stringify({ scopes }) });
  return { projectId: stack().projectId, publicKey, secretKey };
};

const february = { from: "2026-02-01T00:00:00Z", to: "2026-02-01T00:00:30Z" };

describe("rows", () => {
  it("come newest first, with columns, digits as stored, and long cells cut", async () => {
    const {
      status,
      text,
      json: page,
    } = await ask("events/rows", { columns: ["startTime", "usageDetails", "totalCost", "input"], limit: 1 });
    expect(status).toBe(200);
    expect(page).toEqual({
      columns: [
        { id: "startTime", type: "timestamp", nullable: false, unit: null },
        { id: "usageDetails", type: "map<integer>", nullable: false, unit: "tokens" },
        { id: "totalCost", type: "decimal", nullable: true, unit: "USD" },
        { id: "input", type: "json", nullable: false, unit: null },
      ],
      rows: [
        {
          id: "span-29",
          values: {
            startTime: "2026-02-01T00:00:29.000001Z",
            usageDetails: { total: "18446744073709551615" },
            totalCost: "0.000000000001",
            input: "é".repeat(500),
          },
          cut: { input: 2900 },
        },
      ],
      nextCursor: expect.any(String),
    });
    expect(text).not.toContain("foreign");
  });

  it("are all there once, page by page, also when the columns change between pages", async () => {
    const found: string[] = [];
    let cursor: string | null = null;
    for (const columns of [["id"], undefined, ["name"], ["id"], ["id"]]) {
      const page = await ask("events/rows", {
        ...(columns === undefined ? {} : { columns }),
        limit: 7,
        ...(cursor === null ? {} : { cursor }),
      });
      found.push(...idsOf(page));
      cursor = page.json["nextCursor"] as string | null;
    }
    expect(cursor).toBeNull();
    expect(found).toEqual(Array.from({ length: 30 }, (_, i) => `span-${String(29 - i).padStart(2, "0")}`));
  });

  it("of one id come whole, as far as an answer may be", async () => {
    const one = (id: string) => [{ type: "stringOptions", column: "id", operator: "any of", value: [id] }];
    const whole = await ask("events/rows", { filter: one("span-07"), textMax: null });
    expect(whole.json["rows"]).toMatchObject([{ id: "span-07", values: { input: "é".repeat(700) }, cut: {} }]);
    await insert([{ ...rowOf(stack().projectId, 31), input: "x".repeat(bytesMax) }]);
    const large = await ask("events/rows", { filter: one("span-31"), textMax: null });
    expect(outcome(large)).toEqual([422, "ANSWER_TOO_LARGE"]);
    expect(large.json["detail"]).toContain("textMax");
    expect((await ask("events/rows", { filter: one("span-31"), columns: ["id"], textMax: null })).status).toBe(200);
    for (const filter of [
      null,
      [],
      [{ type: "string", column: "id", operator: "contains", value: "span" }],
      [{ type: "string", column: "name", operator: "=", value: "odd" }],
    ]) {
      const refused = await ask("events/rows", { filter, textMax: null });
      expect([...outcome(refused), faultsOf(refused)]).toEqual([400, "INVALID_REQUEST", ["textMax"]]);
    }
  });

  it("are those of the query of the cursor: another filter, search, order, table or project is refused", async () => {
    const first = await ask("events/rows", { limit: 2, searchQuery: "odd" });
    const cursor = String(first.json["nextCursor"]);
    expect((await ask("events/rows", { limit: 9, searchQuery: "odd", cursor })).status).toBe(200);
    const others: [string, object, ProjectKey?][] = [
      ["events/rows", { cursor }],
      ["events/rows", { cursor, searchQuery: "even" }],
      ["events/rows", { cursor, searchQuery: "odd", orderBy: { column: "name", order: "ASC" } }],
      ["events/rows", { cursor, searchQuery: "odd", filter: [{ type: "string", column: "name", operator: "=", value: "odd" }] }],
      ["traces/rows", { cursor, searchQuery: "odd" }],
      ["events/rows", { cursor, searchQuery: "odd" }, other],
      ["events/rows", { cursor: `${cursor}AA`, searchQuery: "odd" }],
      ["events/rows", { cursor: "rubbish!" }],
      ["events/rows", { cursor: btoa("[]") }],
    ];
    for (const [path, body, key] of others) expect([body, ...outcome(await ask(path, body, key))]).toEqual([body, 400, "INVALID_CURSOR"]);
  });

  it("never fail by a forged cursor", async () => {
    for (const column of ["name", "latency", "endTime", "hasInput", "tokensPerSecond", "startTime"]) {
      const orderBy = { column, order: "DESC" };
      const first = await ask("events/rows", { limit: 1, orderBy });
      const { query } = JSON.parse(atob(String(first.json["nextCursor"]).replaceAll("-", "+").replaceAll("_", "/"))) as { query: string };
      const digits = fc.constantFrom(
        "0",
        "-1",
        "1e999",
        "nan",
        "inf",
        "-inf",
        "9".repeat(38),
        "9".repeat(39),
        "0.5",
        "1.1234567890123",
        "FF",
        "ff",
        "' OR 1",
        "",
        "99999999999999999",
      );
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            at: fc.constantFrom("0", "-1", "9999999999999999", "-2208988800000000", "99999999999999999", "x"),
            hash: fc.constantFrom(0, 4_294_967_295, -1),
            id: fc.constantFrom("", "00FF", "x"),
            rank: fc.integer({ min: 0, max: 3 }),
            value: digits,
          }),
          async (position) => {
            const cursor = btoa(JSON.stringify({ query, ...position }));
            const answer = await ask("events/rows", { limit: 1, orderBy, cursor, columns: ["id"] });
            expect([200, 400]).toContain(answer.status);
            if (answer.status === 400) expect(answer.json["code"]).toBe("INVALID_CURSOR");
          },
        ),
        { numRuns: 15 },
      );
    }
  });

  it.each([
    ["nothing/rows", {}, 404, "NOT_FOUND", undefined],
    ["__proto__/rows", {}, 404, "NOT_FOUND", undefined],
    ["events/rows", { limit: 101 }, 400, "INVALID_REQUEST", "limit"],
    ["events/rows", { textMax: 0 }, 400, "INVALID_REQUEST", "textMax"],
    ["events/rows", { columns: ["nothing"] }, 400, "INVALID_COLUMNS", "columns[0]"],
    ["events/rows", { orderBy: { column: "metadata", order: "ASC" } }, 400, "INVALID_ORDER_BY", "orderBy.column"],
    [
      "events/rows",
      { filter: [{ type: "string", column: "nothing", operator: "=", value: "x" }] },
      400,
      "INVALID_FILTER",
      "filter[0].column",
    ],
    ["events/rows", { format: "CSV" }, 400, "INVALID_REQUEST", undefined],
    ["audit_logs/rows", { orderBy: { column: "action", order: "ASC" } }, 400, "INVALID_ORDER_BY", "orderBy.column"],
    ["events/histogram", { ...february, buckets: 201 }, 400, "INVALID_REQUEST", "buckets"],
    ["events/histogram", { from: february.to, to: february.from }, 400, "INVALID_REQUEST", "to"],
    ["events/histogram", { from: "2026-02-01", to: february.to }, 400, "INVALID_REQUEST", "from"],
    ["events/values", { column: "input" }, 400, "INVALID_REQUEST", "column"],
    ["events/values", { column: "latency" }, 400, "INVALID_REQUEST", "column"],
    ["events/values", { column: "commentContent" }, 400, "INVALID_REQUEST", "column"],
    ["events/values", { column: "__proto__" }, 400, "INVALID_REQUEST", "column"],
  ] as const)("%s %j is refused", async (path, body, status, code, field) => {
    const answer = await ask(path, body);
    expect(outcome(answer)).toEqual([status, code]);
    if (field !== undefined) expect(faultsOf(answer)).toContain(field);
  });
});

describe("who may look", () => {
  it("a key that may read traces sees rows, counts, values and the tables themselves, without comments", async () => {
    const page = await ask("events/rows", { limit: 1 }, viewer);
    expect(page.status).toBe(200);
    const columns = (page.json["columns"] as { id: string }[]).map(({ id }) => id);
    expect(columns).not.toContain("comments");
    expect(columns).toContain("scores");
    expect((await ask("events/rows", { limit: 1 })).text).toContain('"comments":[]');
    expect((await ask("events/histogram", february, viewer)).status).toBe(200);
    expect((await ask("events/values", { column: "name" }, viewer)).status).toBe(200);
    const table = await fetch(`${stack().apiUrl}/api/public/export-tables/events`, { headers: { authorization: authorization(viewer) } });
    expect(table.status).toBe(200);
    const refused: [string, object][] = [
      ["events/rows", { columns: ["comments"] }],
      ["events/rows", { filter: [{ type: "number", column: "commentCount", operator: ">", value: 0 }] }],
      ["events/histogram", { ...february, filter: [{ type: "string", column: "commentContent", operator: "contains", value: "a" }] }],
      ["events/values", { column: "name", filter: [{ type: "number", column: "commentCount", operator: "=", value: 0 }] }],
      ["audit_logs/rows", {}],
      ["audit_logs/histogram", february],
      ["audit_logs/values", { column: "action" }],
    ];
    for (const [path, body] of refused) expect([path, ...outcome(await ask(path, body, viewer))]).toEqual([path, 403, "FORBIDDEN_SCOPE"]);
  });

  it("a key of one scope sees what that scope is about", async () => {
    expect((await ask("audit_logs/rows", {}, onlyAudit)).status).toBe(200);
    expect(outcome(await ask("events/rows", {}, onlyAudit))).toEqual([403, "FORBIDDEN_SCOPE"]);
    for (const path of ["events/rows", "audit_logs/rows"])
      expect(outcome(await ask(path, {}, onlyWrites))).toEqual([403, "FORBIDDEN_SCOPE"]);
  });

  it("a person with the role VIEWER sees the rows, and cannot export them", async () => {
    const [{ id: organizationId } = { id: "" }] = await execute<{ id: string }>(
      db(),
      sql`select org_id as id from projects where id = ${stack().projectId}`,
    );
    const browser = await signIn(await join({ organizationId, projectId: stack().projectId }, "VIEWER"));
    const send = (path: string, body: object) => browser.open(`/api/public/${path}`, { method: "POST", body, project: stack().projectId });
    expect((await send("export-tables/events/rows", { limit: 2 })).status).toBe(200);
    expect((await send("batch-exports", { format: "JSONL", query: { tableName: "events" } })).status).toBe(403);
  });

  it("nothing of another project is in rows, counts or values", async () => {
    expect(idsOf(await ask("events/rows", {}, other))).toEqual(["foreign"]);
    expect((await ask("events/histogram", { ...february, buckets: 1 }, other)).json["counts"]).toEqual([1]);
    expect((await ask("events/values", { column: "id" }, other)).json).toEqual({
      values: [{ value: "foreign", count: 1 }],
      isComplete: true,
    });
  });
});

describe("counts and values", () => {
  it("counts are in whole seconds, the last bucket ends where the range does", async () => {
    const filter = [{ type: "stringOptions", column: "level", operator: "any of", value: ["ERROR"] }];
    expect((await ask("events/histogram", { ...february, buckets: 4, filter })).json).toEqual({
      from: "2026-02-01T00:00:00.000000Z",
      to: "2026-02-01T00:00:30.000000Z",
      bucketSeconds: 8,
      counts: [2, 2, 1, 1],
    });
    const offset = await ask("events/histogram", {
      from: "2026-02-01T01:00:00.000001+01:00",
      to: "2026-02-01T00:00:00.000002Z",
      buckets: 200,
    });
    expect(offset.json).toMatchObject({ bucketSeconds: 1, counts: [1] });
  });

  it("values have counts, and follow a filter and a beginning", async () => {
    const filter = [{ type: "datetime", column: "startTime", operator: "<", value: "2026-02-01T00:00:07Z" }];
    expect((await ask("events/values", { column: "name", filter })).json).toEqual({
      values: [
        { value: "even", count: 4 },
        { value: "odd", count: 3 },
      ],
      isComplete: true,
    });
    expect((await ask("events/values", { column: "name", filter, prefix: "O" })).json["values"]).toEqual([{ value: "odd", count: 3 }]);
    expect((await ask("events/values", { column: "name", limit: 1 })).json["isComplete"]).toBe(false);
  });
});
