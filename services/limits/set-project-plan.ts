/** Sets the plan of a project and the quotas that differ from it, for administrators. */
import { eq, sql } from "drizzle-orm";
import type { PlanName, QuotaOverrides } from "../../core/limits/plans.ts";
import type { Database } from "../../db/postgres/client.ts";
import { projects } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { writeAdminAudit } from "../audit/write-audit.ts";

export type ProjectPlan = { plan: PlanName | null; overrides: QuotaOverrides };

/** A missing field stays as it is; `plan: null` means the default plan. Returns undefined if there is no such project. */
export const setProjectPlan = (
  db: Database,
  {
    projectId,
    requestId,
    operatorId,
    plan,
    overrides,
  }: { projectId: string; requestId: string; operatorId?: string | null } & {
    [Field in keyof ProjectPlan]?: ProjectPlan[Field] | undefined;
  },
): Promise<ProjectPlan | undefined> =>
  transaction(db, async (tx) => {
    const [before] = await tx
      .select({ plan: projects.plan, quotaOverrides: projects.quotaOverrides })
      .from(projects)
      .where(eq(projects.id, projectId))
      .for("no key update");
    if (before === undefined) return undefined;
    const after = {
      plan: plan === undefined ? before.plan : plan,
      quotaOverrides: overrides === undefined ? before.quotaOverrides : overrides,
    };
    await tx
      .update(projects)
      .set({ ...after, updatedAt: sql`now()` })
      .where(eq(projects.id, projectId));
    await writeAdminAudit(
      tx,
      { projectId, requestId, userId: operatorId ?? null },
      { resourceType: "project", resourceId: projectId, action: "setPlan", before, after },
    );
    return { plan: after.plan, overrides: after.quotaOverrides ?? {} };
  });
