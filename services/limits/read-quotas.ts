/** Reads what a project has used of its quotas. */
import { sql } from "drizzle-orm";
import { AppError } from "../../core/errors.ts";
import { limitsOf, type PlanName, type QuotaOverrides } from "../../core/limits/plans.ts";
import { type QuotaStatus, quotaUses } from "../../core/limits/quota-status.ts";
import { type Database, execute } from "../../db/postgres/client.ts";

/** Sums of Postgres arrive as texts. */
type Measured = {
  plan: PlanName | null;
  overrides: QuotaOverrides | null;
  nowMs: string;
  concurrentExports: string;
  exportsPerHour: string;
  rowsPerDay: string;
  bytesPerDay: string;
};

/** Throws NOT_FOUND if there is no such project. */
export const readQuotas = async (db: Database, projectId: string, defaultPlan: PlanName): Promise<QuotaStatus> => {
  const [measured] = await execute<Measured>(
    db,
    // One statement sees one moment, at which an export is either running or charged. batch_exports_active_idx, export_usage_pkey.
    sql`select p.plan, p.quota_overrides as overrides, extract(epoch from now()) * 1000 as "nowMs",
        active.exports as "concurrentExports", day.exports as "exportsPerHour",
        day.rows + active.rows as "rowsPerDay", day.bytes + active.bytes as "bytesPerDay"
      from projects p,
      lateral (select count(*) as exports, coalesce(sum(estimated_rows), 0) as rows, coalesce(sum(estimated_bytes), 0) as bytes
        from batch_exports where project_id = p.id and status in ('QUEUED', 'PROCESSING')) active,
      lateral (select coalesce(sum(exports) filter (where hour = date_trunc('hour', now(), 'UTC')), 0) as exports,
          coalesce(sum(rows), 0) as rows, coalesce(sum(bytes), 0) as bytes
        from export_usage where project_id = p.id and hour >= date_trunc('day', now(), 'UTC')) day
      where p.id = ${projectId}`,
  );
  if (measured === undefined) throw new AppError({ code: "NOT_FOUND", message: "There is no such project." });
  const plan = measured.plan ?? defaultPlan;
  const nowMs = Number(measured.nowMs);
  const used = {
    concurrentExports: Number(measured.concurrentExports),
    exportsPerHour: Number(measured.exportsPerHour),
    rowsPerDay: Number(measured.rowsPerDay),
    bytesPerDay: Number(measured.bytesPerDay),
  };
  return { plan, nowMs, uses: quotaUses(limitsOf(plan, measured.overrides ?? {}), used, nowMs) };
};
