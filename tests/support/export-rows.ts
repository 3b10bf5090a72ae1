/** Exports as rows, without ClickHouse and S3: for tests of their states and events. */
import { randomBytes, randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { hashSecret } from "../../core/auth/secret-hash.ts";
import type { ExportManifest } from "../../core/exports/manifest.ts";
import { checkExportRequest } from "../../core/exports/parse-request.ts";
import { CreateBatchExport } from "../../core/exports/request.ts";
import type { BatchExportStatus } from "../../core/jobs/state.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import type { Actor } from "../../services/audit/write-audit.ts";
import { createExport } from "../../services/exports/create-export.ts";
import { bootstrapProject, newIdWith } from "../../services/tenants/bootstrap-project.ts";

export const newId = newIdWith(Date.now, (size) => randomBytes(size));

export const insertActor = async (db: Database): Promise<Actor> => {
  const made = await bootstrapProject(
    { db, newId, newUuid: randomUUID, hashSecret: async (secretKey) => hashSecret(secretKey, "salt"), requestId: "test" },
    { organization: "Tests", project: "Tests", email: `${randomUUID()}@example.com` },
    ["batchExports:create"],
  );
  const { projectId, organizationId, userId, keyId } = made;
  return { projectId, organizationId, userId, apiKeyId: keyId, role: "OWNER", requestId: "test", ipAddress: null };
};

export const insertExport = async (db: Database, actor: Actor, more: object = {}): Promise<{ exportId: string; jobId: string }> => {
  const request = CreateBatchExport.parse({ format: "JSONL", query: { tableName: "traces" }, name: "test", ...more });
  const { warnings } = checkExportRequest(request);
  const ids = { exportId: newId("batchExport"), jobId: newId("job") };
  await createExport(db, actor, { ...request, name: request.name ?? "test" }, ids, {
    warnings,
    admission: { defaultPlan: "unlimited", estimate: null },
  });
  return ids;
};

/** Puts an export into a status past all rules. */
export const forceStatus = (db: Database, exportId: string, status: BatchExportStatus): Promise<unknown> =>
  execute(
    db,
    sql`update batch_exports set status = ${status}, finished_at = ${["COMPLETED", "FAILED", "CANCELLED"].includes(status) ? sql`now()` : sql`null`},
      manifest = ${status === "COMPLETED" ? sql`'{}'::jsonb` : sql`null`} where id = ${exportId}`,
  );

export const manifestOf = (exportId: string, rows = 3): ExportManifest => ({
  version: 1,
  schemaVersion: 1,
  exportId,
  projectId: "p",
  tableName: "traces",
  format: "JSONL",
  compression: "none",
  columns: ["id"],
  scoreColumns: {},
  privacy: [],
  warnings: [],
  window: { start: null, cutoff: "2026-01-01T00:00:00.000000Z" },
  queryHash: "x",
  files: [],
  rows,
  bytes: 30,
  matchedRows: rows,
  rowLimit: 10,
  truncated: false,
  slices: 1,
  slicesResumed: 0,
  attempt: 1,
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:01.000Z",
  metadata: null,
});

export type WrittenEvent = { id: string; position: number; type: string; payload: Record<string, unknown> };

/** Events of one object in the order of their positions. */
export const eventsOf = (db: Database, objectId: string): Promise<WrittenEvent[]> =>
  execute<WrittenEvent>(
    db,
    sql`select id, position::int as position, type, payload from outbox where object_id = ${objectId} order by position`,
  );

export const auditsOf = async (db: Database, exportId: string): Promise<string[]> => {
  const rows = await execute<{ audit: string }>(
    db,
    sql`select type || ' ' || action as audit from audit_logs where resource_id = ${exportId} order by created_at, id`,
  );
  return rows.map(({ audit }) => audit);
};

/** Nothing waits for its time any more. */
export const makeDue = (db: Database): Promise<unknown> => execute(db, sql`update outbox_deliveries set run_at = now()`);
