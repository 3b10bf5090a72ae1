/**
 * Checks a new or retried export against the quotas of its project, and counts it. Order of locks, of everyone who takes several of them:
 * project, job, job_slots, export, export_usage.
 */
import { sql } from "drizzle-orm";
import type { PlanName } from "../../core/limits/plans.ts";
import { assertFits, costOf, type ExportEstimate, type QuotaStatus } from "../../core/limits/quota-status.ts";
import { type Database, execute } from "../../db/postgres/client.ts";
import { lockProject } from "../tenants/lock-project.ts";
import { readQuotas } from "./read-quotas.ts";

/** What the quotas need to know. `estimate`: null if the project has no quota of rows or bytes. */
export type Admission = { defaultPlan: PlanName; estimate: ExportEstimate };

/**
 * Call first in the transaction in which the export begins to wait, while it does not count yet. Locks a project that has quotas until the
 * commit, so that its admissions follow one another and the quotas are exact; exports of other projects do not wait for each other. Returns
 * what is used with this export, which `countExport` has to record. Throws QUOTA_EXCEEDED and EXPORT_EXCEEDS_QUOTA.
 */
export const admitExport = async (tx: Database, projectId: string, { defaultPlan, estimate }: Admission): Promise<QuotaStatus> => {
  const unlocked = await readQuotas(tx, projectId, defaultPlan);
  const hasQuotas = unlocked.uses.some(({ left }) => left !== null);
  const before = hasQuotas ? await lockAndRead(tx, projectId, defaultPlan) : unlocked;
  const cost = costOf(estimate);
  assertFits(before, cost);
  return { ...before, uses: before.uses.map((use) => withCost(use, cost[use.name])) };
};

const lockAndRead = async (tx: Database, projectId: string, defaultPlan: PlanName): Promise<QuotaStatus> => {
  await lockProject(tx, projectId);
  return readQuotas(tx, projectId, defaultPlan);
};

/**
 * Call last in that transaction. Enqueueing a job waits for whoever changes the row in job_slots, such as the completion of another export,
 * which then changes the row of usage: held before, that row would make both wait for each other.
 */
export const countExport = (tx: Database, projectId: string): Promise<unknown> =>
  execute(
    tx,
    sql`insert into export_usage (project_id, hour, exports) values (${projectId}, date_trunc('hour', now(), 'UTC'), 1)
      on conflict (project_id, hour) do update set exports = export_usage.exports + 1`,
  );

const withCost = (use: QuotaStatus["uses"][number], cost: number): QuotaStatus["uses"][number] => ({
  ...use,
  used: use.used + cost,
  left: use.left === null ? null : Math.max(0, use.left - cost),
});
