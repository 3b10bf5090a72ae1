/** Deletes a webhook endpoint of a project. */
import { eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { webhookEndpoints } from "../../db/postgres/schema/webhooks.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { endpointAuditForm, lockEndpoint } from "./endpoint-row.ts";
import { giveUpWaiting } from "./give-up-waiting.ts";

/** Its secrets are gone at once. Its deliveries can no longer be read, and are pruned with the others. */
export const deleteEndpoint = (db: Database, actor: Actor, id: string): Promise<"deleted" | "absent"> =>
  transaction(db, async (tx) => {
    const before = await lockEndpoint(tx, actor.projectId, id);
    if (before === undefined) return "absent";
    await giveUpWaiting(tx, id);
    await tx.delete(webhookEndpoints).where(eq(webhookEndpoints.id, id));
    await writeAudit(tx, actor, {
      resourceType: "webhookEndpoint",
      resourceId: id,
      action: "delete",
      before: endpointAuditForm(before),
    });
    return "deleted";
  });
