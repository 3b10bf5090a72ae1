/** Lists the rows that an integration's sink has refused, newest first. */
import { and, desc, eq, isNull, lt } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrationRejections } from "../../db/postgres/schema/integrations.ts";

export type RejectionRow = typeof integrationRejections.$inferSelect;

/** Lists a page after the id of the cursor. `isOpen`: only rows the sink has not accepted since. */
export const listRejections = (
  db: Database,
  integrationId: string,
  page: { limit: number; afterId: number | null; isOpen: boolean; runId: string | null; tableName: string | null },
): Promise<RejectionRow[]> =>
  db
    .select()
    .from(integrationRejections)
    .where(
      and(
        eq(integrationRejections.integrationId, integrationId),
        page.isOpen ? isNull(integrationRejections.acceptedAt) : undefined,
        page.runId === null ? undefined : eq(integrationRejections.runId, page.runId),
        page.tableName === null ? undefined : eq(integrationRejections.tableName, page.tableName),
        page.afterId === null ? undefined : lt(integrationRejections.id, page.afterId),
      ),
    )
    .orderBy(desc(integrationRejections.id))
    .limit(page.limit);
