/** Deletes an API key. */
import { eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys, auditLogs } from "../../db/postgres/schema.ts";
import type { TenantDeps } from "./audited-insert.ts";

export const deleteApiKey = async (deps: TenantDeps, id: string): Promise<boolean> =>
  deps.db.transaction(async (transaction) => {
    const tx = transaction as unknown as Database;
    const [row] = await tx.delete(apiKeys).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id, projectId: apiKeys.projectId });
    if (row === undefined) return false;
    await tx.insert(auditLogs).values({
      id: deps.newId("auditLog"),
      type: "ADMIN",
      projectId: row.projectId,
      resourceType: "apiKey",
      resourceId: id,
      action: "delete",
      requestId: deps.requestId,
    });
    return true;
  });
