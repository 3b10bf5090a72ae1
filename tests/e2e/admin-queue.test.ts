/** Operators see the queue of all projects, its dead letters and runners, and retry a job; nobody else does. */
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { newId } from "../support/fixture.ts";
import { usePeople } from "../support/people.ts";
import { useWholeStack } from "../support/whole-stack.ts";

const operator = "operator@example.com";
const { stack, db, authorization } = useWholeStack({ withRunner: false, env: { SPILLWAY_OPERATORS: operator } });
const { newTeam, join, signIn } = usePeople({ db, apiUrl: () => stack().apiUrl });

const admin = async (path: string, method = "GET", header = `Bearer ${stack().adminKey}`) => {
  const response = await fetch(`${stack().apiUrl}/api/admin/${path}`, { method, headers: { authorization: header } });
  const text = await response.text();
  return { status: response.status, json: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
};

const insertJob = async (fields: Record<string, unknown>): Promise<string> => {
  const id = newId("job");
  const row = {
    ...{
      id,
      kind: "ingestion.merge",
      project_id: stack().projectId,
      payload: { entityType: "trace", entityId: "t", fileKey: "f" },
      has_slot: false,
    },
    ...{
      state: "available",
      priority: 20,
      run_at: new Date(Date.now() - 60_000),
      attempt: 0,
      max_attempts: 3,
      losses: 0,
      lane: id,
      created_at: new Date(),
    },
    ...fields,
  };
  await execute(db(), sql`insert into jobs select * from json_populate_record(null::jobs, ${JSON.stringify(row)}::json)`);
  return id;
};
const running = (claimedBy: string, fields: Record<string, unknown> = {}) =>
  insertJob({
    ...{ state: "running", attempt: 1, lease_id: crypto.randomUUID(), lease_until: new Date(Date.now() + 60_000), claimed_by: claimedBy },
    ...{ started_at: new Date(), heartbeat_at: new Date() },
    ...fields,
  });
/** Those of one minute ended at the same instant. */
const nowMs = Date.now();
const dead = (minutesAgo: number, fields: Record<string, unknown> = {}) =>
  insertJob({
    ...{ state: "discarded", attempt: 3, finished_at: new Date(nowMs - minutesAgo * 60_000), claimed_by: "runner-gone" },
    ...{ last_error: { code: "CLICKHOUSE_UNAVAILABLE", message: "ClickHouse does not answer", attempt: 3, at: new Date() } },
    ...fields,
  });

let letters: string[];
let failedExport: string;
beforeAll(async () => {
  await insertJob({});
  await insertJob({ state: "retryable", run_at: new Date(Date.now() + 60_000) });
  await running("runner-a");
  await running("runner-a", { kind: "ingestion.otel", payload: { fileKey: "f" }, lane: null });
  letters = [];
  for (const minutesAgo of [5, 20, 20, 30]) letters.push(await dead(minutesAgo));
  failedExport = await dead(1, { kind: "export.run", payload: { batchExportId: "exp_1" }, lane: null, has_slot: true });
  await execute(
    db(),
    sql`insert into batch_exports (id, project_id, job_id, name, status, query, format, compression, options, expires_after_hours, cutoff, started_at, progress)
      values ('exp_slow', ${stack().projectId}, 'job_none', 'slow', 'PROCESSING', '{"tableName":"events"}', 'CSV', 'none', '{}', 1, now(), now() - interval '2 hours', '{"stage":"streaming","rows":5,"rowsTotal":10}')`,
  );
});

describe("the queue", () => {
  it("shows jobs by kind and state, dead letters, runners, and exports that take long", async () => {
    const { status, json: queue } = await admin("queue");
    expect(status).toBe(200);
    const kinds = queue["kinds"] as { kind: string; states: Record<string, number>; oldestDueSeconds: number }[];
    const merge = kinds.find(({ kind }) => kind === "ingestion.merge");
    expect(merge?.states).toEqual({ available: 1, retryable: 1, running: 1 });
    expect(merge?.oldestDueSeconds).toBeGreaterThanOrEqual(60);
    expect(kinds.find(({ kind }) => kind === "webhook.deliver")).toEqual({ kind: "webhook.deliver", states: {}, oldestDueSeconds: 0 });
    expect(queue).toMatchObject({ isComplete: true, deadLetters: 4 });
    expect(queue["runners"]).toEqual([
      { name: "runner-a", running: 2, kinds: ["ingestion.merge", "ingestion.otel"], lastSeenAt: expect.stringMatching(/Z$/) },
      { name: "runner-gone", running: 0, kinds: [], lastSeenAt: expect.stringMatching(/Z$/) },
    ]);
    const [slow, ...others] = queue["longestRunningExports"] as { id: string; runningSeconds: number }[];
    expect(others).toEqual([]);
    expect(slow).toMatchObject({
      id: "exp_slow",
      projectId: stack().projectId,
      stage: "streaming",
      rows: 5,
      rowsTotal: 10,
      lastHeartbeatAt: null,
    });
    expect(slow?.runningSeconds).toBeGreaterThanOrEqual(7200);
  });

  it("is for the admin key and operators alone", async () => {
    const team = await newTeam("operators");
    const [person, other] = [await signIn(await join(team, "VIEWER", operator)), await signIn(await join(team, "OWNER"))];
    for (const [path, method] of [
      ["queue", "GET"],
      ["dead-letters", "GET"],
      ["jobs/job_none/retry", "POST"],
    ] as const) {
      expect([path, (await admin(path, method, authorization())).status]).toEqual([path, 401]);
      expect([path, (await other.open(`/api/admin/${path}`, { method })).json["code"]]).toEqual([path, "FORBIDDEN_OPERATOR"]);
      expect([path, (await person.open(`/api/admin/${path}`, { method })).status]).toEqual([path, method === "GET" ? 200 : 404]);
    }
  });
});

describe("dead letters", () => {
  it("come in pages, newest first, and say what failed", async () => {
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: Record<string, unknown> = (
        await admin(`dead-letters?limit=1${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`)
      ).json;
      const [letter] = page["data"] as Record<string, string>[];
      expect(letter).toMatchObject({
        kind: "ingestion.merge",
        entity: "trace/t",
        code: "CLICKHOUSE_UNAVAILABLE",
        projectId: stack().projectId,
      });
      found.push(letter?.["id"] ?? "");
      cursor = page["nextCursor"] as string | null;
    }
    const [first, second, third, last] = letters;
    expect(found).toEqual([first, ...[second, third].toSorted().toReversed(), last]);
    expect((await admin("dead-letters?projectId=prj_none")).json).toEqual({ data: [], nextCursor: null });
    expect((await admin("dead-letters?cursor=x")).json["code"]).toBe("INVALID_CURSOR");
  });

  it("are retried one by one, once, and the audit log says so", async () => {
    const [id = ""] = letters;
    const answers = await Promise.all([1, 2, 3].map(() => admin(`jobs/${id}/retry`, "POST")));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.json["code"]).toBe("JOB_NOT_RETRYABLE");
    const [job] = await execute<Record<string, unknown>>(db(), sql`select state, attempt, losses, finished_at from jobs where id = ${id}`);
    expect(job).toMatchObject({ state: "available", attempt: 0, losses: 1, finished_at: null });
    const audits = await execute<{ type: string; project: string }>(
      db(),
      sql`select type, project_id as project from audit_logs where resource_type = 'job' and resource_id = ${id} and action = 'retry'`,
    );
    expect(audits).toEqual([{ type: "ADMIN", project: stack().projectId }]);
    expect((await admin("dead-letters")).json["data"]).toHaveLength(3);
  });

  it("are the only jobs that can be retried here", async () => {
    expect(await admin("jobs/job_none/retry", "POST")).toMatchObject({ status: 404, json: { code: "NOT_FOUND" } });
    expect(await admin(`jobs/${failedExport}/retry`, "POST")).toMatchObject({ status: 409, json: { code: "JOB_NOT_RETRYABLE" } });
  });
});
