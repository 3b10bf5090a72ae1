/** Lists the audit logs of a project. */
import { and, desc, eq, inArray, lt, or, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { auditLogs } from "../../db/postgres/schema/audit.ts";

type AuditLogFilter = { resourceType?: string | undefined; resourceId?: string | undefined; action?: string | undefined };

/**
 * Limit of `before` and `after` in one page, in characters: each may hold the whole query of an export. A page has at least one row,
 * whatever its size.
 */
const pageCharactersMax = 4_000_000;

/**
 * Lists a page, newest first, after the cursor: at most `rowsMax` rows, fewer if they are large. Runs two statements, so that rows that do
 * not fit are never read. Both use audit_logs_project_id_created_at_idx.
 */
export const listAuditLogs = async (
  db: Database,
  projectId: string,
  page: { rowsMax: number; after: { createdAt: Date; id: string } | null; where: AuditLogFilter },
): Promise<{ rows: (typeof auditLogs.$inferSelect)[]; hasMore: boolean }> => {
  const at = sql`date_trunc('milliseconds', ${auditLogs.createdAt})`;
  const { resourceType, resourceId, action } = page.where;
  const newest = db
    .select({ id: auditLogs.id, at: at.as("at"), before: auditLogs.before, after: auditLogs.after })
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
    .limit(page.rowsMax + 1)
    .as("newest");
  // Measured in an outer query, so that only rows of the page are.
  const found = await db
    .select({
      id: newest.id,
      characters: sql<number>`(coalesce(length(${newest.before}::text), 0) + coalesce(length(${newest.after}::text), 0))::int`,
    })
    .from(newest)
    .orderBy(desc(newest.at), desc(newest.id));
  let characters = 0;
  const fitting = found.slice(0, page.rowsMax).filter((row, index) => {
    characters += row.characters;
    return index === 0 || characters <= pageCharactersMax;
  });
  if (fitting.length === 0) return { rows: [], hasMore: false };
  const ids = fitting.map(({ id }) => id);
  const rows = await db
    .select()
    .from(auditLogs)
    .where(and(eq(auditLogs.projectId, projectId), inArray(auditLogs.id, ids)))
    .orderBy(desc(at), desc(auditLogs.id));
  return { rows, hasMore: fitting.length < found.length };
};
