/** Lists and finds the API keys of a project. */
import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys } from "../../db/postgres/schema/tenants.ts";
import { type ApiKeyRow, apiKeyColumns } from "./api-key-columns.ts";

/** Lists a page, newest first, after the cursor. */
export const listApiKeys = (
  db: Database,
  projectId: string,
  { limit, after }: { limit: number; after: { createdAt: Date; id: string } | null },
): Promise<ApiKeyRow[]> => {
  // Cursors have milliseconds.
  const at = sql`date_trunc('milliseconds', ${apiKeys.createdAt})`;
  const afterCursor =
    after === null
      ? undefined
      : or(lt(at, after.createdAt.toISOString()), and(eq(at, after.createdAt.toISOString()), lt(apiKeys.id, after.id)));
  return db
    .select(apiKeyColumns)
    .from(apiKeys)
    .where(and(eq(apiKeys.projectId, projectId), afterCursor))
    .orderBy(desc(at), desc(apiKeys.id))
    .limit(limit);
};

export const findApiKey = async (db: Database, projectId: string, id: string): Promise<ApiKeyRow | undefined> => {
  const [row] = await db
    .select(apiKeyColumns)
    .from(apiKeys)
    .where(and(eq(apiKeys.projectId, projectId), eq(apiKeys.id, id)));
  return row;
};
