/** Deletes an API key. */
import { eq } from "drizzle-orm";
import { apiKeys } from "../../db/postgres/schema/tenants.ts";
import { writeAdminAudit } from "../audit/write-audit.ts";
import type { TenantDeps } from "./audited-insert.ts";

export const deleteApiKey = async (deps: TenantDeps, id: string): Promise<boolean> =>
  deps.db.transaction(async (tx) => {
    const [row] = await tx.delete(apiKeys).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id, projectId: apiKeys.projectId });
    if (row === undefined) return false;
    await writeAdminAudit(
      tx,
      { projectId: row.projectId, requestId: deps.requestId },
      { resourceType: "apiKey", resourceId: id, action: "delete" },
    );
    return true;
  });
