/** Revokes an API key: with its row, both its secrets are invalid from the commit on. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { apiKeys } from "../../db/postgres/schema/tenants.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { apiKeyColumns } from "./api-key-columns.ts";
import { type KeyAuthor, writeKeyAudit } from "./key-author.ts";

/** `projectId`: null for administrators, who reach every project. Returns whether there was such a key. */
export const revokeApiKey = (
  db: Database,
  { id, projectId }: { id: string; projectId: string | null },
  author: KeyAuthor,
): Promise<boolean> =>
  transaction(db, async (tx) => {
    const [before] = await tx
      .delete(apiKeys)
      .where(and(eq(apiKeys.id, id), projectId === null ? undefined : eq(apiKeys.projectId, projectId)))
      .returning(apiKeyColumns);
    if (before === undefined) return false;
    await writeKeyAudit(tx, author, before.projectId, { resourceId: id, action: "delete", before });
    return true;
  });
