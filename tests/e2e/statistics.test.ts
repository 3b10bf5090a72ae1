/** Counts of exports and webhook deliveries over time. */
import { sql } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { execute } from "../../db/postgres/client.ts";
import { type ProjectKey, useWholeStack } from "../support/whole-stack.ts";

const { db, call, newProject, authorization } = useWholeStack({ withRunner: false });

const asked = (key: ProjectKey, path: string) => call(`statistics/${path}`, {}, { authorization: authorization(key) });
const periodOf = (from: string, to: string) => `from=${encodeURIComponent(from)}&to=${encodeURIComponent(to)}`;
const buckets = async (key: ProjectKey, path: string) => {
  const response = await asked(key, path);
  expect(response.status).toBe(200);
  return ((await response.json()) as { buckets: Record<string, unknown>[] }).buckets;
};

const exportAt = (projectId: string, at: string, status: string, { rows = 0, table = "scores" } = {}) =>
  execute(
    db(),
    sql`insert into batch_exports (id, created_at, project_id, job_id, finished_at, expires_after_hours, name, status, query, format, compression, options, cutoff, manifest, rows, bytes)
      values ('exp_' || gen_random_uuid(), ${at}::timestamptz, ${projectId}, 'job', ${["QUEUED", "PROCESSING"].includes(status) ? null : at}::timestamptz, 1, 'x', ${status},
        ${JSON.stringify({ tableName: table })}::json, 'JSONL', 'none', '{}', ${at}::timestamptz, ${status === "COMPLETED" ? "{}" : null}::jsonb,
        ${status === "COMPLETED" ? rows : null}, ${status === "COMPLETED" ? rows * 10 : null})`,
  );

describe("exports", () => {
  it("are counted by state in quarters of an hour, half-open, with the rows and bytes of the complete ones", async () => {
    const [key, other] = [await newProject("counted"), await newProject("not-counted")];
    const { projectId } = key;
    await exportAt(projectId, "2026-03-01T11:59:59.999Z", "COMPLETED", { rows: 1 });
    await exportAt(projectId, "2026-03-01T12:00:00Z", "COMPLETED", { rows: 20 });
    await exportAt(projectId, "2026-03-01T12:14:59.999Z", "COMPLETED", { rows: 300 });
    await exportAt(projectId, "2026-03-01T12:10:00Z", "FAILED");
    await exportAt(projectId, "2026-03-01T12:15:00Z", "CANCELLED");
    await exportAt(projectId, "2026-03-01T12:29:00Z", "QUEUED");
    await exportAt(projectId, "2026-03-01T13:00:00Z", "COMPLETED", { rows: 4000 });
    await exportAt(other.projectId, "2026-03-01T12:00:00Z", "COMPLETED", { rows: 50_000 });
    const none = { completed: 0, failed: 0, cancelled: 0, active: 0, rows: 0, bytes: 0 };
    expect(await buckets(key, `exports?${periodOf("2026-03-01T13:00:00+01:00", "2026-03-01T13:00:00Z")}`)).toEqual([
      { ...none, at: "2026-03-01T12:00:00.000Z", completed: 2, failed: 1, rows: 320, bytes: 3200 },
      { ...none, at: "2026-03-01T12:15:00.000Z", cancelled: 1, active: 1 },
    ]);
  });

  it("of tables that the key may not read are not counted", async () => {
    const key = await newProject("scoped", ["batchExports:read"]);
    await exportAt(key.projectId, "2026-03-01T12:00:00Z", "FAILED");
    await exportAt(key.projectId, "2026-03-01T12:00:00Z", "FAILED", { table: "audit_logs" });
    const [bucket] = await buckets(key, `exports?${periodOf("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")}`);
    expect(bucket).toMatchObject({ failed: 1 });
  });
});

describe("webhook deliveries", () => {
  it("are counted by outcome, without tests and without those of other projects", async () => {
    const [key, other] = [await newProject("delivered"), await newProject("elsewhere")];
    const deliver = async ({ projectId }: ProjectKey, at: string, state: string, isTest = false) => {
      const endpointId = `whe_${projectId}`;
      await execute(
        db(),
        sql`insert into webhook_deliveries (endpoint_id, project_id, event_id, event_type, object_id, is_test, body, state, created_at, finished_at)
          values (${endpointId}, ${projectId}, gen_random_uuid()::text, 'export.completed', 'x', ${isTest}, '{}', ${state}, ${at}::timestamptz, ${state === "waiting" ? null : at}::timestamptz)`,
      );
    };
    for (const { projectId } of [key, other])
      await execute(
        db(),
        sql`insert into webhook_endpoints (id, project_id, name, url, enabled, signing, sealed_secret)
          values (${`whe_${projectId}`}, ${projectId}, 'x', 'https://example.com', true, 'hmac-sha256', 'sealed')`,
      );
    await deliver(key, "2026-03-01T12:00:00Z", "delivered");
    await deliver(key, "2026-03-01T12:01:00Z", "delivered");
    await deliver(key, "2026-03-01T12:02:00Z", "failed");
    await deliver(key, "2026-03-01T12:30:00Z", "waiting");
    await deliver(key, "2026-03-01T12:00:00Z", "failed", true);
    await deliver(other, "2026-03-01T12:00:00Z", "failed");
    expect(await buckets(key, `webhook-deliveries?${periodOf("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")}`)).toEqual([
      { at: "2026-03-01T12:00:00.000Z", delivered: 2, failed: 1, waiting: 0 },
      { at: "2026-03-01T12:30:00.000Z", delivered: 0, failed: 0, waiting: 1 },
    ]);
  });
});

describe("a period", () => {
  it.each([
    ["of more than 31 days", periodOf("2026-03-01T00:00:00Z", "2026-04-01T00:00:00.001Z")],
    ["that ends before it begins", periodOf("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z")],
    ["that begins in the future", `from=${encodeURIComponent(new Date(Date.now() + 3_600_000).toISOString())}`],
    ["without its begin", ""],
    ["of no instants", "from=yesterday"],
  ])("%s is refused with its field", async (_, query) => {
    const key = await newProject(`period-${crypto.randomUUID()}`);
    for (const of of ["exports", "webhook-deliveries"]) {
      const response = await asked(key, `${of}?${query}`);
      expect(response.status).toBe(400);
      expect(((await response.json()) as { errors: { path: string }[] }).errors[0]?.path).toBe("from");
    }
  });

  it("needs the scope of what is counted", async () => {
    const key = await newProject("without-scopes", ["traces:read"]);
    for (const of of ["exports", "webhook-deliveries"])
      expect((await asked(key, `${of}?${periodOf("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")}`)).status).toBe(403);
  });
});
