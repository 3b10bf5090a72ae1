/** Deletes an integration of a project, with its runs and refused rows. Delivered files stay where they are. */
import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { auditForm } from "./integration-row.ts";

export const deleteIntegration = (db: Database, actor: Actor, id: string): Promise<"deleted" | "absent"> =>
  transaction(db, async (tx) => {
    const [before] = await tx
      .delete(integrations)
      .where(and(eq(integrations.projectId, actor.projectId), eq(integrations.id, id)))
      .returning();
    if (before === undefined) return "absent";
    await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "delete", before: auditForm(before) });
    return "deleted";
  });
