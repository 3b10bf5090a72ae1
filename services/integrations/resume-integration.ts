/** Resumes an integration that was paused or switched off. It goes on where it stopped. */
import { eq } from "drizzle-orm";
import type { Database } from "../../db/postgres/client.ts";
import { integrations } from "../../db/postgres/schema/integrations.ts";
import { transaction } from "../../db/postgres/transaction.ts";
import { type Actor, writeAudit } from "../audit/write-audit.ts";
import { freshStart, laterThan } from "./change-integration.ts";
import { lockIntegration } from "./integration-row.ts";

/** An enabled integration stays as it is, and nothing is recorded. */
export const resumeIntegration = (db: Database, actor: Actor, id: string): Promise<"resumed" | "absent"> =>
  transaction(db, async (tx) => {
    const row = await lockIntegration(tx, actor.projectId, id);
    if (row === undefined) return "absent";
    if (row.enabled) return "resumed";
    await tx
      .update(integrations)
      .set({ enabled: true, ...freshStart, updatedAt: laterThan(row.updatedAt) })
      .where(eq(integrations.id, id));
    const before = { disabledCode: row.disabledCode };
    await writeAudit(tx, actor, { resourceType: "integration", resourceId: id, action: "resume", before });
    return "resumed";
  });
