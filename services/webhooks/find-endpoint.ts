/** Finds and lists webhook endpoints of a project. */
import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { webhookEndpoints } from "../../db/postgres/schema/webhooks.ts";
import type { EndpointRow } from "./endpoint-row.ts";

const createdMs = sql`date_trunc('milliseconds', ${webhookEndpoints.createdAt})`;

export const findEndpoint = async (db: Database, projectId: string, id: string): Promise<EndpointRow | undefined> => {
  const [row] = await db
    .select()
    .from(webhookEndpoints)
    .where(and(eq(webhookEndpoints.projectId, projectId), eq(webhookEndpoints.id, id)));
  return row;
};

/** Lists a page, newest first, after the cursor. */
export const listEndpoints = (
  db: Database,
  projectId: string,
  page: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<EndpointRow[]> =>
  db
    .select()
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.projectId, projectId),
        page.after === null
          ? undefined
          : or(
              lt(createdMs, page.after.createdAt.toISOString()),
              and(eq(createdMs, page.after.createdAt.toISOString()), lt(webhookEndpoints.id, page.after.id)),
            ),
      ),
    )
    .orderBy(desc(createdMs), desc(webhookEndpoints.id))
    .limit(page.limit);
