/** Audit logs as the people of a project read them. */
import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { Database } from "../postgres/client.ts";
import { auditLogs } from "../postgres/schema.ts";

export type AuditLogFilter = { resourceType?: string | undefined; resourceId?: string | undefined; action?: string | undefined };

/** A page, newest first, after the cursor. Reads audit_logs_project_id_created_at_idx. */
export const listAuditLogs = (
  db: Database,
  projectId: string,
  page: { limit: number; after: { createdAt: Date; id: string } | null; where: AuditLogFilter },
): Promise<(typeof auditLogs.$inferSelect)[]> => {
  const at = sql`date_trunc('milliseconds', ${auditLogs.createdAt})`;
  const { resourceType, resourceId, action } = page.where;
  return db
    .select()
    .from(auditLogs)
    .where(
      and(
        eq(auditLogs.projectId, projectId),
        resourceType === undefined ? undefined : eq(auditLogs.resourceType, resourceType),
        resourceId === undefined ? undefined : eq(auditLogs.resourceId, resourceId),
        action === undefined ? undefined : eq(auditLogs.action, action),
        page.after === null
          ? undefined
          : or(
              lt(at, page.after.createdAt.toISOString()),
              and(eq(at, page.after.createdAt.toISOString()), lt(auditLogs.id, page.after.id)),
            ),
      ),
    )
    .orderBy(desc(at), desc(auditLogs.id))
    .limit(page.limit);
};
